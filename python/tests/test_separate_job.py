"""What surrounds the model: stems that add up, memory that does not grow, and every failure with its code."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_files import make
from tool_process import ToolProcess, recorded_job, tool_environment

from stemtools.errors import ToolError
from stemtools.separate import Separator


@pytest.fixture(scope="module")
def separator() -> Separator:
    return Separator()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("song") / "song.flac", 12)


def separate(separator: Separator, song: Path, models: Path, out: Path, **options):
    job = recorded_job(input=str(song), outDir=str(out), repo=str(models), **options)
    return separator.handle(job), job._lines


def failure(separator: Separator, song: Path, models: Path, out: Path, **options) -> ToolError:
    with pytest.raises(ToolError) as raised:
        separate(separator, song, models, out, **options)
    assert os.listdir(out) == []  # nothing half-made is left
    assert str(out) not in raised.value.message
    return raised.value


@pytest.mark.parametrize("shifts", [0, 2])
def test_stems_add_up_to_the_mix(separator, song, models, out, shifts):
    result, _ = separate(separator, song, models, out, model="echo", shifts=shifts)
    mix = soundfile.read(song)[0]
    assert [stem["stem"] for stem in result["stems"]] == ["drums", "bass", "other", "vocals"]
    assert np.abs(sum_of_stems(result, out, mix) - mix).max() < 3e-6


def sum_of_stems(result, out: Path, mix: np.ndarray) -> np.ndarray:
    """demucs takes the song's mean off before a model and adds it to every stem: counted once here."""
    stems = [soundfile.read(out / stem["file"])[0] / result["gain"] for stem in result["stems"]]
    return sum(stems) - (len(stems) - 1) * mix.mean()


def test_loud_stems_do_not_clip(separator, models, tmp_path, out):
    loud = np.sign(np.sin(np.arange(3 * 44100) * 0.05))[:, None].repeat(2, 1) * 3
    soundfile.write(tmp_path / "loud.wav", loud, 44100, subtype="FLOAT")
    result, _ = separate(separator, tmp_path / "loud.wav", models, out, model="echo", shifts=0)
    drums = soundfile.read(out / "drums.flac")[0] / result["gain"]
    assert np.abs(drums - (loud + loud.mean()) / 2).max() < 1e-5
    assert result["stems"][0]["peak"] == pytest.approx(1.5, abs=1e-3)


def test_progress_counts_every_pass_and_segment(separator, song, models, out):
    _, told = separate(separator, song, models, out, model="pair", shifts=2)
    lines = told.of("progress")
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    last = [line for line in lines if line["step"] == "separating"][-1]
    segments_of_a_pass = -(-(12 * 44100 + 11025) // (44100 * 3 // 2))
    assert abs(last["segments"] - 4 * segments_of_a_pass) <= 4  # 2 models x 2 shifts
    assert [line["step"] for line in lines][:2] == ["loading", "decoding"]


def test_its_steps_are_spans_one_after_the_other(separator, song, models, out):
    began = time.time()
    _, told = separate(separator, song, models, out, model="echo")
    _, again = separate(separator, song, models, out, model="echo")
    steps = told.of("span")
    assert [step["name"] for step in steps] == ["load model", "decode", "separate", "write"]
    assert [step["name"] for step in again.of("span")] == ["decode", "separate", "write"]
    times = [began, *(moment for step in steps for moment in (step["start"], step["end"])), time.time()]
    assert times == pytest.approx(sorted(times), abs=0.002)
    assert steps[0]["attributes"] == {"model": "echo"}
    assert steps[2]["attributes"] == {"device": "cpu", "audioSeconds": 12.0}


def test_a_step_says_by_which_code_it_failed(separator, song, models, out):
    job = recorded_job(input=str(song), outDir=str(out), repo=str(models), model="hungry")
    with pytest.raises(RuntimeError):
        separator.handle(job)
    steps = [(step["name"], step.get("error")) for step in job._lines.of("span")]
    once = [("decode", None), ("separate", "out_of_memory")]
    assert steps == [("load model", None), *once, *once]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"model": "nothing"}, "unknown_model"),
        ({"model": "../tiny"}, "unknown_model"),
        ({"model": "hf://someone/thing"}, "unknown_model"),
        ({"model": "echo", "shifts": -1}, "bad_request"),
        ({"model": "echo", "overlap": 1}, "bad_request"),
        ({"model": "echo", "device": "tpu"}, "bad_request"),
        ({"model": "tiny", "segmentSeconds": 60}, "bad_request"),
    ],
)
def test_failures_have_codes(separator, song, models, out, options, code):
    assert failure(separator, song, models, out, **options).code == code


def test_one_try_with_half_the_segment_when_memory_runs_out(separator, song, models, out):
    result, _ = separate(separator, song, models, out, model="peckish", shifts=0)
    assert result["segmentSeconds"] == 2.5
    mix = soundfile.read(song)[0]
    assert np.abs(sum_of_stems(result, out, mix) - mix).max() < 3e-6


def test_damaged_weights(separator, song, models, out, tmp_path):
    whole = next(models.glob("echosig-*.th"))
    (tmp_path / whole.name).write_bytes(whole.read_bytes()[:-10] + b"0123456789")
    (tmp_path / "echo.yaml").write_text("models: ['echosig']")
    assert failure(separator, song, tmp_path, out, model="echo").code == "weights_unavailable"


def test_weights_that_cannot_be_fetched(separator, song, models, out, monkeypatch, tmp_path):
    for name in ("HF_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    error = failure(separator, song, models, out, model="htdemucs")
    assert error.code == "weights_unavailable"
    assert "MODEL_REPO" in error.message


def test_full_disk(song, models, out):
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = [sys.executable, "-m", "stemtools.separate", "--model", "echo", "--repo", str(models)]
    done = subprocess.run(
        [*command, "--out", str(out), "--", str(song)],
        env=tool_environment(),
        preexec_fn=small_files,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert '"code":"disk_full","retryable":true' in done.stdout.splitlines()[-1]
    assert os.listdir(out) == []


def peak_memory_bytes(models: Path, song: Path, out: Path) -> int:
    """Peak resident size of a tool that separates one song."""
    with ToolProcess("separate", OMP_NUM_THREADS="1") as tool:
        request = {"id": "1", "input": str(song), "outDir": str(out), "repo": str(models)}
        assert tool.answer({**request, "model": "echo"}, seconds=60)["type"] == "result"
        status = Path(f"/proc/{tool.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_does_not_grow_with_the_song(models, tmp_path, out):
    tone = "sine=440:sample_rate=44100:duration="
    short, long = (make(tmp_path / f"{s}.flac", source=f"{tone}{s}") for s in (30, 360))
    growth = peak_memory_bytes(models, long, out) - peak_memory_bytes(models, short, out)
    whole_stems = 4 * 2 * 4 * 44100 * 360  # 500 MB, as demucs holds them
    assert growth < 0.08 * whole_stems
