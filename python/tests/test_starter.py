"""The shipped `starter` model: loaded and run by demucs's own code, and better than doing nothing."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from demucs.apply import apply_model
from demucs.pretrained import get_model

from training.evaluate import measure
from training.metrics import si_sdr_db

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def model():
    return get_model("starter", repo=MODELS)


def weights() -> Path:
    signature = re.search(r"'(\w+)'", (MODELS / "starter.yaml").read_text())[1]
    (path,) = MODELS.glob(f"{signature}-*.th")
    return path


def test_file_is_small_and_named_by_its_checksum():
    path = weights()
    assert path.stat().st_size <= 5_000_000
    assert re.fullmatch(r"[0-9a-f]{8}", path.stem.split("-")[0])
    assert path.stem.split("-")[1] == hashlib.sha256(path.read_bytes()).hexdigest()[:8]


@pytest.mark.parametrize("samples", [1, 5_000, 44_100 * 9 + 17])
def test_stems_have_the_mix_s_length_and_sum_to_it(model, samples):
    mix = torch.randn(1, 2, samples, generator=torch.Generator().manual_seed(0)) * 0.1
    stems = apply_model(model, mix, shifts=0)
    assert model.sources == ["drums", "bass", "other", "vocals"]
    assert stems.shape == (1, 4, 2, samples)
    assert (stems.sum(dim=1) - mix).abs().max() < 1e-3


def test_silence_stays_silent(model):
    assert apply_model(model, torch.zeros(1, 2, 44_100), shifts=0).abs().max() < 1e-6


def test_every_stem_of_held_out_songs_gains_3_db(model):
    gains = np.diff(measure(model, "held-out", count=3, seconds=10.0))[..., 0].mean(axis=0)
    assert (gains >= 3).all(), dict(zip(model.sources, gains.round(1), strict=True))


def test_si_sdr_ignores_scale_and_knows_a_ratio():
    generator = np.random.default_rng(0)
    target, noise = generator.standard_normal((2, 2, 200_000))
    assert si_sdr_db(3 * target, target) > 100
    assert si_sdr_db(5 * (target + 0.1 * noise), target) == pytest.approx(20, abs=0.1)
