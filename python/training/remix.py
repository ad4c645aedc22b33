"""Batches: stems of rendered songs, changed a little, shuffled between songs and mixed anew."""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from training.signals import SAMPLE_RATE
from training.songs import render

# Frequencies (Hz) between which a random equaliser is drawn.
KNOTS_HZ = np.array([1.0, 100, 300, 900, 2700, 8000, 22050])


def render_to(folder: Path, seconds: float, seed: int) -> Path:
    """Render one training song to a float16 file, [4, 2, samples]."""
    path = folder / f"{seed}.npy"
    if not path.exists():
        np.save(path, render(seed, "train", seconds).astype(np.float16))
    return path


def render_songs(folder: Path, count: int, seconds: float, processes: int = 2) -> list[np.ndarray]:
    """Render training songs into `folder` and map them into memory."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes) as pool:
        paths = list(pool.map(partial(render_to, folder, seconds), range(count)))
    return [np.load(path, mmap_mode="r") for path in paths]


def equalise(sound: np.ndarray, rng: np.random.Generator, most_db: float = 5.0) -> np.ndarray:
    """Filter [2, samples] by a smooth random curve."""
    spectrum = np.fft.rfft(sound)
    place = np.log(np.fft.rfftfreq(sound.shape[1], 1 / SAMPLE_RATE) + 1)
    gain_db = np.interp(place, np.log(KNOTS_HZ + 1), rng.uniform(-most_db, most_db, len(KNOTS_HZ)))
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), sound.shape[1])


def excerpt(song: np.ndarray, stem: int, first: float, length: int, speed: float) -> np.ndarray:
    """Cut [2, length] out of a stem from `first` (0..1), played `speed` times as fast (pitch moves along)."""
    wanted = int(length * speed) + 2
    start = int(first * (song.shape[2] - wanted))
    sound = song[stem, :, start : start + wanted].astype(np.float32)
    place = np.arange(length) * speed
    return np.stack([np.interp(place, np.arange(wanted), side) for side in sound])


def example(songs: list[np.ndarray], length: int, rng: np.random.Generator) -> np.ndarray:
    """Four stems [4, 2, length]: half the time all of one song, else each of a song of its own."""
    together = rng.random() < 0.5
    song, first, speed = rng.integers(len(songs)), rng.random(), rng.uniform(0.85, 1.18)
    stems = np.zeros((4, 2, length), np.float32)
    for stem in range(4):
        if not together:
            song, first, speed = rng.integers(len(songs)), rng.random(), rng.uniform(0.85, 1.18)
        if rng.random() < 0.06:
            continue
        sound = excerpt(songs[song], stem, first, length, speed)
        if rng.random() < 0.5:
            sound = equalise(sound, rng)
        if not together:
            sound = sound / (np.sqrt(np.mean(sound**2)) + 0.01) * 0.1
        stems[stem] = sound[:: rng.choice([-1, 1])] * 10 ** (rng.normal(0, 3) / 20)
    return stems


def batch(songs: list[np.ndarray], size: int, seconds: float, seed: int, step: int) -> np.ndarray:
    """Make the batch of one step, [size, 4, 2, samples] float32; the same for the same seed and step."""
    rng = np.random.default_rng([seed, step])
    return np.stack([example(songs, int(seconds * SAMPLE_RATE), rng) for _ in range(size)])
