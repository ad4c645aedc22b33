"""From a master to one file in another format, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import soundfile

from stemtools.masters import FULL_SCALE, check_complete, write_frames

BLOCK_SAMPLES = 1 << 16
FLAC_LEVEL = 0.625  # libsndfile's 0..1, FLAC's level 5


def peak_of(path: Path, check: Callable[[], None]) -> float:
    """The largest absolute sample of a file."""
    peak = 0.0
    with soundfile.SoundFile(path) as file:
        for frames in file.blocks(BLOCK_SAMPLES, dtype="float32"):
            check()
            peak = max(peak, float(np.abs(frames).max(initial=0.0)))
    return peak


def encode_pcm(
    source: Path, target: Path, gain: float, file_format: str, advance: Callable[[float], None]
) -> None:
    """Write 24-bit FLAC or WAV; at a gain of exactly a power of two, the samples are the master's."""
    level = {"compression_level": FLAC_LEVEL} if file_format == "FLAC" else {}
    with soundfile.SoundFile(source) as file:
        out = soundfile.SoundFile(target, "w", file.samplerate, 2, "PCM_24", format=file_format, **level)
        with out:
            for frames in blocks_of(file, advance):
                steps = np.rint(frames * (gain * FULL_SCALE))
                steps = np.clip(steps, -FULL_SCALE, FULL_SCALE - 1).astype(np.int32)
                write_frames(out, steps << 8)  # libsndfile takes the upper 24 bits
        check_complete(target, file.frames)


def encode_mp3(source: Path, target: Path, gain: float, kbps: int, advance: Callable[[float], None]) -> None:
    """Write a constant-bitrate MP3 whose LAME header tells delay and padding (gapless)."""
    with (
        soundfile.SoundFile(source) as file,
        av.open(
            str(target), "w", format="mp3", options={"id3v2_version": "0", "write_xing": "1"}
        ) as container,
    ):
        stream = container.add_stream("libmp3lame", rate=file.samplerate, layout="stereo")
        stream.bit_rate = kbps * 1000
        buffer = av.AudioFifo()
        position = 0
        for frames in blocks_of(file, advance):
            samples = np.clip(frames.T * np.float32(gain), -1.0, 1.0)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
            frame.sample_rate, frame.pts = file.samplerate, position
            position += frame.samples
            buffer.write(frame)
            for piece in buffer.read_many(stream.frame_size or 1152):
                container.mux(stream.encode(piece))
        if rest := buffer.read():
            container.mux(stream.encode(rest))
        container.mux(stream.encode(None))


def blocks_of(
    file: soundfile.SoundFile, advance: Callable[[float], None], samples: int = BLOCK_SAMPLES
) -> Iterator[np.ndarray]:
    """A file's frames, `samples` at a time, with a word of how far it has come after each."""
    done = 0
    for frames in file.blocks(samples, dtype="float32", always_2d=True):
        yield frames
        done += len(frames)
        advance(done / file.frames)
