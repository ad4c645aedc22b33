"""Whether a new download environment can do its work: run in it, without network, before it is put to use.

Ends with 0, or with 1 and one line on stdout that says what is wrong.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import signal
import sys
import tempfile
from operator import attrgetter
from pathlib import Path

LIMIT_SECONDS = 120

# What our code loads of other people's, the tools themselves, and what these load only when they need it.
MODULES = ("av", "curl_cffi", "imageio_ffmpeg", "mutagen", "spotipy", "yt_dlp_ejs", "ytmusicapi")
TOOLS = ("stemtools.download", "stemtools.resolve", "stemtools.fetching.site_recording")
USED = (
    ("spotdl.download.downloader", "Downloader.pool_download"),
    ("spotdl.providers.audio.base", "AudioProvider.get_download_metadata"),
    ("spotdl.providers.audio.base", "YoutubeDL"),
    ("spotdl.providers.audio.youtube", "YouTube.get_results"),
    ("spotdl.providers.audio.ytmusic", "YouTubeMusic.get_results"),
    ("spotdl.types.song", "Song.from_url"),
    ("spotdl.utils.spotify", "SpotifyClient.init"),
)
POT_PLUGIN = "yt_dlp_plugins.extractor.getpot_bgutil_http"
# A page of each site that yt-dlp is asked for, in the form that its addresses are given.
PAGES = {
    "youtube": "https://www.youtube.com/watch?v=jNQXAC9IVRw",
    "soundcloud": "https://soundcloud.com/band/song",
    "bandcamp": "https://band.bandcamp.com/track/song",
    "vimeo": "https://vimeo.com/76979871",
    "mixcloud": "https://www.mixcloud.com/band/song/",
    "audiomack": "https://audiomack.com/band/song/song",
    "dailymotion": "https://www.dailymotion.com/video/x5kesuj",
}
# Needed whatever SOURCES says (songs of catalogues are fetched there), and what is open without it.
ALWAYS, USUALLY = {"youtube"}, {"soundcloud", "bandcamp"}


class SelfTestFailed(Exception):
    """One sentence."""


def self_test(home: Path) -> None:
    """Run every check, writing into `home` only.

    Raises
    ------
    SelfTestFailed
        At the first that fails.
    """
    check_modules()
    check_solver()
    check_node()
    check_options(home)
    check_extractors()


def check_modules() -> None:
    """Everything loads, and has what our code uses of it."""
    plugins = [POT_PLUGIN] if os.environ.get("YTDLP_POT_PROVIDER") else []
    for module in (*MODULES, *TOOLS, *plugins):
        importlib.import_module(module)
    for module, path in USED:
        attrgetter(path)(importlib.import_module(module))


def check_solver() -> None:
    """The solver of YouTube's challenges is the one that yt-dlp asks for (`pip check` skips extras)."""
    wanted = [
        match[1]
        for requirement in importlib.metadata.requires("yt-dlp") or []
        if (match := re.match(r"yt-dlp-ejs\s*==\s*([\w.]+)\s*;.*extra == ['\"]default['\"]", requirement))
    ]
    installed = importlib.metadata.version("yt-dlp-ejs")
    if wanted and installed not in wanted:
        raise SelfTestFailed(f"yt-dlp wants yt-dlp-ejs {wanted[0]}, and {installed} came.")


def check_node() -> None:
    """yt-dlp accepts the Node that it is given."""
    from stemtools.downloads_check import accepted_node

    if not accepted_node(os.environ.get("NODE_RUNTIME")):
        raise SelfTestFailed("yt-dlp does not accept this project's Node.")


def check_options(home: Path) -> None:
    """yt-dlp takes our options, and the operator's."""
    from stemtools.fetching.yt_dlp_options import ConfinedYoutubeDL, yt_dlp_options

    with ConfinedYoutubeDL(yt_dlp_options(home)):
        pass


def check_extractors() -> None:
    """yt-dlp knows the sites of the open doors by their names, and their addresses."""
    from yt_dlp.extractor import gen_extractor_classes

    extractors = {extractor.IE_NAME.lower(): extractor for extractor in gen_extractor_classes()}
    named = set(re.findall(r"\w+", os.environ.get("SOURCES", "").lower()))
    for site in ALWAYS | (named & PAGES.keys() if named else USUALLY):
        extractor = extractors.get(site)
        if not extractor or not extractor.suitable(PAGES[site]):
            raise SelfTestFailed(f"yt-dlp does not know {site} any more.")


def main() -> int:
    """Run in a home of its own, as the tools do; the exit code."""
    signal.alarm(LIMIT_SECONDS)  # ends this process, whatever it is at
    with tempfile.TemporaryDirectory() as home:
        os.environ |= dict.fromkeys(
            ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), home
        )
        os.environ.pop("YTDLP_COOKIES", None)  # a file of the operator's is not what is tried
        try:
            self_test(Path(home))
        except SelfTestFailed as failure:
            print(failure)
        except (Exception, SystemExit) as error:  # whatever a library does, its exit included
            print(f"{type(error).__name__}: {error}".splitlines()[-1])
        else:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
