"""A tool lives no longer than the process that started it, and leaves no child behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

PR_SET_PDEATHSIG = 1
_children: set[subprocess.Popen] = set()


def die_with_parent() -> None:
    """Have the kernel (Linux) kill this process when its parent dies; elsewhere the end of stdin does it."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was made
        os._exit(0)


@contextlib.contextmanager
def child(command: list[str], **options: Any) -> Iterator[subprocess.Popen]:
    """A child process in a group of its own that is gone, with its own children, when the block ends."""
    process = subprocess.Popen(command, process_group=0, **options)
    _children.add(process)
    try:
        yield process
    finally:
        _kill(process)
        process.wait()
        _children.discard(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()


def leave(status: int) -> None:
    """End at once, from any thread, taking the children along."""
    for process in list(_children):
        _kill(process)
    os._exit(status)


def _kill(process: subprocess.Popen) -> None:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
