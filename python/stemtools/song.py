"""A song as demucs sees it but not held: normalised by its whole mean and deviation, silence around it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from stemtools.audio import StereoBlock


@dataclass(frozen=True)
class Measure:
    """What demucs needs to know of a whole song before its first segment."""

    samples: int
    mean: float
    deviation: float


def measure(blocks: Iterable[StereoBlock]) -> Measure:
    """Length, mean and standard deviation of the mono sum (`demucs.api.Separator.separate_tensor`).

    Blocks are merged by Chan's formula in double precision; demucs's 1e-8 is added to the deviation.
    """
    samples, mean, squares = 0, 0.0, 0.0
    for block in blocks:
        mono = block.mean(axis=0, dtype=np.float64)
        count = mono.size
        delta = float(mono.mean()) - mean
        squares += float(((mono - mono.mean()) ** 2).sum()) + delta**2 * samples * count / (samples + count)
        mean += delta * count / (samples + count)
        samples += count
    deviation = math.sqrt(squares / (samples - 1)) if samples > 1 else 0.0
    return Measure(samples, mean, deviation + 1e-8)


class SongWindow:
    """The stretch of a normalised song that segments still need, read forward from its blocks.

    Parameters
    ----------
    blocks : iterable of array
        Stereo float32 blocks of the song in order.
    song : Measure
        From a first reading of the same blocks.
    """

    def __init__(self, blocks: Iterable[StereoBlock], song: Measure):
        self._blocks = iter(blocks)
        self._song = song
        self._held: list[torch.Tensor] = []
        self._start = 0  # song position of the first held sample
        self._end = 0

    def read(self, start: int, end: int) -> torch.Tensor:
        """Samples `start` to `end` of shape (1, 2, n); zeros where there is no song."""
        while self._end < min(end, self._song.samples):
            block = torch.from_numpy(next(self._blocks))
            self._held.append((block - self._song.mean) / self._song.deviation)
            self._end += block.shape[1]
        window = torch.zeros(1, 2, end - start)
        position = self._start
        for block in self._held:
            low, high = max(start, position), min(end, position + block.shape[1])
            if low < high:
                window[0, :, low - start : high - start] = block[:, low - position : high - position]
            position += block.shape[1]
        return window

    def forget(self, before: int) -> None:
        """Drop whole blocks that end at or before a position."""
        while self._held and self._start + self._held[0].shape[1] <= before:
            self._start += self._held.pop(0).shape[1]
