"""Tags and cover art of the files that people get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TALB, TBPM, TIT2, TKEY, TPE1, TXXX
from mutagen.wave import WAVE

MAX_COVER_BYTES = 10 << 20
FRONT_COVER = 3
KEY_MODES = {"major": "", "minor": "m"}


def write_tags(path: Path, file_format: str, tags: dict[str, Any], cover: Path | None) -> None:
    """Write what is known; what is None is left out.

    Parameters
    ----------
    path : Path
        The encoded file.
    file_format : {"mp3", "flac", "wav"}
        MP3 and WAV get ID3v2.3 (Windows reads no 2.4), FLAC Vorbis comments.
    tags : dict
        artist, title, album, comment, key ("A minor"), bpm, stem.
    cover : Path, optional
        A JPEG or PNG.
    """
    title = f"{tags['title']} ({tags['stem']})" if tags.get("title") else tags["stem"]
    tags = {**tags, "title": title}
    picture = _read_cover(cover)
    if file_format == "flac":
        _write_flac(path, tags, picture)
    else:
        _write_id3(path, file_format, tags, picture)


def _write_id3(path: Path, file_format: str, tags: dict[str, Any], picture: tuple[bytes, str] | None) -> None:
    wave = WAVE(path) if file_format == "wav" else None
    if wave is not None:
        wave.add_tags()
    frames = wave.tags if wave is not None else ID3()
    for frame, name in ((TPE1, "artist"), (TIT2, "title"), (TALB, "album")):
        if tags.get(name):
            frames.add(frame(encoding=1, text=tags[name]))
    if tags.get("bpm"):
        frames.add(TBPM(encoding=0, text=str(round(tags["bpm"]))))  # the standard allows whole numbers only
    if tags.get("key"):
        frames.add(TKEY(encoding=0, text=_short_key(tags["key"])))
    if tags.get("comment"):
        frames.add(COMM(encoding=1, lang="eng", desc="", text=tags["comment"]))
    frames.add(TXXX(encoding=1, desc="STEM", text=tags["stem"]))
    if picture:
        frames.add(APIC(encoding=0, mime=picture[1], type=FRONT_COVER, desc="", data=picture[0]))
    if wave is not None:
        wave.save(v2_version=3)
    else:
        frames.save(path, v1=0, v2_version=3)


def _write_flac(path: Path, tags: dict[str, Any], picture: tuple[bytes, str] | None) -> None:
    file = FLAC(path)
    names = {"artist": "ARTIST", "title": "TITLE", "album": "ALBUM", "comment": "COMMENT", "stem": "STEM"}
    for name, field in {**names, "key": "INITIALKEY"}.items():
        if tags.get(name):
            file[field] = tags[name]
    if tags.get("bpm"):
        file["BPM"] = f"{tags['bpm']:g}"
    if picture:
        art = Picture()
        art.data, art.mime, art.type = picture[0], picture[1], FRONT_COVER
        file.add_picture(art)
    file.save()


def _read_cover(path: Path | None) -> tuple[bytes, str] | None:
    """The picture and its type; a cover that cannot be used is not worth a failed job."""
    if path is None or not path.is_file() or path.stat().st_size > MAX_COVER_BYTES:
        return None
    data = path.read_bytes()
    kind = (
        "image/jpeg"
        if data.startswith(b"\xff\xd8\xff")
        else "image/png"
        if data.startswith(b"\x89PNG\r\n\x1a\n")
        else None
    )
    return (data, kind) if kind else None


def _short_key(key: str) -> str:
    """ID3's spelling: "A minor" is Am."""
    tonic, _, mode = key.partition(" ")
    return (tonic + KEY_MODES.get(mode, ""))[:3]
