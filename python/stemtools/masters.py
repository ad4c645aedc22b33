"""Writing stems while they are made: 24-bit FLAC with headroom, or float WAV like the demucs command's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from stemtools.atomic import atomic
from stemtools.errors import ToolError

# 12 dB of headroom, as a stem may be louder than its mix; one step is then 4.8e-7 of the mix's full scale.
FLAC_GAIN = 0.25
FULL_SCALE = 2**23
FLAC_LEVEL = 0.375  # libsndfile's 0..1, FLAC's level 3


class Master:
    """One stem's file; `gain` is what its samples were multiplied by."""

    def __init__(self, file: soundfile.SoundFile, gain: float, integer: bool):
        self._file, self.gain, self._integer = file, gain, integer
        self.samples = 0
        self.peak = 0.0

    def write(self, block: np.ndarray) -> None:
        """Append float32 samples of shape (channels, n)."""
        if not np.isfinite(block).all():
            raise ToolError(
                "internal", "The model's output is no sound; fetch its weights again.", retryable=False
            )
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        self.samples += block.shape[1]
        frames = np.ascontiguousarray(block.T)
        if self._integer:
            steps = np.clip(np.rint(frames * (self.gain * FULL_SCALE)), -FULL_SCALE, FULL_SCALE - 1)
            frames = steps.astype(np.int32) << 8  # libsndfile takes the upper 24 bits
        write_frames(self._file, frames)


@contextlib.contextmanager
def master(path: Path, rate_hz: int, file_format: str) -> Iterator[Master]:
    """A master that appears under its name when the block ends well.

    Parameters
    ----------
    path : Path
        The file to make.
    rate_hz : int
        Sample rate.
    file_format : {"flac", "float32"}
        24-bit FLAC at `FLAC_GAIN`, or float WAV at gain 1.
    """
    flac = file_format == "flac"
    kind = (
        {"format": "FLAC", "subtype": "PCM_24", "compression_level": FLAC_LEVEL}
        if flac
        else {"format": "WAV", "subtype": "FLOAT"}
    )
    with atomic(path) as temporary:
        with soundfile.SoundFile(temporary, "w", rate_hz, 2, **kind) as file:
            result = Master(file, FLAC_GAIN if flac else 1.0, flac)
            yield result
        check_complete(temporary, result.samples)


def write_frames(file: soundfile.SoundFile, frames: np.ndarray) -> None:
    """Write to a file; libsndfile tells of a full disk only by writing less."""
    try:
        file.write(frames)
    except (AssertionError, soundfile.LibsndfileError) as error:
        raise disk_full() from error


def check_complete(path: Path, samples: int) -> None:
    """Make sure that the last sample can be read back: closing a file on a full disk reports nothing."""
    try:
        with soundfile.SoundFile(path) as file:
            complete = file.frames == samples
            if complete and samples:
                file.seek(samples - 1)
                complete = len(file.read(1)) == 1
    except (soundfile.LibsndfileError, OSError):
        complete = False
    if not complete:
        raise disk_full()


def disk_full() -> ToolError:
    """The error for a file that could not be written whole."""
    return ToolError("disk_full", "The disk is full; free some space and try again.")
