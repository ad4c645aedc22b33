"""What Apple Music, Deezer and Tidal say of songs and lists, from what they show to everybody."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.fetch_url import Limits, Rule, fetch_url
from stemtools.fetching.safe_address import Target, parse_url, unsafe
from stemtools.finding.catalogue_song import catalogue_song, listed_song

LIMITS = Limits(max_bytes=8_000_000, redirects=3, connect_seconds=10, answer_seconds=15, total_seconds=25)
PAGE_SONGS = 100
NAMES = {"apple": "Apple Music", "deezer": "Deezer", "tidal": "Tidal"}
HOSTS = {
    "apple": ("itunes.apple.com",),
    "deezer": ("api.deezer.com",),
    "tidal": ("tidal.com", "www.tidal.com", "listen.tidal.com"),
}
NO_DATA = 800  # Deezer's error for an id that it does not know

Check = Callable[[], None]
Json = dict[str, Any]


def find_song(service: str, song_id: str, country: str | None, folder: Path, check: Check) -> Json:
    """A song of a catalogue.

    Parameters
    ----------
    service : str
        apple, deezer or tidal.
    song_id : str
        Digits.
    country : str or None
        Whose store, in two letters; the United States' if not said.
    folder : Path
        For what is answered.
    check : callable
        Asked all the time whether to go on.

    Raises
    ------
    ToolError
        catalogue_not_found, catalogue_unavailable, not_a_song.
    """
    read = {"apple": _apple_song, "deezer": _deezer_song, "tidal": _tidal_song}[service]
    return read(_Catalogue(service, folder, check), song_id, country or "us")


def read_list(
    service: str, kind: str, list_id: str, country: str | None, max_songs: int, folder: Path, check: Check
) -> Json:
    """An album of Apple Music, or an album or playlist of Deezer, and at most `max_songs` of its songs.

    Raises
    ------
    ToolError
        list_not_found, catalogue_unavailable.
    """
    catalogue = _Catalogue(service, folder, check)
    if service == "apple":
        return _apple_album(catalogue, list_id, country or "us", max_songs)
    return _deezer_list(catalogue, kind, list_id, max_songs)


class _Catalogue:
    """Asks one service, and puts its failures into words."""

    def __init__(self, service: str, folder: Path, check: Check):
        self.service, self.name = service, NAMES[service]
        self._folder, self._check = folder, check

    def not_found(self) -> ToolError:
        return ToolError("catalogue_not_found", f"{self.name} has no such song (any more); check the link.")

    def list_not_found(self) -> ToolError:
        return ToolError("list_not_found", f"{self.name} has no such list, or it is private; check the link.")

    def unavailable(self) -> ToolError:
        return ToolError(
            "catalogue_unavailable",
            f"{self.name} does not tell about this now; give the artist and the title, or try again later.",
        )

    def ask_json(self, url: str, missing: ToolError) -> Json:
        """The object that an address answers with."""
        try:
            answer = json.loads(self.ask(url, missing))
        except ValueError as error:
            raise self.unavailable() from error
        if not isinstance(answer, dict):
            raise self.unavailable()
        return answer

    def ask(self, url: str, missing: ToolError) -> str:
        """The text that an address answers with; `missing` when it is not there."""

        def admit(address: str) -> Target:
            self._check()
            target = parse_url(address)
            if target.host not in HOSTS[self.service] or target.scheme != "https" or target.port != 443:
                raise unsafe(f"{self.name} leads to somewhere else; send another link.")
            return target

        def refuse(status: int) -> ToolError:
            return missing if status in (400, 404, 410) else self.unavailable()

        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            answer = Path(folder) / "answer.part"
            try:
                rule = Rule(admit, refuse, {"Accept": "application/json, text/html;q=0.9, */*;q=0.1"})
                fetch_url(url, answer, LIMITS, lambda _: self._check(), rule)
            except ToolError as error:
                if error.code in ("unreachable", "too_large", "http_error"):
                    raise self.unavailable() from error
                raise
            return answer.read_text("utf-8", "replace")


def _apple_song(catalogue: _Catalogue, song_id: str, country: str) -> Json:
    url = f"https://itunes.apple.com/lookup?id={song_id}&country={country}&entity=song"
    tracks = _apple(catalogue, url, catalogue.not_found())
    track = next((track for track in tracks if str(track.get("trackId")) == song_id), None)
    if not track:
        raise catalogue.not_found()
    if track.get("kind") not in ("song", "music-video"):
        raise ToolError("not_a_song", "This is not a song; give the link of a song.")
    cover = track.get("artworkUrl100")
    song = catalogue_song(
        track.get("trackName"),
        [track.get("artistName")],
        album=track.get("collectionName"),
        duration_seconds=_seconds(track.get("trackTimeMillis"), 1000),
        cover_url=re.sub(r"/100x100(?=bb\.)", "/600x600", cover) if isinstance(cover, str) else None,
        explicit={"explicit": True, "notExplicit": False, "cleaned": False}.get(
            track.get("trackExplicitness")
        ),
        released=track.get("releaseDate"),
    )
    return _told(song, catalogue)


def _apple_album(catalogue: _Catalogue, album_id: str, country: str, max_songs: int) -> Json:
    url = f"https://itunes.apple.com/lookup?id={album_id}&country={country}&entity=song&limit=200"
    found = _apple(catalogue, url, catalogue.list_not_found())
    album = next((one for one in found if one.get("wrapperType") == "collection"), None)
    if not album:
        raise catalogue.list_not_found()
    tracks = [one for one in found if one.get("wrapperType") == "track"]
    return {
        "title": album.get("collectionName"),
        "owner": album.get("artistName"),
        "total": max(int(_seconds(album.get("trackCount")) or 0), len(tracks)),
        "songs": [
            listed_song(
                f"https://music.apple.com/{country}/song/{track['trackId']}",
                track.get("trackName"),
                [track.get("artistName")],
                _seconds(track.get("trackTimeMillis"), 1000),
            )
            for track in tracks[:max_songs]
        ],
    }


def _apple(catalogue: _Catalogue, url: str, missing: ToolError) -> list[Json]:
    results = catalogue.ask_json(url, missing).get("results")
    if not isinstance(results, list):
        raise catalogue.unavailable()
    return _objects(results)


def _deezer_song(catalogue: _Catalogue, song_id: str, _: str) -> Json:
    track = _deezer(catalogue, f"track/{song_id}", catalogue.not_found())
    album = _part(track, "album")
    artists = [artist.get("name") for artist in _objects(track.get("contributors"))]
    song = catalogue_song(
        track.get("title"),
        artists or [_part(track, "artist").get("name")],
        album=album.get("title"),
        isrc=track.get("isrc"),
        duration_seconds=_seconds(track.get("duration")),
        cover_url=album.get("cover_xl") or album.get("cover_big"),
        explicit=track["explicit_lyrics"] if isinstance(track.get("explicit_lyrics"), bool) else None,
        released=track.get("release_date"),
    )
    return _told(song, catalogue)


def _deezer_list(catalogue: _Catalogue, kind: str, list_id: str, max_songs: int) -> Json:
    missing = catalogue.list_not_found()
    found = _deezer(catalogue, f"{kind}/{list_id}", missing)
    tracks = _objects(_part(found, "tracks").get("data"))
    total = max(int(_seconds(found.get("nb_tracks")) or 0), len(tracks))
    while len(tracks) < min(total, max_songs):
        rest = f"{kind}/{list_id}/tracks?index={len(tracks)}&limit={PAGE_SONGS}"
        if not (more := _objects(_deezer(catalogue, rest, missing).get("data"))):
            break
        tracks += more
    return {
        "title": found.get("title"),
        "owner": _part(found, "artist" if kind == "album" else "creator").get("name"),
        "total": total,
        "songs": [
            listed_song(
                f"https://www.deezer.com/track/{track.get('id')}",
                track.get("title"),
                [_part(track, "artist").get("name")],
                _seconds(track.get("duration")),
            )
            for track in tracks[:max_songs]
        ],
    }


def _deezer(catalogue: _Catalogue, path: str, missing: ToolError) -> Json:
    answer = catalogue.ask_json(f"https://api.deezer.com/{path}", missing)
    if error := answer.get("error"):  # with status 200
        code = error.get("code") if isinstance(error, dict) else None
        raise missing if code == NO_DATA else catalogue.unavailable()
    return answer


def _tidal_song(catalogue: _Catalogue, song_id: str, _: str) -> Json:
    page = _Page(catalogue.ask(f"https://tidal.com/track/{song_id}", catalogue.not_found()))
    facts = page.recording()
    title, artists = facts.get("name"), [one.get("name") for one in _objects(facts.get("byArtist"))]
    if not (title and artists):
        title, artists = page.title_and_artists()
    song = catalogue_song(
        title,
        artists,
        album=_part(facts, "inAlbum").get("name"),
        isrc=facts.get("isrcCode"),
        duration_seconds=_iso_seconds(facts.get("duration")) or _seconds(page.meta.get("music:duration")),
        cover_url=page.meta.get("og:image"),
        released=facts.get("datePublished") or page.meta.get("music:release_date"),
    )
    return _told(song, catalogue)


class _Page(HTMLParser):
    """What a page says of itself to machines."""

    def __init__(self, text: str):
        super().__init__()
        self.meta: dict[str, str] = {}
        self._inside = ""
        self._texts: dict[str, list[str]] = {"title": [], "json": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_json = tag == "script" and values.get("type") == "application/ld+json"
        self._inside = "json" if is_json else tag
        if self._inside in self._texts:
            self._texts[self._inside].append("")
        if tag == "meta" and (name := values.get("property") or values.get("name")):
            self.meta.setdefault(name.lower(), values.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self._texts:
            self._texts[self._inside][-1] += data

    def recording(self) -> Json:
        """The page's MusicRecording by schema.org, or {}."""
        for text in self._texts["json"]:
            try:
                stated = json.loads(text)
            except ValueError:
                continue
            stated = stated.get("@graph", stated) if isinstance(stated, dict) else stated
            for thing in _objects(stated):
                kinds = thing.get("@type")
                if "MusicRecording" in (kinds if isinstance(kinds, list) else [kinds]):
                    return thing
        return {}

    def title_and_artists(self) -> tuple[str | None, list[str]]:
        """Title and artists from "Title by Artist on TIDAL" or "Artist - Title"."""
        stated = [
            *self._texts["title"][:1],
            self.meta.get("og:title", ""),
            self.meta.get("twitter:title", ""),
        ]
        for text in stated:
            if match := re.fullmatch(r"(.+) by (.+) on tidal", text.strip(), re.I | re.S):
                return match[1], match[2].split(", ")
        artist, dash, title = self.meta.get("og:title", "").partition(" - ")
        return (title, artist.split(", ")) if dash else (None, [])


def _told(song: Json | None, catalogue: _Catalogue) -> Json:
    if not song or not song["artists"]:
        raise catalogue.unavailable()
    return song


def _objects(value: Any) -> list[Json]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, dict)]


def _part(whole: Json, name: str) -> Json:
    return next(iter(_objects(whole.get(name))), {})


def _seconds(value: Any, unit: float = 1) -> float | None:
    try:
        return float(value) / unit or None
    except (TypeError, ValueError):
        return None


def _iso_seconds(text: Any) -> float | None:
    """Seconds of a duration as ISO 8601 writes it: PT3M20S."""
    match = (
        re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", text)
        if isinstance(text, str)
        else None
    )
    if not match:
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds or None
