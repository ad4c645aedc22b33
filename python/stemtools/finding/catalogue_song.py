"""What a catalogue says of a song, and a line of a list of songs, as `resolve` tells them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from stemtools.media_text import clean

ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
MAX_URL_CHARACTERS = 2048
GONE = "not available any more"


def catalogue_song(
    title: Any,
    artists: Iterable[Any],
    album: Any = None,
    isrc: Any = None,
    duration_seconds: float | None = None,
    cover_url: Any = None,
    link: str | None = None,
    explicit: bool | None = None,
    released: Any = None,
) -> dict[str, Any] | None:
    """A song in JSON; None without a title, as nothing can be looked for then.

    Parameters
    ----------
    title, artists, album, isrc, cover_url, released
        As the catalogue gives them, whatever they are; `released` is a date that begins with the year.
    duration_seconds : float or None
        Length of the track.
    link : str or None
        Its page on Spotify.
    explicit : bool or None
        Whether it is marked as such.
    """
    if not (name := clean(title)):
        return None
    people = [person for person in map(clean, artists) if person][:20]
    code = re.sub(r"[\s-]", "", isrc).upper() if isinstance(isrc, str) else ""
    year = re.match(r"[12]\d{3}", released) if isinstance(released, str) else None
    return {
        "title": name,
        "artist": clean(", ".join(people)),
        "artists": people,
        "album": clean(album),
        "isrc": code if ISRC.fullmatch(code) else None,
        "durationSeconds": duration_seconds or None,
        "coverUrl": cover_url if _is_web_address(cover_url) else None,
        "link": link,
        "explicit": explicit,
        "year": int(year[0]) if year else None,
    }


def listed_song(
    link: str | None,
    title: Any,
    artists: Iterable[Any] = (),
    duration_seconds: float | None = None,
    unavailable: str | None = None,
) -> dict[str, Any]:
    """A line of a list; `unavailable` says in a clause why the song cannot be fetched."""
    return {
        "link": None if unavailable else link,
        "title": clean(title) or "Unknown song",
        "artist": clean(", ".join(filter(None, map(clean, artists)))),
        "durationSeconds": duration_seconds or None,
        "unavailable": unavailable,
    }


def _is_web_address(text: Any) -> bool:
    return isinstance(text, str) and text.startswith("https://") and len(text) <= MAX_URL_CHARACTERS
