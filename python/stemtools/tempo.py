"""Tempo and beats: librosa's beat tracker, and a line through its beats for a tempo that is not quantised."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

RATE_HZ = 22050
HOP = 512
FFT = 2048
MELS = 128
TEMPOGRAM_FRAMES = 2584  # one minute at a time, to bound memory
SHORTEST_FRAMES = 100  # 2.3 s: in less there is no tempo to be heard
MIN_BEATS = 8
STEADY_SECONDS = 0.03
STEADY_SHARE = 0.9


@dataclass(frozen=True)
class Tempo:
    """What is known of a song's tempo; `bpm` is None when there are no beats to speak of."""

    bpm: float | None
    alternative: float | None
    confidence: float
    steady: bool
    beats_seconds: np.ndarray


class MelFrames:
    """A log-mel spectrogram made from blocks; keeps 128 values a frame and no audio."""

    def __init__(self) -> None:
        self._mel = librosa.filters.mel(sr=RATE_HZ, n_fft=FFT, n_mels=MELS)
        self._rest = np.zeros(FFT // 2, np.float32)  # frames are centred on their time
        self._frames: list[np.ndarray] = []

    def push(self, mono: np.ndarray) -> None:
        """Take mono samples at 22.05 kHz."""
        samples = np.concatenate([self._rest, mono])
        count = max(0, 1 + (len(samples) - FFT) // HOP)
        if count:
            spectrum = librosa.stft(
                samples[: FFT + (count - 1) * HOP], n_fft=FFT, hop_length=HOP, center=False
            )
            self._frames.append(self._mel @ np.abs(spectrum) ** 2)
        self._rest = samples[count * HOP :]

    def onset_envelope(self) -> np.ndarray:
        """Onset strength of every frame."""
        self.push(np.zeros(FFT // 2, np.float32))
        if not self._frames:
            return np.zeros(0)
        decibels = librosa.power_to_db(np.concatenate(self._frames, axis=1))
        return librosa.onset.onset_strength(S=decibels, sr=RATE_HZ, hop_length=HOP)


def find_tempo(onsets: np.ndarray) -> Tempo:
    """Tempo and beats from an onset envelope."""
    nothing = Tempo(None, None, 0.0, False, np.zeros(0))
    if len(onsets) <= SHORTEST_FRAMES or not onsets.max() > 0:
        return nothing
    grams = [
        librosa.feature.tempogram(onset_envelope=part, sr=RATE_HZ, hop_length=HOP).mean(axis=1)
        for start in range(0, len(onsets), TEMPOGRAM_FRAMES)
        if len(part := onsets[start : start + TEMPOGRAM_FRAMES]) > SHORTEST_FRAMES
    ]
    mean = np.mean(grams, axis=0)[:, None]
    start_bpm = float(librosa.feature.tempo(tg=mean, sr=RATE_HZ, hop_length=HOP)[0])
    _, frames = librosa.beat.beat_track(
        onset_envelope=onsets, sr=RATE_HZ, hop_length=HOP, bpm=start_bpm, trim=False
    )
    beats = librosa.frames_to_time(frames, sr=RATE_HZ, hop_length=HOP)
    if len(beats) < MIN_BEATS:
        return nothing
    bpm, steady = fit_line(beats)
    alternative = bpm / 2 if bpm >= 120 else bpm * 2
    return Tempo(bpm, alternative, _periodicity(onsets, bpm), steady, beats)


def fit_line(beats: np.ndarray) -> tuple[float, bool]:
    """BPM from a robust line through the beats' times, and whether they lie on it.

    Beats are counted step by step, so that one missed beat does not shift all later ones. A song whose beats
    leave the line gets the median tempo.
    """
    gaps = np.diff(beats)
    index = np.r_[0, np.cumsum(np.maximum(1, np.round(gaps / np.median(gaps))))]
    kept = np.ones(len(beats), bool)
    for _ in range(5):
        slope, start = np.polyfit(index[kept], beats[kept], 1)
        residual = beats - (slope * index + start)
        centred = np.abs(residual - np.median(residual))
        kept = centred < max(0.02, 1.5 * float(np.median(centred)))
    on_line = np.abs(residual - np.median(residual[kept])) < STEADY_SECONDS
    steady = bool(on_line.mean() >= STEADY_SHARE)
    return float(60 / slope if steady else 60 / np.median(gaps)), steady


def _periodicity(onsets: np.ndarray, bpm: float) -> float:
    """Autocorrelation of the onsets at one beat, 0..1."""
    correlation = librosa.autocorrelate(onsets - onsets.mean(), max_size=min(len(onsets) // 2, 400))
    lag = round(60 * RATE_HZ / HOP / bpm)
    around = correlation[max(1, lag - 1) : lag + 2]
    if not around.size or correlation[0] <= 0:
        return 0.0
    return float(np.clip(around.max() / correlation[0], 0, 1))
