"""What a confined child may try: `python -m tests.download.confined_child`, run by test_confined.py."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.confined import run_inside
from stemtools.protocol import Job


def by_requests(url: str) -> str:
    import requests

    return requests.get(url, timeout=5).text


def by_requests_without_settings(url: str) -> str:
    import requests

    session = requests.Session()
    session.trust_env = False
    return session.get(url, timeout=5).text


def by_urllib(url: str) -> str:
    import urllib.request

    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def by_curl(url: str) -> str:
    from curl_cffi import requests

    return requests.get(url, timeout=5).text


def by_yt_dlp(url: str) -> str:
    from stemtools.fetching.yt_dlp_options import ConfinedYoutubeDL, yt_dlp_options

    with ConfinedYoutubeDL(yt_dlp_options(Path.cwd())) as yt_dlp:
        return yt_dlp.urlopen(url).read().decode()


def by_plain_yt_dlp(url: str) -> str:
    from yt_dlp import YoutubeDL

    with YoutubeDL({"quiet": True, "compat_opts": {"no-certifi"}}) as yt_dlp:
        return yt_dlp.urlopen(url).read().decode()


def by_asyncio(url: str) -> str:
    import asyncio
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    asyncio.run(asyncio.wait_for(asyncio.open_connection(parts.hostname, parts.port), 5))
    return "connected"


def by_socket(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    socket.create_connection((parts.hostname, parts.port), 5).close()
    return "connected"


def by_datagram(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (parts.hostname, parts.port))
    return "sent"


def by_name(url: str) -> str:
    return str(socket.getaddrinfo("some.name.example", 80))


def by_ftp(url: str) -> str:
    import ftplib
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    with ftplib.FTP() as ftp:
        ftp.connect(parts.hostname, parts.port, 5)
    return "connected"


WAYS: dict[str, Callable[[str], str]] = {
    name.removeprefix("by_"): way for name, way in list(globals().items()) if name.startswith("by_")
}


def handle(job: Job) -> dict[str, Any]:
    do = job.request["do"]
    if do in WAYS:
        try:
            return {"text": WAYS[do](job.request["url"])}
        except Exception as error:
            if job.request.get("swallow"):
                return {"text": f"{type(error).__name__}"}
            raise
    if do == "provider":  # as the plugin asks it
        from yt_dlp.networking.common import Request

        from stemtools.fetching.yt_dlp_options import ConfinedYoutubeDL, yt_dlp_options

        with ConfinedYoutubeDL(yt_dlp_options(Path.cwd())) as yt_dlp:
            asked = Request(job.request["url"], proxies={"all": None})
            return {"text": yt_dlp.urlopen(asked).read().decode()}
    if do == "unix":
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(job.request["path"])
    if do == "environment":
        return {"environment": dict(os.environ), "cwd": os.getcwd(), "folder": os.listdir()}
    if do == "progress":
        job.progress(0.25, "fetching", bytes=10, total_bytes=40)
        job.progress(0.5, "tagging")
        return {"done": True}
    if do == "span":
        with job.span("search"):
            return {"done": True}
    if do == "error":
        raise ToolError("spotify_rate_limited", "Wait.", retryAfterSeconds=86400)
    if do == "large":
        Path("large").write_bytes(bytes(job.request["bytes"]))
    if do == "fill":
        return {"filled": len(bytearray(job.request["bytes"]))}
    if do == "end":
        os._exit(3)
    if do == "hang":
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(job.request["pids"]).write_text(f"{os.getpid()} {sleeper.pid}")
        job.progress(0.1, "hanging")
        time.sleep(600)
    return {}


if __name__ == "__main__":
    run_inside(handle)
