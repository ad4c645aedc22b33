"""Integrated loudness (ITU-R BS.1770-4) and peak of a song, block by block; the filters are pyloudnorm's."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
from scipy.signal import lfilter

HOP_SECONDS = 0.1
HOPS_A_BLOCK = 4  # 400 ms gating blocks that overlap by 75 %
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0


class LoudnessMeter:
    """Give it stereo blocks in order, then ask."""

    def __init__(self, rate_hz: int):
        self._filters = [
            (stage.passband_gain * stage.b, stage.a, np.zeros((2, max(len(stage.a), len(stage.b)) - 1)))
            for stage in pyloudnorm.Meter(rate_hz)._filters.values()
        ]
        self._hop = round(HOP_SECONDS * rate_hz)
        self._rest = np.zeros((2, 0))
        self._energies: list[np.ndarray] = []  # mean square of each hop, summed over channels
        self._peak = 0.0

    def push(self, block: np.ndarray) -> None:
        """Take float samples of shape (2, n)."""
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
        weighted = block.astype(np.float64)
        for index, (b, a, state) in enumerate(self._filters):
            weighted, state = lfilter(b, a, weighted, zi=state)
            self._filters[index] = (b, a, state)
        samples = np.concatenate([self._rest, weighted], axis=1)
        whole = samples.shape[1] // self._hop
        hops = samples[:, : whole * self._hop].reshape(2, whole, self._hop)
        self._energies.append((hops**2).mean(axis=2).sum(axis=0))
        self._rest = samples[:, whole * self._hop :]

    def integrated_lufs(self) -> float | None:
        """Gated loudness in LUFS; None for silence and for less than 0.4 s."""
        energies = np.concatenate(self._energies) if self._energies else np.zeros(0)
        if len(energies) < HOPS_A_BLOCK:
            return None
        blocks = np.convolve(energies, np.ones(HOPS_A_BLOCK) / HOPS_A_BLOCK, mode="valid")
        loud = blocks[_lufs(blocks) >= ABSOLUTE_GATE_LUFS]
        if not loud.size:
            return None
        gate = float(_lufs(loud.mean())) + RELATIVE_GATE_LU
        return float(_lufs(loud[_lufs(loud) > gate].mean()))

    def peak_dbfs(self) -> float | None:
        """Largest sample in dB of full scale; None for digital silence."""
        return 20 * math.log10(self._peak) if self._peak > 0 else None


def _lufs(mean_square: np.ndarray) -> np.ndarray:
    return -0.691 + 10 * np.log10(np.maximum(mean_square, 1e-30))
