"""The address of an album's cover, believed only on the hosts where Spotify keeps its pictures."""

from __future__ import annotations

from stemtools.errors import ToolError
from stemtools.safe_address import parse_url

HOSTS = (".scdn.co", ".spotifycdn.com")


def cover_url(address: object) -> str | None:
    """The https address of a picture of Spotify's; None for any other."""
    if not isinstance(address, str):
        return None
    try:
        target = parse_url(address)
    except ToolError:
        return None
    return target.url if target.scheme == "https" and target.host.endswith(HOSTS) else None
