"""Titles taken apart: the song's own name, and what is said beside it in brackets or after a dash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stemtools.matching.compare_text import contains, fold, one_line, script, similarity, without
from stemtools.matching.version_words import UNMISTAKABLE, read_words

OPENING, CLOSING = "([{<«【「『《〈", ")]}>»】」』》〉"
DASH = re.compile(r"\s+[-\u2013\u2014\u2015~\u301c]+\s+|\s*\|\s*|\s+//\s+")
UPLOADERS_DASH = re.compile(DASH.pattern + r"|\s*/\s+|\s+/\s*")  # "夜に駆ける / YOASOBI"
GUESTS = re.compile(r"(?:^|\s)(?:feat|ft|featuring)\b\.?\s*(.*)$", re.IGNORECASE)
BRACKETED_GUESTS = re.compile(r"^\s*(?:with|w/|con|mit|avec)\s+(.*)$", re.IGNORECASE)
ORIGIN = re.compile(r"^\s*(?:(?:the\s+)?(?:main\s+)?theme\s+)?(?:from|as heard in|prod)\b", re.IGNORECASE)
NAMES = re.compile(r"\s*[,;&/、]\s*|\s+(?:and|und|et|y|e|x|vs\.?|feat\.?|ft\.?)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Title:
    """A title in folded words.

    Parameters
    ----------
    name : str
        The song's own name.
    kinds : frozenset of str
        Which recording, of `version_words.KINDS`.
    details : str
        Whose remix, which concert.
    beside : tuple of str
        What else is said, and may be part of the name.
    guests : tuple of str
        Artists whom the title names as guests.
    """

    name: str
    kinds: frozenset[str]
    details: str
    beside: tuple[str, ...]
    guests: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    text: str
    is_bracketed: bool


def read_catalogue_title(title: str) -> Title:
    """Take apart a title of a catalogue: the name comes first, then what is in brackets or after a dash."""
    parts, guests = _take_guests(_parts(title, DASH))
    plain = [part for part in parts if not part.is_bracketed] or parts
    name = fold(plain[0].text) if plain else fold(title)
    beside = [fold(part.text) for part in parts if part is not plain[0] and not ORIGIN.match(part.text)]
    return _title(*_less_unmistakable(name), beside, guests)


def read_upload_title(title: str, song: Title, artists: Iterable[str]) -> Title:
    """Take apart a title that somebody typed: the name of `song` may stand anywhere beside its `artists`."""
    parts, guests = _take_guests(_parts(title, UPLOADERS_DASH, '"'))
    spoken = [(fold(part.text), bool(ORIGIN.match(part.text))) for part in parts]
    texts = [text for text, is_origin in spoken if contains(text, song.name) or not is_origin]
    texts = [text for text in (_without_artists(text, artists) for text in texts) if text] or [fold(title)]
    at = max(range(len(texts)), key=lambda place: _likeness(texts[place], song.name))
    name, rest = texts.pop(at), ""
    if contains(name, song.name):
        name, rest = song.name, without(name, song.name)
    else:
        name, rest = _less_unmistakable(name)
    return _title(name, rest, texts, guests)


def split_names(names: str) -> list[str]:
    """The names in "Fukaj, Mata und Pedro"."""
    return [name for name in NAMES.split(one_line(names)) if name]


def _title(name: str, rest: str, beside: Iterable[str], guests: tuple[str, ...]) -> Title:
    read = [read_words(text) for text in (rest, *beside) if text]
    return Title(
        name,
        frozenset().union(*(words.kinds for words in read)),
        " ".join(words.details for words in read if words.details),
        tuple(words.other for words in read if words.other),
        guests,
    )


def _parts(title: str, dash: re.Pattern[str], quotes: str = "") -> list[_Part]:
    return [
        _Part(text, is_bracketed)
        for chunk, is_bracketed in _chunks(one_line(title), quotes)
        for text in ([chunk] if is_bracketed else dash.split(f" {chunk} "))
        if text.strip(" -|/")
    ]


def _chunks(title: str, quotes: str) -> Iterator[tuple[str, bool]]:
    """The stretches outside and inside of brackets; `quotes` outside of brackets count as some."""
    chunk, depth, in_quotes = "", 0, False
    for letter in title:
        is_quote = letter in quotes and depth == 0
        if letter in OPENING or letter in CLOSING or is_quote:
            yield chunk, depth > 0 or in_quotes
            chunk = ""
            depth = max(0, depth + (letter in OPENING) - (letter in CLOSING))
            in_quotes ^= is_quote
        else:
            chunk += letter
    yield chunk, depth > 0 or in_quotes


def _take_guests(parts: list[_Part]) -> tuple[list[_Part], tuple[str, ...]]:
    left, guests = [], []
    for part in parts:
        found = GUESTS.search(part.text) or (part.is_bracketed and BRACKETED_GUESTS.match(part.text))
        if found and fold(found[1]) != "lyrics":
            guests += split_names(found[1].strip())
            part = _Part(part.text[: found.start()], part.is_bracketed)
        if part.text.strip():
            left.append(part)
    return left, tuple(guests)


def _without_artists(text: str, artists: Iterable[str]) -> str:
    for artist in artists:
        text = without(text, fold(artist)) if contains(text, fold(artist)) else text
    return text


def _likeness(text: str, name: str) -> float:
    return 1.0 if contains(text, name) else similarity(text, name) or 0.0


def _less_unmistakable(name: str) -> tuple[str, str]:
    """Splits what only can be a version off the end of a name: "Firestarter VIP"."""
    words = name.split()
    for at in range(1, len(words)):
        rest = read_words(" ".join(words[at:]))
        if rest.kinds and rest.kinds <= UNMISTAKABLE and not rest.details and not rest.other:
            return " ".join(words[:at]), " ".join(words[at:])
    return name, ""


def is_translation(text: str, name: str) -> bool:
    """Whether folded `text` says a name once more in another script: "봄날 (Spring Day)"."""
    return "" not in (script(text), script(name)) and script(text) != script(name)
