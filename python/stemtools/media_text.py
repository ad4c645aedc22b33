"""Titles and names from outside, fit to show: one line, no control characters, 200 characters at most."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

MAX_CHARACTERS = 200
ZERO_WIDTH_JOINER = "\u200d"  # holds emoji together


def clean(text: object) -> str | None:
    """Normalised text without control and direction characters; None when nothing is left."""
    if not isinstance(text, str):
        return None
    kept = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c
        for c in unicodedata.normalize("NFC", text)
        if unicodedata.category(c) != "Cf" or c == ZERO_WIDTH_JOINER
    )
    return re.sub(r"\s+", " ", kept).strip()[:MAX_CHARACTERS].strip() or None


def split_name(name: str) -> tuple[str | None, str]:
    """Artist and title from a file name: "Artist - Title.ext" or "Title.ext"."""
    name = re.split(r"[/\\]", name)[-1]
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name)
    if "_" in stem and " " not in stem:
        stem = stem.replace("_", " ")
    artist, separator, title = (clean(stem) or "").partition(" - ")
    if separator and artist.strip() and title.strip():
        return artist.strip(), title.strip()
    return None, clean(stem) or "Untitled"


def name_of_url(url: str) -> str:
    """The last part of an address's path, decoded."""
    return unquote(PurePosixPath(urlsplit(url).path).name, errors="replace")
