"""Builds demucs models with random weights in demucs's own format: tiny ones, or a full-size htdemucs.

PYTHONPATH=python .venv/separate/bin/python python/tests/tiny_model.py OUTDIR [--full]
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from demucs.states import save_with_checksum
from demucs.transformer import LayerScale

SOURCES = ["drums", "bass", "other", "vocals"]
COMMON = {"sources": SOURCES, "audio_channels": 2, "samplerate": 44100}
TINY = {
    "segment": Fraction(2),
    "channels": 4,
    "depth": 4,
    "dconv_depth": 1,
    "dconv_comp": 4,
    "dconv_mode": 1,
    "bottom_channels": 0,
    "t_layers": 1,
    "t_heads": 2,
    "t_hidden_scale": 2.0,
}
FULL = {  # the published hyper-parameters of htdemucs
    "segment": Fraction(39, 5),
    "channels": 48,
    "depth": 4,
    "dconv_depth": 2,
    "dconv_comp": 8,
    "dconv_mode": 3,
    "bottom_channels": 512,
    "t_layers": 5,
    "t_heads": 8,
    "t_hidden_scale": 4.0,
}


def build_transformer(options: dict, seed: int) -> HTDemucs:
    """An HTDemucs whose every block is heard: its LayerScales are not near zero as they start out."""
    torch.manual_seed(seed)
    model = HTDemucs(**COMMON, **options)
    for module in model.modules():
        if isinstance(module, LayerScale):
            module.scale.data = torch.rand_like(module.scale) * 0.5 + 0.1
    return model


def build_hybrid(seed: int) -> HDemucs:
    """A model of the class that mdx_extra and its like use besides Demucs."""
    torch.manual_seed(seed)
    return HDemucs(**COMMON, channels=4, depth=6, segment=3)


def build_waveform(seed: int) -> Demucs:
    """A model of the class whose valid lengths are longer than its segments."""
    torch.manual_seed(seed)
    return Demucs(**COMMON, channels=4, depth=5, segment=3)


def save(model: torch.nn.Module, folder: Path, signature: str) -> None:
    """Write `<signature>-<checksum>.th` as demucs's own export does, weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments, options = model._init_args_kwargs
    state = {name: value.half() for name, value in model.state_dict().items()}
    package = {
        "klass": type(model),
        "args": arguments,
        "kwargs": options,
        "state": state,
        "training_args": {},
    }
    for old in folder.glob(f"{signature}-*.th"):
        old.unlink()
    save_with_checksum(package, folder / f"{signature}.th")


def save_tiny_models(folder: Path) -> None:
    """`tiny`, a bag of two with unequal weights (`pair`), and a bag of the older classes (`older`)."""
    save(build_transformer(TINY, 0), folder, "deadbeef")
    save(build_transformer(TINY, 1), folder, "beefdead")
    save(build_hybrid(2), folder, "facade00")
    save(build_waveform(3), folder, "facade01")
    (folder / "tiny.yaml").write_text("models: ['deadbeef']\n")
    weights = "[[1., 0., 0.5, 2.], [0., 1., 1.5, 1.]]"
    (folder / "pair.yaml").write_text(f"models: ['deadbeef', 'beefdead']\nweights: {weights}\n")
    (folder / "older.yaml").write_text("models: ['facade00', 'facade01']\nsegment: 2.5\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--full", action="store_true", help="build `fullsize`, htdemucs's own size, instead")
    options = parser.parse_args()
    if options.full:
        save(build_transformer(FULL, 1), options.folder, "cafebabe")
        (options.folder / "fullsize.yaml").write_text("models: ['cafebabe']\n")
    else:
        save_tiny_models(options.folder)


if __name__ == "__main__":
    main()
