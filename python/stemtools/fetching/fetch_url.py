"""Fetch a link into a file, with limits on where it leads, redirects, size, time and speed."""

from __future__ import annotations

import http
import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from stemtools.errors import ToolError
from stemtools.fetching.connection import get, unreachable
from stemtools.fetching.safe_address import Target, parse_url

REDIRECTS = {301, 302, 303, 307, 308}
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class Limits:
    """When to give up."""

    max_bytes: int
    redirects: int = 5
    connect_seconds: float = 10.0
    answer_seconds: float = 30.0
    total_seconds: float = 900.0
    slow_bytes_a_second: float = 1000.0
    slow_seconds: float = 30.0


@dataclass(frozen=True)
class Rule:
    """Which addresses may be asked, and what a server's refusal means."""

    admit: Callable[[str], Target]  # takes an address apart, or raises
    refusal: Callable[[int], ToolError]  # for the HTTP status of an answer that is no file
    headers: dict[str, str] = field(default_factory=dict)  # sent to every address that is admitted
    refused_types: tuple[str, ...] = ()  # content types that are no file


class RefusedType(Exception):
    """The answer is of a type that the rule refuses."""


def fetch_url(
    url: str,
    target: Path,
    limits: Limits,
    progress: Callable[[float], None],
    rule: Rule | None = None,
) -> str:
    """Fetch `url` into the new file `target`; returns the address that answered, after redirects.

    Every redirect is checked like the first address, by `rule` or else the one for links: any public host.
    The content is not looked at.
    """
    rule = rule or Rule(parse_url, http_error)
    deadline = time.monotonic() + limits.total_seconds
    for _ in range(limits.redirects + 1):
        address = rule.admit(url)
        with get(address, limits.connect_seconds, limits.answer_seconds, rule.headers) as response:
            location = response.headers.get("Location")
            if response.status in REDIRECTS and location:
                # Servers send raw UTF-8 here, which http.client reads as Latin-1.
                url = urljoin(
                    address.url, location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
                )
                continue
            if response.status != http.HTTPStatus.OK:
                raise rule.refusal(response.status)
            if response.headers.get_content_type() in rule.refused_types:
                raise RefusedType
            _save_body(response, target, limits, deadline, progress)
            return address.url
    raise ToolError("http_error", "The link redirects too many times; send the final link.")


def http_error(status: int) -> ToolError:
    """The server's refusal, worth another try when it is overloaded or broken."""
    known = http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else "unknown"
    again = status == http.HTTPStatus.TOO_MANY_REQUESTS or status >= 500
    advice = "try again later" if again else "check the link"
    return ToolError(
        "http_error", f"The link's server answered {status} ({known}); {advice}.", again, status=status
    )


def too_large(max_bytes: int) -> ToolError:
    """The error for more bytes than the limit."""
    return ToolError("too_large", f"The file is larger than {max_bytes / 1e6:.0f} MB; send a smaller one.")


def _save_body(
    response: http.client.HTTPResponse,
    target: Path,
    limits: Limits,
    deadline: float,
    progress: Callable[[float], None],
) -> None:
    header = response.headers.get("Content-Length", "")
    announced = int(header) if re.fullmatch(r"\d{1,18}", header) else None
    if announced is not None and announced > limits.max_bytes:
        raise too_large(limits.max_bytes)
    received = window_bytes = 0
    window_start = time.monotonic()
    with open(target, "xb") as file:
        while True:
            try:
                chunk = response.read1(CHUNK_BYTES)
            except TimeoutError as error:
                raise too_slow() from error
            except (OSError, http.client.HTTPException) as error:
                raise unreachable() from error
            if not chunk:
                break
            received += len(chunk)
            if received > limits.max_bytes:
                raise too_large(limits.max_bytes)
            file.write(chunk)
            window_bytes += len(chunk)
            now = time.monotonic()
            if now > deadline:
                raise too_slow()
            if now - window_start >= limits.slow_seconds:
                if window_bytes < limits.slow_bytes_a_second * (now - window_start):
                    raise too_slow()
                window_bytes, window_start = 0, now
            progress(received / announced if announced else received / limits.max_bytes)
    if announced is not None and received < announced:
        raise ToolError("unreachable", "The transfer broke off; try again.")


def too_slow() -> ToolError:
    """The error for a transfer below the least speed or beyond the time limit."""
    return ToolError(
        "too_slow", "The link's server sends too slowly; try again later or send the file itself."
    )
