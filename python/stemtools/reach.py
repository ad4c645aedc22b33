"""Whether the places that demucs fetches weights from answer."""

from __future__ import annotations

import os
import queue
import threading
import urllib.error
import urllib.request

LIMIT_SECONDS = 5.0
LEGACY_URL = "https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/955717e8-8726e21a.th"


def can_reach_weights(limit_seconds: float = LIMIT_SECONDS) -> bool:
    """Ask both places at once; false when neither says yes within the limit."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    urls = [f"{hub}/adefossez/HTDemucs/resolve/main/htdemucs.yaml", LEGACY_URL]
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    for url in urls:
        # A thread of its own each: looking a name up knows no time limit.
        threading.Thread(
            target=lambda url=url: answers.put(_answers(url, limit_seconds)), daemon=True
        ).start()
    try:
        return any(answers.get(timeout=limit_seconds) for _ in urls)
    except queue.Empty:
        return False


def _answers(url: str, limit_seconds: float) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=limit_seconds):
            return True
    except (OSError, ValueError):
        return False
