"""Encode the masters of one song as MP3, FLAC or WAV, with tags and cover: --serve, or once by hand.

MP3 carries the LAME header, so that players and decoders cut the encoder's delay: all stems of a song line up
to the sample. FLAC and WAV are 24-bit, as the masters are, so nothing is rounded twice but for the one gain
of the song. `player` is what the results page plays: pieces.py.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fields import plain_name, read_folder, read_integer, read_number, read_text
from stemtools.protocol import Job, run_once, serve

LOUDEST = 0.999  # of full scale, over all stems of a song
MP3_KBPS = (320, 256, 224, 192, 160, 128, 112, 96, 80, 64)
DEFAULT_KBPS = 320
FORMATS = ("mp3", "flac", "wav", "player")
MEASURING_SHARE = 0.1
TAG_NAMES = ("artist", "title", "album", "key", "comment")


def handle(job: Job) -> dict[str, Any]:
    """Do one request: find the loudest stem unless told its peak, then write all stems with one gain."""
    import soundfile

    from stemtools.atomic import remove_leftovers
    from stemtools.encoders import peak_of

    request = job.request
    folder = read_folder(request)
    remove_leftovers(folder)
    stems = read_stems(request)
    file_format = read_text(request, "format", "mp3", choices=FORMATS)
    kbps = read_integer(request, "bitrateKbps", DEFAULT_KBPS, min(MP3_KBPS), max(MP3_KBPS))
    kbps = max(rate for rate in MP3_KBPS if rate <= kbps)
    gain = read_number(request, "gain", 1.0, 1e-6, 1e6)
    peak = read_number(request, "peak", None, 0)
    tags, cover = read_tags(request), read_text(request, "cover", None)

    try:
        masters = [soundfile.info(str(stem["path"])) for stem in stems]
    except (soundfile.LibsndfileError, OSError) as error:
        raise ToolError(
            "bad_request", "A stem's file is missing or damaged; separate the song again."
        ) from error
    rate_hz, samples = masters[0].samplerate, masters[0].frames
    if any((info.samplerate, info.frames) != (rate_hz, samples) for info in masters):
        raise ToolError("bad_request", "The stems differ in length or sample rate; separate the song again.")

    shares = [0.0] * len(stems)
    measuring_share = MEASURING_SHARE if peak is None else 0.0

    def measured(index: int) -> float:
        job.progress(measuring_share * index / len(stems), "measuring")
        with job.span(f"measure {stems[index]['stem']}"):
            return peak_of(stems[index]["path"], job.check)

    def encoded(index: int) -> dict[str, Any]:
        def advance(fraction: float) -> None:
            shares[index] = fraction
            total = measuring_share + (1 - measuring_share) * sum(shares) / len(stems)
            job.progress(total, "encoding")

        with job.span(f"encode {stems[index]['stem']}", format=file_format):
            return write_stem(stems[index], file_format, kbps, out_gain, tags, cover, folder, advance)

    if peak is None:
        peak = max(measured(index) for index in range(len(stems))) / gain
    out_gain = min(1.0, LOUDEST / peak if peak else 1.0) / gain
    with ThreadPoolExecutor(max_workers=2) as pool:
        files = list(pool.map(encoded, range(len(stems))))
    return {"files": files, "samples": samples, "sampleRateHz": rate_hz}


def write_stem(
    stem: dict[str, Any],
    file_format: str,
    kbps: int,
    gain: float,
    tags: dict[str, Any],
    cover: str | None,
    folder: Path,
    advance: Any,
) -> dict[str, Any]:
    """Encode one stem, and tag what a person gets."""
    from stemtools.atomic import atomic
    from stemtools.encoders import encode_mp3, encode_pcm
    from stemtools.pieces import write_pieces
    from stemtools.tags import write_tags

    path = folder / stem["name"]
    if file_format == "player":
        write_pieces(stem["path"], path, gain, advance)
    else:
        with atomic(path) as temporary:
            if file_format == "mp3":
                encode_mp3(stem["path"], temporary, gain, kbps, advance)
            else:
                encode_pcm(stem["path"], temporary, gain, file_format.upper(), advance)
            write_tags(temporary, file_format, {**tags, "stem": stem["stem"]}, Path(cover) if cover else None)
    return {"stem": stem["stem"], "file": path.name, "bytes": path.stat().st_size}


def read_stems(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The stems of a request, each with its name, source path and a file name that stays in the folder."""
    stems = request.get("stems")
    if not isinstance(stems, list) or not stems or not all(isinstance(stem, dict) for stem in stems):
        raise ToolError("bad_request", "The request's stems must be a list of stems.")
    read = [
        {
            "stem": read_text(stem, "stem"),
            "path": Path(read_text(stem, "path")),
            "name": plain_name(stem.get("name"), "name"),
        }
        for stem in stems
    ]
    if len({stem["name"] for stem in read}) < len(read):
        raise ToolError("bad_request", "Two stems have the same file name.")
    return read


def read_tags(request: dict[str, Any]) -> dict[str, Any]:
    """The tags of a request: texts and a tempo."""
    given = request.get("tags") or {}
    if not isinstance(given, dict):
        raise ToolError("bad_request", "The request's tags must be an object.")
    tags = {name: read_text(given, name, None) for name in TAG_NAMES}
    return {**tags, "bpm": read_number(given, "bpm", None, 1, 1000)}


def main() -> None:
    """Command line: `--serve`, or options and stems as files."""
    parser = argparse.ArgumentParser(prog="stemtools.encode", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="answer requests from stdin")
    parser.add_argument("stems", nargs="*", help="files named after their stems")
    parser.add_argument("--out", default=".", help="folder for the encoded files")
    parser.add_argument("--gain", type=float, default=1.0, help="gain that the files were written with")
    parser.add_argument("--format", default="mp3", choices=FORMATS)
    parser.add_argument("--bitrate-kbps", type=int)
    parser.add_argument("--artist")
    parser.add_argument("--title")
    parser.add_argument("--cover")
    options = parser.parse_args()
    if options.serve == bool(options.stems):
        parser.error("give either --serve or the stems' files")
    if options.serve:
        serve("encode", handle, prepare)
    paths = [Path(stem) for stem in options.stems]
    extension = "pieces" if options.format == "player" else options.format
    request = {
        "stems": [
            {"stem": path.stem, "path": str(path), "name": f"{path.stem}.{extension}"} for path in paths
        ],
        "outDir": options.out,
        "gain": options.gain,
        "format": options.format,
        "bitrateKbps": options.bitrate_kbps,
        "tags": {"artist": options.artist, "title": options.title},
        "cover": options.cover,
    }
    run_once(request, handle)


def prepare() -> None:
    """Imports that a warm tool has done."""
    import stemtools.encoders
    import stemtools.pieces
    import stemtools.tags  # noqa: F401


if __name__ == "__main__":
    sys.exit(main())
