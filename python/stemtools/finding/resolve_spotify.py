"""What Spotify says of a track, an album or a playlist, through the clients that spotdl makes.

With SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET that is the official API, by spotipy; without, the one of the
web player, by SpotipyFree and spotapi. Runs in the confined child.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from stemtools.errors import ToolError
from stemtools.finding.catalogue_song import GONE, catalogue_song, listed_song

LONGEST_WAIT_SECONDS = 20  # a rate limit that is over sooner is waited for, once
REQUEST_SECONDS = 10
PAGE_SONGS = 343  # what the web player's API gives at once, by spotapi
HERE_ONLY = ("market", "COUNTRY_RESTRICTED")  # reasons not to play a track in some countries

NO_SUCH_TRACK = ("spotify_not_found", "Spotify has no such track (any more); check the link.")
NO_SUCH_LIST = (
    "list_not_found",
    "Spotify has no such list, or it is private; make it public, or check the link.",
)

Json = dict[str, Any]
Answer = TypeVar("Answer")


class Spotify:
    """One client of spotdl's; it is asked for one thing, in as few requests as can be."""

    def __init__(self) -> None:
        from spotdl.utils.spotify import SpotifyClient

        credentials = [os.environ.get(f"SPOTIFY_CLIENT_{part}") or "none" for part in ("ID", "SECRET")]
        self._is_official = "none" not in credentials
        self._last: Any = None  # answer: the libraries' errors leave out its status and its headers
        self._client = SpotifyClient.init(
            *credentials,
            no_cache=True,
            max_retries=1,
            use_official_api=self._is_official,
        )
        if self._is_official:
            self._tame_spotipy()
        self._listen_to_web_player()

    def find_song(self, track_id: str) -> Json:
        """A track's metadata.

        Raises
        ------
        ToolError
            spotify_not_found, spotify_rate_limited, spotify_unavailable, not_a_song.
        """
        return self._ask(lambda: _song(self._client.track(track_id), track_id), NO_SUCH_TRACK)

    def read_list(self, kind: str, list_id: str, max_songs: int) -> Json:
        """An album or a playlist (`kind`) and at most `max_songs` of its songs.

        Raises
        ------
        ToolError
            list_not_found, spotify_rate_limited, spotify_unavailable.
        """

        def by_web_player() -> Json:
            return self._ask(lambda: self._list_by_web_player(kind, list_id, max_songs), NO_SUCH_LIST)

        if not self._is_official:
            return by_web_player()
        try:
            return self._ask(lambda: self._list_by_api(kind, list_id, max_songs), NO_SUCH_LIST)
        except ToolError as error:
            if error.code != "list_not_found":
                raise
            # The API keeps Spotify's own lists, and those of strangers, from most apps.
            self._is_official = False
            with contextlib.suppress(ToolError):
                return by_web_player()
            raise

    def _list_by_api(self, kind: str, list_id: str, max_songs: int) -> Json:
        if kind == "album":
            found = self._client.album(list_id)
            owner = ", ".join(artist["name"] for artist in found["artists"])
            page = found["tracks"]
        else:
            found = self._client.playlist(list_id, additional_types=("track", "episode"))
            owner = found["owner"].get("display_name")
            page = found.get("tracks") or found.get("items")  # its name until 2026, and since
            if not page:
                raise ToolError(*NO_SUCH_LIST)
        total, entries = page["total"], page["items"]
        while page["next"] and len(entries) < max_songs:
            page = self._client.next(page)
            entries += page["items"]
        if kind == "playlist":
            entries = [entry and (entry.get("track") or entry.get("item")) for entry in entries]
        return {
            "title": found["name"],
            "owner": owner,
            "total": total,
            "songs": [_track_of_api(track) for track in entries[:max_songs]],
        }

    def _list_by_web_player(self, kind: str, list_id: str, max_songs: int) -> Json:
        """As the client's own methods do, which leave out in silence what cannot be played."""
        import spotapi

        if kind == "album":
            ask, union, content = spotapi.PublicAlbum(list_id).get_album_info, "albumUnion", "tracksV2"
        else:
            ask, union, content = spotapi.PublicPlaylist(list_id).get_playlist_info, "playlistV2", "content"

        def page(offset: int) -> Json:
            found = ask(limit=min(max_songs, PAGE_SONGS), offset=offset)["data"][union]
            if content not in found:
                raise ToolError(*NO_SUCH_LIST)
            return found

        found = page(0)
        total, entries = found[content]["totalCount"], found[content]["items"]
        while len(entries) < min(total, max_songs) and (more := page(len(entries))[content]["items"]):
            entries += more
        if kind == "album":
            owner, tracks = ", ".join(_names(found)), [(entry or {}).get("track") for entry in entries]
        else:
            owner = found["ownerV2"]["data"]["name"]
            tracks = [_merged(entry or {}) for entry in entries]
        return {
            "title": found["name"],
            "owner": owner,
            "total": total,
            "songs": [_track_of_web_player(track or {}) for track in tracks[:max_songs]],
        }

    def _ask(self, question: Callable[[], Answer], missing: tuple[str, str]) -> Answer:
        """The answer to a question, asked again after a short rate limit and with a new token, once each."""
        remedies = [self._wait, self._drop_token]
        while True:
            self._last = None
            try:
                return question()
            except ToolError:
                raise
            except Exception as error:
                remedy = next((remedy for remedy in remedies if remedy()), None)
                if not remedy:
                    raise self._explain(error, missing) from error
                remedies.remove(remedy)

    def _wait(self) -> bool:
        seconds = self._retry_after()
        if self._status() != 429 or seconds is None or seconds > LONGEST_WAIT_SECONDS:
            return False
        time.sleep(seconds)
        return True

    def _drop_token(self) -> bool:
        """For the next question a new one is asked for; spotapi does that by itself."""
        if not self._is_official or self._status() != 401:
            return False
        self._client.auth_manager.cache_handler.save_token_to_cache(None)
        return True

    def _explain(self, error: Exception, missing: tuple[str, str]) -> ToolError:
        status = self._status()
        if status == 429:
            seconds = self._retry_after()
            details = {} if seconds is None else {"retryAfterSeconds": seconds}
            when = "later" if seconds is None else f"in {_duration(seconds)}"
            text = (
                f"Spotify allows no more questions now; try again {when}, or give the artist and the title."
            )
            return ToolError("spotify_rate_limited", text, **details)
        if self._is_official:
            refused = type(error).__name__ == "SpotifyOauthError" or status == 401
            if not refused and (status in (400, 404) or (status == 403 and missing == NO_SUCH_LIST)):
                return ToolError(*missing)
            if refused or status == 403:
                text = (
                    "Spotify refuses this bot's credentials; give a YouTube link or the file itself. The "
                    "operator can check SPOTIFY_CLIENT_ID."
                )
                return ToolError("spotify_unavailable", text, retryable=False)
        elif self._says_not_found():
            return ToolError(*missing)
        return ToolError(
            "spotify_unavailable",
            "Spotify does not tell about this now; try again later, or give the artist and the title.",
        )

    def _status(self) -> int:
        return 0 if self._last is None else self._last.status_code

    def _retry_after(self) -> int | None:
        said = "" if self._last is None else self._last.headers.get("Retry-After") or ""
        return int(said) if said.isdigit() else None

    def _says_not_found(self) -> bool:
        """Whether the web player's API answered that there is no such thing, with status 200."""
        try:
            (union,) = self._last.json()["data"].values()
            return union["__typename"] in ("NotFound", "RestrictedContent")
        except (AttributeError, KeyError, TypeError, ValueError):
            return False

    def _hear(self, answer: Any, **_: Any) -> None:
        self._last = answer

    def _tame_spotipy(self) -> None:
        """Keep spotipy from sleeping for as long as Retry-After says, and spotdl from asking for ever."""
        from requests.adapters import HTTPAdapter

        client, accounts = self._client, self._client.auth_manager
        for session in (client._session, accounts._session):
            session.mount("https://", HTTPAdapter(max_retries=0))
            session.hooks["response"].append(self._hear)
        client.requests_timeout = accounts.requests_timeout = REQUEST_SECONDS
        call = client._internal_call

        def answered(*arguments: Any) -> Any:
            answer = call(*arguments)
            if answer is None:
                raise ValueError("no JSON")
            return answer

        client._internal_call = answered

    def _listen_to_web_player(self) -> None:
        from spotapi.http.request import TLSClient

        request = TLSClient.request

        def heard(client: TLSClient, *arguments: Any, **options: Any) -> Any:
            self._last = None
            self._last = request(client, *arguments, timeout=REQUEST_SECONDS, **options)
            return self._last

        TLSClient.request = heard


def _song(track: Json, track_id: str) -> Json:
    if track.get("type", "track") != "track":
        raise ToolError("not_a_song", "This is a podcast, not a song; give the link of a song.")
    album = track.get("album") or {}
    covers = album.get("images") or []
    song = catalogue_song(
        track["name"],
        [artist["name"] for artist in track["artists"]],
        album=album.get("name"),
        isrc=(track.get("external_ids") or {}).get("isrc"),
        duration_seconds=track["duration_ms"] / 1000,
        cover_url=max(covers, key=lambda cover: cover.get("width") or 0)["url"] if covers else None,
        link=f"https://open.spotify.com/track/{track_id}",
        explicit=track.get("explicit"),
        released=album.get("release_date"),
    )
    # What is left of a removed track has no name or no length.
    if not song or not song["durationSeconds"]:
        raise ToolError(*NO_SUCH_TRACK)
    return song


def _track_of_api(track: Json | None) -> Json:
    """A line of a list from a track as the official API has it; null, where one was removed."""
    track = track or {}
    reason = (track.get("restrictions") or {}).get("reason")
    return _line(
        track.get("uri"),
        track.get("name"),
        [artist.get("name") for artist in track.get("artists") or []],
        track.get("duration_ms"),
        track.get("is_playable") is not False or reason in HERE_ONLY,
    )


def _track_of_web_player(track: Json) -> Json:
    playability = track.get("playability") or {}
    return _line(
        track.get("uri"),
        track.get("name"),
        _names(track),
        (track.get("duration") or track.get("trackDuration") or track.get("episodeDuration") or {}).get(
            "totalMilliseconds"
        ),
        playability.get("playable") is not False or playability.get("reason") in HERE_ONLY,
    )


def _line(uri: str | None, title: Any, artists: list[Any], milliseconds: int | None, playable: bool) -> Json:
    _, kind, key = ((uri or "") + "::").split(":")[:3]
    unavailable = {"local": "a local file", "episode": "a podcast episode"}.get(kind)
    if not unavailable and not (kind == "track" and title and milliseconds and playable):
        unavailable = GONE
    link = f"https://open.spotify.com/track/{key}"
    return listed_song(link, title, artists, (milliseconds or 0) / 1000, unavailable)


def _merged(entry: Json) -> Json:
    """An entry of a playlist; in newer answers its name and its artists stand in a part of their own."""
    track = (entry.get("itemV2") or {}).get("data") or {}
    identity = ((entry.get("itemV3") or {}).get("data") or {}).get("identityTrait") or {}
    people = (identity.get("contributors") or {}).get("items") or []
    named = {"items": [{"profile": {"name": person.get("name")}} for person in people]}
    return {"name": identity.get("name"), "artists": named, **track}


def _names(thing: Json) -> list[Any]:
    return [
        (artist.get("profile") or {}).get("name")
        for artist in (thing.get("artists") or {}).get("items") or []
    ]


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
