"""The operator's proxy, by DOWNLOAD_PROXY or the usual settings, through which the internet is asked."""

from __future__ import annotations

import base64
import os
import re
import urllib.request
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from stemtools.errors import ToolError
from stemtools.fetching.safe_address import Target


@dataclass(frozen=True)
class Upstream:
    """A proxy: where it listens and what it is shown."""

    address: str  # as the operator wrote it
    secure: bool  # spoken to by TLS
    host: str
    port: int
    headers: dict[str, str]  # Proxy-Authorization, when it wants one


def usual_upstream(target: Target) -> Upstream | None:
    """The proxy for an address by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."""
    proxies = urllib.request.getproxies_environment()
    if urllib.request.proxy_bypass_environment(f"{target.host}:{target.port}"):
        return None
    address = proxies.get(target.scheme) or proxies.get("all")
    return read_upstream(address) if address else None


def download_upstream(target: Target) -> Upstream | None:
    """The proxy for a song's site: DOWNLOAD_PROXY, or else the usual one."""
    address = os.environ.get("DOWNLOAD_PROXY")
    return read_upstream(address) if address else usual_upstream(target)


def read_upstream(address: str) -> Upstream:
    """Take a proxy's address apart.

    Raises
    ------
    ToolError
        unreachable, for a kind of proxy that is not spoken to (SOCKS).
    """
    wrong = ToolError(
        "unreachable",
        "The proxy that is set is not an http:// or https:// address; the operator can correct it.",
        retryable=False,
    )
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9._:-]+", parts.hostname or ""):
        raise wrong
    headers = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    secure = parts.scheme == "https"
    return Upstream(address, secure, parts.hostname, port or (443 if secure else 8080), headers)
