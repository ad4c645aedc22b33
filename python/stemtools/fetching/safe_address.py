"""Which addresses may be fetched: http and https to public hosts, checked where the connection really goes.

Refused are loopback, private, link-local (with the clouds' metadata), shared (CGNAT), multicast and reserved
addresses, however they are written, names that mean this machine or its network, and IPv6 forms that carry an
IPv4 address inside.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from stemtools.errors import ToolError

MAX_URL_CHARACTERS = 4096
LOCAL_NAMES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "onion")
NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*")
# Translation and tunnel prefixes: what they lead to is decided elsewhere.
CARRIERS = [
    ipaddress.ip_network(prefix)
    for prefix in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10", "::/96")
]


@dataclass(frozen=True)
class Target:
    """A checked address: where to ask and what for."""

    scheme: str
    host: str  # ASCII
    port: int
    path: str  # with the query
    own: bool = False  # the operator's own server, which may lie in a private network

    @property
    def origin(self) -> tuple[str, str, int]:
        """The server that is meant: scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        """The whole address, without a fragment."""
        default = {"http": 80, "https": 443}[self.scheme]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port == default else f':{self.port}'}{self.path}"


def parse_url(url: str) -> Target:
    """Take an address apart and refuse what is not a plain http(s) link to a public host.

    Raises
    ------
    ToolError
        unsafe_address or bad_request.
    """
    target = split_url(url)
    if is_local(target.host):
        raise unsafe()
    return target


def split_url(url: str) -> Target:
    """As `parse_url`, wherever the host may lie."""
    if len(url) > MAX_URL_CHARACTERS or re.search(r"[\x00-\x20\x7f\\]", url):
        raise ToolError("bad_request", "The link is not a valid address; copy it again.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise ToolError("bad_request", "The link is not a valid address; copy it again.") from error
    if parts.scheme not in ("http", "https"):
        raise unsafe("Only http and https links can be fetched; send the file itself.")
    if parts.username is not None or parts.password is not None:
        raise unsafe("Links with a user name or password are not fetched; send the file itself.")
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host) or port == 0:
        raise ToolError("bad_request", "The link is not a valid address; copy it again.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path = "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in path)
    return Target(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], path)


def is_local(host: str) -> bool:
    """Whether a host is a name of this machine or its network, or a literal address that is not public."""
    if any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES):
        return True
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        if not NUMBERS.fullmatch(host):
            return False
        try:  # an odd form of IPv4: 2130706433, 0x7f.1, 0177.1
            literal = ipaddress.ip_address(socket.inet_aton(host))
        except OSError:
            return True
    return not is_public(literal)


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, wherever they lead; [] when the name is not known here."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(host: str, port: int, find: Callable[[str, int], list[str]] = look_up) -> list[str]:
    """The addresses of a host by `find`, all of them public; [] when the name is not known here."""
    addresses = find(host, port)
    if not all(is_public(ipaddress.ip_address(address.split("%")[0])) for address in addresses):
        raise unsafe()
    return addresses


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if any(address in carrier for carrier in CARRIERS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def unsafe(
    message: str = "The link leads into a private network; send a public link or the file itself.",
) -> ToolError:
    """The error for a link that must not be fetched."""
    return ToolError("unsafe_address", message)
