"""The line protocol between Node and a Python tool (version 1).

stdin takes one JSON request a line, `{"id", ...}` or `{"cancel": id}`; a private copy of stdout answers with
`ready`, `progress`, `span`, `result` and `error` lines. What libraries print to stdout goes to stderr. The
end of stdin is the end of the tool; SIGTERM keeps its default action, which is to end at once.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from stemtools.errors import Cancelled, ToolError, classify, redact
from stemtools.lifetime import die_with_parent, leave

PROTOCOL = 1
PROGRESS_INTERVAL_SECONDS = 0.2
CANCEL_GRACE_SECONDS = 0.4  # a cancel is answered within 0.5 s, by force if the work does not look

Request = dict[str, Any]


class Lines:
    """Writes protocol lines on a private copy of stdout and points fd 1 at stderr."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def write(self, **line: Any) -> None:
        """One line of JSON, whole even when several threads write."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        # A lone surrogate (an undecodable byte of a file name) has no UTF-8 form.
        text = text.encode("utf-8", "replace").decode()
        with self._lock:
            try:
                self._out.write(text + "\n")
                self._out.flush()
            except (BrokenPipeError, ValueError):
                leave(0)

    def write_error(self, request_id: Any, error: ToolError) -> None:
        """The error line of a request, or of no request."""
        self.write(
            type="error",
            id=request_id,
            code=error.code,
            retryable=error.retryable,
            message=redact(error.message),
            **error.details,
        )


class Job:
    """One request at work: reports progress and notices a cancel."""

    def __init__(self, request: Request, lines: Lines):
        self.request = request
        self.id = request.get("id")
        self.started = False
        self.cancelled = threading.Event()
        self.answered = threading.Lock()  # taken by whoever writes the last line of this job
        self._lines = lines
        self._fraction = 0.0
        self._step = ""
        self._reported_at = -math.inf

    def check(self, *_: Any) -> None:
        """Raise `Cancelled` when the caller has cancelled; takes any arguments, to serve as a hook."""
        if self.cancelled.is_set():
            raise Cancelled

    def progress(
        self,
        fraction: float,
        step: str,
        bytes: int | None = None,
        total_bytes: int | None = None,
        **details: Any,
    ) -> None:
        """Report a fraction (0..1, never falling) of the whole request, at most five times a second.

        Parameters
        ----------
        fraction : float
            Share of the request that is done.
        step : str
            What is being done; a new one is always reported.
        bytes, total_bytes : int, optional
            How much has been fetched, and how much there is, where known.
        **details
            More fields of the line.
        """
        self.check()
        self._fraction = max(self._fraction, min(1.0, fraction))
        now = time.monotonic()
        if step == self._step and now - self._reported_at < PROGRESS_INTERVAL_SECONDS:
            return
        self._step, self._reported_at = step, now
        amounts = {"bytes": bytes, "totalBytes": total_bytes}
        details |= {name: value for name, value in amounts.items() if value is not None}
        self._lines.write(
            type="progress", id=self.id, fraction=round(self._fraction, 4), step=step, **details
        )

    @contextlib.contextmanager
    def span(self, name: str, **attributes: str | float | bool) -> Iterator[None]:
        """Tell when a step began and ended, for the trace of the request; one that fails says by which code.

        Parameters
        ----------
        name : str
            What is done; never what somebody typed, nor the name of a song.
        **attributes
            What else there is to know of it.
        """
        start, began = time.time(), time.monotonic()
        line: dict[str, Any] = {"name": name, "start": start, "attributes": attributes}
        try:
            yield
        except BaseException as error:
            line["error"] = classify(error).code
            raise
        finally:
            self.pass_on({**line, "end": start + time.monotonic() - began})

    def pass_on(self, span: dict[str, Any]) -> None:
        """Say a span, such as one that another process has said, as this request's."""
        self._lines.write(**{**span, "type": "span", "id": self.id})


Handler = Callable[[Job], dict[str, Any]]


def run_job(job: Job, handle: Handler, lines: Lines) -> bool:
    """Answer one request with exactly one result or error line; true for a result."""
    job.started = True
    try:
        job.check()
        result = handle(job)
        job.check()
    except BaseException as error:  # every failure becomes an error line
        failure = classify(error)
        if failure.code in ("internal", "out_of_memory"):
            sys.stderr.write(redact(traceback.format_exc()))
        if job.answered.acquire(blocking=False):
            lines.write_error(job.id, failure)
        return False
    if job.answered.acquire(blocking=False):
        lines.write(type="result", id=job.id, **result)
    return True


def serve(tool: str, handle: Handler, prepare: Callable[[], None] = lambda: None) -> None:
    """Answer requests from stdin until it ends.

    Parameters
    ----------
    tool : str
        Name in the `ready` line.
    handle : callable
        Does one job and returns the payload of its result line.
    prepare : callable
        Heavy imports, done once before `ready`.
    """
    lines = Lines()
    die_with_parent()
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    threading.Thread(target=_read_requests, args=(sys.stdin, waiting, lines), daemon=True).start()
    prepare()
    lines.write(type="ready", tool=tool, protocol=PROTOCOL, pid=os.getpid())
    while True:
        run_job(waiting.get(), handle, lines)


def run_once(request: Request, handle: Handler) -> None:
    """By hand: one request built from the arguments; exit status 0 for a result, 1 for an error."""
    lines = Lines()
    raise SystemExit(0 if run_job(Job({"id": "1", **request}, lines), handle, lines) else 1)


def _read_requests(source: TextIO, waiting: queue.SimpleQueue[Job], lines: Lines) -> None:
    jobs: dict[Any, Job] = {}
    for line in iter(source.readline, ""):
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            if not isinstance(request, dict) or not (
                "cancel" in request or isinstance(request.get("id"), str)
            ):
                raise ValueError("neither a request nor a cancel")
        except ValueError:
            lines.write_error(None, ToolError("bad_request", "A line on stdin is not a request; send JSON."))
            continue
        if "cancel" in request:
            if job := jobs.get(request["cancel"]):
                job.cancelled.set()
                if job.started:
                    threading.Thread(target=_insist, args=(job, lines), daemon=True).start()
                else:
                    _answer_cancel(job, lines)
            continue
        jobs = {name: job for name, job in jobs.items() if not job.answered.locked()}
        jobs[request["id"]] = job = Job(request, lines)
        waiting.put(job)
    leave(0)


def _insist(job: Job, lines: Lines) -> None:
    """Answer a cancel that the work did not notice in time, and end: better a fresh process than a stuck."""
    deadline = time.monotonic() + CANCEL_GRACE_SECONDS
    while time.monotonic() < deadline:
        if job.answered.locked():
            return
        time.sleep(0.01)
    if _answer_cancel(job, lines):
        leave(0)


def _answer_cancel(job: Job, lines: Lines) -> bool:
    first = job.answered.acquire(blocking=False)
    if first:
        lines.write_error(job.id, classify(Cancelled()))
    return first
