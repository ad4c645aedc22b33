"""Peaks of a song for a player, and its picture, without a drawing library."""

from __future__ import annotations

import struct
import zlib

import numpy as np

BUCKET_SECONDS = 0.01
MAX_BUCKETS = 8000
WIDTH, HEIGHT = 1600, 300
BACKGROUND = np.array([15, 17, 26], np.float64)
OUTER_TOP, OUTER_EDGE = np.array([122, 92, 255], np.float64), np.array([0, 212, 255], np.float64)
INNER_LIGHT = 0.55  # how far the louder core is brightened towards white


class Peaks:
    """Smallest and largest sample and mean square of every 10 ms, over both channels."""

    def __init__(self, rate_hz: int):
        self._size = round(BUCKET_SECONDS * rate_hz)
        self._rest = np.zeros((2, 0), np.float32)
        self._rows: list[np.ndarray] = []

    def push(self, block: np.ndarray) -> None:
        """Take float samples of shape (2, n)."""
        samples = np.concatenate([self._rest, block], axis=1)
        whole = samples.shape[1] // self._size
        self._add(samples[:, : whole * self._size].reshape(2, whole, self._size))
        self._rest = samples[:, whole * self._size :]

    def finish(self) -> np.ndarray:
        """Rows of (min, max, mean square), the last for what is left of a bucket."""
        if self._rest.shape[1]:
            self._add(self._rest[:, None, :])
            self._rest = self._rest[:, :0]
        return np.concatenate(self._rows) if self._rows else np.zeros((0, 3))

    def _add(self, buckets: np.ndarray) -> None:
        if buckets.shape[1]:
            mean_square = (buckets.astype(np.float64) ** 2).mean(axis=(0, 2))
            self._rows.append(np.stack([buckets.min((0, 2)), buckets.max((0, 2)), mean_square], axis=1))


def reduce_peaks(rows: np.ndarray, count: int) -> np.ndarray:
    """Merge rows into at most `count` of nearly equal length."""
    if len(rows) <= count:
        return rows
    starts = np.linspace(0, len(rows), count, endpoint=False).astype(int)
    sizes = np.diff(np.append(starts, len(rows)))
    low = np.minimum.reduceat(rows[:, 0], starts)
    high = np.maximum.reduceat(rows[:, 1], starts)
    return np.stack([low, high, np.add.reduceat(rows[:, 2], starts) / sizes], axis=1)


def peaks_for_player(rows: np.ndarray, duration_seconds: float) -> dict:
    """What peaks.json holds: minima and maxima in thousandths of full scale."""
    reduced = reduce_peaks(rows, MAX_BUCKETS)
    thousandths = np.rint(np.clip(reduced[:, :2], -1, 1) * 1000).astype(int)
    return {
        "durationSeconds": round(duration_seconds, 3),
        "buckets": len(reduced),
        "unit": 0.001,
        "min": thousandths[:, 0].tolist(),
        "max": thousandths[:, 1].tolist(),
    }


def draw_waveform(rows: np.ndarray) -> bytes:
    """A PNG: peaks in colour around a brighter core of the effective (RMS) level."""
    centre, reach = HEIGHT / 2, HEIGHT / 2 - 8
    image = np.tile(BACKGROUND, (HEIGHT, WIDTH, 1))
    image[int(centre)] += 28
    if len(rows):
        columns = np.linspace(0, len(rows), WIDTH, endpoint=False).astype(int)
        columns = reduce_peaks(rows, WIDTH) if len(rows) > WIDTH else rows[columns]
        scale = reach / max(1e-3, np.abs(columns[:, :2]).max())
        rms = np.sqrt(columns[:, 2])
        y = np.arange(HEIGHT)[:, None] + 0.5
        height = np.clip(np.abs(y - centre) / reach, 0, 1)[..., None]
        colour = OUTER_TOP * (1 - height) + OUTER_EDGE * height
        # Coverage falls from 1 to 0 over one pixel: a soft edge.
        outer = np.clip(
            np.minimum(columns[:, 1] * scale - (centre - y), (centre - y) - columns[:, 0] * scale) + 1, 0, 1
        )
        inner = np.clip(rms * scale - np.abs(y - centre) + 0.5, 0, 1)
        image += outer[..., None] * (colour - image)
        image += (inner * outer)[..., None] * INNER_LIGHT * (255 - image)
    return encode_png(np.rint(np.clip(image, 0, 255)).astype(np.uint8))


def encode_png(pixels: np.ndarray) -> bytes:
    """An 8-bit RGB PNG of shape (height, width, 3)."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, width * 3)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
