"""YouTube Music's search behind the fake internet, as far as ytmusicapi reads it.

    music = add_music(internet)
    music.candidates.append(Candidate("dQw4w9WgXcQ", "Proto Song", ("Proto Artist",), 30, album="Album"))

A question that is an ISRC finds the candidates that have it; any other finds all, or those whose `wanted_by`
is in it. Asked for songs or videos only, it tells only of these. `interrupt(request)` may answer instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fake_internet import Answer, FakeInternet, Request, body

ISRC = re.compile(r"[A-Z]{2}-?\w{3}-?\d{2}-?\d{5}")
PARAMETERS = {"EgWKAQII": "song", "EgWKAQIQ": "video"}  # how a question asks for one kind only
Json = dict[str, Any]


@dataclass(frozen=True)
class Candidate:
    """What the search can find: a song of a label's, or somebody's video."""

    video_id: str
    title: str
    artists: tuple[str, ...]
    duration_seconds: int | None
    album: str | None = None
    kind: Literal["song", "video"] = "song"
    isrc: str | None = None
    explicit: bool = False
    views: str | None = None  # such as 1.2M
    wanted_by: str = ""
    official: bool = True  # a video of the artist's, not somebody's

    @property
    def type(self) -> str:
        """What YouTube Music calls it."""
        return f"MUSIC_VIDEO_TYPE_{'ATV' if self.kind == 'song' else 'OMV' if self.official else 'UGC'}"


@dataclass
class FakeMusic:
    """`asked` holds every question."""

    candidates: list[Candidate] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    interrupt: Callable[[Request], Answer | None] = lambda request: None

    def answer(self, request: Request) -> Answer:
        if (answer := self.interrupt(request)) is not None:
            return answer
        if request.method == "GET":
            return body(b'<html>ytcfg.set({"VISITOR_DATA":"x"});</html>', "text/html")
        if not request.path.startswith("/youtubei/v1/search"):
            return body(b"{}", "application/json", 404)
        question = json.loads(request.body)
        self.asked.append(question["query"])
        return body(json.dumps(self._find(question)).encode(), "application/json")

    def _find(self, question: Json) -> Json:
        query = question["query"]
        kind = PARAMETERS.get(question.get("params", "")[:8])
        found = [
            candidate
            for candidate in self.candidates
            if (candidate.isrc == query if ISRC.fullmatch(query) else candidate.wanted_by in query)
            and kind in (None, candidate.kind)
        ]
        if not found:
            return {"responseContext": {"visitorData": "x"}}
        items = [{"musicResponsiveListItemRenderer": _item(candidate)} for candidate in found]
        sections = {"sectionListRenderer": {"contents": [{"musicShelfRenderer": {"contents": items}}]}}
        tabs = [{"tabRenderer": {"content": sections}}]
        return {"contents": {"tabbedSearchResultsRenderer": {"tabs": tabs}}}


def add_music(internet: FakeInternet, *candidates: Candidate) -> FakeMusic:
    """YouTube Music at its host."""
    internet.hosts["music.youtube.com"] = music = FakeMusic(list(candidates))
    return music


def _item(candidate: Candidate) -> Json:
    watch = {
        "videoId": candidate.video_id,
        "watchEndpointMusicSupportedConfigs": {
            "watchEndpointMusicConfig": {"musicVideoType": candidate.type}
        },
    }
    button = {"musicPlayButtonRenderer": {"playNavigationEndpoint": {"watchEndpoint": watch}}}
    details = [_run(name, f"UC{name}") for name in candidate.artists]
    if candidate.album:
        details.append(_run(candidate.album, f"MPRE{candidate.album}"))
    if candidate.views:
        details.append({"text": f"{candidate.views} views"})
    if candidate.duration_seconds is not None:
        minutes, seconds = divmod(candidate.duration_seconds, 60)
        hours, minutes = divmod(minutes, 60)
        details.append({"text": f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"})
    separated = [part for detail in details for part in ({"text": " \u2022 "}, detail)][1:]
    item: Json = {
        "flexColumns": [
            {"musicResponsiveListItemFlexColumnRenderer": {"text": {"runs": runs}}}
            for runs in ([{"text": candidate.title}], separated)
        ],
        "overlay": {"musicItemThumbnailOverlayRenderer": {"content": button}},
    }
    if candidate.explicit:
        label = {"accessibilityData": {"label": "Explicit"}}
        item["badges"] = [{"musicInlineBadgeRenderer": {"accessibilityData": label}}]
    return item


def _run(text: str, page: str) -> Json:
    return {"text": text, "navigationEndpoint": {"browseEndpoint": {"browseId": page.replace(" ", "")}}}
