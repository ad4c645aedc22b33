"""What can go wrong in a tool: one class, one table of codes, one place that turns any exception into it."""

from __future__ import annotations

import errno
import os
import re
from typing import Any

# code -> may the same request succeed later, unchanged?
RETRYABLE: dict[str, bool] = {
    "bad_request": False,
    "cancelled": False,
    "internal": True,
    "out_of_memory": False,
    "disk_full": True,
    "not_audio": False,
    "no_sound": False,
    "empty_file": False,
    "truncated_audio": False,
    "too_long": False,
    "too_short": False,
    "unsupported_channels": False,
    "weights_unavailable": False,
    "unknown_model": False,
    "unsafe_address": False,
    "unreachable": True,
    "http_error": False,
    "too_large": False,
    "too_slow": True,
    "playlist_file": False,
    "spotify_not_found": False,
    "spotify_unavailable": True,
    "spotify_rate_limited": False,
    "no_match": False,
    "source_blocked": False,
    "source_unavailable": False,
    "bot_check": False,
    "age_restricted": False,
    "region_blocked": False,
    "private_video": False,
    "live_stream": False,
    "drm_protected": False,
    "site_changed": False,
    "catalogue_not_found": False,
    "catalogue_unavailable": True,
    "list_not_found": False,
    "list_empty": False,
    "not_a_song": False,
    "not_chosen": False,
    "attachment_gone": False,
    "nothing_found": False,
}

# oneDNN does not call a failed allocation one: it says that it could not create a primitive.
OUT_OF_MEMORY_SIGNS = (
    "out of memory",
    "allocate memory",
    "could not create a primitive",
    "could not create a memory",
)
DISK_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ToolError(Exception):
    """A failure that is answered with a code and one sentence.

    Parameters
    ----------
    code : str
        One of the codes in `RETRYABLE`.
    message : str
        One sentence for a person: what happened and what to do; no paths, no secrets.
    retryable : bool, optional
        Overrides the table (an HTTP status decides for `http_error`).
    **details
        More fields of the error line, such as `retryAfterSeconds`.
    """

    def __init__(self, code: str, message: str, retryable: bool | None = None, **details: Any):
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = RETRYABLE[code] if retryable is None else retryable
        self.details = details


class Cancelled(BaseException):
    """The caller no longer wants the answer. Not an Exception, so that no library swallows it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of Python, torch or oneDNN means that memory ran out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in OUT_OF_MEMORY_SIGNS)


def classify(error: BaseException) -> ToolError:
    """The error line for any exception that left a tool."""
    if isinstance(error, ToolError):
        return error
    if isinstance(error, Cancelled):
        return ToolError("cancelled", "The job was cancelled.")
    if is_out_of_memory(error):
        advice = "close other programs, or use a smaller model or a larger machine"
        return ToolError("out_of_memory", f"The machine ran out of memory; {advice}.")
    if isinstance(error, OSError) and error.errno in DISK_FULL_ERRNOS:
        return ToolError("disk_full", "The disk is full; free some space and try again.")
    return ToolError("internal", f"A tool failed unexpectedly ({type(error).__name__}); try again.")


def redact(text: str) -> str:
    """Text without passwords in addresses and without the values of secret settings."""
    text = re.sub(r"(?<=://)[^\s/@]+@", "***@", text)
    for name, value in os.environ.items():
        if len(value) >= 6 and re.search(r"SECRET|TOKEN|PASSWORD|PASSWD|API_KEY", name):
            text = text.replace(value, "***")
    return text
