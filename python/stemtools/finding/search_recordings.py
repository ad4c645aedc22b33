"""Recordings of a song, found by spotdl's searches: on YouTube Music, or on YouTube where that knows none.

Runs in the confined child.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.site_failure import explain_site
from stemtools.fetching.yt_dlp_options import bind_spotdl, yt_dlp_options
from stemtools.matching import Candidate, Ranked, Wanted, rank, rank_words, verdict
from stemtools.matching.recording import POSSIBLE
from stemtools.media_text import clean
from stemtools.probe import too_long

MOST = 10
RESULTS = 20  # of a search: one page
REQUEST_SECONDS = 10
OFFICIAL = ("MUSIC_VIDEO_TYPE_ATV", "MUSIC_VIDEO_TYPE_OMV")  # put there by the label or by the artist

Json = dict[str, Any]


def find_recordings(song: Json, max_seconds: float, home: Path) -> Json:
    """The recording of a song, or those that it may be, as `resolve` tells it.

    Parameters
    ----------
    song : dict
        As made by catalogue_song.
    max_seconds : float
        Longer recordings are left out.
    home : Path
        The child's own folder.

    Raises
    ------
    ToolError
        no_match, too_long, or what keeps YouTube from being searched.
    """
    if (song["durationSeconds"] or 0) > max_seconds:
        raise too_long(max_seconds)
    wanted = Wanted(
        song["title"],
        tuple(song["artists"]),
        album=song["album"],
        isrc=song["isrc"],
        duration_seconds=song["durationSeconds"],
        explicit=song["explicit"],
    )
    words = f"{', '.join(song['artists'])} - {song['title']}".lower()  # as spotdl asks

    def by_music(music: Any) -> Iterable[list[Candidate]]:
        if song["isrc"]:
            yield music.find(song["isrc"])
        yield music.find(words, filter="songs", ignore_spelling=True)
        yield music.find(words, filter="videos", ignore_spelling=True)

    ranked = _search(by_music, words, functools.partial(rank, wanted), stop_when_sure=True, home=home)
    ranked = _short_enough(ranked, max_seconds)
    decision = verdict(ranked)
    if decision == "none":
        raise ToolError(
            "no_match", "No recording of this song was found; give another link, or send the file itself."
        )
    recordings = [_recording(one) for one in ranked[:MOST]]
    if decision == "recording":
        return {"found": "recording", "song": song, "recording": recordings[0], "others": recordings[1:]}
    return {"found": "choices", "song": song, "choices": recordings}


def find_by_words(words: str, max_seconds: float, home: Path) -> Json:
    """The recordings that words may mean; they are not to be read as anything but words.

    Raises
    ------
    ToolError
        nothing_found, too_long, or what keeps YouTube from being searched.
    """

    def by_music(music: Any) -> Iterable[list[Candidate]]:
        yield music.find(words, filter="songs")
        yield music.find(words, filter="videos")

    ranked = _search(by_music, words, functools.partial(rank_words, words), stop_when_sure=False, home=home)
    ranked = _short_enough(ranked, max_seconds)
    if not ranked:
        raise ToolError(
            "nothing_found", "Nothing was found for those words: give a link, or the artist and the title."
        )
    recordings = [_recording(one) for one in ranked[:MOST]]
    plausible = [one for one in ranked if one.confidence >= POSSIBLE]
    if len(plausible) == 1 and verdict(ranked) == "recording":
        return {"found": "recording", "song": None, "recording": recordings[0], "others": recordings[1:]}
    return {"found": "choices", "song": None, "choices": recordings}


def _search(
    by_music: Callable[[Any], Iterable[list[Candidate]]],
    words: str,
    rank_all: Callable[[list[Candidate]], list[Ranked]],
    stop_when_sure: bool,
    home: Path,
) -> list[Ranked]:
    """What YouTube Music finds, asked no more than needed, or else what YouTube finds."""
    bind_spotdl({**yt_dlp_options(home), "extract_flat": True})
    candidates: list[Candidate] = []
    ranked: list[Ranked] = []
    failure: Exception | None = None
    try:
        for found in by_music(_music()):
            candidates += found
            ranked = rank_all(candidates)
            if stop_when_sure and verdict(ranked) == "recording":
                return ranked
    except Exception as error:  # as many kinds as there are libraries
        failure = error
    if ranked:
        return ranked
    try:
        ranked = rank_all(candidates + _on_youtube(words))
    except Exception as error:
        failure = error
    if failure and not ranked:
        raise _explain(failure, words) from failure
    return ranked


def _music() -> Any:
    """A search of YouTube Music by spotdl, which also keeps of what type a video is."""
    from spotdl.providers.audio.ytmusic import YouTubeMusic

    kinds: dict[str, str | None] = {}

    class Music(YouTubeMusic):
        SEARCH_ATTEMPTS = 2  # finding nothing is mostly the truth

        @staticmethod
        def _create_client() -> Any:
            client = YouTubeMusic._create_client()
            client._session.request = functools.partial(client._session.request, timeout=REQUEST_SECONDS)
            search = client.search

            def remembered(*arguments: Any, **options: Any) -> list[Json]:
                results = search(*arguments, **options)
                kinds.update({result.get("videoId"): result.get("videoType") for result in results})
                return results

            client.search = remembered
            return client

        def find(self, words: str, **options: Any) -> list[Candidate]:
            return [
                _candidate(result, is_official=kinds.get(result.result_id) in OFFICIAL)
                for result in self.get_results(words, limit=RESULTS, **options)
            ]

    return Music()


def _on_youtube(words: str) -> list[Candidate]:
    from spotdl.providers.audio.youtube import YouTube

    return [_candidate(result, is_official=False) for result in YouTube().get_results(words)]


def _candidate(result: Any, is_official: bool) -> Candidate:
    """A result of spotdl's."""
    return Candidate(
        f"https://www.youtube.com/watch?v={result.result_id}",
        result.name,
        artists=result.artists or (),
        channel=None if result.artists else result.author or None,
        album=result.album,
        duration_seconds=result.duration or None,
        kind="song" if result.verified else "video",
        is_official_artist=is_official,
        isrc_matched=bool(result.isrc_search),
        views=result.views,
        explicit=result.explicit,
    )


def _recording(ranked: Ranked) -> Json:
    found = ranked.candidate
    return {
        "link": found.link,
        "title": clean(found.title) or "Untitled",
        "channel": clean(found.channel or ", ".join(found.artists)),
        "durationSeconds": found.duration_seconds,
        "confidence": round(ranked.confidence, 3),
        "reason": ranked.reason,
    }


def _short_enough(ranked: list[Ranked], max_seconds: float) -> list[Ranked]:
    kept = [one for one in ranked if (one.candidate.duration_seconds or 0) <= max_seconds]
    if ranked and not kept:
        raise too_long(max_seconds)
    return kept


def _explain(error: Exception, words: str) -> ToolError:
    if isinstance(error, ToolError):
        return error
    # Errors repeat the question, which may look like anything.
    said = f"{type(error).__name__} {error}".replace(words, "")
    explained = explain_site(said)
    if explained.code != "source_unavailable":
        return explained
    return ToolError("unreachable", "YouTube Music cannot be searched now; try again later, or give a link.")
