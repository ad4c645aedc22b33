"""Musical key by Krumhansl's profiles on a tuned constant-Q chroma, and the tuning itself."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

RATE_HZ = 22050
BLOCK_SECONDS = 60  # the constant-Q transform of a whole song would need too much memory
MIN_SECONDS = 3.0
HOP = 2048
FFT = 2048

# Krumhansl and Kessler's probe-tone ratings, from the tonic upwards.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True)
class Key:
    """The likeliest key and its runner-up; `confidence` is the gap of their correlations (< 0.05: unsure)."""

    name: str
    alternative: str
    confidence: float
    camelot: str


def estimate_tuning_cents(mono: np.ndarray) -> float | None:
    """Deviation from A4 = 440 Hz in cents (-50..50), from the stronger half of the spectral peaks."""
    pitches: list[np.ndarray] = []
    for block in _blocks(mono):
        pitch, magnitude = librosa.piptrack(y=block, sr=RATE_HZ, n_fft=FFT)
        found = pitch > 0
        if found.any():
            pitches.append(pitch[found & (magnitude >= np.median(magnitude[found]))])
    if not pitches:
        return None
    return 100 * float(librosa.pitch_tuning(np.concatenate(pitches)))


def find_key(mono: np.ndarray, tuning_cents: float) -> Key | None:
    """Key of mono audio at 22.05 kHz; None for silence and for less than three seconds."""
    if len(mono) < MIN_SECONDS * RATE_HZ:
        return None
    total = np.zeros(12)
    for block in _blocks(mono):
        chroma = librosa.feature.chroma_cqt(
            y=block, sr=RATE_HZ, hop_length=HOP, tuning=tuning_cents / 100, n_octaves=6
        )
        total += np.nan_to_num(chroma).sum(axis=1)
    return name_key(total)


def name_key(chroma: np.ndarray) -> Key | None:
    """Key whose profile correlates best with the energy of the twelve pitch classes from C upwards."""
    if not np.ptp(chroma) > 0:
        return None
    scores = []
    for tonic in range(12):
        for profile, minor in ((MAJOR, False), (MINOR, True)):
            correlation = float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
            scores.append((correlation, tonic, minor))
    scores.sort(reverse=True)
    (best, tonic, minor), (second, other_tonic, other_minor) = scores[:2]
    return Key(_name(tonic, minor), _name(other_tonic, other_minor), best - second, camelot(tonic, minor))


def camelot(tonic: int, minor: bool) -> str:
    """Code of the Camelot wheel: fifths round the clock, C major is 8B and A minor 8A."""
    fifths = (tonic + (3 if minor else 0)) * 7 % 12  # a minor key stands with its relative major
    return f"{(fifths + 7) % 12 + 1}{'A' if minor else 'B'}"


def _name(tonic: int, minor: bool) -> str:
    return f"{MINOR_NAMES[tonic]} minor" if minor else f"{MAJOR_NAMES[tonic]} major"


def _blocks(mono: np.ndarray):
    size = BLOCK_SECONDS * RATE_HZ
    for start in range(0, len(mono), size):
        block = mono[start : start + size]
        if (len(block) >= RATE_HZ or (start == 0 and len(block) >= FFT)) and np.abs(block).max(
            initial=0
        ) > 1e-5:
            yield block
