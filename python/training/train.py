"""Train the `starter` model: `python -m training.train --out models` (about 20 minutes)."""

import argparse
import copy
import ctypes
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from demucs.states import save_with_checksum
from torch import Tensor

from stemtools.starter import Starter, level, point_bins
from training.remix import batch, render_songs

SIGNATURE = "5f0a57a2"
NAME = "starter"


def loss(model: Starter, stems: Tensor) -> Tensor:
    """How far the estimates of [batch, 4, 2, samples] are off, on spectra of mixes of RMS one.

    The mean over stems of the error-to-signal ratio in dB / 10 (a stem's loudness does not matter; the floor
    of a hundredth of the mix keeps silent ones finite) plus half the mean absolute error. Bins that share a
    mask are stood for by one of them, drawn anew each time: right on average, and a third less work.
    """
    mix = stems.sum(dim=1)
    scale = level(mix)
    spectrum, targets = model.transform(mix / scale), model.transform(stems / scale[:, None])
    real, imaginary = model.estimate(spectrum)
    first, widths = point_bins()
    bins, weights = first + (torch.rand(len(first)) * widths).long(), widths[:, None] / widths.float().mean()
    mixed, wanted = torch.view_as_real(spectrum[:, None, :, bins]), torch.view_as_real(targets[:, :, :, bins])
    x, y = mixed.unbind(-1)
    error = (x * real - y * imaginary - wanted[..., 0]) ** 2 + (
        x * imaginary + y * real - wanted[..., 1]
    ) ** 2
    signal = (weights * wanted.square().sum(dim=-1)).mean(dim=(2, 3, 4))
    floor = 0.01 * (weights * mixed.square().sum(dim=-1)).mean(dim=(2, 3, 4))
    ratio = ((weights * error).mean(dim=(2, 3, 4)) + 0.1 * floor) / (signal + floor)
    return ratio.log10().mean() + 0.5 * (weights * (error + 1e-8).sqrt()).mean()


def train(model: Starter, songs: list, steps: int, size: int, seconds: float, seed: int) -> Starter:
    """Run AdamW with a one-cycle rate and return the moving average of the weights."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    average, started, recent = copy.deepcopy(model), time.monotonic(), 0.0
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(batch, songs, size, seconds, seed, 0)
        for step in range(steps):
            stems = torch.from_numpy(upcoming.result())
            upcoming = pool.submit(batch, songs, size, seconds, seed, step + 1)
            optimizer.zero_grad()
            value = loss(model, stems)
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            decay = min(0.995, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, new in zip(average.parameters(), model.parameters(), strict=True):
                    mean.lerp_(new, 1 - decay)
            recent = value.item() if step == 0 else 0.98 * recent + 0.02 * value.item()
            if step % 50 == 0:
                elapsed = time.monotonic() - started
                print(
                    json.dumps({"step": step, "loss": round(recent, 4), "seconds": round(elapsed)}),
                    flush=True,
                )
    return average


def save(model: Starter, arguments: dict, folder: Path) -> Path:
    """Write `<signature>-<checksum>.th` with half-precision weights, and the yaml that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{SIGNATURE}-*.th"):
        old.unlink()
    state = {name: value.half() for name, value in model.state_dict().items()}
    package = {"klass": Starter, "args": (), "kwargs": arguments, "state": state, "training_args": {}}
    save_with_checksum(package, folder / f"{SIGNATURE}.th")
    # demucs reads `models`; `sources` is for listing it without loading it.
    listing = f"models: ['{SIGNATURE}']\nsources: {list(model.sources)}\n"
    (folder / f"{NAME}.yaml").write_text(listing)
    return next(folder.glob(f"{SIGNATURE}-*.th"))


def keep_memory() -> None:
    """Have glibc keep freed memory instead of returning it after every step: a third less time."""
    if sys.platform == "linux":
        trim_threshold, top_pad, mmap_max = -1, -2, -4
        library = ctypes.CDLL(None)
        for option, value in ((mmap_max, 0), (trim_threshold, 2**31 - 1), (top_pad, 2**28)):
            library.mallopt(option, value)


def main() -> None:
    """Render, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of models, in demucs's repo format")
    parser.add_argument("--cache", type=Path, help="folder for rendered songs; a temporary one without it")
    parser.add_argument("--songs", type=int, default=160)
    parser.add_argument("--song-seconds", type=float, default=18.0)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--excerpt-seconds", type=float, default=3.0)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    keep_memory()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        songs = render_songs(options.cache or Path(temporary), options.songs, options.song_seconds)
        print(f"{len(songs)} songs rendered in {time.monotonic() - started:.0f} s", flush=True)
        arguments = {"width": options.width, "depth": options.depth}
        model = train(
            Starter(**arguments), songs, options.steps, options.batch, options.excerpt_seconds, options.seed
        )
    path = save(model, arguments, options.out)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(
        f"{path}: {count} parameters, {path.stat().st_size} bytes, {time.monotonic() - started:.0f} s in all"
    )


if __name__ == "__main__":
    main()
