"""The stems are the demucs command's, to 1e-4 of full scale, for every class of model and every option."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from demucs.api import Separator as Demucs
from tool_process import recorded_job

from stemtools.separate import Separator

RATE_HZ = 44100


@pytest.fixture(scope="module")
def separator() -> Separator:
    torch.set_num_threads(1)
    return Separator()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_noise(tmp_path_factory.mktemp("song") / "song.wav", 5 * RATE_HZ + 123)


def write_noise(path: Path, samples: int) -> Path:
    noise = np.random.default_rng(0).standard_normal((samples, 2)) * 0.1 + 0.02
    soundfile.write(path, noise.astype(np.float32), RATE_HZ, subtype="FLOAT")
    return path


def ours(separator: Separator, song: Path, models: Path, out: Path, **options) -> np.ndarray:
    request = {
        "input": str(song),
        "outDir": str(out),
        "repo": str(models),
        "device": "cpu",
        "format": "float32",
    }
    result = separator.handle(recorded_job(**request, **options))
    assert result["gain"] == 1
    return np.stack([soundfile.read(out / stem["file"], dtype="float32")[0].T for stem in result["stems"]])


def demucs_own(song: Path, models: Path, seed: int = 0, **options) -> np.ndarray:
    random.seed(seed)
    _, stems = Demucs(repo=models, device="cpu", **options).separate_audio_file(song)
    return np.stack([stem.numpy() for stem in stems.values()])


@pytest.mark.parametrize(
    ("model", "shifts", "overlap"),
    [
        ("tiny", 0, 0.25),
        ("tiny", 1, 0.25),
        ("tiny", 2, 0.1),
        ("tiny", 0, 0.6),
        ("pair", 0, 0.25),
        ("pair", 2, 0.25),
        ("older", 0, 0.25),
        ("older", 1, 0.25),
    ],
)
def test_same_samples(separator, song, models, out, model, shifts, overlap):
    mine = ours(separator, song, models, out, model=model, shifts=shifts, overlap=overlap, seed=7)
    theirs = demucs_own(song, models, 7, model=model, shifts=shifts, overlap=overlap)
    assert mine.shape == theirs.shape
    assert np.abs(theirs).max() > 0.005  # not the equality of silence
    # The stems of random weights are quiet: hold them to more than the promised 1e-4.
    assert np.abs(mine - theirs).max() < 1e-6


@pytest.mark.parametrize("samples", [1, 1000, 30000, 2 * RATE_HZ, 3 * RATE_HZ])
def test_same_samples_for_short_songs(separator, models, tmp_path, out, samples):
    song = write_noise(tmp_path / "short.wav", max(2, samples))
    mine = ours(separator, song, models, out, model="tiny", shifts=1)
    assert np.abs(mine - demucs_own(song, models, model="tiny", shifts=1)).max() < 1e-6


def test_same_samples_with_a_shorter_segment(separator, song, models, out):
    mine = ours(separator, song, models, out, model="older", shifts=0, segmentSeconds=1.3)
    assert np.abs(mine - demucs_own(song, models, model="older", shifts=0, segment=1.3)).max() < 1e-6


def test_the_seed_decides_the_shift(separator, song, models, out):
    first, again, other = (
        ours(separator, song, models, out, model="tiny", shifts=1, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4


def test_flac_masters_hold_the_same_samples_at_a_quarter(separator, song, models, out):
    floats = ours(separator, song, models, out, model="tiny", shifts=0)
    request = {"input": str(song), "outDir": str(out), "repo": str(models), "model": "tiny", "shifts": 0}
    result = separator.handle(recorded_job(**request))
    for stem, samples in zip(result["stems"], floats, strict=True):
        info = soundfile.info(out / stem["file"])
        assert (info.format, info.subtype, info.frames) == ("FLAC", "PCM_24", result["samples"])
        flac = soundfile.read(out / stem["file"])[0].T / result["gain"]
        assert np.abs(flac - samples).max() <= 0.5 / (2**23 * result["gain"]) + 1e-7
        assert stem["peak"] == pytest.approx(np.abs(samples).max(), abs=1e-5)
    assert result["weights"] == next(models.glob("deadbeef-*.th")).stem.split("-")[1]
    assert (result["device"], result["sampleRateHz"]) == ("cpu", RATE_HZ)
