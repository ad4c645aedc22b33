"""Tell how far the download of a model's weights has come, while demucs's own loader does it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from stemtools.catalogue import HUB_BYTES, Found, cache_bytes
from stemtools.protocol import Job

POLL_SECONDS = 0.5


@contextlib.contextmanager
def reported_fetch(found: Found, job: Job, share: float) -> Iterator[None]:
    """Reports growth of the caches as up to `share` of the job, if the model's weights are not here yet.

    The loader tells nothing itself; the models' sizes are known, but rounded.
    """
    if found.weights is not None:
        yield
        return
    before = cache_bytes(found.name)
    done = threading.Event()

    def report() -> None:
        while not done.wait(POLL_SECONDS) and not job.cancelled.is_set():
            received = cache_bytes(found.name) - before
            fraction = min(1.0, received / HUB_BYTES[found.name])
            job.progress(share * fraction, "fetching weights", bytes=received)

    threading.Thread(target=report, daemon=True).start()
    try:
        yield
    finally:
        done.set()
