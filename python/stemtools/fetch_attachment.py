"""Fetch a file that somebody attached to a chat message, only from the servers where the chat keeps it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

from stemtools.errors import ToolError
from stemtools.fetch_url import Limits, Rule, fetch_url, http_error
from stemtools.safe_address import Target, is_local, split_url, unsafe

GONE = {403, 404, 410}  # what a chat answers for a deleted file and for an address that has expired


def fetch_attachment(
    url: str, origins: list[str], target: Path, limits: Limits, progress: Callable[[float], None]
) -> str:
    """Fetch `url` into the new file `target`; returns the address that answered, after redirects.

    Parameters
    ----------
    origins : list of str
        The operator's word on which servers may be asked, redirects included: scheme, host and port of each.
        One that is local by its name may lie in a private network and is asked without a proxy; every other
        one must be found at public addresses.
    """
    allowed = {read_origin(origin) for origin in origins}

    def admit(address: str) -> Target:
        try:
            asked = split_url(address)
        except ToolError as error:
            raise elsewhere() from error
        if asked.origin not in allowed:
            raise elsewhere()
        return dataclasses.replace(asked, own=is_own(asked.host))

    return fetch_url(url, target, limits, progress, Rule(admit, refusal))


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


def elsewhere() -> ToolError:
    """The error for an address, or a redirect, that leads off the chat's servers."""
    return unsafe("This is not where the chat keeps its files: attach the song to a message.")
