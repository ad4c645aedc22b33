"""Bring a song into a job's folder and make sure that it is sound.

It comes from a file, a link to one, a chat's attachment, or a page of a site that yt-dlp knows.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stemtools.errors import ToolError
from stemtools.fetching.confined import Line
from stemtools.fetching.fetch_attachment import fetch_attachment
from stemtools.fetching.fetch_file import fetch_file
from stemtools.fetching.fetch_site import About, fetch_site
from stemtools.fetching.fetch_url import Limits, fetch_url
from stemtools.fields import read_folder, read_integer, read_number, read_text, read_texts
from stemtools.media_text import name_of_url, split_name
from stemtools.probe import Probe, probe_audio
from stemtools.protocol import Job, run_once, serve
from stemtools.read_tags import Tags, picture_extension, read_tags

FETCHING_SHARE = 0.8
# Links by hand: the site's extractor in yt-dlp, by host.
SITES = {
    "youtube": re.compile(r"(?:(?:www|music|m)\.)?youtube\.com|youtu\.be"),
    "soundcloud": re.compile(r"(?:(?:www|m)\.)?soundcloud\.com"),
    "bandcamp": re.compile(r"[a-z0-9-]+\.bandcamp\.com"),
}
SPOTIFY = re.compile(r"spotify:.*|https?://([a-z]+\.)?spotify\.(com|link).*")


def handle(job: Job) -> dict[str, Any]:
    """Do one request: fetch to a hidden name, decode it once, then give it the name that fits its content."""
    from stemtools.atomic import remove_leftovers

    request = job.request
    folder = read_folder(request)
    remove_leftovers(folder)
    max_bytes = read_integer(request, "maxBytes", low=1)
    max_seconds = read_number(request, "maxSeconds", low=1, high=86400)
    incoming = folder / f".incoming-{os.getpid()}.part"
    try:
        with job.span("fetch"):
            name, about = fetch(job, incoming, max_bytes, max_seconds)
        if incoming.stat().st_size > max_bytes:
            raise ToolError("too_large", f"The file is larger than {max_bytes / 1e6:.0f} MB; choose another.")

        def checked(fraction: float) -> None:
            job.progress(FETCHING_SHARE + (1 - FETCHING_SHARE) * fraction, "checking")

        checked(0)
        with job.span("decode"):
            probe = probe_audio(incoming, max_seconds, checked)
        tags = read_tags(incoming)
        target = folder / f"audio.{probe.extension}"
        with open(incoming, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        os.replace(incoming, target)
    finally:
        incoming.unlink(missing_ok=True)
    return {
        "file": target.name,
        "bytes": target.stat().st_size,
        "sha256": digest,
        **describe(name, about, tags),
        **measures(probe),
        "cover": save_cover(folder, (about and about.cover) or tags.cover),
    }


def fetch(job: Job, incoming: Path, max_bytes: int, max_seconds: float) -> tuple[str, About | None]:
    """Fetch the request's source into `incoming`; what it is called, and what a site says of it."""
    source = job.request.get("source")
    if not isinstance(source, dict):
        raise ToolError("bad_request", "The request's source must be an object.")

    def fetched(fraction: float) -> None:
        job.progress(FETCHING_SHARE * fraction, "fetching")

    def reported(line: Line) -> None:
        amounts = {"bytes": line.get("bytes"), "total_bytes": line.get("totalBytes")}
        job.progress(FETCHING_SHARE * line["fraction"], line["step"], **amounts)

    fetched(0)
    kind = read_text(source, "kind", choices=("file", "url", "attachment", "site"))
    if kind == "file":
        path = read_text(source, "path")
        fetch_file(path, incoming, max_bytes, fetched)
        return read_text(source, "name", None) or Path(path).name, None
    if kind == "url":
        final_url = fetch_url(read_text(source, "url"), incoming, Limits(max_bytes), fetched)
        return name_of_url(final_url), None
    if kind == "attachment":
        name, origins = read_text(source, "name", None), read_texts(source, "origins")
        authorization = read_text(source, "authorization", None)
        final_url = fetch_attachment(
            read_text(source, "url"), origins, incoming, Limits(max_bytes), fetched, authorization
        )
        return name or name_of_url(final_url), None
    return "", fetch_site(source, incoming, max_bytes, max_seconds, job, reported)


def describe(name: str, about: About | None, tags: Tags) -> dict[str, Any]:
    """Title, artist and album: a catalogue or site knows best, then the file's tags, then its name."""
    named_artist, named_title = split_name(name)
    if about:
        title, artist, album, isrc = about.title, about.artist, about.album, about.isrc
    else:
        artist = tags.artist or (None if tags.title else named_artist)
        title, album, isrc = tags.title or named_title, tags.album, tags.isrc
    return {
        "title": title or "Untitled",
        "artist": artist,
        "album": album,
        "isrc": isrc,
        "coverUrl": about.cover_url if about else None,
        "matched": about.matched if about else None,
    }


def measures(probe: Probe) -> dict[str, Any]:
    """What decoding the file found."""
    return {
        "durationSeconds": round(probe.duration_seconds, 3),
        "samples": probe.samples,
        "sampleRateHz": probe.sample_rate_hz,
        "channels": probe.channels,
        "codec": probe.codec,
        "truncated": probe.truncated,
        "audioSha256": probe.audio_sha256,
    }


def save_cover(folder: Path, picture: bytes | None) -> str | None:
    """Write a picture under the name that fits its content; its file name or None."""
    from stemtools.atomic import atomic

    extension = picture and picture_extension(picture)
    if not extension:
        return None
    path = folder / f"cover.{extension}"
    with atomic(path) as temporary:
        temporary.write_bytes(picture)
    return path.name


def source_of(text: str) -> dict[str, Any]:
    """What a person means by a word on the command line."""
    if SPOTIFY.fullmatch(text):
        raise ToolError(
            "bad_request",
            "A Spotify link must be resolved first: run python -m stemtools.resolve, and give its link here.",
        )
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", text):
        host = urlsplit(text).netloc.lower()
        site = next((site for site, hosts in SITES.items() if hosts.fullmatch(host)), None)
        return {"kind": "site", "site": site, "url": text} if site else {"kind": "url", "url": text}
    return {"kind": "file", "path": text, "name": Path(text).name}


def main() -> None:
    """Command line: `--serve`, or one INPUT (a file, a link to one, or a page of a site)."""
    parser = argparse.ArgumentParser(prog="stemtools.download", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="answer requests from stdin")
    parser.add_argument("input", nargs="?", help="a file, an http(s) link to one, or a page of a site")
    parser.add_argument("--out", default=".", help="folder for the song and its cover")
    parser.add_argument("--max-bytes", type=int, default=500_000_000)
    parser.add_argument("--max-seconds", type=float, default=900)
    options = parser.parse_args()
    if options.serve == bool(options.input):
        parser.error("give either --serve or an INPUT")
    if options.serve:
        serve("download", handle)
    request = {"outDir": options.out, "maxBytes": options.max_bytes, "maxSeconds": options.max_seconds}

    def handle_by_hand(job: Job) -> dict[str, Any]:
        job.request["source"] = source_of(options.input)
        return handle(job)

    run_once(request, handle_by_hand)


if __name__ == "__main__":
    sys.exit(main())
