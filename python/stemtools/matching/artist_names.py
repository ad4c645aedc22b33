"""Whether a recording is by the artists that a catalogue names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from stemtools.matching.compare_text import contains, fold, shares_words, similarity
from stemtools.matching.song_title import split_names

# Long names and those in other scripts are spelled in several ways: "Potap i Nastia", "Potap & Nastya".
# A short one with another letter is somebody else: Drake and Drakeo.
SAME_NAME, LONG_NAME = 0.86, 11
ADDED_TO_CHANNELS = re.compile(
    r"\s*-\s*topic$|\s*(artist )?(official|channel)$|vevo$|\s+(ch\.?|music|tv|band)$", re.IGNORECASE
)
JOINING = frozenset(("the", "and", "und", "et", "y", "e", "i", "и", "x", "vs", "feat"))


class Credit(Enum):
    """How far the artists agree."""

    ALL = "all"
    MAIN_MISSES = "the main artist misses"  # a composer, often
    SOME_MORE = "some more"
    SOME_OTHERS = "some others"  # instead of some that were wanted
    UNREADABLE = "unreadable"  # in a script that cannot be compared
    OTHERS = "others"


def compare_artists(wanted: Iterable[str], credited: Iterable[str], title: str = "") -> Credit:
    """Compare the artists of a song with those to whom a recording is credited.

    Artists whom the song's folded `title` names are no surprise among those of the recording.
    """
    wanted, credited = list(wanted), list(credited)
    names = [part for name in credited for part in ([name] if is_artist(name, wanted) else split_names(name))]
    found = [name for name in wanted if is_artist(name, credited) or _is_each(split_names(name), names)]
    if not found:
        return Credit.UNREADABLE if any(is_artist(name, wanted) is None for name in names) else Credit.OTHERS
    expected = [part for name in wanted for part in (name, *split_names(name))]
    if any(is_artist(name, expected) is False and not contains(title, fold(name)) for name in names):
        return Credit.SOME_MORE if len(found) == len(wanted) else Credit.SOME_OTHERS
    return Credit.ALL if wanted[0] in found else Credit.MAIN_MISSES


def is_artist(name: str, others: Iterable[str]) -> bool | None:
    """Whether a name is one of the others; None: it might be, in another script."""
    alike = [_is_same(name, other) for other in others]
    return True if True in alike else None if None in alike else False


def names_artist(title: str, artist: str) -> bool:
    """Whether a title names an artist, be it in another script."""
    title, artist = fold(title), fold(artist)
    return contains(title, artist) or (not (title + artist).isascii() and shares_words(artist, title))


def channel_names(channel: str) -> list[str]:
    """A channel's name, and less what is added to names there: "Queen - Topic", "QueenOfficialVEVO"."""
    names = [channel]
    while (less := ADDED_TO_CHANNELS.sub("", names[-1]).strip()) and less != names[-1]:
        names.append(less)
    return names


def _is_same(one: str, other: str) -> bool | None:
    one, other = _plain(one), _plain(other)
    alike = similarity(one, other)
    if alike is None:
        return None
    is_spelling_loose = min(len(one), len(other)) >= LONG_NAME or not (one + other).isascii()
    return alike >= (SAME_NAME if is_spelling_loose else 1)


def _is_each(parts: list[str], names: list[str]) -> bool:
    return len(parts) > 1 and all(is_artist(part, names) for part in parts)


def _plain(name: str) -> str:
    folded = fold(name)
    return " ".join(word for word in folded.split() if word not in JOINING) or folded
