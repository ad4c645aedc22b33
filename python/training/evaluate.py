"""Measure a model on held-out songs: `python -m training.evaluate --model starter --repo models`."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from demucs.apply import apply_model
from demucs.pretrained import get_model

from training.metrics import si_sdr_db
from training.songs import SOURCES, render

FIRST_SEED = 90_000


def separate(model: torch.nn.Module, mix: np.ndarray) -> np.ndarray:
    """Separate [2, samples] into [4, 2, samples] as the demucs command does, without shifts.

    The mix is normalised by the mean and deviation of its mono sum, and the stems are scaled back.
    """
    mono = mix.mean(axis=0)
    mean, deviation = mono.mean(), mono.std() + 1e-8
    normal = torch.from_numpy((mix - mean) / deviation)[None]
    stems = apply_model(model, normal, shifts=0, split=True, overlap=0.25)[0]
    return stems.numpy() * deviation + mean


def measure(model: torch.nn.Module, sounds: str, count: int, seconds: float) -> np.ndarray:
    """SI-SDR in dB of the mixture and of the model: [songs, 4 stems, 2]."""
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        song = render(seed, sounds, seconds)
        mix = song.sum(axis=0)
        estimates = separate(model, mix)
        pairs = zip(song, estimates, strict=True)
        rows.append([(si_sdr_db(mix, stem), si_sdr_db(estimate, stem)) for stem, estimate in pairs])
    return np.array(rows)


def table(results: np.ndarray) -> str:
    """Markdown: mean and median over the songs."""
    lines = [
        "| stem | mixture | model | improvement | improvement, median | improvement, worst song |",
        "| --- " * 6 + "|",
    ]
    for number, name in enumerate(SOURCES):
        before, after = results[:, number, 0], results[:, number, 1]
        gain = after - before
        figures = (before.mean(), after.mean(), gain.mean(), np.median(gain), gain.min())
        lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in figures) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, in dB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--repo", type=Path, help="folder of models; demucs's own without it")
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--sounds", choices=["held-out", "train"], default="held-out")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, started = get_model(options.model, repo=options.repo), time.monotonic()
    results = measure(model, options.sounds, options.songs, options.seconds)
    print(f"SI-SDR in dB, mean over {options.songs} {options.sounds} songs of {options.seconds:g} s\n")
    print(table(results))
    print(f"\n{time.monotonic() - started:.0f} s with rendering")


if __name__ == "__main__":
    main()
