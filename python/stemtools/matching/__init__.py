"""Which of the recordings that a search found is the song that a catalogue names.

Title, version, artist, length, album and upload are compared, and each may leave doubts. A doubt is a factor
below 1, and confidence is the product of the gravest one of each comparison: a recording is sure only if next
to nothing speaks against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stemtools.matching.doubts import (
    Doubt,
    album_doubts,
    artist_doubts,
    beside_doubts,
    is_same_album,
    length_doubts,
    title_doubts,
    upload_doubts,
    version_doubts,
)
from stemtools.matching.recording import POSSIBLE, Candidate, Ranked, Wanted, verdict
from stemtools.matching.song_title import Title, read_catalogue_title, read_upload_title
from stemtools.matching.word_search import rank_words

__all__ = ["Candidate", "Ranked", "Wanted", "rank", "rank_words", "verdict"]

REASONS = 2  # how many a person is told
TOLD_BELOW = 0.95  # what shrinks confidence less is not worth a word
# Doubts that an ISRC outweighs: any small ones, and one about a name that cannot be compared.
MILD, UNREADABLE = 0.8, 0.5


@dataclass(frozen=True)
class Judgement:
    """A candidate and what speaks against it, by what was compared."""

    candidate: Candidate
    title: tuple[Doubt, ...]
    version: tuple[Doubt, ...]
    artist: tuple[Doubt, ...]
    length: tuple[Doubt, ...]
    album: tuple[Doubt, ...]
    upload: tuple[Doubt, ...]

    def comparisons(self) -> tuple[tuple[Doubt, ...], ...]:
        """The doubts of each comparison."""
        return (self.title, self.version, self.artist, self.length, self.album, self.upload)


def rank(wanted: Wanted, candidates: Iterable[Candidate]) -> list[Ranked]:
    """Rank what a search found by how surely it is the song, the best first; what cannot be it is left out.

    Among equals the closer length goes first, then the order of the search.
    """
    song = read_catalogue_title(wanted.title)
    judgements = [_trust_isrc(_judge(wanted, song, candidate)) for candidate in _merge(candidates)]
    ranked = [_weigh(judgement) for judgement in _prefer_album(wanted, judgements)]
    possible = [each for each in ranked if each.confidence >= POSSIBLE]
    return sorted(possible, key=lambda each: (-each.confidence, _seconds_off(wanted, each.candidate)))


def _judge(wanted: Wanted, song: Title, candidate: Candidate) -> Judgement:
    if candidate.kind == "song":
        title = read_catalogue_title(candidate.title)
    else:
        title = read_upload_title(candidate.title, song, (*wanted.artists, *song.guests))
    return Judgement(
        candidate,
        title=(*title_doubts(song, title), *beside_doubts(wanted, song, title, candidate)),
        version=tuple(version_doubts(wanted, song, title, candidate)),
        artist=tuple(artist_doubts(wanted, song, title, candidate)),
        length=tuple(length_doubts(wanted, candidate)),
        album=tuple(album_doubts(wanted, song, candidate)),
        upload=tuple(upload_doubts(wanted, candidate)),
    )


def _trust_isrc(judgement: Judgement) -> Judgement:
    """Where nothing contradicts that a recording has the song's ISRC, forget how differently it is written.

    A search for an ISRC finds other recordings, too: it proves nothing against a version's name or a length.
    """
    if not judgement.candidate.isrc_matched or judgement.version or judgement.length:
        return judgement
    title, artist = _worst(judgement.title), _worst(judgement.artist)
    if min(title, artist) < UNREADABLE or (title < MILD and artist < MILD):
        return judgement
    return replace(judgement, title=(), artist=(), album=())


def _prefer_album(wanted: Wanted, judgements: list[Judgement]) -> list[Judgement]:
    """Where the song is found on its album, doubt its title on another one: it may be another recording."""
    on_album = [each for each in judgements if is_same_album(wanted.album, each.candidate.album)]
    if not any(
        not each.version and not each.length and min(_worst(each.title), _worst(each.artist)) >= MILD
        for each in on_album
    ):
        return judgements
    return [
        replace(each, album=(Doubt(0.85, "on another album"),))
        if each.album and each not in on_album
        else each
        for each in judgements
    ]


def _weigh(judgement: Judgement) -> Ranked:
    comparisons = judgement.comparisons()
    doubts = sorted((doubt for doubts in comparisons for doubt in doubts), key=lambda doubt: doubt.factor)
    told = dict.fromkeys(doubt.reason for doubt in doubts if doubt.reason and doubt.factor < TOLD_BELOW)
    confidence = math.prod(_worst(doubts) for doubts in comparisons)
    return Ranked(judgement.candidate, round(confidence, 3), ", ".join(list(told)[:REASONS]) or None)


def _worst(doubts: tuple[Doubt, ...]) -> float:
    """The factor of the gravest doubt: those of one comparison have the same cause, often."""
    return min((doubt.factor for doubt in doubts), default=1.0)


def _merge(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Each link once: what a search for the ISRC found may come up in another one, too."""
    merged: dict[str, Candidate] = {}
    for candidate in candidates:
        known = merged.setdefault(candidate.link, candidate)
        merged[candidate.link] = replace(known, isrc_matched=known.isrc_matched or candidate.isrc_matched)
    return list(merged.values())


def _seconds_off(wanted: Wanted, candidate: Candidate) -> float:
    if wanted.duration_seconds is None or candidate.duration_seconds is None:
        return math.inf
    return abs(wanted.duration_seconds - candidate.duration_seconds)
