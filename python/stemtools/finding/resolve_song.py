"""From a song to its recording; a confined process of its own (resolve.py).

The request is {maxSeconds} with one of: `trackId`, a track of Spotify; `song`, what another catalogue says of
one; `text`, somebody's words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.confined import run_inside
from stemtools.protocol import Job


def handle(job: Job) -> dict[str, Any]:
    """Metadata first, so that a missing or too long track costs no search."""
    from stemtools.finding.resolve_spotify import Spotify
    from stemtools.finding.search_recordings import find_by_words, find_recordings

    request, home = job.request, Path.cwd()
    if text := request.get("text"):
        job.progress(0.1, "matching")
        with job.span("search"):
            return find_by_words(text, request["maxSeconds"], home)
    job.progress(0.1, "metadata")
    song = request.get("song")
    if not song:
        with job.span("metadata"):
            song = Spotify().find_song(request["trackId"])
    job.progress(0.4, "matching")
    try:
        with job.span("search"):
            return find_recordings(song, request["maxSeconds"], home)
    except ToolError as error:
        error.details["song"] = song  # so that people see which one it is
        raise


if __name__ == "__main__":
    run_inside(handle)
