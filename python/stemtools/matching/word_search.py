"""Which of the recordings that a search found fits the words that a person typed."""

from __future__ import annotations

from collections.abc import Iterable

from stemtools.matching.artist_names import channel_names
from stemtools.matching.compare_text import contains, fold, shares_words, without
from stemtools.matching.recording import Candidate, Ranked
from stemtools.matching.song_title import read_catalogue_title
from stemtools.matching.version_words import UNWANTED, meaning, read_words

EXTRA_WORD, ANYBODYS_UPLOAD = 0.8, 0.93
# "hello" fits many: without the artist's name among the words, one has to choose.
UNNAMED_ARTIST = 0.7


def rank_words(text: str, candidates: Iterable[Candidate]) -> list[Ranked]:
    """Rank what a search found by how well it fits the words, the best first, else in the search's order.

    Nothing is left out: a search engine knows lyrics and misspellings that a comparison of words does not.
    """
    typed = fold(text)
    unique = {candidate.link: candidate for candidate in candidates}
    return sorted((_fit(typed, each) for each in unique.values()), key=lambda each: -each.confidence)


def _fit(typed: str, candidate: Candidate) -> Ranked:
    channels = [name for name in (*candidate.artists, candidate.channel) if name]
    names = list(dict.fromkeys(fold(name) for channel in channels for name in channel_names(channel)))
    kinds, more = _read_title(candidate, typed, names)
    asked, lacking = _read_typed(typed, candidate, names)
    confidence = ANYBODYS_UPLOAD if candidate.kind == "video" else 1.0
    confidence *= (1 - len(lacking.split()) / max(1, len(typed.split()))) ** 2
    confidence *= EXTRA_WORD ** len(more.split())
    confidence *= min((UNWANTED[kind] for kind in kinds ^ asked), default=1.0)
    if not any(shares_words(name, typed) for name in names):
        confidence *= UNNAMED_ARTIST
    reasons = [
        *sorted(kinds - asked),
        *(f"does not say {words}" for words in (*sorted(asked - kinds), lacking) if words),
    ]
    return Ranked(candidate, round(confidence, 3), ", ".join(reasons) or None)


def _read_title(candidate: Candidate, typed: str, names: list[str]) -> tuple[frozenset[str], str]:
    """Which recording a title tells, and what else it has that nobody typed."""
    typed_or_named = " ".join((typed, *names))
    title = read_catalogue_title(candidate.title)
    if candidate.kind == "song":
        more = _words_not_in(" ".join((title.name, *title.beside)), typed_or_named)
        return title.kinds, meaning(more)
    words = read_words(_words_not_in(fold(candidate.title), typed_or_named))
    return title.kinds | words.kinds, meaning(words.other or words.details)


def _read_typed(typed: str, candidate: Candidate, names: list[str]) -> tuple[frozenset[str], str]:
    """Which recording the words ask for, and what else of them a candidate lacks.

    "oasis live forever" does not ask for a concert, "oasis live forever live" does.
    """
    rest = typed
    for said in (read_catalogue_title(candidate.title).name, *names):
        rest = without(rest, said) if contains(rest, said) else _words_not_in(rest, said)
    words = read_words(rest)
    lacking = _words_not_in(words.other or words.details, " ".join((fold(candidate.title), *names)))
    return words.kinds, meaning(lacking)


def _words_not_in(words: str, text: str) -> str:
    return " ".join(word for word in words.split() if not shares_words(word, text))
