"""yt-dlp as it runs in a confined child: the operator's settings, and bounds that nothing overrides."""

from __future__ import annotations

import functools
import os
import re
import shlex
import sys
from collections.abc import Callable
from optparse import OptParseError
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL, parse_options
from yt_dlp.networking.common import Request

from stemtools.errors import ToolError, redact
from stemtools.fetching.connection import trusted
from stemtools.fetching.safe_address import unsafe

SOCKET_SECONDS = 15
RETRIES = 2
PROVIDER_PROXY = "STEMTOOLS_PROVIDER_PROXY"
SCHEMES = ("http://", "https://")

Options = dict[str, Any]


class ConfinedYoutubeDL(YoutubeDL):
    """yt-dlp that asks everything through the guard.

    The operator's provider of PO tokens is told another proxy than ours, the operator's: it asks YouTube by
    itself, and should seem to be at the same place.
    """

    @functools.cached_property
    def proxies(self) -> dict[str, str]:
        """What the provider is told."""
        address = os.environ.get(PROVIDER_PROXY)
        return {"all": address} if address else {}

    def urlopen(self, request: Request | str) -> Any:
        """Ask through the guard, web addresses only; the provider alone asks for no proxy."""
        request = Request(request) if isinstance(request, str) else request
        if not request.url.lower().startswith((*SCHEMES, "//")):
            raise unsafe()
        if not request.proxies:
            request.proxies = {"all": os.environ["HTTPS_PROXY"]}
        return super().urlopen(request)


class Log:
    """What yt-dlp says: warnings and errors go to our log and are kept, what it merely does is not."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        """What it does."""

    def warning(self, message: str) -> None:
        """What may explain a failure later."""
        self.warnings.append(message)
        self.error(message)

    def error(self, message: str) -> None:
        """What is raised as well."""
        sys.stderr.write(f"yt-dlp: {redact(message)}\n")


def yt_dlp_options(home: Path) -> Options:
    """Options of `ConfinedYoutubeDL` for any site.

    Plugins are looked for only when YTDLP_POT_PROVIDER is set. The provider's comes by
    `.venv/download/bin/pip install bgutil-ytdlp-pot-provider`, and is told where it listens.

    Parameters
    ----------
    home : Path
        The child's folder; cookies are copied there, as yt-dlp writes its file of cookies back.

    Raises
    ------
    ToolError
        internal, for a setting of the operator's that yt-dlp does not take.
    """
    provider = os.environ.get("YTDLP_POT_PROVIDER")
    if not provider:
        os.environ["YTDLP_NO_PLUGINS"] = "1"
    options = _operators_options()
    for name in ("outtmpl", "paths"):  # files lie where we look for them
        options.pop(name, None)
    extractor_args = dict(options.get("extractor_args", {}))
    if provider:
        extractor_args["youtubepot-bgutilhttp"] = {"base_url": [provider]}
    if node := os.environ.get("NODE_RUNTIME"):
        options.setdefault("js_runtimes", {"node": {"path": node}})
    compatibility = {*options.get("compat_opts", ()), *(["no-certifi"] if trusted() else [])}
    return {
        **options,
        "extractor_args": extractor_args,
        "compat_opts": compatibility,
        "cookiefile": _own_cookies(os.environ.get("YTDLP_COOKIES") or options.get("cookiefile"), home),
        "cachedir": False,
        "logger": Log(),
        "quiet": True,
        "noprogress": True,
        "noplaylist": True,
        "socket_timeout": SOCKET_SECONDS,
        "retries": RETRIES,
        "fragment_retries": RETRIES,
        "extractor_retries": RETRIES,
        "skip_unavailable_fragments": False,  # a song with holes is no song
        "enable_file_urls": False,
        "ignoreerrors": False,
        "postprocessors": [],
        "download_archive": None,
        "proxy": None,
    }


def bind_spotdl(options: Options, kind: Callable[[Options], YoutubeDL] = ConfinedYoutubeDL) -> None:
    """Have spotdl make its YoutubeDL by `kind`, with these options besides its own."""
    from spotdl.providers.audio import base, youtube

    base.YoutubeDL = youtube.YoutubeDL = lambda its: kind({**its, **options})


def _operators_options() -> Options:
    """What YTDLP_ARGS says beyond yt-dlp's defaults."""
    try:
        given = parse_options(shlex.split(os.environ.get("YTDLP_ARGS", ""))).ydl_opts
    except (SystemExit, ValueError, OptParseError) as error:
        reason = str(error).strip().rpartition("error: ")[2]  # below the usage
        raise _wrong_setting("YTDLP_ARGS", reason) from error
    usual = parse_options([]).ydl_opts
    return {name: value for name, value in given.items() if value != usual[name]}


def _own_cookies(source: str | None, home: Path) -> str | None:
    if not source:
        return None
    copy = home / "cookies.txt"
    try:
        lines = Path(source).read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
        copy.write_text("".join(filter(_is_cookie, lines)), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise _wrong_setting("YTDLP_COOKIES", error.strerror) from error
    return copy.as_posix()


def _is_cookie(line: str) -> bool:
    """A comment, or a line of Netscape's format: any other yt-dlp would write to stderr, secret and all."""
    if line.startswith("#") and not line.startswith("#HttpOnly_"):
        return True
    fields = line.rstrip("\r\n").split("\t")
    return len(fields) == 7 and re.fullmatch(r"\d*", fields[4]) is not None


def _wrong_setting(name: str, reason: str) -> ToolError:
    return ToolError("internal", f"The operator's setting {name} cannot be used: {reason}.", False)
