"""Fetch a Spotify track by spotdl, in a child with a deadline that writes only inside the job's folder."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.lifetime import child
from stemtools.protocol import Job

DEADLINE_SECONDS = 300.0
POLL_SECONDS = 0.1
TRACK_ID = re.compile(r"[0-9A-Za-z]{22}")
# What spotdl and its libraries need from our environment; HOME and XDG point into the job's folder instead.
PASSED_ON = re.compile(
    r"PATH|LANG|LC_\w+|TZ|SPOTIFY_CLIENT_(ID|SECRET)|NODE_RUNTIME|YTDLP_ARGS"
    r"|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|SSL_CERT_(FILE|DIR)"
)


@dataclass(frozen=True)
class SpotifyTrack:
    """What Spotify says of a track and where its recording was found."""

    title: str
    artist: str
    album: str | None
    isrc: str | None
    cover: str | None  # an address, not yet checked
    matched: dict[str, str]


def fetch_spotify(
    track_id: str,
    target: Path,
    max_bytes: int,
    max_seconds: float,
    job: Job,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> SpotifyTrack:
    """Fetch the recording of the track with this id into the new file `target`, as `fetch_track`."""
    if not TRACK_ID.fullmatch(track_id):
        raise ToolError("bad_request", "This is not a Spotify track; copy the link of a single track.")
    return fetch_track({"trackId": track_id}, target, max_bytes, max_seconds, job, deadline_seconds)


def fetch_track(
    wanted: dict[str, str],
    target: Path,
    max_bytes: int,
    max_seconds: float,
    job: Job,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> SpotifyTrack:
    """Fetch a track's recording into the new file `target`.

    Parameters
    ----------
    wanted : dict
        What spotify_track.py is to find: `trackId` or `text`, already checked.

    Raises
    ------
    ToolError
        The codes of spotify_track.py; spotify_unavailable when the deadline passes.
    """
    home = Path(tempfile.mkdtemp(prefix=".spotdl-", suffix=".part", dir=target.parent))
    try:
        request = {**wanted, "maxBytes": max_bytes, "maxSeconds": max_seconds}
        answer = _run(request, home, job, deadline_seconds)
        os.replace(answer["path"], target)
        return SpotifyTrack(**{field.name: answer[field.name] for field in fields(SpotifyTrack)})
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(request: dict[str, Any], home: Path, job: Job, deadline_seconds: float) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    environment |= {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    environment |= {
        f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "CACHE", "DATA", "STATE")
    }
    command = [sys.executable, "-m", "stemtools.spotify_track", json.dumps(request)]
    deadline = time.monotonic() + deadline_seconds
    with child(
        command,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        pending = b""
        while True:
            job.check()
            if time.monotonic() > deadline:
                raise ToolError("spotify_unavailable", "The track took too long to fetch; try again later.")
            if not select.select([process.stdout], [], [], POLL_SECONDS)[0]:
                continue
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                raise ToolError("spotify_unavailable", "The track could not be fetched; try again later.")
            *lines, pending = (pending + chunk).split(b"\n")
            for line in map(json.loads, lines):
                if line["type"] == "result":
                    return line
                if line["type"] == "error":
                    raise _as_tool_error(line)
                job.progress(0.8 * line["fraction"], line["step"])


def _as_tool_error(line: dict[str, Any]) -> ToolError:
    known = ("type", "id", "code", "message", "retryable")
    details = {name: value for name, value in line.items() if name not in known}
    return ToolError(line["code"], line["message"], line["retryable"], **details)
