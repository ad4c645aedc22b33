"""Apple Music, Deezer, Tidal, and services' short links, behind the fake internet.

    catalogues = add_catalogues(internet)
    catalogues.deezer_tracks["3135556"] = Known("Song", ("Artist",), 224, isrc="GBDUW0000059")
    catalogues.short_links["https://spotify.link/abc"] = "https://open.spotify.com/track/..."  # a redirect
    catalogues.short_links["https://spotify.link/abd"] = branch_page("https://open.spotify.com/track/...")

`catalogues.interrupt(request)` may answer instead.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_internet import Answer, FakeInternet, Request, body

SHORT_HOSTS = ("spotify.link", "spotify.app.link", "on.soundcloud.com", "link.deezer.com", "deezer.page.link")
Json = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What a catalogue knows of a song."""

    title: str
    artists: tuple[str, ...]
    seconds: int
    album: str | None = "Known Album"
    isrc: str | None = None
    explicit: bool = False
    kind: str = "song"
    country: str = "us"


@dataclass
class KnownList:
    """An album or a playlist: ids of songs, in order."""

    title: str
    owner: str
    ids: list[str]


@dataclass
class FakeCatalogues:
    """All by their ids."""

    apple_tracks: dict[str, Known] = field(default_factory=dict)
    apple_albums: dict[str, KnownList] = field(default_factory=dict)
    deezer_tracks: dict[str, Known] = field(default_factory=dict)
    deezer_lists: dict[tuple[str, str], KnownList] = field(default_factory=dict)  # by kind and id
    tidal_pages: dict[str, str] = field(default_factory=dict)
    short_links: dict[str, str] = field(default_factory=dict)
    interrupt: Callable[[Request], Answer | None] = lambda request: None


def add_catalogues(internet: FakeInternet) -> FakeCatalogues:
    """Put the catalogues' hosts into a fake internet."""
    catalogues = FakeCatalogues()
    hosts = {
        "itunes.apple.com": _apple,
        "api.deezer.com": _deezer,
        "tidal.com": _tidal,
        **dict.fromkeys(SHORT_HOSTS, _short_link),
    }
    internet.hosts |= {name: _Host(catalogues, answer) for name, answer in hosts.items()}
    return catalogues


def tidal_page(known: Known) -> str:
    """A track's page on Tidal, as it is served to machines."""
    facts = {
        "@context": "https://schema.org",
        "@type": "MusicRecording",
        "name": known.title,
        "byArtist": [{"@type": "MusicGroup", "name": name} for name in known.artists],
        "inAlbum": {"@type": "MusicAlbum", "name": known.album},
        "duration": f"PT{known.seconds // 60}M{known.seconds % 60}S",
        "isrcCode": known.isrc,
    }
    return (
        f"<html><head><title>{html.escape(known.title)} by {', '.join(known.artists)} on TIDAL</title>"
        f'<meta property="og:title" content="{html.escape(known.artists[0])} - {html.escape(known.title)}">'
        '<meta property="og:image" content="https://resources.tidal.com/images/a/640x640.jpg">'
        f'<script type="application/ld+json">{json.dumps(facts)}</script></head></html>'
    )


def branch_page(link: str) -> str:
    """What spotify.link shows a browser instead of a redirect."""
    stated = json.dumps({"$desktop_url": link}).replace("/", "\\/")
    app = "<a href='https://www.spotify.com/download'>Get the app</a>"
    return f"<html><body>{app}<script>x = {stated};</script></body></html>"


@dataclass
class _Host:
    catalogues: FakeCatalogues
    reply: Callable[[FakeCatalogues, Request], Answer]

    def answer(self, request: Request) -> Answer:
        return self.catalogues.interrupt(request) or self.reply(self.catalogues, request)


def _asked(request: Request) -> tuple[str, dict[str, str]]:
    parts = urlsplit(request.path)
    return parts.path, {name: values[-1] for name, values in parse_qs(parts.query).items()}


def _apple(catalogues: FakeCatalogues, request: Request) -> Answer:
    path, query = _asked(request)
    key = query.get("id", "")
    if path != "/lookup" or not key.isdigit():
        return _json({"errorMessage": "Invalid value(s) for key(s): [id]"}, 400)
    results: list[Json] = []
    known = catalogues.apple_tracks.get(key)
    if known and known.country == query.get("country"):
        results = [_apple_track(key, known)]
    elif (album := catalogues.apple_albums.get(key)) and query.get("entity") == "song":
        described = [_apple_track(one, catalogues.apple_tracks[one]) for one in album.ids]
        about = {
            "wrapperType": "collection",
            "collectionType": "Album",
            "collectionId": int(key),
            "collectionName": album.title,
            "artistName": album.owner,
            "trackCount": len(album.ids),
        }
        results = [about, *described[: int(query.get("limit", "50"))]]
    answer = json.dumps({"resultCount": len(results), "results": results}).encode()
    return body(b"\n\n\n" + answer, "text/javascript; charset=utf-8")


def _apple_track(key: str, known: Known) -> Json:
    return {
        "wrapperType": "track",
        "kind": known.kind,
        "trackId": int(key),
        "trackName": known.title,
        "artistName": " & ".join(known.artists),
        "collectionName": known.album,
        "trackTimeMillis": known.seconds * 1000,
        "artworkUrl100": "https://is1-ssl.mzstatic.com/image/thumb/Music/v4/a/source/100x100bb.jpg",
        "trackExplicitness": "explicit" if known.explicit else "notExplicit",
        "releaseDate": "2005-03-01T08:00:00Z",
    }


def _deezer(catalogues: FakeCatalogues, request: Request) -> Answer:
    path, query = _asked(request)
    _, kind, key, *rest = [*path.split("/"), "", ""]
    tracks = catalogues.deezer_tracks
    if kind == "track" and key in tracks:
        return _json(_deezer_track(key, tracks[key]))
    known = catalogues.deezer_lists.get((kind, key))
    if not known:
        return _json({"error": {"type": "DataException", "message": "no data", "code": 800}})
    first, most = int(query.get("index", "0")), int(query.get("limit", "25"))
    shown = known.ids[first : first + min(most, 100)] if "tracks" in rest else known.ids[:50]
    page = {"data": [_deezer_track(one, tracks[one]) for one in shown], "total": len(known.ids)}
    if "tracks" in rest:
        return _json(page)
    owner = {"artist" if kind == "album" else "creator": {"id": 1, "name": known.owner}}
    return _json({"id": int(key), "title": known.title, "nb_tracks": len(known.ids), "tracks": page, **owner})


def _deezer_track(key: str, known: Known) -> Json:
    return {
        "id": int(key),
        "readable": True,
        "title": known.title,
        "isrc": known.isrc or "",
        "duration": known.seconds,
        "release_date": "2001-03-07",
        "explicit_lyrics": known.explicit,
        "contributors": [{"id": 1, "name": name} for name in known.artists],
        "artist": {"id": 1, "name": known.artists[0]},
        "album": {
            "title": known.album,
            "cover_xl": "https://cdn-images.dzcdn.net/images/cover/a/1000x1000.jpg",
        },
    }


def _tidal(catalogues: FakeCatalogues, request: Request) -> Answer:
    page = catalogues.tidal_pages.get(request.path.removeprefix("/track/"))
    if page is None:
        return body(b"<html><title>TIDAL</title></html>", "text/html", 404)
    return body(page.encode(), "text/html; charset=utf-8")


def _short_link(catalogues: FakeCatalogues, request: Request) -> Answer:
    target = catalogues.short_links.get(f"https://{request.host}{request.path}")
    if target is None:
        return body(b"<html>no such link</html>", "text/html", 404)
    if target.startswith("<"):
        return body(target.encode(), "text/html; charset=utf-8")
    return 307, {"Location": target, "Content-Length": "0"}, []


def _json(content: object, status: int = 200) -> Answer:
    return body(json.dumps(content).encode(), "application/json; charset=utf-8", status)
