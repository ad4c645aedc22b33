"""What speaks against a recording being the song that is wanted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from stemtools.matching.artist_names import Credit, channel_names, compare_artists, is_artist, names_artist
from stemtools.matching.compare_text import fold, shares_words, similarity
from stemtools.matching.recording import Candidate, Wanted, is_length_equal, tolerance_seconds
from stemtools.matching.song_title import Title, is_translation, read_catalogue_title, split_names
from stemtools.matching.version_words import (
    ANOTHER,
    GENERIC_TITLE,
    OF_ALBUMS,
    OF_CHANNELS,
    UNWANTED,
    numbers,
    read_words,
)

SAME_TITLE, OTHER_TITLE = 0.95, 0.55  # similarities: a typing error, and no more than some words in common
ANOTHER_SONG = 0.32  # by the same artist and as long, it is still something to choose
SAME_ALBUM = 0.85
SAME_DETAILS = 0.6
# Beyond the tolerance: four seconds more and it is not sure, but it may still be a video with an intro ...
SECONDS_TO_DOUBT, VIDEO_WITH_INTRO = 20, 0.55
# ... unless it is another format: an hour of it, a television opening.
LONGEST, SHORTEST, OTHER_FORMAT = 1.6, 0.6, 0.1


class Doubt(NamedTuple):
    """By how much a candidate's confidence shrinks, and why, in words for people."""

    factor: float
    reason: str | None = None


def title_doubts(song: Title, title: Title) -> Iterator[Doubt]:
    """How unlike the names are."""
    whole, other = (" ".join((each.name, *each.beside)) for each in (song, title))
    alike = [similarity(title.name, song.name), similarity(other, whole)]
    if alike == [None, None]:
        yield Doubt(0.5, "a title in another script")
        return
    best = max(value for value in alike if value is not None)
    if best < SAME_TITLE:
        yield Doubt(max(ANOTHER_SONG, (best - OTHER_TITLE) / (SAME_TITLE - OTHER_TITLE)), "another title")
    if numbers(title.name) != numbers(song.name):
        yield Doubt(ANOTHER_SONG, "another number in the title")


def beside_doubts(wanted: Wanted, song: Title, title: Title, candidate: Candidate) -> Iterator[Doubt]:
    """What is said in brackets: part of the name, a translation, or which recording in words of its own."""
    known = _known(wanted)
    more = [
        text for text in title.beside if not shares_words(text, known) and not is_translation(text, song.name)
    ]
    said = " ".join(fold(text) for text in (candidate.title, candidate.album or ""))
    less = [text for text in song.beside if not shares_words(text, said)]
    if more and less:
        yield Doubt(0.6, f"“{more[0]}”")
    elif more:
        yield Doubt(0.82 if candidate.kind == "song" else 0.9, f"“{more[0]}”")
    elif less:
        yield Doubt(0.9, f"without “{less[0]}”")


def version_doubts(wanted: Wanted, song: Title, title: Title, candidate: Candidate) -> Iterator[Doubt]:
    """Of which kind one of them is and the other is not."""
    of_wanted_album = _album_kinds(wanted.album)
    expected = song.kinds | of_wanted_album | ({"censored"} if wanted.explicit is False else set())
    found = title.kinds | _channel_kinds(wanted, candidate)
    if not is_same_album(wanted.album, candidate.album):
        found |= _album_kinds(candidate.album)
    for kind in sorted(found - expected):
        if kind in ("shortened", "extended") and not tuple(length_doubts(wanted, candidate)):
            yield Doubt(0.92)  # catalogues leave such words out where there is no other version
        else:
            yield Doubt(UNWANTED[kind], title.details if kind == ANOTHER else kind)
    said = found | _album_kinds(candidate.album)
    for kind in sorted(song.kinds - said):
        yield Doubt(max(0.5, UNWANTED[kind]), f"does not say {song.details if kind == ANOTHER else kind}")
    if "live" in of_wanted_album - said and not is_same_album(wanted.album, candidate.album):
        yield Doubt(0.8, "does not say live")
    if song.kinds & title.kinds:
        yield from _detail_doubts(song.details, title.details, _known(wanted))


def _detail_doubts(wanted: str, found: str, known: str) -> Iterator[Doubt]:
    """Whose remix, which concert."""
    if wanted and found and not shares_words(wanted, found, SAME_DETAILS):
        yield Doubt(0.5, f"“{found}”")
    elif wanted and not found:
        yield Doubt(0.85, f"does not say {wanted}")
    elif found and not wanted and not shares_words(found, known):
        yield Doubt(0.8, f"“{found}”")


def artist_doubts(wanted: Wanted, song: Title, title: Title, candidate: Candidate) -> Iterator[Doubt]:
    """How far the artists differ. Of a video the channel tells, or else the title."""
    if not wanted.artists:
        yield Doubt(0.8, "an unknown artist")
    elif candidate.kind == "song":
        credited = (*candidate.artists, *title.guests)
        yield from _credit_doubts(
            wanted, candidate, compare_artists(wanted.artists, credited, fold(wanted.title))
        )
    else:
        if not _is_own_channel(wanted, candidate):
            if any(names_artist(candidate.title, artist) for artist in wanted.artists):
                yield Doubt(0.95)
            else:
                yield from _credit_doubts(
                    wanted, candidate, compare_artists(wanted.artists, _channels(candidate))
                )
        if any(is_artist(name, (*wanted.artists, *song.guests)) is False for name in title.guests):
            yield Doubt(0.9, "other guests")


def _credit_doubts(wanted: Wanted, candidate: Candidate, credit: Credit) -> Iterator[Doubt]:
    match credit:
        case Credit.MAIN_MISSES:
            yield Doubt(0.95)
        case Credit.SOME_MORE:
            yield Doubt(0.92, "more artists")
        case Credit.SOME_OTHERS:
            yield Doubt(0.6, "other artists")
        case Credit.UNREADABLE:
            is_supported = is_same_album(wanted.album, candidate.album)
            yield Doubt(0.95 if is_supported else 0.7, "an artist in another script")
        case Credit.OTHERS:
            yield Doubt(0.25, "another artist")


def length_doubts(wanted: Wanted, candidate: Candidate) -> Iterator[Doubt]:
    """By how much the lengths differ."""
    length, found = wanted.duration_seconds, candidate.duration_seconds
    if not length or not found:
        yield Doubt(0.9 if candidate.kind == "song" else 0.85, "unknown length")
    elif not is_length_equal(length, found):
        off = abs(found - length)
        factor = max(VIDEO_WITH_INTRO, math.exp(-(off - tolerance_seconds(length)) / SECONDS_TO_DOUBT))
        is_format_equal = SHORTEST <= found / length <= LONGEST
        reason = f"{_duration(off)} {'longer' if found > length else 'shorter'}"
        yield Doubt(factor if is_format_equal else OTHER_FORMAT, reason)


def album_doubts(wanted: Wanted, song: Title, candidate: Candidate) -> Iterator[Doubt]:
    """Whether it is on another album, which says little unless the title says nothing."""
    if wanted.album and candidate.album and not is_same_album(wanted.album, candidate.album):
        if GENERIC_TITLE.fullmatch(song.name):
            yield Doubt(0.7, "on another album")
        else:
            yield Doubt(0.97)


def upload_doubts(wanted: Wanted, candidate: Candidate) -> Iterator[Doubt]:
    """Whose upload it is, and whether words are bleeped in it."""
    if candidate.kind == "video":
        yield Doubt(0.98 if candidate.is_official_artist or _is_own_channel(wanted, candidate) else 0.93)
    if None not in (wanted.explicit, candidate.explicit) and wanted.explicit != candidate.explicit:
        yield Doubt(0.82, "explicit" if candidate.explicit else "censored")


def is_same_album(one: str | None, other: str | None) -> bool:
    """Whether two album titles are of one album, its editions included."""
    if not one or not other:
        return False
    first, second = (read_catalogue_title(album).name for album in (one, other))
    return (similarity(first, second) or 0) >= SAME_ALBUM and numbers(first) == numbers(second)


def _known(wanted: Wanted) -> str:
    """All words that the catalogue says of the song."""
    return " ".join(fold(text) for text in (wanted.title, *wanted.artists, wanted.album or ""))


def _album_kinds(album: str | None) -> frozenset[str]:
    return read_words(fold(album)).kinds & OF_ALBUMS if album else frozenset()


def _channel_kinds(wanted: Wanted, candidate: Candidate) -> frozenset[str]:
    """What a video's channel is for, unless it is the artist's own: there are bands called like that."""
    if candidate.kind == "song" or _is_own_channel(wanted, candidate):
        return frozenset()
    return frozenset().union(*(read_words(fold(name)).kinds for name in _channels(candidate))) & OF_CHANNELS


def _is_own_channel(wanted: Wanted, candidate: Candidate) -> bool:
    parts = [part for name in _channels(candidate) for part in (name, *split_names(name))]
    return any(is_artist(part, wanted.artists) for part in parts)


def _channels(candidate: Candidate) -> list[str]:
    names = [name for name in (candidate.channel, *candidate.artists) if name]
    return [form for name in names for form in channel_names(name)]


def _duration(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"
