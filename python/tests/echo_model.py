"""Models that do no work: stems are fixed shares of the mix, so that what surrounds a model can be tested."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import torch
from demucs.states import save_with_checksum

SOURCES = ["drums", "bass", "other", "vocals"]
SHARES = (0.5, 0.25, 0.125, 0.125)


class Echo(torch.nn.Module):
    """Gives every stem its share; optionally slow, noisy on stdout, or short of memory above a length."""

    def __init__(self, seconds: float = 0.0, noise: bool = False, most_samples: int = 1 << 40):
        super().__init__()
        self.sources, self.audio_channels, self.samplerate, self.segment = SOURCES, 2, 44100, Fraction(5)
        self.shares = torch.nn.Parameter(torch.tensor(SHARES))
        self.layer = torch.nn.Identity()
        self.seconds, self.noise, self.most_samples = seconds, noise, most_samples

    def forward(self, mix: torch.Tensor) -> torch.Tensor:
        if mix.shape[-1] > self.most_samples:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate a lot")
        if self.noise:
            print("a library talks")
        for _ in range(int(self.seconds * 100)):
            time.sleep(0.01)
            mix = self.layer(mix)
        return mix[:, None] * self.shares[:, None, None]


class StuckEcho(Echo):
    """Takes its time in one go, so that no hook can stop it."""

    def forward(self, mix: torch.Tensor) -> torch.Tensor:
        time.sleep(self.seconds)
        return super().forward(mix)


def save_echo_models(folder: Path) -> None:
    """`echo`, `slow`, `stuck`, `noisy`, `hungry` (never memory enough), `peckish` (for half a segment)."""
    second = 44100
    models = {
        "echo": Echo(),
        "slow": Echo(seconds=1.0),
        "stuck": StuckEcho(seconds=20.0),
        "noisy": Echo(noise=True),
        "hungry": Echo(most_samples=second),
        "peckish": Echo(most_samples=3 * second),
    }
    for name, model in models.items():
        options = {"seconds": model.seconds, "noise": model.noise, "most_samples": model.most_samples}
        package = {"klass": type(model), "args": (), "kwargs": options, "state": model.state_dict()}
        save_with_checksum(package, folder / f"{name}sig.th")
        (folder / f"{name}.yaml").write_text(f"models: ['{name}sig']\n")
