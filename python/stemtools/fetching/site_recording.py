"""Fetch the recording of one page by yt-dlp, or by spotdl when it belongs to a song of a catalogue.

A confined process of its own (fetch_site.py). The request: {site, url, song, maxBytes, maxSeconds}; files go
to the working folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
from pathlib import Path
from typing import Any

from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import YoutubeDLError

from stemtools.errors import ToolError, classify, is_out_of_memory
from stemtools.fetching.confined import run_inside
from stemtools.fetching.cover_url import cover_url
from stemtools.fetching.guard import too_much
from stemtools.fetching.safe_address import unsafe
from stemtools.fetching.site_failure import explain_site, site_error
from stemtools.fetching.yt_dlp_options import SCHEMES, ConfinedYoutubeDL, Options, bind_spotdl, yt_dlp_options
from stemtools.probe import look_at_start, too_long
from stemtools.protocol import Job
from stemtools.read_tags import MAX_COVER_BYTES, picture_extension

FETCHING_SHARE = 0.9
CONVERTED_SHARE = 0.95
# Downloaders of yt-dlp's own that speak HTTP; all others are other programs or other protocols.
FILTER = "[protocol~='^(https?|m3u8|m3u8_native|http_dash_segments)$']"
FORMAT = f"bestaudio{FILTER}/best{FILTER}"
FORMAT_FOR_TAGS = f"bestaudio[ext=webm]{FILTER}/{FORMAT}"  # Opus, which needs no transcoding to be tagged
STEPS = {"Converting": "converting", "Embedding metadata": "tagging"}
UNFINISHED = ("is_live", "is_upcoming", "post_live")
MAX_COVER_TRIES = 4  # the best sizes of YouTube's pictures are guesses


class OneRecording(ConfinedYoutubeDL):
    """yt-dlp for one page with one recording, bounded before and while it fetches.

    Parameters
    ----------
    job : Job
        Its request holds the bounds, and it is told of the progress.
    options : dict
        yt-dlp's.
    """

    def __init__(self, job: Job, options: Options):
        self.info: dict[str, Any] = {}
        self.failure: Exception | None = None
        self._job = job
        self._max_bytes = job.request["maxBytes"]
        hooks = {"match_filter": self._admit, "progress_hooks": [self._follow]}
        super().__init__({**options, **hooks})

    def extract_info(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """As yt-dlp's; what came of it is kept, as spotdl leaves out why something failed."""
        try:
            self.info = super().extract_info(*arguments, **options)
            return self.info
        except Exception as error:
            self.failure = error
            raise

    def process_ie_result(self, result: dict[str, Any], *arguments: Any, **options: Any) -> dict[str, Any]:
        """As yt-dlp's, without lists."""
        if result.get("_type", "video") in ("playlist", "multi_video"):
            raise ToolError("not_a_song", "This link leads to several recordings; send the link of one.")
        return super().process_ie_result(result, *arguments, **options)

    def _admit(self, info: dict[str, Any], *, incomplete: bool) -> None:
        """Refuse a recording by what the site says of it, before anything is fetched."""
        if info.get("is_live") or info.get("live_status") in UNFINISHED:
            raise site_error("live_stream")
        seconds = self._job.request["maxSeconds"]
        if (info.get("duration") or 0) > seconds:
            raise too_long(seconds)
        sounds = [form for form in info.get("formats") or [] if form.get("protocol") != "mhtml"]
        if sounds and not any((form.get("url") or "").lower().startswith(SCHEMES) for form in sounds):
            raise unsafe()
        if incomplete:
            return
        if "preview" in (info.get("format_id") or ""):
            raise site_error("private_video")
        if info.get("extractor_key") == "Youtube" and info["id"] not in self._job.request["url"]:
            raise site_error("private_video")  # what is shown is its trailer
        if (info.get("filesize") or 0) > self._max_bytes:
            raise too_much(self._max_bytes)

    def _follow(self, status: dict[str, Any]) -> None:
        """Report how far it is, and end it when there is too much or something else than sound."""
        if status["status"] == "finished":
            return self._look(Path(status["filename"]))
        received = int(status.get("downloaded_bytes") or 0)
        exact = status.get("total_bytes")
        if max(received, exact or 0) > self._max_bytes:
            raise too_much(self._max_bytes)
        total = exact or status.get("total_bytes_estimate")
        self._job.progress(
            FETCHING_SHARE * (received / total if total else received / self._max_bytes),
            "fetching",
            bytes=received,
            total_bytes=int(total) if total else None,
        )

    def _look(self, file: Path) -> None:
        try:
            look_at_start(file)
        except ToolError as error:
            if error.code == "not_audio":  # a site that refuses may do so by a page
                raise site_error("source_blocked") from error
            raise


def handle(job: Job) -> dict[str, Any]:
    """Fetch it; the file's name, what is known of it, and its cover's file."""
    request, home = job.request, Path.cwd()
    job.progress(0, "fetching")
    options = {
        **yt_dlp_options(home),
        "allowed_extractors": extractors_of(request["site"]),
        "format": FORMAT_FOR_TAGS if request["song"] else FORMAT,
        "hls_prefer_native": True,
        "external_downloader": {"default": "native"},
        "ffmpeg_location": str(home / "none"),  # which would fetch by itself
        "fixup": "never",
        "updatetime": False,
        "overwrites": True,
    }
    make = functools.partial(OneRecording, job)
    try:
        if request["song"]:
            return _by_spotdl(request["song"], request["url"], options, make, job)
        return _by_yt_dlp(request["url"], options, make, home)
    except Exception as error:
        raise explain(error, options["logger"].warnings) from error


def extractors_of(site: str) -> list[str]:
    """What yt-dlp may use for a site: its extractor of this name, and those named after it.

    Raises
    ------
    ToolError
        bad_request, for what is no site, such as `generic`, which would fetch from anywhere.
    """
    names = {kind.IE_NAME.lower() for kind in gen_extractor_classes()}
    if site not in names or site.partition(":")[0] == "generic":
        raise ToolError(
            "bad_request", "This is not a site that songs are fetched from; send the file itself."
        )
    return [re.escape(site), f"{re.escape(site)}:.+"]


def explain(error: BaseException, warnings: list[str]) -> ToolError:
    """The error of ours that lies under what a library raised, or else what its words and warnings say."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    for link in chain:
        if isinstance(link, ToolError):
            return link
    if any(is_out_of_memory(link) for link in chain):
        return classify(MemoryError())
    if isinstance(error, YoutubeDLError | RequestError | OSError):
        return explain_site(f"{type(error).__name__} {error}", "\n".join(warnings))
    return classify(error)


def _by_yt_dlp(url: str, options: Options, make: Any, home: Path) -> dict[str, Any]:
    with make({**options, "outtmpl": {"default": "recording.%(ext)s"}, "paths": {"home": str(home)}}) as site:
        info = site.extract_info(url)
        artists = info.get("artists") or [info.get("artist") or info.get("uploader") or info.get("channel")]
        picture, cover = _save_cover(site, info, home)
    return {
        "file": Path(info["requested_downloads"][0]["filepath"]).name,
        "title": info.get("track") or info.get("title"),
        "artist": ", ".join(filter(None, artists)).removesuffix(" - Topic") or None,
        "album": info.get("album"),
        "isrc": info.get("isrc"),
        "coverUrl": picture,
        "cover": cover,
        "matched": None,
    }


def _by_spotdl(song: dict[str, Any], url: str, options: Options, make: Any, job: Job) -> dict[str, Any]:
    """Fetch what was found for a song, with spotdl's tags and cover, without transcoding Opus."""
    import imageio_ffmpeg
    from spotdl.download.downloader import Downloader
    from spotdl.types.song import Song

    made: list[OneRecording] = []

    def remembered(its: Options) -> OneRecording:
        made.append(make(its))
        return made[-1]

    bind_spotdl(options, remembered)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    downloader = Downloader(
        {
            "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
            "format": "opus",
            "bitrate": "disable",
            "output": "{track-id}.{output-ext}",  # in the working folder: spotdl rewrites names of folders
            "overwrite": "force",
            "threads": 1,
            "simple_tui": True,
            "lyrics_providers": [],
            "print_errors": False,
            "scan_for_songs": False,
            "audio_providers": ["youtube"],  # is not asked: the address is given
        },
        loop=loop,
    )

    def follow(tracker: Any, message: str) -> None:
        if step := STEPS.get(message):
            job.progress(FETCHING_SHARE if step == "converting" else CONVERTED_SHARE, step)

    downloader.progress_handler.update_callback = follow
    artists = song.get("artists") or ["Unknown Artist"]
    wanted = Song.from_missing_data(
        name=song["title"],
        artists=artists,
        artist=artists[0],
        album_artist=artists[0],
        album_name=song.get("album") or "",
        album_id="",
        isrc=song.get("isrc") or "",
        explicit=bool(song.get("explicit")),
        year=song.get("year") or 0,
        date=str(song.get("year") or ""),
        duration=round(song.get("durationSeconds") or 0),
        cover_url=cover_url(song.get("coverUrl")),
        url=song.get("link") or url,
        download_url=url,
        song_id="recording",
        genres=[],
        publisher="",
        track_number=1,
        tracks_count=1,
        disc_number=1,
        disc_count=1,
    )
    _, path = loop.run_until_complete(downloader.pool_download(wanted))
    site = made[-1]  # those before it belong to providers that are not asked
    if path is None:
        raise site.failure or explain_site(" ".join(downloader.errors))
    return {
        "file": path.name,
        "title": song["title"],
        "artist": song.get("artist") or ", ".join(artists),
        "album": song.get("album"),
        "isrc": song.get("isrc"),
        "coverUrl": wanted.cover_url,
        "cover": None,  # it lies in the file
        "matched": {"title": site.info.get("title") or song["title"], "url": url},
    }


def _save_cover(site: OneRecording, info: dict[str, Any], home: Path) -> tuple[str | None, str | None]:
    """Address and file of the best picture that the site keeps for the recording, if it is JPEG or PNG."""
    addresses = [cover_url(picture.get("url")) for picture in reversed(info.get("thumbnails") or [])]
    plain = [url for url in addresses if url and not url.partition("?")[0].endswith(".webp")]
    for address in plain[:MAX_COVER_TRIES]:
        with contextlib.suppress(RequestError), site.urlopen(address) as response:
            picture = response.read(MAX_COVER_BYTES + 1)
            if (extension := picture_extension(picture)) and len(picture) <= MAX_COVER_BYTES:
                path = home / f"cover.{extension}"
                path.write_bytes(picture)
                return address, path.name
    return None, None


if __name__ == "__main__":
    run_inside(handle)
