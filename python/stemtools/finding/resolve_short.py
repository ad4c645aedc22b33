"""Where a service's short link leads: redirects are followed here, each checked, and only among its hosts."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stemtools.errors import ToolError
from stemtools.fetching.fetch_url import Limits, Rule, fetch_url
from stemtools.fetching.safe_address import Target, parse_url, unsafe

LIMITS = Limits(max_bytes=2_000_000, redirects=5, connect_seconds=10, answer_seconds=15, total_seconds=30)
HEADERS = {"Accept": "text/html, */*;q=0.1"}


@dataclass(frozen=True)
class Service:
    """A service's hosts, and how its pages name what a short link means."""

    name: str
    short: re.Pattern[str]  # host and path of a short link
    own: tuple[str, ...]
    target: re.Pattern[str]  # the address of a song or a list, wherever in a page


SERVICES = (
    Service(
        "Spotify",
        re.compile(r"(spotify\.link|spotify\.app\.link|open\.spotify\.com/s)/.+"),
        ("open.spotify.com", "play.spotify.com"),
        re.compile(
            r"https://open\.spotify\.com/(?:intl-[a-z-]+/)?(?:track|album|playlist|episode|show|artist)/[0-9A-Za-z]{22}"
        ),
    ),
    Service(
        "SoundCloud",
        re.compile(r"on\.soundcloud\.com/.+"),
        ("soundcloud.com", "www.soundcloud.com", "m.soundcloud.com"),
        re.compile(r"https://soundcloud\.com/(?!pages/|imprint)[\w-]+/(?:sets/)?[\w-]+"),
    ),
    Service(
        "Deezer",
        re.compile(r"(link\.deezer\.com|(deezer|dzr)\.page\.link)/.+"),
        ("www.deezer.com", "deezer.com"),
        re.compile(r"https://www\.deezer\.com/(?:[a-z]{2}/)?(?:track|album|playlist|episode|artist)/\d+"),
    ),
)


class _Arrived(Exception):
    """The link has led to the service itself."""

    def __init__(self, target: Target):
        self.link = f"https://{target.host}{target.path.partition('?')[0]}"


def follow(url: str, folder: Path, check: Callable[[], None]) -> str:
    """The link of the service that a short link leads to, without its query; the service itself is not asked.

    Parameters
    ----------
    url : str
        A short link of one of `SERVICES`, by https.
    folder : Path
        An empty folder for what is answered.
    check : callable
        Asked all the time whether to go on.

    Raises
    ------
    ToolError
        unsafe_address when it leads anywhere else; catalogue_not_found when it leads nowhere;
        catalogue_unavailable.
    """
    start = parse_url(url)
    service = next((one for one in SERVICES if _is_short(start, one)), None)
    if not service:
        raise ToolError("bad_request", "This is not a short link of a music service; send the full link.")
    nowhere = ToolError(
        "catalogue_not_found",
        f"The short link leads to no song on {service.name} (any more); send the full link.",
    )

    def admit(address: str) -> Target:
        check()
        target = parse_url(address)
        if _is_short(target, service):
            return target
        if target.host in service.own:
            raise _Arrived(target)
        raise unsafe(f"The short link leads away from {service.name}; send the full link of the song.")

    def refuse(status: int) -> ToolError:
        if status in (404, 410):
            return nowhere
        return ToolError(
            "catalogue_unavailable",
            f"{service.name}'s short links do not work now; send the full link, or try again later.",
        )

    page = folder / "page.part"
    try:
        fetch_url(url, page, LIMITS, lambda _: check(), Rule(admit, refuse, HEADERS))
    except _Arrived as arrived:
        return arrived.link
    # Made for people: the way on is in a link or a script of the page.
    text = html.unescape(page.read_text("utf-8", "replace")).replace("\\/", "/").replace("\\u002F", "/")
    if found := service.target.search(text):
        return found[0]
    raise nowhere


def _is_short(target: Target, service: Service) -> bool:
    plain = target.scheme == "https" and target.port == 443
    return plain and bool(service.short.fullmatch(f"{target.host}{target.path}"))
