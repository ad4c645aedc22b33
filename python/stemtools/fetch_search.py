"""Fetch what Spotify finds for some words; from there on it is a track like any other."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from stemtools.errors import ToolError
from stemtools.fetch_spotify import DEADLINE_SECONDS, SpotifyTrack, fetch_track
from stemtools.protocol import Job

MAX_CHARACTERS = 300
NOT_WORDS = ("Cc", "Cs", "Zl", "Zp")  # Unicode categories: control, surrogate, line and paragraph separator


def fetch_search(
    text: str,
    target: Path,
    max_bytes: int,
    max_seconds: float,
    job: Job,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> SpotifyTrack:
    """Fetch the recording of the first track that is found into the new file `target`, as `fetch_track`."""
    words = text.strip()
    if not 1 <= len(words) <= MAX_CHARACTERS or any(unicodedata.category(c) in NOT_WORDS for c in words):
        raise ToolError(
            "bad_request",
            f"The words must be one line of 1 to {MAX_CHARACTERS} characters: give the artist and the title.",
        )
    return fetch_track({"text": words}, target, max_bytes, max_seconds, job, deadline_seconds)
