"""Find a Spotify track's metadata and fetch its audio by spotdl; a process of its own (fetch_spotify.py).

The request comes as JSON in the only argument: {trackId or text, maxBytes, maxSeconds}; files go to the
working folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.protocol import Job, run_once

AUDIO_PROVIDERS = ["youtube-music", "youtube"]
METADATA_SHARE = 0.1

# Code and sentence for what Spotify does not have.
NO_SUCH_TRACK = ("spotify_not_found", "Spotify has no such track (any more); check the link.")
NOTHING_FOUND = (
    "nothing_found",
    "Nothing was found for those words: give a link, or the artist and the title.",
)

RATE_LIMITED = ("429", "too many requests", "rate limit")
MISSING = ("no longer exists", "not found", "invalid id", "no results found")
# What errors repeat of the question: an id or somebody's words may look like a status.
ECHO = re.compile(r"(url: |https?://)\S+|(?<=no results found for: ).*|(?<=no response: ).*", re.S)

# What yt-dlp and spotdl say -> our code; the first that fits.
SOURCE_FAILURES = (
    (
        "no_match",
        ("no results found", "lookuperror"),
        "No recording of this track was found; send the file itself.",
    ),
    (
        "source_blocked",
        ("sign in to confirm", "not a bot", "429", "too many requests", "http error 403", "captcha"),
        "The source takes this machine for a robot and refuses; send the file itself, or try again tomorrow.",
    ),
    (
        "unreachable",
        ("connection", "timed out", "resolve", "proxyerror", "max retries", "ssl", "urlopen", "transport"),
        "The source did not answer; try again later.",
    ),
    ("disk_full", ("no space left",), "The disk is full; free some space and try again."),
    (
        "source_unavailable",
        ("",),
        "The recording that was found cannot be fetched; send the file itself.",
    ),
)


def handle(job: Job) -> dict[str, Any]:
    """Metadata first, so that a missing or too long track costs nothing."""
    job.progress(0, "metadata")
    text = job.request.get("text")
    song = find_song(job.request["trackId"]) if text is None else search_song(text)
    if song.duration > job.request["maxSeconds"]:
        minutes = job.request["maxSeconds"] / 60
        raise ToolError("too_long", f"The track is longer than {minutes:.0f} minutes; choose a shorter one.")
    return fetch_song(song, job)


def find_song(track_id: str) -> Any:
    """The track with this id."""
    return _ask_spotify(
        lambda song: song.from_url(f"https://open.spotify.com/track/{track_id}"), NO_SUCH_TRACK
    )


def search_song(text: str) -> Any:
    """The track that Spotify finds first for some words, which are never read as anything but words."""
    return _ask_spotify(lambda song: song.from_search_term(text), NOTHING_FOUND)


def _ask_spotify(question: Callable[[Any], Any], missing: tuple[str, str]) -> Any:
    """A track as spotdl knows it: by the official API with credentials, else by the web player's.

    Parameters
    ----------
    question : callable
        Makes a song of spotdl's class `Song`.
    missing : tuple
        Code and sentence when there is none.
    """
    from spotdl.types.song import Song
    from spotdl.utils.spotify import SpotifyClient

    client_id = os.environ.get("SPOTIFY_CLIENT_ID")
    client_secret = os.environ.get("SPOTIFY_CLIENT_SECRET")
    official = bool(client_id and client_secret)
    try:
        client = SpotifyClient.init(
            client_id=client_id or "none",
            client_secret=client_secret or "none",
            no_cache=True,
            max_retries=1,
            use_official_api=official,
        )
        if official:
            _fail_fast(client)
        return question(Song)
    except Exception as error:
        raise explain_metadata(error, missing) from error


def explain_metadata(error: Exception, missing: tuple[str, str] = NO_SUCH_TRACK) -> ToolError:
    """An error of spotipy, SpotipyFree or spotdl in our words; `missing` when it says that there is none."""
    status = getattr(error, "http_status", None)
    text = "" if status else ECHO.sub("", f"{type(error).__name__} {error}".lower())
    if status == 429 or any(sign in text for sign in RATE_LIMITED):
        headers = getattr(error, "headers", None) or {}
        wait = str(headers.get("Retry-After", ""))
        details = {"retryAfterSeconds": int(wait)} if wait.isdigit() else {}
        when = f"in {_duration(int(wait))}" if wait.isdigit() else "later"
        return ToolError(
            "spotify_rate_limited", f"Spotify allows no more questions now; try again {when}.", **details
        )
    if status in (400, 404) or any(sign in text for sign in MISSING):
        return ToolError(*missing)
    return ToolError("spotify_unavailable", "Spotify did not tell about this track; try again later.")


def fetch_song(song: Any, job: Job) -> dict[str, Any]:
    """Match and fetch the recording, tags embedded, without transcoding."""
    import imageio_ffmpeg
    from spotdl.download.downloader import Downloader
    from spotdl.providers.audio.base import AudioProvider, AudioProviderError

    seen: dict[str, Any] = {}
    fetch = AudioProvider.get_download_metadata

    def remember(provider: Any, url: str, download: bool = False) -> dict:
        try:
            found = fetch(provider, url, download)
        except AudioProviderError as error:
            seen["failure"] = str(error.__cause__)  # spotdl's own message leaves out why
            raise
        seen["title"] = found.get("title")
        return found

    AudioProvider.get_download_metadata = remember
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    downloader = Downloader(
        {
            "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
            "format": "opus",
            "bitrate": "disable",
            "output": "{track-id}.{output-ext}",  # in the working folder: spotdl rewrites names of folders
            "overwrite": "force",
            "threads": 1,
            "simple_tui": True,
            "lyrics_providers": [],
            "print_errors": False,
            "scan_for_songs": False,
            "audio_providers": AUDIO_PROVIDERS,
            "yt_dlp_args": yt_dlp_arguments(job.request["maxBytes"]),
        },
        loop=loop,
    )
    downloader.progress_handler.update_callback = lambda tracker, message: job.progress(
        METADATA_SHARE + (1 - METADATA_SHARE) * tracker.progress / 100, "fetching"
    )
    _, path = loop.run_until_complete(downloader.pool_download(song))
    if path is None or not Path(path).is_file():
        raise explain_source(" ".join([seen.get("failure", ""), *downloader.errors]))
    return {
        "path": str(Path(path).resolve()),
        "matched": {"title": seen.get("title") or song.display_name, "url": song.download_url},
        "title": song.name,
        "artist": ", ".join(song.artists),
        "album": song.album_name,
        "isrc": song.isrc,
        "cover": song.cover_url,
    }


def explain_source(text: str) -> ToolError:
    """The reason that stands in what yt-dlp and spotdl said."""
    text = text.lower()
    for code, signs, message in SOURCE_FAILURES:
        if any(sign in text for sign in signs):
            return ToolError(code, message)
    raise AssertionError("the last row fits everything")


def yt_dlp_arguments(max_bytes: int) -> str:
    """Options of the operator and ours; nothing that a person typed is among them."""
    arguments = [
        "--max-filesize",
        str(max_bytes),
        "--no-playlist",
        "--socket-timeout",
        "15",
        "--retries",
        "2",
    ]
    if node := os.environ.get("NODE_RUNTIME"):
        arguments += ["--js-runtimes", f"node:{node}"]
    return " ".join([shlex.join(arguments), os.environ.get("YTDLP_ARGS", "")]).strip()


def _fail_fast(client: Any) -> None:
    """Keep urllib3 from sleeping for as long as Retry-After says, which may be a day."""
    from requests.adapters import HTTPAdapter

    for session in (client._session, client.auth_manager._session):
        session.mount("https://", HTTPAdapter(max_retries=0))


def _duration(seconds: int) -> str:
    return (
        f"{seconds} seconds"
        if seconds < 120
        else f"{seconds // 60} minutes"
        if seconds < 7200
        else "some hours"
    )


if __name__ == "__main__":
    run_once(json.loads(sys.argv[1]), handle)
