"""The hard cases of matching_cases.toml, and how a choice among their candidates is judged."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stemtools.matching import Candidate, Wanted

TABLE = Path(__file__).with_suffix(".toml")

Outcome = Literal["right", "asked", "missed", "wrong"]


@dataclass(frozen=True)
class Case:
    """A song, what a search found, and which links of it are the song's recording."""

    name: str
    category: str
    is_held_out: bool
    answer: Literal["recording", "ask", "none"]
    wanted: Wanted
    candidates: tuple[Candidate, ...]
    right: frozenset[str]

    def judge(self, taken: str | None, offered: frozenset[str] = frozenset()) -> Outcome:
        """What it is worth to have taken the recording of a link, or to have offered some to choose from."""
        if taken is not None:
            return "right" if taken in self.right else "wrong"
        if self.answer == "recording" or (self.answer == "ask" and self.right):
            if not offered & self.right:
                return "missed"
            return "right" if self.answer == "ask" else "asked"
        return "asked" if offered and self.answer == "none" else "right"


def read_cases() -> list[Case]:
    """All cases of the table."""
    return [_case(entry) for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["case"]]


def _case(entry: dict[str, Any]) -> Case:
    song = entry["wanted"]
    candidates = [_candidate(at, found) for at, found in enumerate(entry["candidates"])]
    return Case(
        name=entry["name"],
        category=entry["category"],
        is_held_out=entry.get("held_out", False),
        answer=entry.get("answer", "recording"),
        wanted=Wanted(
            song["title"],
            tuple(song["artists"]),
            album=song["album"],
            isrc=song.get("isrc"),
            duration_seconds=_seconds(song["length"]),
            explicit=song.get("explicit"),
        ),
        candidates=tuple(candidates),
        right=frozenset(
            found.link
            for found, entry in zip(candidates, entry["candidates"], strict=True)
            if entry.get("right")
        ),
    )


def _candidate(at: int, entry: dict[str, Any]) -> Candidate:
    kind: Literal["song", "video"] = "song" if "song" in entry else "video"
    return Candidate(
        link=f"https://www.youtube.com/watch?v={at:011}",
        title=entry[kind],
        artists=tuple(entry["by"]),
        album=entry.get("album"),
        duration_seconds=_seconds(entry["length"]),
        kind=kind,
        is_official_artist=entry.get("official", False),
        isrc_matched=entry.get("isrc", False),
        views=entry["views"],
        explicit=entry.get("explicit"),
    )


def _seconds(length: str) -> int:
    seconds = 0
    for part in length.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds
