"""YouTube's playlists, SoundCloud's sets and Bandcamp's albums behind the fake internet.

    lists = add_lists(internet)           # after add_youtube and add_soundcloud, where those are used as well
    lists.youtube["PL0123456789"] = KnownList("Mix", "Me", [Entry("dQw4w9WgXcQ", "Song", "Artist", 213)])

What else these hosts are asked goes to what was there before.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_internet import Answer, AnyHost, FakeInternet, Request, body
from fake_sites import CLIENT, add_soundcloud

YOUTUBE_PAGE = 100
DESCRIBED = 5  # tracks of a set that SoundCloud describes; of the others it gives the ids
BATCH = 50
BANDCAMP_HOST = "proto.bandcamp.com"
Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A recording in a list; one that is not `there` is private or was removed."""

    id: str
    title: str
    artist: str
    seconds: int
    is_there: bool = True


@dataclass
class KnownList:
    """A list as its owner made it."""

    title: str
    owner: str
    entries: list[Entry]


@dataclass
class FakeLists:
    """YouTube's by their ids, the others' by their addresses."""

    youtube: dict[str, KnownList] = field(default_factory=dict)
    soundcloud: dict[str, KnownList] = field(default_factory=dict)
    bandcamp: dict[str, KnownList] = field(default_factory=dict)


def add_lists(internet: FakeInternet) -> FakeLists:
    """Put lists into a fake internet."""
    lists = FakeLists()
    if "api-v2.soundcloud.com" not in internet.hosts:
        add_soundcloud(internet, b"")
    for name, reply in (
        ("www.youtube.com", _youtube),
        ("api-v2.soundcloud.com", _soundcloud),
        (BANDCAMP_HOST, _bandcamp),
    ):
        internet.hosts[name] = _Beside(lists, reply, internet.hosts.get(name))
    return lists


@dataclass
class _Beside:
    """A host of lists that leaves the rest to another."""

    lists: FakeLists
    reply: Callable[[FakeLists, Request], Answer | None]
    other: AnyHost | None

    def answer(self, request: Request) -> Answer:
        if answer := self.reply(self.lists, request):
            return answer
        if self.other is None:
            return body(b"<html>no such page</html>", "text/html", 404)
        if hasattr(self.other, "answer"):
            return self.other.answer(request)
        return self.other(request.method, request.path)


def _youtube(lists: FakeLists, request: Request) -> Answer | None:
    parts = urlsplit(request.path)
    if (request.method, parts.path) == ("GET", "/playlist"):
        return body(_youtube_page(lists, parse_qs(parts.query)["list"][0]), "text/html; charset=utf-8")
    if (request.method, parts.path) != ("POST", "/youtubei/v1/browse"):
        return None
    asked = json.loads(request.body)
    if "continuation" in asked:
        key, start = asked["continuation"].rsplit(" ", 1)
        items = _youtube_items(lists.youtube[key], key, int(start))
        more = {"appendContinuationItemsAction": {"continuationItems": items}}
        return _json({"onResponseReceivedActions": [more]})
    return _json(_youtube_list(lists, asked["browseId"].removeprefix("VL")))


def _youtube_page(lists: FakeLists, key: str) -> bytes:
    config = json.dumps({"INNERTUBE_API_KEY": "key", "VISITOR_DATA": "visitor"})
    data = json.dumps(_youtube_list(lists, key))
    return f"<html><script>ytcfg.set({config});var ytInitialData = {data};</script></html>".encode()


def _youtube_list(lists: FakeLists, key: str) -> Json:
    known = lists.youtube.get(key)
    if not known:
        missing = {"type": "ERROR", "text": {"simpleText": "The playlist does not exist."}}
        return {"alerts": [{"alertRenderer": missing}]}
    videos = {"playlistVideoListRenderer": {"contents": _youtube_items(known, key, 0), "playlistId": key}}
    section = {"itemSectionRenderer": {"contents": [videos]}}
    tab = {"selected": True, "content": {"sectionListRenderer": {"contents": [section]}}}
    count = {"runs": [{"text": str(len(known.entries))}, {"text": " videos"}]}
    owner = {"videoOwnerRenderer": {"title": {"runs": [{"text": known.owner}]}}}
    sidebar = [
        {"playlistSidebarPrimaryInfoRenderer": {"stats": [count]}},
        {"playlistSidebarSecondaryInfoRenderer": {"videoOwner": owner}},
    ]
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [{"tabRenderer": tab}]}},
        "metadata": {"playlistMetadataRenderer": {"title": known.title}},
        "sidebar": {"playlistSidebarRenderer": {"items": sidebar}},
    }


def _youtube_items(known: KnownList, key: str, start: int) -> list[Json]:
    shown = known.entries[start : start + YOUTUBE_PAGE]
    items = [{"playlistVideoRenderer": _youtube_video(entry)} for entry in shown]
    if start + YOUTUBE_PAGE < len(known.entries):
        command = {"continuationCommand": {"token": f"{key} {start + YOUTUBE_PAGE}"}}
        items.append({"continuationItemRenderer": {"continuationEndpoint": command}})
    return items


def _youtube_video(entry: Entry) -> Json:
    if not entry.is_there:
        return {"videoId": entry.id, "title": {"simpleText": "[Private video]"}}
    return {
        "videoId": entry.id,
        "title": {"runs": [{"text": entry.title}]},
        "shortBylineText": {"runs": [{"text": entry.artist}]},
        "lengthSeconds": str(entry.seconds),
    }


def _soundcloud(lists: FakeLists, request: Request) -> Answer | None:
    parts = urlsplit(request.path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path == "/resolve" and "/sets/" in query["url"]:
        known = lists.soundcloud.get(query["url"])
        if query.get("client_id") != CLIENT or not known:
            return _json({"errors": []}, 404)
        described = [
            _soundcloud_track(entry) if number < DESCRIBED else {"id": int(entry.id), "kind": "track"}
            for number, entry in enumerate(known.entries)
        ]
        user = {"id": 1, "username": known.owner}
        return _json({"kind": "playlist", "id": 7, "title": known.title, "user": user, "tracks": described})
    if parts.path != "/tracks":
        return None
    ids = query["ids"].split(",")
    if query.get("client_id") != CLIENT or len(ids) > BATCH:
        return _json({}, 400)
    entries = {entry.id: entry for known in lists.soundcloud.values() for entry in known.entries}
    # In an order of its own, and without what is private.
    there = [entries[one] for one in reversed(ids) if one in entries and entries[one].is_there]
    return _json([_soundcloud_track(entry) for entry in there])


def _soundcloud_track(entry: Entry) -> Json:
    return {
        "id": int(entry.id),
        "kind": "track",
        "title": entry.title,
        "permalink_url": f"https://soundcloud.com/{_slug(entry.artist)}/{_slug(entry.title)}",
        "duration": entry.seconds * 1000,
        "full_duration": entry.seconds * 1000,
        "user": {"username": entry.artist},
    }


def _bandcamp(lists: FakeLists, request: Request) -> Answer | None:
    known = lists.bandcamp.get(f"https://{request.host}{request.path}")
    if not known:
        return None
    tracks = [
        {
            "track_id": int(entry.id),
            "title": entry.title,
            "title_link": f"/track/{_slug(entry.title)}",
            "duration": float(entry.seconds) if entry.is_there else None,
        }
        for entry in known.entries
    ]
    album = {"current": {"title": known.title}, "artist": known.owner, "trackinfo": tracks}
    page = f'<html><script data-tralbum="{html.escape(json.dumps(album))}"></script></html>'
    return body(page.encode(), "text/html; charset=utf-8")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _json(content: object, status: int = 200) -> Answer:
    return body(json.dumps(content).encode(), "application/json; charset=utf-8", status)
