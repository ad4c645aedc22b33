"""Run code that is not ours in a child process that reaches nothing but the guard and writes only at home.

The parent calls `run_confined`; the module that it names ends with `run_inside(handle)`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from stemtools.errors import ToolError
from stemtools.fetching.connection import TRUST, trusted
from stemtools.fetching.guard import Guard, Limits, Origin, too_much
from stemtools.fetching.safe_address import look_up, split_url, unsafe
from stemtools.fetching.upstream import download_upstream
from stemtools.lifetime import child, die_with_parent
from stemtools.protocol import Handler, Job, run_once

POLL_SECONDS = 0.1
MEMORY_BYTES = 2 << 30  # for whatever an answer unpacks to
# What the libraries need from our environment; proxies, certificates and folders are set below.
PASSED_ON = re.compile(
    r"PATH|LANG|LC_\w+|TZ|SPOTIFY_CLIENT_(ID|SECRET)|NODE_RUNTIME|IMAGEIO_FFMPEG_EXE|YTDLP_\w+"
)
CONFINEMENT = "STEMTOOLS_CONFINEMENT"

Line = dict[str, Any]


def run_confined(
    module: str,
    request: dict[str, Any],
    home: Path,
    job: Job,
    deadline_seconds: float,
    max_bytes: int,
    progress: Callable[[Line], None] | None = None,
) -> Line:
    """Run `python -m module`, which answers one request by `run_inside`; its result.

    Parameters
    ----------
    module : str
        A module of ours, such as `stemtools.fetching.site_recording`.
    request : dict
        What its handler finds in `job.request`.
    home : Path
        An existing, empty folder inside the job's: working folder, HOME and TMPDIR of the child.
    job : Job
        Is asked all the time whether it was cancelled.
    deadline_seconds : float
        The child is ended after this time.
    max_bytes : int
        How much may come from the network in all, and how large a file may become.
    progress : callable, optional
        Is given every progress line (`fraction`, `step`, and `bytes` and `totalBytes` while fetching); if
        left out, they are reported as the job's own.

    Returns
    -------
    dict
        The fields of the child's result line.

    Raises
    ------
    ToolError
        What the guard refused, if anything (unsafe_address, too_large, too_slow), whatever the child made of
        it; else the child's own error with its details; too_slow after the deadline.
    """
    provider = provider_origin()
    command = [sys.executable, "-m", module, json.dumps(request)]
    deadline = time.monotonic() + deadline_seconds
    report = progress or _report_to(job)
    with (
        Guard(Limits(max_bytes), own=frozenset([provider] if provider else [])) as guard,
        child(
            command,
            cwd=home,
            env=_environment(home, guard, provider, max_bytes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as process,
    ):

        def check() -> None:
            job.check()
            if guard.refusal:
                raise guard.refusal
            if time.monotonic() > deadline:
                raise ToolError("too_slow", "This took too long; try again later or send the file itself.")

        for line in _lines_of(process, check):
            check()
            if line["type"] == "result":
                return line
            if line["type"] == "error":
                raise _as_tool_error(line)
            if line["type"] == "span":
                job.pass_on(line)
            else:
                report(line)
        check()
    raise ToolError("internal", "A tool ended unexpectedly; try again.")


def run_inside(handle: Handler) -> NoReturn:
    """In the child: confine this process for good, then answer the request in its only argument.

    A way out that was tried past the guard ends as unsafe_address, whatever a library made of the refusal.
    """
    confinement = enter_confinement()

    def checked(job: Job) -> Line:
        try:
            return handle(job)
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise too_much(confinement.max_file_bytes) from error
            raise
        finally:
            if confinement.refusal:
                raise confinement.refusal

    run_once(json.loads(sys.argv[1]), checked)


class Confinement:
    """The rules that hold in the child, and the first breach of them."""

    def __init__(self, ways_out: list[list], max_file_bytes: int):
        self.refusal: ToolError | None = None
        self.max_file_bytes = max_file_bytes
        self._ways_out = {(host, port) for host, port in ways_out}
        self._hosts = {host for host, _ in self._ways_out}
        _limit(resource.RLIMIT_FSIZE, max_file_bytes)
        _limit(resource.RLIMIT_DATA, MEMORY_BYTES)  # is kept to on Linux
        _limit(resource.RLIMIT_CORE, 0)
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            if address is not None and (
                not isinstance(address, tuple) or tuple(address[:2]) not in self._ways_out
            ):
                self.refusal = self.refusal or unsafe()
                raise PermissionError("this process reaches nothing but the guard")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not self._may_look_up(arguments[0]):
            self.refusal = self.refusal or unsafe()
            raise socket.gaierror("names are resolved by the guard")

    def _may_look_up(self, host: object) -> bool:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        return name is None or name in self._hosts


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def enter_confinement() -> Confinement:
    """Shut this process in, by what `run_confined` has put into its environment."""
    die_with_parent()
    rules = json.loads(os.environ.pop(CONFINEMENT))
    return Confinement(rules["waysOut"], rules["maxFileBytes"])


def provider_origin() -> Origin | None:
    """Host and port of the operator's own provider of PO tokens, from YTDLP_POT_PROVIDER."""
    address = os.environ.get("YTDLP_POT_PROVIDER")
    if not address:
        return None
    try:
        target = split_url(address)
    except ToolError as error:
        raise ToolError(
            "unreachable",
            "YTDLP_POT_PROVIDER is not an http:// address; the operator can correct it.",
            retryable=False,
        ) from error
    return target.host, target.port


def _environment(home: Path, guard: Guard, provider: Origin | None, max_bytes: int) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    folders = [f"XDG_{kind}_HOME" for kind in ("CONFIG", "CACHE", "DATA", "STATE")]
    environment |= {name: str(home / name.lower()) for name in folders}
    environment |= dict.fromkeys(("HOME", "TMPDIR", "XDG_RUNTIME_DIR"), str(home))
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    environment |= {spelling: guard.url for name in proxies for spelling in (name, name.lower())}
    if certificates := trusted():
        environment |= dict.fromkeys(TRUST, certificates)
    ways_out = [guard.address]
    if provider:  # its client asks it without a proxy, and tells it by which one to ask
        host, port = provider
        ways_out += [(name, port) for name in (host, *look_up(host, port))]
        if upstream := download_upstream(split_url("https://www.youtube.com/")):
            environment["STEMTOOLS_PROVIDER_PROXY"] = upstream.address
    environment |= {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        CONFINEMENT: json.dumps({"waysOut": ways_out, "maxFileBytes": max_bytes}),
    }
    return environment


def _lines_of(process: subprocess.Popen, check: Callable[[], None]) -> Iterator[Line]:
    """What a child says, until it ends; `check` is called all the while."""
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            check()
            if not selector.select(POLL_SECONDS):
                continue
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            yield from map(json.loads, lines)


def _report_to(job: Job) -> Callable[[Line], None]:
    return lambda line: job.progress(
        line["fraction"], line["step"], bytes=line.get("bytes"), total_bytes=line.get("totalBytes")
    )


def _as_tool_error(line: Line) -> ToolError:
    known = ("type", "id", "code", "message", "retryable")
    details = {name: value for name, value in line.items() if name not in known}
    return ToolError(line["code"], line["message"], line["retryable"], **details)
