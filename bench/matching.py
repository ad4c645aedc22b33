"""Which recording our matcher and spotdl's take for each hard case: python -m bench.matching.

Prints JSON Lines: a case's category, whether it was held out, what came of each matcher's choice, and what came
of it with the right recordings taken away.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from spotdl.providers.audio.ytmusic import YouTubeMusic
from spotdl.types.result import Result
from spotdl.types.song import Song

from stemtools.matching import Candidate, rank, verdict
from tests.download.matching_cases import Case, Outcome, read_cases


class OfflineYouTubeMusic(YouTubeMusic):
    """Spotdl's search and choice as they are, given a case's candidates instead of YouTube's answers."""

    candidates: tuple[Candidate, ...] = ()

    @staticmethod
    def _create_client() -> Any:
        return None

    def get_results(self, search_term: str, **options: Any) -> list[Result]:
        """Songs, videos or, without a filter, what came up for the ISRC."""
        kind = {"songs": "song", "videos": "video"}.get(options.get("filter", ""))
        found = [each for each in self.candidates if (each.kind == kind if kind else each.isrc_matched)]
        return [_result(each, is_isrc_search=kind is None) for each in found]

    def get_views(self, url: str) -> int:
        """Spotdl asks YouTube."""
        return next(each.views or 0 for each in self.candidates if each.link == url)


def _result(candidate: Candidate, is_isrc_search: bool) -> Result:
    return Result(
        source="YouTubeMusic",
        url=candidate.link,
        verified=candidate.kind == "song",
        name=candidate.title,
        duration=candidate.duration_seconds or 0,
        author=candidate.artists[0],
        result_id=candidate.link,
        isrc_search=is_isrc_search,
        artists=candidate.artists,
        explicit=candidate.explicit,
        album=candidate.album,
    )


def _song(case: Case) -> Song:
    wanted = case.wanted
    return Song(
        name=wanted.title,
        artists=list(wanted.artists),
        artist=wanted.artists[0],
        genres=[],
        disc_number=1,
        disc_count=1,
        album_name=wanted.album or "",
        album_artist=wanted.artists[0],
        duration=int(wanted.duration_seconds or 0),
        year=2000,
        date="2000",
        track_number=1,
        tracks_count=1,
        song_id="bench",
        explicit=wanted.explicit,
        publisher="",
        url="",
        isrc=wanted.isrc,
        cover_url=None,
        copyright_text=None,
    )


def _ours(case: Case) -> Outcome:
    ranked = rank(case.wanted, case.candidates)
    decision = verdict(ranked)
    taken = ranked[0].candidate.link if decision == "recording" else None
    offered = frozenset(each.candidate.link for each in ranked if decision == "choices")
    return case.judge(taken, offered)


def _spotdls(case: Case, provider: OfflineYouTubeMusic) -> Outcome:
    provider.candidates = case.candidates
    return case.judge(provider.search(_song(case)))


def main() -> None:
    """Print a line a case."""
    provider = OfflineYouTubeMusic()
    for case in read_cases():
        others = tuple(each for each in case.candidates if each.link not in case.right)
        less = replace(case, candidates=others, right=frozenset(), answer="none")
        line = {
            "category": case.category,
            "isHeldOut": case.is_held_out,
            "ours": _ours(case),
            "spotdl": _spotdls(case, provider),
            "oursWithout": _ours(less),
            "spotdlWithout": _spotdls(less, provider),
        }
        print(json.dumps(line))


if __name__ == "__main__":
    main()
