"""How alike two names are, whatever their case, accents, punctuation and script."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

from rapidfuzz import fuzz
from unidecode import unidecode

APOSTROPHES = re.compile("['`\u00b4\u2018\u2019]")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # kana, and characters that Chinese has too
ABJAD = re.compile(r"[\u0590-\u06ff]")  # Hebrew and Arabic, written without their vowels
LATIN_BESIDE_CJK = re.compile(
    r"(?<=[\u3040-\u9fff\uac00-\ud7af])(?=[a-z0-9])|(?<=[a-z0-9])(?=[\u3040-\u9fff\uac00-\ud7af])"
)
CJK = ("CJK", "HIRAGANA", "KATAKANA")
SPACELESS = ("CJK", "HANGUL")  # titles in Hangul have spaces, but particles stick to the words
LONGEST = 300  # characters: YouTube has 100, catalogues a few more
REMEMBERED = 4096  # texts: a search brings a hundred, each compared with several
TRANSLITERATED = 0.8  # alike in Latin letters, so that the scripts say nothing against it


def one_line(text: str) -> str:
    """A text in letters of the usual width, words one space apart, cut where no title goes on."""
    encodable = text[:LONGEST].encode("utf-8", "ignore").decode()  # no lone surrogates
    return " ".join(unicodedata.normalize("NFKC", encodable).split())


@lru_cache(REMEMBERED)
def fold(text: str) -> str:
    """Lower-case words of any script, one space apart, without accents and punctuation.

    A text of nothing but punctuation stays as it is: there are songs with such titles.
    """
    text = one_line(text).casefold()
    spelled = re.sub(r"(?<=\w)!(?=\w)", "i", text.replace("&", " and "))  # P!nk
    spelled = re.sub(r"\$(?=\w)|(?<=\w)\$", "s", spelled)  # Ke$ha, A$AP
    letters = (_plain(letter) for letter in APOSTROPHES.sub("", spelled))
    words = "".join(
        letter if unicodedata.category(letter[:1] or " ")[0] in "LNM" else " " for letter in letters
    )
    return " ".join(LATIN_BESIDE_CJK.sub(" ", words).split()) or text


def similarity(one: str, other: str) -> float | None:
    """From 0 to 1 for two folded texts, their words in any order; None: their scripts cannot be compared."""
    if not one or not other:
        return 0.0
    if _compact(one) == _compact(other):
        return 1.0
    direct = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100
    if one.isascii() and other.isascii():
        return direct
    spoken = max(fuzz.ratio(a, b) for a in _spoken(one) for b in _spoken(other)) / 100
    if ABJAD.search(one + other):
        spoken = max(spoken, fuzz.ratio(_consonants(one), _consonants(other)) / 100)
    if spoken >= TRANSLITERATED:
        return max(direct, spoken)
    return direct if script(one) == script(other) else None


def script(text: str) -> str:
    """The script of the first letter: LATIN, CYRILLIC, CJK (kana included), HANGUL …; empty without one."""
    for letter in text:
        if letter.isalpha():
            name = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
            return "CJK" if name in CJK else name
    return ""


def is_spaced(text: str) -> bool:
    """Whether words of a text's script stand apart."""
    return script(text) not in SPACELESS


def contains(text: str, words: str) -> bool:
    """Whether folded `words` stand in folded `text`, as whole words where their script has spaces."""
    return bool(words) and (f" {words} " in f" {text} " if is_spaced(words) else words in text)


def without(text: str, words: str) -> str:
    """A folded text less the first place where folded `words` stand in it."""
    left, _, right = f" {text} ".partition(f" {words} ") if is_spaced(words) else text.partition(words)
    return " ".join(f"{left} {right}".split())


def shares_words(words: str, text: str, share: float = 1.0) -> bool:
    """Whether at least a `share` of folded `words` stands in folded `text`, in whatever order and script."""
    found = [
        any(_is_word(word, other) for other in text.split()) or contains(text, word) for word in words.split()
    ]
    return sum(found) >= share * len(found)


def _is_word(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) > 3 and (similarity(one, other) or 0) >= TRANSLITERATED)


def _plain(letter: str) -> str:
    """A Latin letter less its accents (also ø, ł, đ, which Unicode does not take apart), others unchanged."""
    if letter.isascii() or not unicodedata.name(letter, "").startswith("LATIN"):
        return letter
    return unidecode(letter).lower()


def _compact(text: str) -> str:
    return text.replace(" ", "")


@lru_cache(REMEMBERED)
def _spoken(text: str) -> tuple[str, ...]:
    """How a folded text may be written in Latin letters, without spaces."""
    forms = [_compact(fold(unidecode(text)))]
    if JAPANESE.search(text):  # read as Chinese above
        forms.append(_compact(fold("".join(part["hepburn"] for part in _japanese().convert(text)))))
    return tuple(form for form in forms if form) or ("",)


@lru_cache(REMEMBERED)
def _consonants(text: str) -> str:
    return re.sub(r"[aeiou ]", "", unidecode(text).lower())


@cache
def _japanese() -> Any:
    import pykakasi  # over a second to load, and only for Japanese

    return pykakasi.kakasi()
