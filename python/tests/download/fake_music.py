"""A music search that finds one recording of every song, and a page that leads straight to its file.

yt-dlp must be told `--use-extractors generic`: the player behind YouTube's pages is not made up here.
"""

from __future__ import annotations

import json

from fake_internet import Answer, FakeInternet, body

VIDEO = "protovideo1"
WATCH = f"https://music.youtube.com/watch?v={VIDEO}"
GENERIC = "--use-extractors generic"


def found_song(title: str, artist: str, duration: str) -> dict:
    """YouTube Music's answer to a search, as far as ytmusicapi reads it."""
    watch = {
        "videoId": VIDEO,
        "watchEndpointMusicSupportedConfigs": {
            "watchEndpointMusicConfig": {"musicVideoType": "MUSIC_VIDEO_TYPE_ATV"}
        },
    }
    button = {"musicPlayButtonRenderer": {"playNavigationEndpoint": {"watchEndpoint": watch}}}
    columns = [[title], [artist, " \u2022 ", duration]]
    item = {
        "flexColumns": [
            {"musicResponsiveListItemFlexColumnRenderer": {"text": {"runs": [{"text": t} for t in texts]}}}
            for texts in columns
        ],
        "overlay": {"musicItemThumbnailOverlayRenderer": {"content": button}},
    }
    shelf = {"musicShelfRenderer": {"contents": [{"musicResponsiveListItemRenderer": item}]}}
    content = {"sectionListRenderer": {"contents": [shelf]}}
    return {"contents": {"tabbedSearchResultsRenderer": {"tabs": [{"tabRenderer": {"content": content}}]}}}


def add_music(internet: FakeInternet, title: str, artist: str, duration: str, audio: bytes) -> None:
    """Let the music host find `audio`, an Ogg file, under a title, an artist and a duration like 0:30."""

    def answer(method: str, path: str) -> Answer:
        if path.startswith("/watch"):
            return 302, {"Location": "/recording.opus", "Content-Length": "0"}, []
        if path == "/recording.opus":
            return body(audio, "audio/ogg")
        if method == "POST":
            return body(json.dumps(found_song(title, artist, duration)).encode(), "application/json")
        return body(b'<html>ytcfg.set({"VISITOR_DATA":"x"});</html>', "text/html")

    internet.hosts["music.youtube.com"] = answer
