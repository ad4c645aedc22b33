"""Fetch a recording from a page of a site, in a confined child that writes only inside the job's folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.confined import Line, run_confined
from stemtools.fetching.cover_url import cover_url
from stemtools.fetching.safe_address import parse_url
from stemtools.fields import plain_name, read_text
from stemtools.media_text import clean
from stemtools.protocol import Job
from stemtools.read_tags import MAX_COVER_BYTES

DEADLINE_SECONDS = 900.0
PAGES_BYTES = 64 << 20  # what a site's pages, scripts and pictures may have beyond the song


@dataclass(frozen=True)
class About:
    """What is known of a recording, each None when nobody says."""

    title: str | None
    artist: str | None
    album: str | None
    isrc: str | None
    cover_url: str | None
    cover: bytes | None  # JPEG or PNG
    matched: dict[str, str] | None  # title and url of what was fetched for a song of a catalogue


def fetch_site(
    source: dict[str, Any],
    target: Path,
    max_bytes: int,
    max_seconds: float,
    job: Job,
    progress: Callable[[Line], None],
    deadline_seconds: float = DEADLINE_SECONDS,
) -> About:
    """Fetch the recording of `source` into the new file `target`.

    Parameters
    ----------
    source : dict
        `site`, the name of its extractor in yt-dlp; `url`; `song`, what a catalogue says of the song that
        the page was found for, or None.
    progress : callable
        Is given the child's progress lines.

    Raises
    ------
    ToolError
        The codes of site_failure.py and of the guard.
    """
    song = source.get("song")
    if song is not None and not isinstance(song, dict):
        raise ToolError("bad_request", "The source's song must be an object or null.")
    request = {
        "site": read_text(source, "site"),
        "url": parse_url(read_text(source, "url")).url,
        "song": song,
        "maxBytes": max_bytes,
        "maxSeconds": max_seconds,
    }
    home = Path(tempfile.mkdtemp(prefix=".site-", suffix=".part", dir=target.parent))
    try:
        answer = run_confined(
            "stemtools.fetching.site_recording",
            request,
            home,
            job,
            deadline_seconds,
            max_bytes + PAGES_BYTES,
            progress,
        )
        os.replace(_own_file(home, answer["file"]), target)
        return About(
            *(clean(answer[name]) for name in ("title", "artist", "album", "isrc")),
            cover_url=cover_url(answer["coverUrl"]),
            cover=_read_cover(home, answer["cover"]),
            matched=answer["matched"],
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _own_file(home: Path, name: object) -> Path:
    """A plain file of the child's own folder: no link to any other."""
    path = home / plain_name(name, "file")
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise ToolError("internal", "A tool made something that is not a file; try again.")
    return path


def _read_cover(home: Path, name: str | None) -> bytes | None:
    if name is None:
        return None
    with contextlib.suppress(OSError):
        path = _own_file(home, name)
        if path.stat().st_size <= MAX_COVER_BYTES:
            return path.read_bytes()
    return None
