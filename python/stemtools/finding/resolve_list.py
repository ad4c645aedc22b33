"""The songs of a list of Spotify, YouTube, SoundCloud or Bandcamp; a confined process (resolve.py).

The request is {service, type, id, url, maxSongs}, all of it checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.confined import run_inside
from stemtools.finding.catalogue_song import GONE, listed_song
from stemtools.protocol import Job

BATCH = 50  # tracks that SoundCloud tells about at once
# What yt-dlp calls entries of YouTube's that nobody can see.
HIDDEN = {"Private video": "a private video", "Deleted video": GONE, "Unavailable video": GONE}
LIVE = ("is_live", "is_upcoming")

Json = dict[str, Any]


def handle(job: Job) -> Json:
    """Read the list itself only, not a page for each song."""
    request = job.request
    job.progress(0.1, "reading the list")
    if request["service"] == "spotify":
        from stemtools.finding.resolve_spotify import Spotify

        return Spotify().read_list(request["type"], request["id"], request["maxSongs"])
    return read_site(request["service"], request["url"], request["maxSongs"], Path.cwd())


def read_site(site: str, url: str, max_songs: int, home: Path) -> Json:
    """A list on a site that yt-dlp reads.

    Raises
    ------
    ToolError
        list_not_found, or what else explain_site makes of yt-dlp's errors.
    """
    from yt_dlp.utils import YoutubeDLError

    from stemtools.fetching.site_failure import explain_site
    from stemtools.fetching.yt_dlp_options import ConfinedYoutubeDL, yt_dlp_options

    options = {
        **yt_dlp_options(home),
        "extract_flat": "in_playlist",
        "noplaylist": False,
        "playlistend": max_songs,
        "allowed_extractors": [f"{site}.*"],
    }
    with ConfinedYoutubeDL(options) as yt_dlp:
        try:
            found = yt_dlp.extract_info(url, download=False)
            entries = [entry for entry in found.get("entries") or [] if entry]
            lines = _soundcloud_lines(yt_dlp, entries) if site == "soundcloud" else map(_line, entries)
            songs = list(lines)
        except YoutubeDLError as error:
            failure = explain_site(str(error))
            if failure.code not in ("source_unavailable", "private_video"):
                raise failure from error
            raise ToolError(
                "list_not_found", "There is no such list, or it is private; check the link."
            ) from error
    return {
        "title": found.get("title"),
        "owner": found.get("channel") or found.get("uploader") or found.get("uploader_id"),
        "total": max(found.get("playlist_count") or 0, len(songs)),
        "songs": songs,
    }


def _line(entry: Json) -> Json:
    title = (entry.get("title") or "").strip("[]")
    artist = (entry.get("channel") or entry.get("uploader") or "").removesuffix(" - Topic")
    unavailable = HIDDEN.get(title) or ("a live stream" if entry.get("live_status") in LIVE else None)
    return listed_song(entry["url"], title, [artist], entry.get("duration"), unavailable)


def _soundcloud_lines(yt_dlp: Any, entries: list[Json]) -> list[Json]:
    """SoundCloud describes only the first tracks of a set; all are asked for by their ids, in batches."""
    extractor = yt_dlp.get_info_extractor("SoundcloudSet")
    ids = [entry["id"] for entry in entries]
    tracks: dict[str, Json] = {}
    for start in range(0, len(ids), BATCH):
        batch = ",".join(ids[start : start + BATCH])
        found = extractor._call_api(
            f"{extractor._API_V2_BASE}tracks", batch, "Downloading tracks", query={"ids": batch}
        )
        tracks |= {str(track["id"]): track for track in found}
    return [_soundcloud_line(tracks.get(track_id)) for track_id in ids]


def _soundcloud_line(track: Json | None) -> Json:
    if not track or not track.get("permalink_url"):
        return listed_song(None, None, unavailable=GONE)
    milliseconds = track.get("full_duration") or track.get("duration") or 0
    artist = (track.get("user") or {}).get("username")
    return listed_song(track["permalink_url"], track.get("title"), [artist], milliseconds / 1000)


if __name__ == "__main__":
    run_inside(handle)
