"""SoundCloud and Bandcamp behind the fake internet, one track each, as yt-dlp's extractors take them.

add_soundcloud(internet, mp3)      # SOUNDCLOUD_TRACK
add_bandcamp(internet, mp3)        # BANDCAMP_TRACK
"""

from __future__ import annotations

import html
import json
from urllib.parse import parse_qs, urlsplit

from fake_internet import Answer, FakeInternet, body

SOUNDCLOUD_TRACK = "https://soundcloud.com/proto-artist/proto-song"
BANDCAMP_TRACK = "https://protoartist.bandcamp.com/track/proto-song"
CLIENT = "p" * 32
PICTURE = b"\xff\xd8\xff\xe0" + b"picture" * 10


def add_soundcloud(internet: FakeInternet, mp3: bytes, preview: bool = False) -> None:
    """The track at SOUNDCLOUD_TRACK; with `preview`, only its start is free to hear."""
    media = "https://cf-media.sndcdn.com/proto.128.mp3?Policy=x"
    transcoding = {
        "url": "https://api-v2.soundcloud.com/media/soundcloud:tracks:1001/abc/stream/progressive",
        "preset": "mp3_1_0",
        "duration": 30000,
        "snipped": preview,
        "format": {"protocol": "progressive", "mime_type": "audio/mpeg"},
        "quality": "sq",
    }
    track = {
        "id": 1001,
        "title": "Proto Song",
        "duration": 30000,
        "permalink_url": SOUNDCLOUD_TRACK,
        "user": {"id": 7, "username": "Proto Artist", "permalink": "proto-artist"},
        "artwork_url": "https://i1.sndcdn.com/artworks-proto-large.jpg",
        "media": {"transcodings": [transcoding]},
        "policy": "SNIP" if preview else "ALLOW",
    }

    def site(method: str, path: str) -> Answer:
        script = '<script crossorigin src="https://a-v2.sndcdn.com/assets/0-proto.js"></script>'
        return body(f"<html>{script}</html>".encode(), "text/html")

    def script(method: str, path: str) -> Answer:
        return body(f'x={{client_id:"{CLIENT}"}}'.encode(), "text/javascript")

    def api(method: str, path: str) -> Answer:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if query.get("client_id") != [CLIENT]:
            return _as_json({}, 401)
        if parts.path == "/resolve":
            return _as_json(track if query["url"] == [SOUNDCLOUD_TRACK] else {}, 200)
        if parts.path.startswith("/media/"):
            return _as_json({"url": media})
        return _as_json({}, 404)

    internet.hosts |= {
        "soundcloud.com": site,
        "a-v2.sndcdn.com": script,
        "api-v2.soundcloud.com": api,
        "cf-media.sndcdn.com": lambda method, path: body(mp3, "audio/mpeg"),
        "i1.sndcdn.com": lambda method, path: body(PICTURE, "image/jpeg"),
    }


def add_bandcamp(internet: FakeInternet, mp3: bytes) -> None:
    """The track at BANDCAMP_TRACK."""
    song = {
        "title": "Proto Song",
        "track_id": 2002,
        "track_num": 3,
        "duration": 30.0,
        "file": {"mp3-128": "https://t4.bcbits.com/stream/proto/mp3-128/2002?token=x"},
    }
    tralbum = {"trackinfo": [song], "current": {"artist": "Proto Artist"}, "artist": "Proto Artist"}
    embed = {"artist": "Proto Artist", "album_title": "Proto Album"}
    page = (
        '<html><head><meta property="og:image" content="https://f4.bcbits.com/img/a2002_5.jpg"></head>'
        f'<script data-tralbum="{html.escape(json.dumps(tralbum))}"'
        f' data-embed="{html.escape(json.dumps(embed))}"></script></html>'
    )

    def site(method: str, path: str) -> Answer:
        return body(page.encode(), "text/html") if path == "/track/proto-song" else body(b"", status=404)

    internet.hosts |= {
        "protoartist.bandcamp.com": site,
        "t4.bcbits.com": lambda method, path: body(mp3, "audio/mpeg"),
        "f4.bcbits.com": lambda method, path: body(PICTURE, "image/jpeg"),
    }


def _as_json(content: object, status: int = 200) -> Answer:
    return body(json.dumps(content).encode(), "application/json", status)
