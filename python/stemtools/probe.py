"""Decode a foreign file once, from end to end, to know what it is and that later stages can trust it.

The ffmpeg executable does it in a process of its own with limits: it may open this one file and nothing else,
knows only demuxers of plain media files, and may write no file.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import resource
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import imageio_ffmpeg

from stemtools.errors import ToolError
from stemtools.lifetime import child

# As in audio.py.
FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,oma,"
    "rm,tak,tta,voc,w64,wav,wv"
)
ADDRESS_SPACE_BYTES = 3 << 30
CPU_SECONDS = 600
MIN_SECONDS = 1.0
MAX_CHANNELS = 64
CHUNK_BYTES = 1 << 18
HEAD_BYTES = 4096
MAX_WAV_HEAD_BYTES = 64 << 20  # tags and pictures may come before the sound
MAX_WAV_CHUNKS = 1000
TRUNCATED_SECONDS = 0.5  # a header that promises this much more than there is
PLAYLIST_STARTS = (
    b"#EXTM3U",
    b"[playlist]",
    b"[Reference]",
    b"ffconcat",
    b"<asx",
    b"<ASX",
    b"v=0\r\n",
    b"v=0\n",
)
PLAYLIST_MARKS = (b"<playlist", b"<MPD", b"<smil", b"RDFlink", b"rtsptext")
PAGE_MARKS = (b"<!doctype html", b"<html", b"<head", b"<body")
EXTENSIONS = {"mov": "m4a", "matroska": "mka", "asf": "wma", "aiff": "aiff", "mpegts": "ts", "mpeg": "mpg"}


@dataclass(frozen=True)
class Probe:
    """What a file turned out to be; `extension` follows its content, not its name."""

    extension: str
    codec: str
    sample_rate_hz: int
    channels: int
    samples: int
    truncated: bool
    audio_sha256: str  # over rate, channels and samples: equal for equal sound, however it is packed

    @property
    def duration_seconds(self) -> float:
        """Length of what decodes."""
        return self.samples / self.sample_rate_hz


def probe_audio(path: Path, max_seconds: float, progress: Callable[[float], None]) -> Probe:
    """Decode the first audio stream of a local file; refuses what is not wholesome audio."""
    look_at_start(path)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-threads", "1"]
    command += ["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS]
    command += ["-i", f"file:{path.absolute()}", "-map", "0:a:0", "-t", str(max_seconds + 1)]
    command += ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]  # nothing but the sound
    command += ["-c:a", "pcm_s16le", "-f", "wav", "pipe:1"]
    with child(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _limit(process.pid)
        said: list[bytes] = []
        listener = threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)
        listener.start()
        decoded = _read_wav_head(process.stdout)
        rate_hz, channels, data_bytes = decoded.rate_hz, decoded.channels, 0
        limit_bytes = max_seconds * rate_hz * channels * 2
        digest = hashlib.sha256(struct.pack("<II", rate_hz, channels))
        while chunk := process.stdout.read(CHUNK_BYTES):
            if not limit_bytes:  # no sound: it must not wait for a reader while we wait for its end
                process.kill()
                break
            data_bytes += len(chunk)
            digest.update(chunk)
            progress(data_bytes / limit_bytes)
            if data_bytes > limit_bytes:
                raise too_long(max_seconds)
        listener.join()
        log = b"".join(said).decode("utf-8", "replace")
    input_line = re.search(r"^Input #0, ([\w,]+), from", log, re.M)
    if not limit_bytes or data_bytes < channels * 2:
        raise explain(log, input_line is not None)
    samples = data_bytes // (2 * channels)
    stream = re.search(r"^\s*Stream #0:\d+.*?: Audio: (\w+)", log, re.M)
    seconds = samples / rate_hz
    truncated = max(_promised_seconds(log), _promised_by_wav(path)) - seconds > max(
        TRUNCATED_SECONDS, 0.01 * seconds
    )
    truncated = truncated or "partial file" in log or "Truncating packet" in log
    if seconds < MIN_SECONDS:
        if truncated:
            raise truncated_audio()
        raise ToolError("too_short", "The song is shorter than a second; send a longer one.")
    codec = stream[1] if stream else "unknown"
    container = input_line[1].split(",")[0] if input_line else "audio"
    extension = "opus" if codec == "opus" and container == "ogg" else EXTENSIONS.get(container, container)
    return Probe(extension, codec, rate_hz, channels, samples, truncated, digest.hexdigest())


def look_at_start(path: Path) -> None:
    """Refuse, with the fitting sentence, text that points elsewhere, pages, and nothing at all."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise ToolError("empty_file", "The file is empty; send the song itself.")
    if start.startswith(PLAYLIST_STARTS) or any(mark in start for mark in PLAYLIST_MARKS):
        raise ToolError("playlist_file", "This is a playlist that points elsewhere; send the song itself.")
    if any(mark in start.lower() for mark in PAGE_MARKS):
        raise ToolError("not_audio", "This is a web page, not a song; send a link to the audio file itself.")


def explain(log: str, recognised: bool) -> ToolError:
    """Why nothing came out of a file."""
    if "matches no streams" in log or "does not contain any stream" in log:
        return ToolError("no_sound", "The file has no sound; send one with an audio track.")
    if "moov atom not found" in log or (recognised and "End of file" in log):
        return truncated_audio()
    if re.search(r"channel layout|channels? .*not supported|too many channels", log, re.I) and recognised:
        return ToolError(
            "unsupported_channels", "The file's channel layout cannot be read; send a stereo mix."
        )
    return ToolError(
        "not_audio", "The file is not audio that can be decoded; send MP3, M4A, FLAC, WAV or OGG."
    )


def truncated_audio() -> ToolError:
    """The error for a file of which less than a second is left."""
    return ToolError("truncated_audio", "The file breaks off before any sound; send it again, whole.")


def too_long(max_seconds: float) -> ToolError:
    """The error for a song over the limit."""
    return ToolError(
        "too_long", f"The song is longer than {max_seconds / 60:.0f} minutes; send a shorter one."
    )


@dataclass(frozen=True)
class _WavHead:
    rate_hz: int = 0
    channels: int = 0
    bytes_a_second: int = 0
    data_bytes: int = 0


def _read_wav_head(file: BinaryIO) -> _WavHead:
    """Read a WAV file up to its sound, whatever comes before; zeros when there is none within the limits."""
    rate_hz = channels = bytes_a_second = 0
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        return _WavHead()
    left_bytes = MAX_WAV_HEAD_BYTES
    for _ in range(MAX_WAV_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        kind, size = struct.unpack("<4sI", header)
        if kind == b"data":
            return _WavHead(rate_hz, channels, bytes_a_second, size)
        size += size % 2
        left_bytes -= size
        if left_bytes < 0:
            break
        if kind == b"fmt ":
            content = file.read(min(size, 12))
            size -= len(content)
            if len(content) == 12:
                channels, rate_hz, bytes_a_second = struct.unpack_from("<HII", content, 2)
        while size > 0 and (content := file.read(min(size, CHUNK_BYTES))):
            size -= len(content)
    return _WavHead()


def _promised_by_wav(path: Path) -> float:
    """Length that a WAV file's head promises; FFmpeg tells only what is there."""
    with open(path, "rb") as file:
        head = _read_wav_head(file)
    unknown = head.data_bytes >= 0xFFFFFF00  # written to a pipe
    return 0.0 if unknown or not head.bytes_a_second else head.data_bytes / head.bytes_a_second


def _promised_seconds(log: str) -> float:
    """The length that a file's header promises; 0 when it is an estimate from the file's size."""
    found = re.search(r"Duration: (\d+):(\d+):([\d.]+)", log)
    if not found or "Estimating duration from bitrate" in log:
        return 0.0
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def _limit(pid: int) -> None:
    """Limits of the decoder: memory, processor time, and no file written."""
    if not hasattr(resource, "prlimit"):
        return
    limits = {
        resource.RLIMIT_AS: ADDRESS_SPACE_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    with contextlib.suppress(ProcessLookupError, PermissionError):
        for kind, value in limits.items():
            resource.prlimit(pid, kind, (value, value))
