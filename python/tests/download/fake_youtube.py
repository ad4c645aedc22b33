"""YouTube behind the fake internet: what yt-dlp's own extractor takes for the real one, media included.

    youtube = add_youtube(internet)
    youtube.add(Video("dQw4w9WgXcQ", "Proto Song", audio))  # audio: bytes of WebM with Opus, or of M4A
    youtube.add(Video("privatevid1", "Secret", audio, trouble="private"))

The media host serves ranges of the file, and if `challenge` is set only to who has solved the challenge of
the player's JavaScript. `trouble` makes a video one of those that cannot be had; `interrupt(request)` may
answer instead of all hosts.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from fake_internet import Answer, FakeInternet, Request, body

MEDIA_HOST = "rr1---sn-protoyt.googlevideo.com"
PLAYER = "/s/player/0123abcd/player_ias.vflset/en_US/base.js"
CHALLENGE = "protochallenge"
PICTURE = b"\xff\xd8\xff\xe0" + b"picture" * 10
# As yt-dlp's solver of challenges wants a player: it finds the function that sets "alr", and runs it.
PLAYER_CODE = """var _yt_player={};(function(g){var window=this;
var config={signatureTimestamp:20000};
class Address{constructor(url){this.values=new Map([["url",url]])}
set(name,value){this.values.set(name,value)}
get(name){return this.values.get(name)}
clone(){return this}
finish(){this.values.set("n",[...this.values.get("n")].reverse().join(""))}}
var make=function(url,name,value){var address=new Address(url);address.set("alr","yes");
value&&address.set(name,value);return address};
g.make=make})(_yt_player);
"""
MIME = {"webm": 'audio/webm; codecs="opus"', "m4a": 'audio/mp4; codecs="mp4a.40.2"'}
ITAG = {"webm": 251, "m4a": 140}
Json = dict[str, Any]
Trouble = Literal[
    "bot_check", "age_restricted", "private", "members_only", "region_blocked", "removed", "live", "upcoming",
    "drm", "paid", "too_many_requests", "media_refused", "media_cut", "media_slow", "media_page", "html",
]  # fmt: skip

# What the player's answer says, as YouTube words it.
UNPLAYABLE: dict[str, Json] = {
    "bot_check": {"status": "LOGIN_REQUIRED", "reason": "Sign in to confirm you\u2019re not a bot"},
    "age_restricted": {
        "status": "LOGIN_REQUIRED",
        "reason": "Sign in to confirm your age",
        "desktopLegacyAgeGateReason": 1,
    },
    "private": {
        "status": "LOGIN_REQUIRED",
        "reason": "This video is private",
        "errorScreen": {
            "playerErrorMessageRenderer": {
                "reason": {"simpleText": "Private video"},
                "subreason": {"simpleText": "Sign in if you've been granted access to this video"},
            }
        },
    },
    "members_only": {
        "status": "UNPLAYABLE",
        "reason": "Join this channel to get access to members-only content like this video, and other perks.",
    },
    "region_blocked": {
        "status": "UNPLAYABLE",
        "reason": "Video unavailable",
        "errorScreen": {
            "playerErrorMessageRenderer": {
                "reason": {"simpleText": "Video unavailable"},
                "subreason": {"simpleText": "The uploader has not made this video available in your country"},
            }
        },
    },
    "removed": {
        "status": "ERROR",
        "reason": "Video unavailable",
        "errorScreen": {
            "playerErrorMessageRenderer": {
                "reason": {"simpleText": "Video unavailable"},
                "subreason": {"simpleText": "This video has been removed by the uploader"},
            }
        },
    },
    "upcoming": {"status": "LIVE_STREAM_OFFLINE", "reason": "This live event will begin in 2 hours."},
    "paid": {"status": "UNPLAYABLE", "reason": "This video requires payment to watch."},
}


@dataclass(frozen=True)
class Video:
    """A video of which only the sound is offered; `media` may send those who want it elsewhere."""

    id: str
    title: str
    audio: bytes
    duration_seconds: int = 30
    channel: str = "Proto Artist - Topic"
    container: Literal["webm", "m4a"] = "webm"
    trouble: Trouble | None = None
    media: str | None = None  # the address of the sound, else on the media host
    hls: str | None = None  # the address of an HLS manifest
    thumbnail: str | None = None


@dataclass
class FakeYouTube:
    """`challenge`: whether addresses of media carry one that JavaScript must solve."""

    videos: dict[str, Video] = field(default_factory=dict)
    challenge: bool = False
    slow_seconds: float = 0.05  # between the bytes of a slow stream
    interrupt: Callable[[Request], Answer | None] = lambda request: None

    def add(self, video: Video) -> None:
        self.videos[video.id] = video

    def answer(self, request: Request) -> Answer:
        if (answer := self.interrupt(request)) is not None:
            return answer
        path = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(path.query).items()}
        if request.host.endswith(".googlevideo.com"):
            return self._media(request, query)
        if request.host == "i.ytimg.com":
            return body(PICTURE, "image/jpeg")
        if path.path == PLAYER:
            return body(PLAYER_CODE.encode(), "text/javascript")
        if path.path == "/watch":
            return self._page(query.get("v", ""))
        if match := re.fullmatch(r"/embed/([\w-]{11})", path.path):
            return self._page(match[1])
        if path.path == "/youtubei/v1/player":
            return self._player(json.loads(request.body)["videoId"])
        if path.path == "/youtubei/v1/search":
            return _as_json(self._search())
        return body(b"<html>ytcfg.set({});</html>", "text/html")

    def _page(self, video_id: str) -> Answer:
        video = self.videos.get(video_id)
        if video and video.trouble == "too_many_requests":
            return body(b"Too many requests", "text/html", 429)
        settings = {
            "PLAYER_JS_URL": PLAYER,
            "VISITOR_DATA": "x",
            "INNERTUBE_CONTEXT": {"client": {"clientName": "WEB", "clientVersion": "2.20260708.00.00"}},
        }
        page = (
            f"<html><script>ytcfg.set({json.dumps(settings)});</script>"
            f"<script>var ytInitialData = {json.dumps(_surroundings(video))};</script>"
        )
        if video:
            told = {**self._told(video), "streamingData": {}}
            page += f"<script>var ytInitialPlayerResponse = {json.dumps(told)};</script>"
        return body(page.encode(), "text/html")

    def _player(self, video_id: str) -> Answer:
        video = self.videos.get(video_id)
        if video is None:
            playability = UNPLAYABLE["removed"]
            return _as_json({"videoDetails": {"videoId": video_id}, "playabilityStatus": playability})
        if video.trouble == "too_many_requests":
            return body(b"Too many requests", "text/html", 429)
        if video.trouble == "html":
            return body(b"<!DOCTYPE html><html><body>Before you continue</body></html>", "text/html")
        return _as_json(self._told(video))

    def _told(self, video: Video) -> Json:
        unplayable = UNPLAYABLE.get(video.trouble or "")
        is_live = video.trouble == "live"
        told = {
            "playabilityStatus": unplayable or {"status": "OK"},
            "videoDetails": {
                "videoId": video.id,
                "title": video.title,
                "lengthSeconds": str(0 if is_live else video.duration_seconds),
                "author": video.channel,
                "channelId": "UCprotoprotoprotoprotopro",
                "shortDescription": "",
                "isLive": is_live,
                "isLiveContent": is_live or video.trouble == "upcoming",
                "isUpcoming": video.trouble == "upcoming",
                "thumbnail": {"thumbnails": [{"url": self._thumbnail(video), "width": 480, "height": 360}]},
                "viewCount": "1000",
            },
            "microformat": {"playerMicroformatRenderer": {"ownerChannelName": video.channel}},
        }
        if not unplayable:
            told["streamingData"] = self._streams(video)
        return told

    def _thumbnail(self, video: Video) -> str:
        return video.thumbnail or f"https://i.ytimg.com/vi/{video.id}/hqdefault.jpg"

    def _streams(self, video: Video) -> Json:
        if video.hls or video.trouble == "live":
            return {"hlsManifestUrl": video.hls or f"https://manifest.googlevideo.com/{video.id}/index.m3u8"}
        itag = ITAG[video.container]
        media = video.media or (
            f"https://{MEDIA_HOST}/videoplayback?id={video.id}&itag={itag}&expire={int(time.time()) + 3600}"
            + (f"&n={CHALLENGE}" if self.challenge else "")
        )
        stream = {
            "itag": itag,
            "url": media,
            "mimeType": MIME[video.container],
            "bitrate": 130_000,
            "contentLength": str(len(video.audio)),
            "approxDurationMs": str(video.duration_seconds * 1000),
            "audioQuality": "AUDIO_QUALITY_MEDIUM",
            "audioSampleRate": "48000",
            "audioChannels": 2,
        }
        if video.trouble == "drm":
            stream["drmFamilies"] = ["WIDEVINE"]
            return {"adaptiveFormats": [stream], "licenseInfos": [{"drmFamily": "WIDEVINE"}]}
        return {"adaptiveFormats": [stream]}

    def _media(self, request: Request, query: dict[str, str]) -> Answer:
        video = self.videos.get(query.get("id", ""))
        if video is None:
            video = next((one for one in self.videos.values() if one.id in request.path), None)
            return _live_manifest() if video else body(b"", status=404)
        solved = not self.challenge or query.get("n") == CHALLENGE[::-1]
        if video.trouble == "media_refused" or not solved:
            return body(b"Forbidden", "text/plain", 403)
        if video.trouble == "media_page":
            return body(b"<!DOCTYPE html><html><body>Sorry</body></html>" * 50, "text/html")
        return self._part(video, request.headers.get("Range"))

    def _part(self, video: Video, wanted: str | None) -> Answer:
        size = len(video.audio)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
        first = int(match[1]) if match else 0
        last = min(int(match[2]) if match and match[2] else size - 1, size - 1)
        if first >= size:
            return 416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"}, []
        part = video.audio[first : last + 1]
        headers = {"Content-Type": MIME[video.container].split(";")[0], "Content-Length": str(len(part))}
        if match:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return 206 if match else 200, headers, self._sent(video, part)

    def _sent(self, video: Video, part: bytes) -> Iterable[bytes]:
        if video.trouble == "media_cut":
            return _cut(part[: len(part) // 3])
        return self._drip(part) if video.trouble == "media_slow" else [part]

    def _drip(self, part: bytes) -> Iterator[bytes]:
        for position in range(len(part)):
            yield part[position : position + 1]
            time.sleep(self.slow_seconds)

    def _search(self) -> Json:
        """All videos, whatever is asked."""
        found = [
            {
                "videoRenderer": {
                    "videoId": video.id,
                    "title": {"runs": [{"text": video.title}]},
                    "lengthText": {
                        "simpleText": f"{video.duration_seconds // 60}:{video.duration_seconds % 60:02}"
                    },
                    "ownerText": {"runs": [{"text": video.channel}]},
                    "viewCountText": {"simpleText": "1,000 views"},
                }
            }
            for video in self.videos.values()
        ]
        section = {"itemSectionRenderer": {"contents": found}}
        contents = {"sectionListRenderer": {"contents": [section]}}
        return {"contents": {"twoColumnSearchResultsRenderer": {"primaryContents": contents}}}


def add_youtube(internet: FakeInternet, *videos: Video) -> FakeYouTube:
    """YouTube at its hosts."""
    youtube = FakeYouTube({video.id: video for video in videos})
    for host in ("www.youtube.com", "i.ytimg.com", "*.googlevideo.com"):
        internet.hosts[host] = youtube
    return youtube


def _surroundings(video: Video | None) -> Json:
    """What a page shows beside the player: the channel."""
    owner = {"videoOwnerRenderer": {"title": {"runs": [{"text": video.channel if video else ""}]}}}
    contents = {"contents": [{"videoSecondaryInfoRenderer": {"owner": owner}}]}
    return {"contents": {"twoColumnWatchNextResults": {"results": {"results": contents}}}}


def _as_json(content: Json) -> Answer:
    return body(json.dumps(content).encode(), "application/json")


def _live_manifest() -> Answer:
    variant = f'#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="mp4a.40.2"\nhttps://{MEDIA_HOST}/live.m3u8\n'
    return body(f"#EXTM3U\n{variant}".encode(), "application/vnd.apple.mpegurl")


def _cut(part: bytes) -> Iterator[bytes]:
    yield part
    raise ConnectionError("cut")
