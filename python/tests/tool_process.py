"""Runs a tool as Node does, and a job in this process with its lines recorded."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from stemtools.protocol import Job

PYTHON_FOLDER = Path(__file__).resolve().parents[1]


def tool_environment(**more: str) -> dict[str, str]:
    """Our environment with stemtools and the tests' own models importable."""
    path = f"{PYTHON_FOLDER}{os.pathsep}{PYTHON_FOLDER / 'tests'}"
    return {**os.environ, "PYTHONPATH": path, **more}


class ToolProcess:
    """A tool started with --serve; `with` ends it."""

    def __init__(self, name: str, **environment: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"stemtools.{name}", "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=tool_environment(**environment),
        )
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self._lines.put(
                json.loads(line)
            )  # noise on stdout would end the thread, and the test by its limit

    def send(self, line: dict[str, Any] | str) -> None:
        text = line if isinstance(line, str) else json.dumps(line)
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def read(self, seconds: float = 30) -> dict[str, Any]:
        return self._lines.get(timeout=seconds)

    def read_until(self, *types: str, seconds: float = 30) -> dict[str, Any]:
        while (line := self.read(seconds))["type"] not in types:
            pass
        return line

    def answer(self, request: dict[str, Any], seconds: float = 30) -> dict[str, Any]:
        self.send(request)
        return self.read_until("result", "error", seconds=seconds)

    def __enter__(self) -> ToolProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


class Recorded:
    """Takes a job's lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, **line: Any) -> None:
        self.lines.append(line)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one type."""
        return [line for line in self.lines if line["type"] == kind]


def recorded_job(**request: Any) -> Job:
    """A job for a handler called in this process."""
    return Job({"id": "1", **request}, Recorded())
