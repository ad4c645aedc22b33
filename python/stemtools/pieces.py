"""A stem as the results page plays it: short FLAC files, one after another in one, and beside it their index.

Each piece is complete in itself, so that a browser fetches and decodes what it plays and holds no more.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from stemtools.atomic import atomic
from stemtools.encoders import FLAC_LEVEL, blocks_of
from stemtools.waveform import Peaks, reduce_peaks

PIECE_SECONDS = 5
FULL_SCALE = 2**15
MAX_BUCKETS = 2000


def write_pieces(source: Path, target: Path, gain: float, advance: Callable[[float], None]) -> None:
    """Write `target`, the pieces in 16 bits, and `target`.json, their sizes and the stem's peaks."""
    with soundfile.SoundFile(source) as file, atomic(target) as pieces_path:
        peaks = Peaks(file.samplerate)
        piece_samples = PIECE_SECONDS * file.samplerate
        piece_bytes: list[int] = []
        with open(pieces_path, "wb") as pieces:
            for frames in blocks_of(file, advance, piece_samples):
                # In double precision, so that every sample is the nearest of the 16-bit steps.
                steps = np.rint(frames * np.float64(gain * FULL_SCALE))
                steps = np.clip(steps, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
                piece_bytes.append(pieces.write(_flac(steps, file.samplerate)))
                peaks.push(steps.T / np.float32(FULL_SCALE))
        rows = np.round(reduce_peaks(peaks.finish(), MAX_BUCKETS), 3)
        index = {
            "sampleRateHz": file.samplerate,
            "samples": file.frames,
            "pieceSamples": piece_samples,
            "pieceBytes": piece_bytes,
            "peaks": {"min": rows[:, 0].tolist(), "max": rows[:, 1].tolist()},
        }
        # There before the pieces are: whoever finds them finds this too.
        with atomic(target.with_name(f"{target.name}.json")) as index_path:
            index_path.write_text(json.dumps(index, separators=(",", ":")))


def _flac(steps: np.ndarray, rate_hz: int) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, steps, rate_hz, "PCM_16", format="FLAC", compression_level=FLAC_LEVEL)
    return buffer.getvalue()
