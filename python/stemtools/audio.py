"""Streaming decode of a local file by PyAV (FFmpeg) into stereo float32 blocks.

FFmpeg is given an open file and no name, may open no protocol at all and only demuxers of plain media files,
so that a playlist or a reference inside the file leads nowhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stemtools.errors import ToolError

if TYPE_CHECKING:
    import av

# Demuxers of single files; left out on purpose: hls, dash, concat, image2, sdp, rtsp, imf and devices.
FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,oma,"
    "rm,tak,tta,voc,w64,wav,wv"
)
OPTIONS = {"protocol_whitelist": "none", "format_whitelist": FORMATS, "enable_drefs": "0"}
MAX_CHANNELS = 64
MAX_LEVEL = 100.0  # 40 dB over full scale

StereoBlock = np.ndarray  # float32 of shape (2, samples)


def decode(
    path: Path,
    rate_hz: int,
    check: Callable[[], None] = lambda: None,
    seen: Callable[[float], None] | None = None,
) -> Iterator[StereoBlock]:
    """Yield the first audio stream as stereo float32 at `rate_hz`.

    Mono goes to both channels unchanged; more than two channels are mixed down without overshoot. The encoder
    delay and padding that a file declares are cut, so that the length is exact. Packets that do not decode
    are skipped.

    Parameters
    ----------
    path : Path
        A local file.
    rate_hz : int
        Sample rate of the blocks; the source is resampled when it differs.
    check : callable
        Called for every packet; raises to stop.
    seen : callable, optional
        Told the fraction of the file that has been read.
    """
    import av

    try:
        file = open(path, "rb")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        raise ToolError("not_audio", "The audio file cannot be opened; send it again.") from error
    with file:
        size_bytes = file.seek(0, 2)
        file.seek(0)
        if size_bytes == 0:
            raise ToolError("empty_file", "The file is empty; send the song itself.")
        try:
            with av.open(file, options=OPTIONS) as container:
                yield from _by_the_second(
                    _decode_stream(container, rate_hz, check, seen, size_bytes), rate_hz
                )
        except (av.error.FFmpegError, UnicodeDecodeError) as error:
            raise ToolError("not_audio", "The file is not audio that can be decoded.") from error


def _decode_stream(
    container: av.container.InputContainer,
    rate_hz: int,
    check: Callable[[], None],
    seen: Callable[[float], None] | None,
    size_bytes: int,
) -> Iterator[StereoBlock]:
    import av

    if not container.streams.audio:
        raise ToolError("no_sound", "The file has no sound; send one with an audio track.")
    stream = container.streams.audio[0]
    resample = functools.partial(_Resampler, rate_hz=rate_hz)
    resampler: _Resampler | None = None
    for packet in container.demux(stream):
        check()
        if seen and packet.pos:
            seen(min(1.0, packet.pos / size_bytes))
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if resampler is None or not resampler.takes(frame):
                if resampler:
                    yield from resampler.flush()
                resampler = resample(frame)
            yield from resampler.push(frame)
    if resampler:
        yield from resampler.flush()


def _by_the_second(blocks: Iterator[StereoBlock], rate_hz: int) -> Iterator[StereoBlock]:
    """Joins a codec's small frames into blocks of about a second."""
    held: list[StereoBlock] = []
    samples = 0
    for block in blocks:
        held.append(block)
        samples += block.shape[1]
        if samples >= rate_hz:
            yield np.concatenate(held, axis=1)
            held, samples = [], 0
    if samples:
        yield np.concatenate(held, axis=1)


class _Resampler:
    """Brings frames of one format, layout and rate to stereo float32."""

    def __init__(self, first: av.AudioFrame, rate_hz: int):
        import av

        self._key = self._key_of(first)
        channels = first.layout.nb_channels
        if not 1 <= channels <= MAX_CHANNELS:
            raise ToolError("unsupported_channels", "The file has too many channels; send a stereo mix.")
        self._mono = channels == 1
        layout = "mono" if self._mono else "stereo"
        self._swr = av.AudioResampler(format="fltp", layout=layout, rate=rate_hz)
        self._gain = np.float32(1.0 if channels <= 2 else 1 / _downmix_peak(first.layout.name))

    @staticmethod
    def _key_of(frame: av.AudioFrame) -> tuple:
        return frame.format.name, frame.layout.name, frame.sample_rate

    def takes(self, frame: av.AudioFrame) -> bool:
        return self._key_of(frame) == self._key

    def push(self, frame: av.AudioFrame | None) -> Iterator[StereoBlock]:
        import av

        if frame is not None:
            frame.pts = None  # gaps in timestamps must not become silence
        try:
            frames = self._swr.resample(frame)
        except (ValueError, av.error.FFmpegError) as error:
            raise ToolError(
                "unsupported_channels", "The file's channel layout is not known; send a stereo mix."
            ) from error
        for resampled in frames:
            block = resampled.to_ndarray()
            # Float files may hold anything; one NaN would spread over the whole song.
            block = np.clip(np.nan_to_num(block, copy=False), -MAX_LEVEL, MAX_LEVEL)
            yield np.repeat(block, 2, axis=0) if self._mono else block * self._gain

    def flush(self) -> Iterator[StereoBlock]:
        return self.push(None)


@functools.cache
def _downmix_peak(layout: str) -> float:
    """Level of FFmpeg's stereo downmix when every channel of a layout is at full scale, at least 1."""
    import av

    channels = av.AudioLayout(layout).nb_channels
    ones = av.AudioFrame.from_ndarray(np.ones((1, 1024 * channels), np.float32), "flt", layout)
    ones.sample_rate = 44100
    swr = av.AudioResampler(format="fltp", layout="stereo", rate=44100)
    mixed = np.concatenate([frame.to_ndarray() for frame in swr.resample(ones) + swr.resample(None)], 1)
    return max(1.0, float(mixed.max()))
