"""Reading the fields of a request, each checked for type and range."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError

REQUIRED = object()


def read_text(
    request: dict[str, Any], name: str, default: Any = REQUIRED, choices: tuple[str, ...] = ()
) -> Any:
    """A string, one of `choices` when given."""
    value = _read(request, name, default)
    if value is default:
        return value
    if not isinstance(value, str) or "\0" in value or (choices and value not in choices):
        raise _bad(name, f"one of {', '.join(choices)}" if choices else "text")
    return value


def read_texts(request: dict[str, Any], name: str) -> list[str]:
    """A list of at least one string."""
    values = _read(request, name, REQUIRED)
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise _bad(name, "a list of texts")
    return values


def read_number(
    request: dict[str, Any],
    name: str,
    default: Any = REQUIRED,
    low: float = -math.inf,
    high: float = math.inf,
) -> Any:
    """A finite number within `low` and `high`, inclusive."""
    value = _read(request, name, default)
    if value is default:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _bad(name, f"a number from {low} to {high}")
    return value


def read_integer(
    request: dict[str, Any], name: str, default: Any = REQUIRED, low: int = 0, high: int = 2**53
) -> Any:
    """A whole number within `low` and `high`, inclusive."""
    value = read_number(request, name, default, low, high)
    if value is not default and value != int(value):
        raise _bad(name, "a whole number")
    return value if value is default else int(value)


def read_folder(request: dict[str, Any], name: str = "outDir") -> Path:
    """An existing folder."""
    folder = Path(read_text(request, name)).absolute()
    if not folder.is_dir():
        raise _bad(name, "an existing folder")
    return folder


def plain_name(value: Any, what: str) -> str:
    """A file name that stays in its folder: no separators, not hidden, at most 240 bytes."""
    valid = (
        isinstance(value, str)
        and value not in ("", ".", "..")
        and not re.search(r"[/\\\x00-\x1f]", value)
        and len(value.encode("utf-8", "surrogatepass")) <= 240
    )
    if not valid:
        raise _bad(what, "a plain file name")
    return value


def _read(request: dict[str, Any], name: str, default: Any) -> Any:
    value = request.get(name)
    if value is None:
        if default is REQUIRED:
            raise _bad(name, "given")
        return default
    return value


def _bad(name: str, wanted: str) -> ToolError:
    return ToolError("bad_request", f"The request's {name} must be {wanted}.")
