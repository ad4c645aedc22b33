"""Spotify behind the fake internet, as strict as the original: its official API and its web player's.

    spotify = add_spotify(internet)                  # all hosts, with the catalogue still empty
    spotify.add(Track("4uLU6hMCjMI75M1A2tKUQC", "Song", ("Artist",), 30))
    spotify.playlists["37i9dQZF1DX0XUsuxWHRQd"] = Listing("Mix", "Somebody", [track, None])

Clients of the official API must show CLIENT_ID and CLIENT_SECRET at accounts.spotify.com, and then a token
that is not used up; the web player's must go through its pages as a browser does. In place of both APIs,
`spotify.interrupt(request)` may answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fake_internet import Answer, FakeInternet, Request, body

CLIENT_ID = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "fedcba9876543210fedcba9876543210"
API = "https://api.spotify.com/v1"
ASSETS = "https://open.spotifycdn.com/cdn/build/web-player/"
WEB_CLIENT_ID = "d8a5ed958d274c2e8ee717e6a4b0971d"
WEB_VERSION = "1.2.80.1.gabcdef01"
PLAYER, CHUNK = "web-player.0a1b2c3d.js", "xpui-lists.deadbeef.js"
HASHES = {
    name: hashlib.sha256(name.encode()).hexdigest() for name in ("getTrack", "getAlbum", "fetchPlaylist")
}
MOST_AT_ONCE = {"album": 50, "playlist": 100}
Json = dict[str, Any]


@dataclass(frozen=True)
class Track:
    """What can be in a list; `kind` is track, episode or local."""

    id: str
    title: str
    artists: tuple[str, ...] = ("Proto Artist",)
    seconds: float = 30
    album: str = "Proto Album"
    isrc: str | None = None
    explicit: bool = False
    released: str = "2026-01-02"
    cover: str | None = "https://i.scdn.co/image/ab67616d0000b273"
    kind: str = "track"
    restriction: str | None = None  # why it cannot be played: market, or anything else

    @property
    def uri(self) -> str:
        return f"spotify:{self.kind}:{self.id}"


@dataclass
class Listing:
    """An album or a playlist; None stands for a track that was removed."""

    title: str
    owner: str
    tracks: list[Track | None]


@dataclass
class FakeSpotify:
    """`asked` counts what the APIs answered, by method and path."""

    tracks: dict[str, Track] = field(default_factory=dict)
    albums: dict[str, Listing] = field(default_factory=dict)
    playlists: dict[str, Listing] = field(default_factory=dict)
    interrupt: Callable[[Request], Answer | None] = lambda request: None
    withholds_playlists: bool = False  # as from apps in development mode, since 2026
    token_uses: int = 10**6  # a token is good for so many questions
    asked: list[tuple[str, str]] = field(default_factory=list)
    _tokens: dict[str, int] = field(default_factory=dict)

    def add(self, *tracks: Track) -> None:
        self.tracks |= {track.id: track for track in tracks}

    def new_token(self) -> str:
        token = f"token-{len(self._tokens)}"
        self._tokens[token] = self.token_uses
        return token

    def takes(self, authorization: str | None) -> bool:
        """Whether a token is known and not used up."""
        token = (authorization or "").removeprefix("Bearer ")
        self._tokens[token] = self._tokens.get(token, 0) - 1
        return self._tokens[token] >= 0


def add_spotify(internet: FakeInternet) -> FakeSpotify:
    """Put Spotify's hosts into a fake internet."""
    spotify = FakeSpotify()
    internet.hosts |= {
        "accounts.spotify.com": _Accounts(spotify),
        "api.spotify.com": _OfficialApi(spotify),
        "open.spotify.com": _WebPlayer(spotify),
        "open.spotifycdn.com": _Assets(),
        "clienttoken.spotify.com": _ClientTokens(),
        "api-partner.spotify.com": _Pathfinder(spotify),
    }
    return spotify


def track_id(number: int) -> str:
    """An id as Spotify's, 22 characters long."""
    return f"{number:022d}"


def as_json(content: object, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    status, own, chunks = body(json.dumps(content).encode(), "application/json; charset=utf-8", status)
    return status, {**own, **headers}, chunks


def failed(status: int, message: str, **headers: str) -> Answer:
    """An error as the official API tells it."""
    return as_json({"error": {"status": status, "message": message}}, status, **headers)


class _Accounts:
    """The token endpoint of the official API."""

    def __init__(self, spotify: FakeSpotify):
        self._spotify = spotify

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/api/token"):
            return body(b"<html>Not found</html>", "text/html", 404)
        shown = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {shown}":
            return as_json({"error": "invalid_client", "error_description": "Invalid client secret"}, 400)
        if dict(parse_qsl(request.body.decode())) != {"grant_type": "client_credentials"}:
            return as_json({"error": "unsupported_grant_type"}, 400)
        token = {"access_token": self._spotify.new_token(), "token_type": "Bearer", "expires_in": 3600}
        return as_json(token)


class _OfficialApi:
    """api.spotify.com: tracks, albums, playlists and artists."""

    def __init__(self, spotify: FakeSpotify):
        self._spotify = spotify

    def answer(self, request: Request) -> Answer:
        self._spotify.asked.append((request.method, request.path))
        if interruption := self._spotify.interrupt(request):
            return interruption
        if request.method != "GET":
            return failed(405, "Method not allowed")
        if not self._spotify.takes(request.headers.get("Authorization")):
            return failed(401, "The access token expired")
        parts = urlsplit(request.path)
        _, version, kind, key, *rest = [*parts.path.split("/"), "", ""]
        rest = [part for part in rest if part]
        if version != "v1" or kind not in ("tracks", "albums", "playlists", "artists"):
            return failed(404, "Service not found")
        if len(key) != 22 or not key.isalnum():
            return failed(400, "Invalid base62 id")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if kind == "artists":
            return as_json(_artist("Proto Artist") | {"genres": ["test"]})
        if kind == "tracks":
            track = self._spotify.tracks.get(key)
            return as_json(full_track(track)) if track else failed(404, "Resource not found")
        listings = self._spotify.albums if kind == "albums" else self._spotify.playlists
        listing = listings.get(key)
        if not listing:
            return failed(404, "Resource not found")
        describe = _album if kind == "albums" else self._playlist
        whole = describe(key, listing, query)
        if not rest:
            return as_json(whole)
        limit = int(query.get("limit", "20"))
        if rest[0] not in ("tracks", "items") or not 1 <= limit <= MOST_AT_ONCE[kind[:-1]]:
            return failed(400, "Invalid limit")
        return as_json(_page(kind, key, listing, int(query.get("offset", "0")), limit, query))

    def _playlist(self, key: str, listing: Listing, query: dict[str, str]) -> Json:
        contents = {"tracks": _page("playlists", key, listing, 0, 100, query)}
        return {
            "id": key,
            "name": listing.title,
            "description": "",
            "owner": {"display_name": listing.owner, "id": "somebody"},
            "images": [],
            "external_urls": {"spotify": f"https://open.spotify.com/playlist/{key}"},
            **({} if self._spotify.withholds_playlists else contents),
        }


def full_track(track: Track) -> Json:
    """A track as the official API has it."""
    return {**_simple_track(track), "album": _album_of(track), "external_ids": _external_ids(track)}


def _external_ids(track: Track) -> Json:
    return {"isrc": track.isrc} if track.isrc else {}


def _simple_track(track: Track) -> Json:
    restricted = {"is_playable": False, "restrictions": {"reason": track.restriction}}
    return {
        "id": None if track.kind == "local" else track.id,
        "name": track.title,
        "type": "episode" if track.kind == "episode" else "track",
        "is_local": track.kind == "local",
        "uri": track.uri,
        "artists": [_artist(name) for name in track.artists],
        "duration_ms": round(track.seconds * 1000),
        "explicit": track.explicit,
        "disc_number": 1,
        "track_number": 1,
        "popularity": 1,
        "external_urls": {"spotify": f"https://open.spotify.com/track/{track.id}"},
        **(restricted if track.restriction else {}),
    }


def _artist(name: str) -> Json:
    return {
        "id": track_id(len(name)),
        "name": name,
        "type": "artist",
        "external_urls": {"spotify": f"https://open.spotify.com/artist/{track_id(len(name))}"},
    }


def _album_of(track: Track) -> Json:
    covers = [{"url": f"{track.cover}{side}", "width": side, "height": side} for side in (64, 640, 300)]
    return {
        "id": track_id(7),
        "name": track.album,
        "album_type": "album",
        "artists": [_artist(name) for name in track.artists],
        "release_date": track.released,
        "total_tracks": 1,
        "images": covers if track.cover else [],
        "external_urls": {"spotify": f"https://open.spotify.com/album/{track_id(7)}"},
    }


def _album(key: str, listing: Listing, query: dict[str, str]) -> Json:
    return {
        **_album_of(Track(track_id(0), "", (listing.owner,), album=listing.title)),
        "id": key,
        "label": "L",
        "copyrights": [{"text": "C", "type": "C"}],
        "genres": [],
        "total_tracks": len(listing.tracks),
        "tracks": _page("albums", key, listing, 0, 50, query),
    }


def _page(kind: str, key: str, listing: Listing, offset: int, limit: int, query: dict[str, str]) -> Json:
    tracks = listing.tracks[offset : offset + limit]
    more = offset + limit < len(listing.tracks)
    rest = f"{API}/{kind}/{key}/tracks?offset={offset + limit}&limit={limit}"
    kept = "".join(f"&{name}={value}" for name, value in query.items() if name == "additional_types")
    return {
        "href": f"{API}/{kind}/{key}/tracks",
        "items": [_entry(kind, track) for track in tracks],
        "limit": limit,
        "offset": offset,
        "total": len(listing.tracks),
        "next": rest + kept if more else None,
        "previous": None,
    }


def _entry(kind: str, track: Track | None) -> Json | None:
    if kind == "albums":
        return _simple_track(track) if track else None
    is_local = bool(track and track.kind == "local")
    return {
        "added_at": "2026-01-02T03:04:05Z",
        "is_local": is_local,
        "track": full_track(track) if track else None,
    }


class _WebPlayer:
    """open.spotify.com: the page that starts the player, and its tokens."""

    def __init__(self, spotify: FakeSpotify):
        self._spotify = spotify

    def answer(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        if request.method == "GET" and parts.path == "/":
            config = {"clientVersion": WEB_VERSION, "recaptchaWebPlayerFraudSiteKey": "key"}
            stated = base64.b64encode(json.dumps(config).encode()).decode()
            page = (
                f'<html><script id="appServerConfig" type="text/plain">{stated}</script>'
                f'<script src="{ASSETS}vendor.1.js"></script><script src="{ASSETS}{PLAYER}"></script></html>'
            )
            status, headers, chunks = body(page.encode(), "text/html; charset=utf-8")
            return status, {**headers, "Set-Cookie": "sp_t=device-1; Path=/; Secure"}, chunks
        if parts.path != "/api/token":
            return body(b"<html>Page not found</html>", "text/html", 404)
        query = dict(parse_qsl(parts.query))
        proof = query.get("totp", "")
        if not (len(proof) == 6 and proof.isdigit() and query.get("totpVer", "").isdigit()):
            return as_json({"error": {"code": 400, "message": "Bad TOTP"}}, 400)
        return as_json(
            {
                "accessToken": self._spotify.new_token(),
                "clientId": WEB_CLIENT_ID,
                "accessTokenExpirationTimestampMs": round((time.time() + 3600) * 1000),
                "isAnonymous": True,
            }
        )


class _Assets:
    """open.spotifycdn.com: scripts of the player, in which the names of queries and their hashes stand."""

    def answer(self, request: Request) -> Answer:
        name = request.path.rsplit("/", 1)[-1]
        if name == PLAYER:
            styles, _ = '{1:"a"}', None
            hash_of_chunk, name_of_chunk = '{7:"deadbeef"}', '{7:"xpui-lists"}'
            text = f"{styles};{styles};{styles};{hash_of_chunk};{name_of_chunk};{_declared('getTrack')}"
        elif name == CHUNK:
            text = _declared("getAlbum") + _declared("fetchPlaylist")
        else:
            return body(b"no such asset", "text/plain", 404)
        return body(text.encode(), "application/javascript")


def _declared(query: str) -> str:
    return f'x=new Q("{query}","query","{HASHES[query]}",null);'


class _ClientTokens:
    """clienttoken.spotify.com."""

    def answer(self, request: Request) -> Answer:
        data = json.loads(request.body or b"{}").get("client_data", {})
        device = data.get("js_sdk_data", {}).get("device_id")
        if (data.get("client_id"), data.get("client_version"), device) != (
            WEB_CLIENT_ID,
            WEB_VERSION,
            "device-1",
        ):
            return body(b"", "application/json", 400)
        granted = {"token": "client-token", "expires_after_seconds": 3600}
        return as_json({"response_type": "RESPONSE_GRANTED_TOKEN_RESPONSE", "granted_token": granted})


class _Pathfinder:
    """api-partner.spotify.com: the web player's queries."""

    def __init__(self, spotify: FakeSpotify):
        self._spotify = spotify

    def answer(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        query = dict(parse_qsl(parts.query))
        name = query.get("operationName", "")
        self._spotify.asked.append((request.method, f"{parts.path}#{name}"))
        if interruption := self._spotify.interrupt(request):
            return interruption
        if (request.method, parts.path) != ("POST", "/pathfinder/v1/query"):
            return body(b"", "text/plain", 404)
        if request.headers.get("Client-Token") != "client-token":
            return body(b"", "text/plain", 400)
        if not self._spotify.takes(request.headers.get("Authorization")):
            return as_json({"error": {"status": 401, "message": "Token expired"}}, 401)
        stated = json.loads(query.get("extensions", "{}")).get("persistedQuery", {})
        if stated.get("sha256Hash") != HASHES.get(name):
            return as_json({"errors": [{"message": "PersistedQueryNotFound"}]}, 412)
        variables = json.loads(query["variables"])
        key = variables["uri"].rsplit(":", 1)[-1]
        if name == "getTrack":
            track = self._spotify.tracks.get(key)
            return as_json({"data": {"trackUnion": _web_track(track) if track else _not_found()}})
        first, most = variables.get("offset", 0), variables.get("limit", 25)
        if name == "getAlbum":
            listing, union = self._spotify.albums.get(key), "albumUnion"
            describe = _web_album
        else:
            listing, union = self._spotify.playlists.get(key), "playlistV2"
            describe = _web_playlist
        return as_json({"data": {union: describe(key, listing, first, most) if listing else _not_found()}})


def _not_found() -> Json:
    return {"__typename": "NotFound", "message": "Not Found"}


def _people(names: tuple[str, ...]) -> Json:
    return {"items": [{"uri": f"spotify:artist:{track_id(1)}", "profile": {"name": name}} for name in names]}


def _playability(track: Track) -> Json:
    reason = {"market": "COUNTRY_RESTRICTED", None: "PLAYABLE"}.get(track.restriction, track.restriction)
    return {"playable": track.restriction is None, "reason": reason}


def _web_track(track: Track) -> Json:
    sides = (300, 64, 640) if track.cover else ()
    covers = [{"url": f"{track.cover}{side}", "width": side, "height": side} for side in sides]
    return {
        "__typename": "Track",
        "id": track.id,
        "uri": track.uri,
        "name": track.title,
        "firstArtist": _people(track.artists[:1]),
        "otherArtists": _people(track.artists[1:]),
        "albumOfTrack": {
            "uri": f"spotify:album:{track_id(7)}",
            "name": track.album,
            "coverArt": {"sources": covers},
            "date": {"isoString": f"{track.released}T00:00:00Z", "precision": "DAY"},
        },
        "contentRating": {"label": "EXPLICIT" if track.explicit else "NONE"},
        "duration": {"totalMilliseconds": round(track.seconds * 1000)},
        "playability": _playability(track),
        "trackNumber": 1,
    }


def _web_album(key: str, listing: Listing, first: int, most: int) -> Json:
    def entry(track: Track | None) -> Json | None:
        if not track:
            return None
        inside = {**_web_track(track), "artists": _people(track.artists), "discNumber": 1}
        return {"uid": track.id, "track": inside}

    tracks = listing.tracks[first : first + most]
    return {
        "__typename": "Album",
        "uri": f"spotify:album:{key}",
        "name": listing.title,
        "artists": _people((listing.owner,)),
        "coverArt": {"sources": []},
        "date": {"isoString": "2026-01-02T00:00:00Z"},
        "tracksV2": {"totalCount": len(listing.tracks), "items": [entry(track) for track in tracks]},
    }


def _web_playlist(key: str, listing: Listing, first: int, most: int) -> Json:
    tracks = listing.tracks[first : first + most]
    return {
        "__typename": "Playlist",
        "uri": f"spotify:playlist:{key}",
        "name": listing.title,
        "description": "",
        "images": {"items": []},
        "ownerV2": {"data": {"__typename": "User", "name": listing.owner, "uri": "spotify:user:somebody"}},
        "content": {
            "__typename": "PlaylistItemsPage",
            "totalCount": len(listing.tracks),
            "items": [_web_entry(track) for track in tracks],
        },
    }


def _web_entry(track: Track | None) -> Json:
    if not track:
        return {"itemV2": {"__typename": "TrackResponseWrapper", "data": _not_found()}, "itemV3": None}
    wrappers = {"track": "Track", "local": "LocalTrack", "episode": "EpisodeOrChapter"}
    kinds = {"track": "Track", "local": "LocalTrack", "episode": "Episode"}
    length = "episodeDuration" if track.kind == "episode" else "trackDuration"
    data = {
        "__typename": kinds[track.kind],
        "uri": track.uri,
        "name": track.title,
        "mediaType": "AUDIO",
        "artists": _people(track.artists),
        length: {"totalMilliseconds": round(track.seconds * 1000)},
        "contentRating": {"label": "NONE"},
        "playability": _playability(track),
        "discNumber": 1,
        "trackNumber": 1,
    }
    return {"uid": track.id, "itemV2": {"__typename": f"{wrappers[track.kind]}ResponseWrapper", "data": data}}


def without_parts(track: Track) -> Track:
    """What is left of a track that was removed from Spotify: an id and empty fields."""
    return replace(track, title="", artists=("",), seconds=0, album="", isrc=None)
