"""Copy a person's file into a job's folder: a regular file only, and never through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from stemtools.errors import ToolError
from stemtools.fetching.fetch_url import too_large

CHUNK_BYTES = 1 << 20


def fetch_file(source: str, target: Path, max_bytes: int, progress: Callable[[float], None]) -> None:
    """Copy `source` into the new file `target`.

    The file is opened without following a link or waiting for a pipe, and checked by what was opened.
    """
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ToolError("bad_request", "There is no such file; check its name.") from error
    except OSError as error:
        raise ToolError(
            "bad_request", "The file cannot be opened; it must be a readable plain file."
        ) from error
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise ToolError("bad_request", "This is not a plain file; send an audio file.")
    with open(descriptor, "rb") as file:
        if about.st_size == 0:
            raise ToolError("empty_file", "The file is empty; send the song itself.")
        if about.st_size > max_bytes:
            raise too_large(max_bytes)
        copied = 0
        with open(target, "xb") as copy:
            while chunk := file.read(CHUNK_BYTES):
                copied += len(chunk)
                if copied > max_bytes:  # it grows while being read
                    raise too_large(max_bytes)
                copy.write(chunk)
                progress(min(1.0, copied / about.st_size))
