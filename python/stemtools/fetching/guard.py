"""A forward proxy on loopback: the only way out for code that is not ours, and only to public addresses.

It answers CONNECT (TLS passes through end to end) and plain requests in absolute form, resolves each name
itself, and connects to the very address that it checked, or through the operator's proxy after checking what
can be checked here. What it had to refuse it remembers, as a library may make anything of the answer.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.connection import tls
from stemtools.fetching.safe_address import Target, look_up, parse_url, resolve, split_url
from stemtools.fetching.upstream import Upstream, download_upstream

CHUNK_BYTES = 1 << 16
STOP_SECONDS = 2.0
HEAD_END = b"\r\n\r\n"
# Spoken between two neighbours only.
HOP_HEADERS = re.compile(rb"(?i)(proxy-[a-z-]+|connection|keep-alive):")


@dataclass(frozen=True)
class Limits:
    """When the guard gives up on a connection, or on everything."""

    max_bytes: int  # received from all servers together
    head_seconds: float = 20.0
    connect_seconds: float = 10.0
    idle_seconds: float = 60.0  # without a byte either way; such a connection is closed, which is no failure
    slow_bytes_a_second: float = 1000.0
    slow_seconds: float = 30.0
    pause_seconds: float = 20.0  # a silence after which a server is not dripping but done


Origin = tuple[str, int]  # host and port


class Guard:
    """The proxy, running while the `with` block does.

    Parameters
    ----------
    limits : Limits
        Bytes and times.
    own : set of (host, port), optional
        Servers of the operator's, which may lie in a private network and are asked without a proxy.
    find : callable, optional
        The addresses of a host and port, all public, or []; raises ToolError for any other.
    """

    def __init__(
        self,
        limits: Limits,
        own: frozenset[Origin] = frozenset(),
        find: Callable[[str, int], list[str]] = resolve,
    ):
        self.refusal: ToolError | None = None  # why the work must end, whatever comes out of it
        self.received_bytes = 0
        self.address: Origin = ("127.0.0.1", 0)
        self._limits, self._own, self._find = limits, own, find
        self._password = secrets.token_urlsafe(24)
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """The address of the proxy with what it wants to see."""
        return f"http://guard:{self._password}@{self.address[0]}:{self.address[1]}"

    def __enter__(self) -> Guard:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_SECONDS)  # a name server that is silent is not waited for

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, self.address[0], 0)
        self.address = server.sockets[0].getsockname()[:2]
        self._ready.set()
        async with server:
            await self._stop.wait()
            server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        except asyncio.CancelledError:  # the block has ended
            writer.transport.abort()
        except asyncio.LimitOverrunError:
            await _say(writer, 431)
        except ToolError as error:
            self.refusal = self.refusal or error
            with contextlib.suppress(OSError):
                await _say(writer, 403)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self._limits.head_seconds):
            head = await reader.readuntil(HEAD_END)
        request, *headers = head[: -len(HEAD_END)].split(b"\r\n")
        if not self._is_admitted(headers):
            return await _say(writer, 407, "Proxy-Authenticate: Basic realm=guard")
        try:
            method, address, _ = request.decode("ascii").split(" ")
        except ValueError:
            return await _say(writer, 400)
        tunnel = method == "CONNECT"
        target = self._admit(f"https://{address}/" if tunnel else address)
        if not tunnel and target.scheme != "http":
            return await _say(writer, 400)
        try:
            far_reader, far_writer, upstream = await self._reach(target, tunnel)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return await _say(writer, 502)
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                far_writer.write(_forwarded(method, target, headers, upstream))
            await self._relay(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()

    def _is_admitted(self, headers: list[bytes]) -> bool:
        wanted = b"Basic " + base64.b64encode(f"guard:{self._password}".encode())
        shown = [line.partition(b":") for line in headers]
        return any(
            name.lower() == b"proxy-authorization" and hmac.compare_digest(value.strip(), wanted)
            for name, _, value in shown
        )

    def _admit(self, url: str) -> Target:
        target = split_url(url)
        return target if (target.host, target.port) in self._own else parse_url(url)

    async def _reach(
        self, target: Target, tunnel: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Upstream | None]:
        """Streams to the target or to the operator's proxy, whichever is asked."""
        own = (target.host, target.port) in self._own
        async with asyncio.timeout(self._limits.connect_seconds):
            addresses = await asyncio.to_thread(look_up if own else self._find, target.host, target.port)
        upstream = None if own else download_upstream(target)
        if upstream:
            context = tls() if upstream.secure else None
            reader, writer = await self._connect(upstream.host, upstream.port, context)
            if tunnel:
                await self._tunnel(target, upstream, reader, writer)
            return reader, writer, upstream
        failure: OSError = ConnectionError("the name is not known")
        for address in addresses[:3]:
            try:
                return *await self._connect(address, target.port, None), None
            except (OSError, TimeoutError) as error:
                failure = error
        raise failure

    async def _connect(
        self, host: str, port: int, context: ssl.SSLContext | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(self._limits.connect_seconds):
            return await asyncio.open_connection(host, port, ssl=context)

    async def _tunnel(
        self, target: Target, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        authority = f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        lines += [f"{name}: {value}" for name, value in upstream.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                answer = await reader.readuntil(HEAD_END)
            if not re.match(rb"HTTP/1\.[01] 2\d\d[ \r]", answer):
                raise ConnectionError("the proxy refuses")
        except BaseException:
            writer.close()
            raise

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        """Pass bytes both ways until either side ends, nothing moves any more, or a limit is reached."""
        pace = _Pace(self._limits)

        async def ask() -> None:
            while chunk := await reader.read(CHUNK_BYTES):
                pace.asked()
                far_writer.write(chunk)
                await far_writer.drain()

        async def hear() -> None:
            while chunk := await far_reader.read(CHUNK_BYTES):
                self.received_bytes += len(chunk)
                if self.received_bytes > self._limits.max_bytes:
                    raise too_much(self._limits.max_bytes)
                pace.heard(len(chunk))
                writer.write(chunk)
                await writer.drain()

        await _first(ask(), hear(), pace.watch())


class _Pace:
    """How a connection moves: raises too_slow when a server drips, ends when nothing moves."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._moved_at = time.monotonic()
        self._heard_at = self._since = -1.0
        self._bytes = 0

    def asked(self) -> None:
        """Something was sent: what comes next is another answer."""
        self._moved_at, self._since = time.monotonic(), -1.0

    def heard(self, count: int) -> None:
        """So many bytes have come."""
        now = time.monotonic()
        if self._since < 0 or now - self._heard_at > self._limits.pause_seconds:
            self._since, self._bytes = now, 0
        self._moved_at = self._heard_at = now
        self._bytes += count
        seconds = now - self._since
        if seconds >= self._limits.slow_seconds:
            if self._bytes < self._limits.slow_bytes_a_second * seconds:
                raise ToolError(
                    "too_slow", "The source sends too slowly; try again later or send the file itself."
                )
            self._since, self._bytes = now, 0

    async def watch(self) -> None:
        """Return when nothing has moved for long."""
        while (left := self._moved_at + self._limits.idle_seconds - time.monotonic()) > 0:
            await asyncio.sleep(left)


def too_much(max_bytes: int) -> ToolError:
    """The error for more bytes than a song may have."""
    return ToolError("too_large", f"More than {max_bytes / 1e6:.0f} MB came from there; choose another song.")


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _forwarded(method: str, target: Target, headers: list[bytes], upstream: Upstream | None) -> bytes:
    """The head of a plain request as the next server wants it; that one closes the connection afterwards."""
    lines = [f"{method} {target.url if upstream else target.path} HTTP/1.1".encode()]
    lines += [line for line in headers if not HOP_HEADERS.match(line)]
    lines += [f"{name}: {value}".encode() for name, value in (upstream.headers if upstream else {}).items()]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


async def _say(writer: asyncio.StreamWriter, status: int, *headers: str) -> None:
    lines = [f"HTTP/1.1 {status} Guard", *headers, "Content-Length: 0", "Connection: close", "", ""]
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
