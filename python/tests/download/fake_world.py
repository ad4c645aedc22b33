"""All made-up hosts behind one proxy, in a process of its own: whatever asks the internet runs against it.

    PYTHONPATH=python:python/tests python fake_world.py FOLDER

The first line that it writes is the environment that sends everybody there. Then each line that it reads is
an order, answered by a line, until its stdin ends:

    {"add": {"tracks": [{"id": "...", "title": "Song", "artists": ["Band"]}]}}    see `World.add`
    {"rule": {"api.spotify.com/v1/tracks/": {"status": 429}}}    see `Rule`
    {"sound": {"name": "song", "kind": "wav"}}    the path of a file; see `Sounds`
    {"asked": null}    what was asked so far: METHOD HOST/PATH, and CONNECT HOST:PORT
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audio_files import run_ffmpeg
from fake_catalogues import Known, add_catalogues, tidal_page
from fake_internet import Answer, FakeInternet, Request, body
from fake_lists import Entry, KnownList, add_lists
from fake_music import Candidate, add_music
from fake_sites import add_bandcamp, add_soundcloud
from fake_spotify import CLIENT_ID, CLIENT_SECRET, Listing, Track, add_spotify
from fake_youtube import Video, add_youtube

PICTURES = ("i.scdn.co", "*.mzstatic.com", "*.dzcdn.net", "resources.tidal.com")
PACE_BYTES = 2048
OPUS_SAMPLES, OPUS_DELAY_SAMPLES = 960, 312  # of a packet, and before the sound
# What keeps the samples that a decoder makes of the original.
EXACT = {"opus": ("-c", "copy"), "wav": ("-c:a", "pcm_s16le"), "flac": ("-sample_fmt", "s16")}
Json = dict[str, Any]


class Sounds:
    """Short noises with a tone, one a name; those of a name sound the same, packed as a kind of file.

    All are made of the one in WebM with Opus; those in `EXACT` decode to the very samples of it.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def make(self, name: str, kind: str = "webm", seconds: float = 3) -> Path:
        """A file of this name and kind."""
        original = self._folder / f"{name}.webm"
        if not original.exists():
            seed = zlib.crc32(name.encode())
            tone = f"sine={200 + seed % 1000}:sample_rate=48000[a]"
            noise = f"anoisesrc=sample_rate=48000:amplitude=0.1:seed={seed}[b]"
            # Whole packets: how much of the last one counts is rounded when they are packed in Ogg.
            samples = round(seconds * 50) * OPUS_SAMPLES - OPUS_DELAY_SAMPLES
            sound = f"{tone};{noise};[a][b]amix=inputs=2,atrim=end_sample={samples}"
            run_ffmpeg("-f", "lavfi", "-i", sound, "-ac", "2", "-b:a", "256k", str(original))
        path = original.with_suffix(f".{kind}")
        if not path.exists():
            run_ffmpeg("-i", str(original), *EXACT.get(kind, ()), str(path))
        return path


@dataclass
class Rule:
    """The answer at addresses that begin alike: another one, if `status` is set, or what there is."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    file: str | None = None  # the path of what is answered
    endless: bool = False  # the text, again and again
    pace: float | None = None  # bytes a second
    cut_after: int | None = None  # bytes
    times: float = float("inf")  # so often, then no more

    def apply(self, usual: Callable[[], Answer]) -> Answer:
        """The answer that is given instead of the usual one, or what is made of that."""
        self.times -= 1
        status, headers, chunks = self._own() if self.status else usual()
        if self.pace:
            chunks = _paced(chunks, self.pace)
        if self.cut_after is not None:
            chunks = _cut(chunks, self.cut_after)
        return status, headers, chunks

    def _own(self) -> Answer:
        if self.endless:
            return self.status, self.headers, itertools.repeat(self.text.encode())
        content = Path(self.file).read_bytes() if self.file else self.text.encode()
        status, usual, chunks = body(content, status=self.status)
        return status, {**usual, **self.headers}, chunks


class World(FakeInternet):
    """The made-up internet, with rules above all its hosts."""

    def __init__(self, folder: Path):
        self._rules: dict[str, Rule] = {}
        self._sounds = Sounds(folder)
        super().__init__(folder)
        self._spotify, self._youtube = add_spotify(self), add_youtube(self)
        self._music, self._catalogues = add_music(self), add_catalogues(self)
        self._lists = add_lists(self)
        self._youtube.interrupt = _finds_nothing
        self.hosts |= dict.fromkeys(PICTURES, _Pictures())

    def answer(self, request: Request) -> Answer:
        """By the rule with the longest beginning of the address, else as the host does."""
        address = f"{request.host}{request.path}"
        fitting = [
            start for start, rule in self._rules.items() if address.startswith(start) and rule.times > 0
        ]
        if not fitting:
            return super().answer(request)
        return self._rules[max(fitting, key=len)].apply(lambda: super(World, self).answer(request))

    def do(self, order: Json) -> object:
        """Carry out an order."""
        ((name, given),) = order.items()
        if name == "add":
            return self.add(_as_fields(given))
        if name == "sound":
            return str(self._sounds.make(**given))
        if name == "rule":
            self._rules |= {start: Rule(**_as_fields(rule)) for start, rule in given.items()}
            return None
        if name == "asked":
            tunnels = [f"CONNECT {authority}" for authority in self.tunnels]
            return tunnels + [f"{method} {host}{path}" for method, host, path in self.asked]
        raise ValueError(f"no such order: {name}")

    def add(self, there: Json) -> None:
        """What there is from now on, by kind.

        tracks, playlists, albums: Spotify's; a list's `tracks` are ids, and null for one that was removed.
        candidates: what YouTube Music finds. videos: YouTube's; `sound` and `length` are a name and seconds
        of `Sounds`, by default the video's id and 3.
        apple, deezer, tidal: songs with their `id`. shortLinks: where they lead, by their address.
        youtubeLists: YouTube's, of `entries`. soundcloud, bandcamp: the sound of the one track there.
        """
        for kind, things in there.items():
            getattr(self, f"_add_{kind}")(things)

    def _add_tracks(self, tracks: list[Json]) -> None:
        self._spotify.add(*(Track(**{**track, "artists": tuple(track["artists"])}) for track in tracks))

    def _add_playlists(self, lists: list[Json]) -> None:
        self._spotify.playlists |= self._listings(lists)

    def _add_albums(self, lists: list[Json]) -> None:
        self._spotify.albums |= self._listings(lists)

    def _listings(self, lists: list[Json]) -> dict[str, Listing]:
        tracks = self._spotify.tracks
        return {
            one["id"]: Listing(one["title"], one["owner"], [key and tracks[key] for key in one["tracks"]])
            for one in lists
        }

    def _add_candidates(self, candidates: list[Json]) -> None:
        self._music.candidates += [
            Candidate(**{**one, "artists": tuple(one["artists"])}) for one in candidates
        ]

    def _add_videos(self, videos: list[Json]) -> None:
        for video in videos:
            name, seconds = video.pop("sound", video["id"]), video.pop("length", 3)
            audio = self._sounds.make(name, seconds=seconds).read_bytes()
            self._youtube.add(Video(audio=audio, **video))

    def _add_apple(self, songs: list[Json]) -> None:
        self._catalogues.apple_tracks |= _known(songs)

    def _add_deezer(self, songs: list[Json]) -> None:
        self._catalogues.deezer_tracks |= _known(songs)

    def _add_tidal(self, songs: list[Json]) -> None:
        self._catalogues.tidal_pages |= {key: tidal_page(song) for key, song in _known(songs).items()}

    def _add_short_links(self, links: list[Json]) -> None:
        self._catalogues.short_links |= {link["address"]: link["target"] for link in links}

    def _add_youtube_lists(self, lists: list[Json]) -> None:
        for one in lists:
            entries = [Entry(**entry) for entry in one["entries"]]
            self._lists.youtube[one["id"]] = KnownList(one["title"], one["owner"], entries)

    def _add_soundcloud(self, sound: str) -> None:
        add_soundcloud(self, self._sounds.make(sound, "mp3").read_bytes())

    def _add_bandcamp(self, sound: str) -> None:
        add_bandcamp(self, self._sounds.make(sound, "mp3").read_bytes())


class _Pictures:
    """Covers, each its own."""

    def answer(self, request: Request) -> Answer:
        return body(b"\xff\xd8\xff\xe0" + f"{request.host}{request.path}".encode(), "image/jpeg")


def _finds_nothing(request: Request) -> Answer | None:
    """YouTube's own search, which knows no more than YouTube Music's."""
    if not request.path.startswith("/youtubei/v1/search"):
        return None
    primary = {"sectionListRenderer": {"contents": []}}
    found = {"contents": {"twoColumnSearchResultsRenderer": {"primaryContents": primary}}}
    return body(json.dumps(found).encode(), "application/json")


def _known(songs: list[Json]) -> dict[str, Known]:
    return {song.pop("id"): Known(**{**song, "artists": tuple(song["artists"])}) for song in songs}


def _paced(chunks: Iterable[bytes], bytes_a_second: float) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), PACE_BYTES):
            part = chunk[start : start + PACE_BYTES]
            yield part
            time.sleep(len(part) / bytes_a_second)


def _cut(chunks: Iterable[bytes], left: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            raise ConnectionError("cut")


def _as_fields(given: Any) -> Any:
    """Names as JSON has them -> as Python has them, at all depths but within addresses and headers."""
    if isinstance(given, list):
        return [_as_fields(one) for one in given]
    if not isinstance(given, dict):
        return given
    return {
        re.sub(r"(?<=[a-z])[A-Z]", lambda letter: f"_{letter[0].lower()}", name): (
            value if name == "headers" else _as_fields(value)
        )
        for name, value in given.items()
    }


def main() -> None:
    """Command line."""
    world = World(Path(sys.argv[1]).resolve())
    credentials = {"SPOTIFY_CLIENT_ID": CLIENT_ID, "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET}
    print(json.dumps({"environment": world.environment(), "credentials": credentials}), flush=True)
    for line in sys.stdin:
        print(json.dumps(world.do(json.loads(line))), flush=True)
    world.close()


if __name__ == "__main__":
    main()
