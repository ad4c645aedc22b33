"""Analysis of synthesised songs of known tempo, key, tuning and loudness."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from tool_process import recorded_job

from stemtools.analyze import handle
from stemtools.errors import ToolError
from stemtools.key import MAJOR, MINOR, camelot, name_key
from stemtools.loudness import LoudnessMeter
from stemtools.tempo import fit_line

RATE_HZ = 44100
MAJOR_CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))  # I IV V I
MINOR_CHORDS = ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7))  # i iv V i


def compose(bpm: float, tonic: int, minor: bool, a4_hz: float = 440.0, seconds: float = 24.0) -> np.ndarray:
    """A click on every beat over the chords of a cadence, one a bar; the tonic is counted from C."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    beat = times * bpm / 60
    noise = np.random.default_rng(1).standard_normal(len(times))
    song = 0.4 * noise * np.exp(-(beat % 1) * 40)
    bar = (beat // 4).astype(int) % 4
    for index, chord in enumerate(MINOR_CHORDS if minor else MAJOR_CHORDS):
        for step in chord:
            hz = a4_hz * 2 ** ((tonic + step - 9) / 12)
            song += 0.06 * (bar == index) * sum(np.sin(2 * np.pi * hz * k * times) / k for k in (1, 2, 3))
    return np.stack([song, song * 0.8], axis=1)


def analyze(samples: np.ndarray, tmp_path: Path, out: Path) -> dict:
    soundfile.write(tmp_path / "song.wav", samples, RATE_HZ, subtype="FLOAT")
    return handle(recorded_job(input=str(tmp_path / "song.wav"), outDir=str(out)))


@pytest.mark.parametrize(
    ("bpm", "tonic", "minor", "a4_hz", "key", "code"),
    [
        (92.0, 9, True, 440.0, "A minor", "8A"),
        (120.0, 0, False, 440.0, "C major", "8B"),
        (128.5, 7, False, 445.0, "G major", "9B"),
        (104.0, 6, True, 436.0, "F# minor", "11A"),
    ],
)
def test_tempo_key_and_tuning(tmp_path, out, bpm, tonic, minor, a4_hz, key, code):
    result = analyze(compose(bpm, tonic, minor, a4_hz), tmp_path, out)
    found = min((result["bpm"], result["bpmAlternative"]), key=lambda value: abs(value - bpm))
    assert found == pytest.approx(bpm, rel=0.002)
    assert result["steady"]
    assert result["bpmConfidence"] > 0.3
    assert result["beats"] >= 0.45 * 24 * bpm / 60
    assert (result["key"], result["camelot"]) == (key, code)
    assert result["keyAlternative"] not in (None, key)
    assert 0 < result["keyConfidence"] < 1
    assert result["tuningCents"] == pytest.approx(1200 * np.log2(a4_hz / 440), abs=6)
    assert result["a4Hz"] == pytest.approx(a4_hz, abs=1.5)


def test_files_and_measures(tmp_path, out):
    song = compose(110, 2, False)
    result = analyze(song, tmp_path, out)
    assert result["durationSeconds"] == 24.0
    expected = pyloudnorm.Meter(RATE_HZ).integrated_loudness(song)
    assert result["loudnessLufs"] == pytest.approx(expected, abs=0.1)
    assert result["peakDbfs"] == pytest.approx(20 * np.log10(np.abs(song).max()), abs=0.01)
    analysis = json.loads((out / "analysis.json").read_text())
    assert len(analysis["beatsSeconds"]) == result["beats"] == analysis["beats"]
    peaks = json.loads((out / "peaks.json").read_text())
    assert peaks["buckets"] == len(peaks["min"]) == len(peaks["max"]) == 2400
    assert max(peaks["max"]) * peaks["unit"] == pytest.approx(min(1, song.max()), abs=0.001)
    png = (out / "waveform.png").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1600, 300)
    assert result["files"] == sorted(path.name for path in out.iterdir())


@pytest.mark.parametrize("samples", [10, 2000, RATE_HZ, 6 * RATE_HZ])
def test_silence_has_no_tempo_and_no_key(tmp_path, out, samples):
    result = analyze(np.zeros((samples, 2)), tmp_path, out)
    for name in (
        "bpm",
        "bpmAlternative",
        "key",
        "camelot",
        "tuningCents",
        "a4Hz",
        "loudnessLufs",
        "peakDbfs",
    ):
        assert result[name] is None
    assert (result["beats"], result["steady"]) == (0, False)


@pytest.mark.parametrize("seconds", [0.05, 0.3, 1.0, 2.5, 2.1])
def test_short_sounds_do_not_fail(tmp_path, out, seconds):
    result = analyze(compose(120, 0, False, seconds=seconds), tmp_path, out)
    assert result["peakDbfs"] is not None
    assert result["key"] is None
    json.loads((out / "analysis.json").read_text())


def test_what_is_not_audio(tmp_path, out):
    (tmp_path / "x").write_text("no")
    with pytest.raises(ToolError):
        handle(recorded_job(input=str(tmp_path / "x"), outDir=str(out)))


def test_a_tempo_that_varies_is_called_so():
    steady = np.arange(60) * 0.5
    rushing = np.cumsum(np.linspace(0.5, 0.42, 60))
    assert fit_line(steady) == (pytest.approx(120), True)
    assert fit_line(np.delete(steady, [10, 11, 30])) == (pytest.approx(120), True)
    bpm, is_steady = fit_line(rushing)
    assert not is_steady
    assert 120 < bpm < 143


def test_key_names_and_the_camelot_wheel():
    wheel = {"C": "8B", "G": "9B", "F": "7B", "B": "1B", "E": "12B", "Db": "3B"}
    for tonic, name in ((0, "C"), (7, "G"), (5, "F"), (11, "B"), (4, "E"), (1, "Db")):
        key = name_key(np.roll(MAJOR, tonic))
        assert (key.name, key.camelot) == (f"{name} major", wheel[name])
    assert name_key(np.roll(MINOR, 9)).name == "A minor"
    assert [camelot(tonic, True) for tonic in (9, 4, 8, 1)] == ["8A", "9A", "1A", "12A"]
    assert name_key(np.ones(12)) is None


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_loudness_equals_pyloudnorm(rate_hz):
    rng = np.random.default_rng(3)
    levels = np.repeat([0.3, 0.001, 0.1, 0.02, 0.2], rate_hz * 2)[:, None]
    song = rng.standard_normal((rate_hz * 10, 2)) * levels
    meter = LoudnessMeter(rate_hz)
    for start in range(0, len(song), 30011):
        meter.push(song[start : start + 30011].T)
    assert meter.integrated_lufs() == pytest.approx(
        pyloudnorm.Meter(rate_hz).integrated_loudness(song), abs=0.05
    )
