"""The line protocol, spoken with real processes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audio_files import make
from tool_process import ToolProcess, tool_environment

from stemtools.errors import RETRYABLE, classify, redact


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("song") / "song.wav", 20)


@pytest.fixture
def request_for(song: Path, models: Path, out: Path):
    def build(job_id: str, model: str = "echo", **more):
        files = {"input": str(song), "outDir": str(out), "repo": str(models)}
        return {"id": job_id, **files, "model": model, **more}

    return build


@pytest.fixture(scope="module")
def separate():
    with ToolProcess("separate", OMP_NUM_THREADS="1") as tool:
        ready = tool.read()
        assert ready == {"type": "ready", "tool": "separate", "protocol": 1, "pid": tool.process.pid}
        yield tool


def test_two_jobs_wait_their_turn(separate, request_for):
    separate.send(request_for("a"))
    separate.send(request_for("b"))
    answers = [separate.read_until("result", "error") for _ in "ab"]
    assert [(answer["type"], answer["id"]) for answer in answers] == [("result", "a"), ("result", "b")]


def test_broken_lines_are_answered(separate, request_for):
    for line in ("not json", "[]", "{}", '{"id": 3}'):
        separate.send(line)
        error = separate.read()
        assert (error["type"], error["id"], error["code"]) == ("error", None, "bad_request")
    assert separate.answer(request_for("after"))["type"] == "result"


def test_noise_on_stdout_stays_out(separate, request_for):
    assert separate.answer(request_for("noisy", "noisy"))["type"] == "result"


def test_missing_fields(separate):
    error = separate.answer({"id": "x"})
    assert (error["code"], error["retryable"]) == ("bad_request", False)


def test_cancel_is_answered_at_once_and_the_tool_stays_warm(separate, request_for):
    separate.send(request_for("c", "slow"))
    while separate.read_until("progress").get("step") != "separating":
        pass
    cancelled_at = time.monotonic()
    separate.send({"cancel": "c"})
    error = separate.read_until("result", "error")
    assert (error["id"], error["code"], error["retryable"]) == ("c", "cancelled", False)
    assert time.monotonic() - cancelled_at < 0.5
    assert separate.answer(request_for("d"))["type"] == "result"


def test_a_waiting_job_can_be_cancelled(separate, request_for):
    separate.send(request_for("e", "slow"))
    separate.send(request_for("f"))
    separate.send({"cancel": "f"})
    error = separate.read_until("error")
    assert (error["id"], error["code"]) == ("f", "cancelled")
    separate.send({"cancel": "e"})
    assert separate.read_until("result", "error")["id"] == "e"
    assert separate.answer(request_for("g"))["id"] == "g"  # and f never comes


def test_unknown_cancel_is_ignored(separate, request_for):
    separate.send({"cancel": "nobody"})
    assert separate.answer(request_for("h"))["type"] == "result"


def test_out_of_memory_is_an_answer(separate, request_for):
    error = separate.answer(request_for("o", "hungry"))
    assert (error["code"], error["retryable"]) == ("out_of_memory", False)
    assert "memory" in error["message"]


def test_work_that_does_not_look_is_cancelled_by_force(request_for):
    with ToolProcess("separate", OMP_NUM_THREADS="1") as tool:
        tool.send(request_for("s", "stuck"))
        wait_until_stuck(tool)
        cancelled_at = time.monotonic()
        tool.send({"cancel": "s"})
        assert tool.read_until("error")["code"] == "cancelled"
        assert time.monotonic() - cancelled_at < 0.5
        assert tool.process.wait(1) == 0


def wait_until_stuck(tool: ToolProcess) -> None:
    while tool.read_until("progress")["step"] != "decoding":
        pass
    time.sleep(1)


@pytest.mark.parametrize("ending", ["eof", "sigterm"])
def test_the_end_comes_in_the_middle_of_work(request_for, ending):
    with ToolProcess("separate", OMP_NUM_THREADS="1") as tool:
        tool.send(request_for("s", "stuck"))
        wait_until_stuck(tool)
        if ending == "eof":
            tool.process.stdin.close()
        else:
            tool.process.send_signal(signal.SIGTERM)
        assert tool.process.wait(2) == (0 if ending == "eof" else -signal.SIGTERM)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the end of stdin does it")
def test_a_tool_dies_with_its_parent():
    """The pipe to stdin is held open by us, so that only the kernel's signal can end the tool."""
    held, given = os.pipe()
    parent_code = (
        "import subprocess, sys, time\n"
        "tool = subprocess.Popen([sys.executable, '-m', 'stemtools.encode', '--serve'], stdin=0, stdout=1)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code], stdin=held, stdout=subprocess.PIPE, env=tool_environment()
    )
    tool_pid = json.loads(parent.stdout.readline())["pid"]
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 1
    while is_alive(tool_pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.close(held), os.close(given)
    assert not is_alive(tool_pid)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_by_hand(models, song, out):
    command = [sys.executable, "-m", "stemtools.separate", "--model", "echo", "--repo", str(models)]
    done = subprocess.run(
        [*command, "--out", str(out), "--", str(song)], env=tool_environment(), capture_output=True
    )
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["type"] == "result"
    failed = subprocess.run([*command, "--", "no-such-file"], env=tool_environment(), capture_output=True)
    assert failed.returncode == 1
    assert json.loads(failed.stdout.splitlines()[-1])["code"] == "not_audio"
    wrong = subprocess.run([*command, "--frobnicate"], env=tool_environment(), capture_output=True)
    assert wrong.returncode == 2


def test_classification():
    assert classify(MemoryError()).code == "out_of_memory"
    assert classify(RuntimeError("could not create a primitive")).code == "out_of_memory"
    assert classify(OSError(errno.ENOSPC, "x")).code == "disk_full"
    unexpected = classify(ValueError("/home/secret/path"))
    assert (unexpected.code, unexpected.retryable) == ("internal", True)
    assert "/home" not in unexpected.message
    assert set(RETRYABLE) >= {classify(ValueError()).code}


def test_secrets_are_redacted(monkeypatch):
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "hunter22hunter")
    text = redact("proxy http://me:pw@proxy:80 said hunter22hunter")
    assert text == "proxy http://***@proxy:80 said ***"
