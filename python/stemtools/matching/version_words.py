"""What the words beside a title say of the recording: live, whose remix, sped up, or nothing at all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stemtools.matching.compare_text import fold, is_spaced

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_KINDS = _WORDS["kinds"]
LINKING = frozenset(_WORDS["linking"]["words"])

ANOTHER = "another version"  # one that is told by words of its own: "Electric Version", "Vocal Mix"
ANOTHER_PART = "another part"  # of the album: "Intro"
UNWANTED = {kind: entry["unwanted"] for kind, entry in _KINDS.items()} | {ANOTHER: 0.7, ANOTHER_PART: 0.6}
OF_ALBUMS, OF_CHANNELS, UNMISTAKABLE = (
    frozenset(kind for kind, entry in _KINDS.items() if entry.get(flag))
    for flag in ("of_albums", "of_channels", "unmistakable")
)

HOURS = re.compile(
    r"(?<!\w)\d+ ?(?:hours?|hrs?|h|std|stunden|godz\w*|horas?|heures?|ore|часов|час)(?!\w)|\d+ ?時間"
)
TAKE = re.compile(r"(?<!\w)take \d+(?!\w)")
PART = re.compile(r"intro|outro|interlude|reprise|skit|prelude")
OTHERWISE = re.compile(r"(?<!\w)(?:vers(?:ion|ione)?|ver|mix|edit|версия)(?!\w)|バージョン")
YEAR = re.compile(r"(?<!\w)(?:19|20)\d\d(?!\w)")
ROMAN = re.compile(r"[ivx]{2,}|[vx]")
# Titles that only an album tells apart.
GENERIC_TITLE = re.compile(
    r"(?:(?:main|opening|closing|end) )?(?:titles?|themes?|credits|intro|outro|interlude|overture|prelude"
    r"|prologue|epilogue|skit|opening|ending|finale)"
    r"|(?:track|kapitel|chapter|part|teil|folge|episode|untitled)(?: [\divx ]+)?"
)


class Words(NamedTuple):
    """What words beside a title say: kinds of recording, which one of those, or else words of no kind."""

    kinds: frozenset[str]
    details: str
    other: str


def read_words(text: str) -> Words:
    """What a folded text beside a title says of the recording."""
    if PART.fullmatch(text):
        return Words(frozenset({ANOTHER_PART}), "", "")
    rest, kinds = text, set()
    for kind, pattern in _PATTERNS:
        if pattern.search(rest):
            kinds.add(kind)
            rest = pattern.sub(" ", rest)
    rest = _NOISE.sub(" ", rest)
    if OTHERWISE.search(rest):
        rest = OTHERWISE.sub(" ", rest)
        if not kinds and meaning(rest):
            kinds.add(ANOTHER)
    words = meaning(rest if "live" in kinds else YEAR.sub(" ", rest))
    return Words(frozenset(kinds), words if kinds else "", "" if kinds else words)


def meaning(text: str) -> str:
    """A folded text less its linking words."""
    return " ".join(word for word in text.split() if word not in LINKING)


def numbers(name: str) -> list[str]:
    """The numbers in a folded title, years apart: what tells one part of a work from another."""
    words = YEAR.sub(" ", name).split()
    return sorted(word for word in words if re.search(r"\d", word) or ROMAN.fullmatch(word))


def _phrases(words: Iterable[str]) -> re.Pattern[str]:
    folded = sorted({fold(word) for word in words}, key=len, reverse=True)
    spaced = [rf"(?<!\w){re.escape(word)}(?!\w)" for word in folded if is_spaced(word)]
    return re.compile("|".join((*spaced, *(re.escape(word) for word in folded if not is_spaced(word)))))


_PATTERNS = (
    ("hours long", HOURS),
    ("demo", TAKE),
    *((kind, _phrases(entry["words"])) for kind, entry in _KINDS.items()),
)
_NOISE = _phrases(_WORDS["noise"]["words"])
