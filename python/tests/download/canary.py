"""A server on loopback that must not be reached."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator


class Canary:
    """Counts the connections to a port of 127.0.0.1, and of ::1 where there is one."""

    def __init__(self) -> None:
        self.seen = 0
        bird = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                bird.seen += 1
                with contextlib.suppress(OSError):
                    self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")

        class Server6(socketserver.ThreadingTCPServer):
            address_family = socket.AF_INET6

        self._servers = [socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)]
        self.port: int = self._servers[0].server_address[1]
        with contextlib.suppress(OSError):
            self._servers.append(Server6(("::1", self.port), Handler))
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


@contextlib.contextmanager
def canary() -> Iterator[Canary]:
    bird = Canary()
    try:
        yield bird
    finally:
        bird.close()
