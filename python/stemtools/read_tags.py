"""What a file says of itself: title, artist, album, ISRC and cover, by mutagen in bounded memory."""

from __future__ import annotations

import base64
import contextlib
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen.flac import Picture

from stemtools.media_text import clean

MAX_COVER_BYTES = 10 << 20
EXTRA_BYTES = 256 << 20  # a compressed tag may unpack to anything
# ID3 frames, MP4 atoms, and the names of Vorbis comments and APE tags.
FIELDS = {
    "title": ("TIT2", "\xa9nam", "title", "Title"),
    "artist": ("TPE1", "\xa9ART", "artist", "Artist", "Author"),
    "album": ("TALB", "\xa9alb", "album", "Album", "WM/AlbumTitle"),
    "isrc": ("TSRC", "----:com.apple.iTunes:ISRC", "isrc", "ISRC"),
}
MAGIC = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}


@dataclass(frozen=True)
class Tags:
    """Clean texts, each None when the file does not say; a cover in JPEG or PNG."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    isrc: str | None = None
    cover: bytes | None = None


def read_tags(path: Path) -> Tags:
    """Tags of a local file; damaged ones are as good as none."""
    try:
        with _bounded_memory():
            file = mutagen.File(path)
            if file is None or file.tags is None:
                return Tags()
            texts = {name: _first_text(file.tags, keys) for name, keys in FIELDS.items()}
            cover = next(_pictures(file), b"")
    except Exception:  # mutagen raises anything on hostile tags
        return Tags()
    return Tags(**texts, cover=cover if picture_extension(cover) else None)


def picture_extension(picture: bytes) -> str | None:
    """The file extension of a picture by its content; None when it is neither JPEG nor PNG."""
    return next((extension for magic, extension in MAGIC.items() if picture.startswith(magic)), None)


def _first_text(tags: Any, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        with contextlib.suppress(KeyError, ValueError):
            value = tags[key]
            value = getattr(value, "text", value)
            value = value[0] if isinstance(value, list) and value else value
            value = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            if text := clean(value):
                return text
    return None


def _pictures(file: Any) -> Iterator[bytes]:
    found = [picture.data for picture in getattr(file, "pictures", [])]
    tags = file.tags
    if hasattr(tags, "getall"):
        found += [frame.data for frame in tags.getall("APIC")]
    with contextlib.suppress(KeyError, ValueError):
        found += [bytes(atom) for atom in tags["covr"]]
    with contextlib.suppress(KeyError, ValueError):
        found += [Picture(base64.b64decode(block)).data for block in tags["metadata_block_picture"]]
    yield from (data for data in found if data and len(data) <= MAX_COVER_BYTES)


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    """Lets this process grow by no more than `EXTRA_BYTES` inside the block (Linux)."""
    if not sys.platform.startswith("linux"):
        yield
        return
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + EXTRA_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
