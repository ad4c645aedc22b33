"""The address of a song's picture, believed only on the hosts where catalogues and sites keep theirs."""

from __future__ import annotations

from stemtools.errors import ToolError
from stemtools.fetching.safe_address import parse_url

HOSTS = (
    ".scdn.co",  # Spotify
    ".spotifycdn.com",
    ".mzstatic.com",  # Apple
    ".dzcdn.net",  # Deezer
    ".tidal.com",
    ".ytimg.com",  # YouTube
    ".sndcdn.com",  # SoundCloud
    ".bcbits.com",  # Bandcamp
)


def cover_url(address: object) -> str | None:
    """The https address of a picture on one of these hosts; None for any other."""
    if not isinstance(address, str):
        return None
    try:
        target = parse_url(address)
    except ToolError:
        return None
    return target.url if target.scheme == "https" and target.host.endswith(HOSTS) else None
