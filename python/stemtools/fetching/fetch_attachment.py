"""Fetch a file that somebody attached to a chat message, only from the servers where the chat keeps it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

from stemtools.errors import ToolError
from stemtools.fetching.fetch_url import Limits, RefusedType, Rule, fetch_url, http_error
from stemtools.fetching.safe_address import Target, is_local, split_url, unsafe

PAGES = ("text/html",)
GONE = {403, 404, 410}  # what a chat answers for a deleted file and for an address that has expired


def fetch_attachment(
    url: str,
    origins: list[str],
    target: Path,
    limits: Limits,
    progress: Callable[[float], None],
    authorization: str | None = None,
) -> str:
    """Fetch `url` into the new file `target`; returns the address that answered, after redirects.

    Parameters
    ----------
    origins : list of str
        The operator's word on which servers may be asked, redirects included: scheme, host and port of each.
        One that is local by its name may lie in a private network and is asked without a proxy; every other
        one must be found at public addresses.
    authorization : str or None
        The HTTP header of that name, sent to these servers alone. A chat that does not accept it leads to a
        page for signing in.
    """
    allowed = {read_origin(origin) for origin in origins}

    def admit(address: str) -> Target:
        try:
            asked = split_url(address)
        except ToolError as error:
            raise elsewhere() from error
        if asked.origin not in allowed:
            raise unreadable() if authorization and address != url else elsewhere()
        return dataclasses.replace(asked, own=is_own(asked.host))

    headers = {"Authorization": authorization} if authorization else {}
    rule = Rule(admit, refusal, headers, refused_types=PAGES if authorization else ())
    try:
        return fetch_url(url, target, limits, progress, rule)
    except RefusedType as error:
        raise unreadable() from error


def read_origin(text: str) -> tuple[str, str, int]:
    """Scheme, host and port of a server's address, which has no path."""
    wrong = ToolError("bad_request", "The request's origins must be addresses like https://cdn.example.")
    try:
        server = split_url(text)
    except ToolError as error:
        raise wrong from error
    if server.path != "/":
        raise wrong
    return server.origin


def is_own(host: str) -> bool:
    """Whether an allowed host is one of the operator's network, by its name: that may be a single word."""
    return is_local(host) or not re.search(r"[.:]", host)


def refusal(status: int) -> ToolError:
    """What the chat's server means by an answer that is no file."""
    if status in GONE:
        return ToolError("attachment_gone", "The attached file is no longer there: attach it again.")
    return http_error(status)


def unreadable() -> ToolError:
    """The error for a file that the bot is not shown."""
    return ToolError(
        "attachment_gone", "I am not shown that file: add me to where it was posted, or post it again."
    )


def elsewhere() -> ToolError:
    """The error for an address, or a redirect, that leads off the chat's servers."""
    return unsafe("This is not where the chat keeps its files: attach the song to a message.")
