"""One HTTP request, made to the very address that was checked or through the operator's proxy."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping

import certifi

from stemtools.errors import ToolError
from stemtools.fetching.safe_address import Target, look_up, resolve
from stemtools.fetching.upstream import Upstream, usual_upstream

TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
HEADERS = {
    "User-Agent": "sound-forge-alchemy/1",
    "Accept": "audio/*, video/*;q=0.5, */*;q=0.1",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@contextlib.contextmanager
def get(
    target: Target, connect_seconds: float, answer_seconds: float, more: Mapping[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET, its body not yet read.

    Parameters
    ----------
    target : Target
        A parsed address; its host is resolved here, and checked unless it is the operator's own.
    connect_seconds : float
        Limit for the connection, and for each silence afterwards.
    answer_seconds : float
        Limit for the whole head of the answer.
    more : mapping or None
        Headers besides ours.
    """
    find = look_up if target.own else resolve
    addresses = find(target.host, target.port)
    proxy = None if target.own else usual_upstream(target)
    if not proxy and not addresses:
        raise ToolError("unreachable", "The link's server was not found; check the link and try again.")
    try:
        connection, path, headers = (
            _through_proxy(target, proxy, connect_seconds)
            if proxy
            else _directly(target, addresses, connect_seconds)
        )
    except OSError as error:
        raise unreachable() from error
    late = threading.Timer(answer_seconds, _cut, (connection,))
    try:
        late.start()
        try:
            connection.request("GET", path, headers={**HEADERS, **(more or {}), **headers})
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise unreachable() from error
        finally:
            late.cancel()
        yield response
    finally:
        connection.close()


def unreachable() -> ToolError:
    """The error for a server that is not there, breaks off, or does not speak HTTP."""
    return ToolError("unreachable", "The link's server did not answer properly; try again later.")


def _directly(
    target: Target, addresses: list[str], seconds: float
) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
    failure: OSError | None = None
    for address in addresses[:3]:
        try:
            plain = socket.create_connection((address, target.port), timeout=seconds)
        except OSError as error:
            failure = error
            continue
        secure = target.scheme == "https"
        connection.sock = tls().wrap_socket(plain, server_hostname=target.host) if secure else plain
        default = {"http": 80, "https": 443}[target.scheme]
        host = f"[{target.host}]" if ":" in target.host else target.host
        return connection, target.path, {"Host": host if target.port == default else f"{host}:{target.port}"}
    raise failure or OSError("no address")


def _through_proxy(
    target: Target, proxy: Upstream, seconds: float
) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    if proxy.secure:
        raise ToolError(
            "unreachable",
            "Links to files are not fetched through an https:// proxy; the operator can set an http:// one.",
            retryable=False,
        )
    if target.scheme == "http":
        return http.client.HTTPConnection(proxy.host, proxy.port, timeout=seconds), target.url, proxy.headers
    connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=seconds, context=tls())
    connection.set_tunnel(target.host, target.port, proxy.headers)
    return connection, target.path, {}


def trusted() -> str | None:
    """The operator's file of certificates, if one is set."""
    return next((os.environ[name] for name in TRUST if os.environ.get(name)), None)


def tls() -> ssl.SSLContext:
    """Trust in the operator's certificates, or else in the usual ones."""
    return ssl.create_default_context(cafile=trusted() or certifi.where())


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a connection from another thread, so that a blocked read returns."""
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
