"""A song that is wanted, the recordings that might be it, and when one of them is sure to be it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# From here on a recording is taken without asking. The matcher's factors are laid out around this number: one
# small doubt (somebody else's upload, two seconds too many) leaves a candidate above it, a second one or a
# serious one does not.
SURE = 0.85
# How far the best has to be ahead of one that may be another recording: less is more than factors can tell.
MARGIN = 0.05
# Below, a candidate is another song, or hours of it: not worth showing.
POSSIBLE = 0.3
# Lengths that count as equal: catalogues round, and uploads have some silence more or less.
TOLERANCE_SECONDS, TOLERANCE_SHARE = 4.0, 0.02


@dataclass(frozen=True)
class Wanted:
    """What a catalogue says of a song; the main artist comes first, `duration_seconds` is its length."""

    title: str
    artists: tuple[str, ...]
    album: str | None = None
    isrc: str | None = None
    duration_seconds: float | None = None
    explicit: bool | None = None


@dataclass(frozen=True)
class Candidate:
    """A recording that a search found.

    Parameters
    ----------
    link, title : str
        Equal links are one candidate.
    artists : tuple of str
        As credited; of a video, its channel.
    channel : str, optional
        Whose upload it is, where that is not among the artists.
    album : str, optional
        Where the search tells it.
    duration_seconds : float, optional
        Its length.
    kind : "song" or "video"
        What YouTube Music calls it: a song comes from a label, a video from anybody.
    is_official_artist : bool
        Whether the channel is known to be the artist's own.
    isrc_matched : bool
        Whether it came up for the song's ISRC. Other recordings do so, too.
    views : int, optional
        Decides between equals.
    explicit : bool, optional
        As it is marked.
    """

    link: str
    title: str
    artists: tuple[str, ...] = ()
    channel: str | None = None
    album: str | None = None
    duration_seconds: float | None = None
    kind: Literal["song", "video"] = "video"
    is_official_artist: bool = False
    isrc_matched: bool = False
    views: int | None = None
    explicit: bool | None = None


@dataclass(frozen=True)
class Ranked:
    """A candidate, from 0 to 1 how surely it is the recording, and for people what speaks against it."""

    candidate: Candidate
    confidence: float
    reason: str | None = None


def verdict(ranked: Sequence[Ranked]) -> Literal["recording", "choices", "none"]:
    """Whether the first of `ranked` is surely the recording, one has to choose, or there is none."""
    if not ranked:
        return "none"
    best, *others = ranked
    if best.confidence < SURE:
        return "choices"
    rivals = [other for other in others if other.confidence > best.confidence - MARGIN]
    return "recording" if all(_are_alike(best, rival) for rival in rivals) else "choices"


def tolerance_seconds(length_seconds: float) -> float:
    """By how much a recording of that length may differ and still be the same."""
    return max(TOLERANCE_SECONDS, TOLERANCE_SHARE * length_seconds)


def is_length_equal(one_seconds: float, other_seconds: float) -> bool:
    """Whether two lengths may be of one recording."""
    return abs(one_seconds - other_seconds) <= tolerance_seconds(one_seconds)


def _are_alike(one: Ranked, other: Ranked) -> bool:
    """Whether two candidates seem to be uploads of one recording: nothing speaks against either."""
    lengths = (one.candidate.duration_seconds, other.candidate.duration_seconds)
    if one.reason or other.reason or None in lengths:
        return False
    return is_length_equal(*lengths)
