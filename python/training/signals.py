"""Oscillators, envelopes, noise and filters: what every rendered sound is made of.

Signals are float64 arrays of samples at `SAMPLE_RATE`; mono is [samples], stereo is [2, samples].
"""

import numpy as np
from scipy.signal import butter, sosfilt

SAMPLE_RATE = 44100
TABLE_SIZE = 4096


def samples(seconds: float) -> int:
    """Length of `seconds` in samples, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def hertz(midi: float, a4_hz: float = 440.0) -> float:
    """Frequency of a (fractional) MIDI note number."""
    return a4_hz * 2.0 ** ((midi - 69) / 12)


def clock(seconds: float) -> np.ndarray:
    """Time of each sample of a sound that lasts `seconds`."""
    return np.arange(samples(seconds)) / SAMPLE_RATE


def oscillate(
    frequency_hz: np.ndarray | float, amplitudes: np.ndarray, length: int, phase: float = 0.0
) -> np.ndarray:
    """Band-limited periodic wave by table look-up.

    Parameters
    ----------
    frequency_hz : float or [length]
        Frequency, constant or for each sample.
    amplitudes : [harmonics]
        Amplitude of the 1st, 2nd, … harmonic; what would lie above 20 kHz is left out.
    length : int
        Samples.
    phase : float
        Starting phase in cycles.
    """
    highest = float(np.max(frequency_hz))
    kept = amplitudes[: min(len(amplitudes), TABLE_SIZE // 4, max(1, int(20000 / highest)))]
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, complex)
    spectrum[1 : len(kept) + 1] = -0.5j * TABLE_SIZE * kept
    table = np.fft.irfft(spectrum)
    table = np.append(table, table[0])
    if np.ndim(frequency_hz) == 0:
        cycles = phase + np.arange(length) * (highest / SAMPLE_RATE)
    else:
        cycles = phase + np.cumsum(frequency_hz) / SAMPLE_RATE
    position = (cycles % 1.0) * TABLE_SIZE
    index = np.minimum(position.astype(np.int32), TABLE_SIZE - 1)
    fraction = position - index
    return table[index] * (1 - fraction) + table[index + 1] * fraction


def harmonics(tilt: float, odd_only: float = 0.0, count: int = 400) -> np.ndarray:
    """Amplitudes k**-tilt; `odd_only` 0..1 fades the even harmonics out (saw towards square)."""
    k = np.arange(1, count + 1)
    return k**-tilt * np.where(k % 2 == 0, 1.0 - odd_only, 1.0)


def envelope(length: int, attack: float, decay: float, sustain: float, release: float) -> np.ndarray:
    """Attack, exponential decay to `sustain`, and a release (all in seconds) that ends with the sound."""
    time = np.arange(length) / SAMPLE_RATE
    shape = np.minimum(1.0, time / max(attack, 1e-3))
    shape = shape * (sustain + (1 - sustain) * np.exp(-np.maximum(0, time - attack) / max(decay, 1e-3)))
    return shape * np.minimum(1.0, (length / SAMPLE_RATE - time) / max(release, 1e-3))


def filtered(
    signal: np.ndarray, kind: str, cutoff_hz: float | tuple[float, float], order: int = 2
) -> np.ndarray:
    """Butterworth filter along the last axis; `kind` is lowpass, highpass or bandpass (two cutoffs)."""
    cutoff_hz = np.clip(cutoff_hz, 15, 0.48 * SAMPLE_RATE)
    return sosfilt(butter(order, cutoff_hz, kind, fs=SAMPLE_RATE, output="sos"), signal)


def bell(signal: np.ndarray, centre_hz: float, gain_db: float, q: float = 1.0) -> np.ndarray:
    """Peaking equaliser (RBJ cookbook biquad) along the last axis."""
    gain = 10 ** (gain_db / 40)
    omega = 2 * np.pi * centre_hz / SAMPLE_RATE
    alpha, cosine = np.sin(omega) / (2 * q), np.cos(omega)
    numerator = np.array([1 + alpha * gain, -2 * cosine, 1 - alpha * gain])
    denominator = np.array([1 + alpha / gain, -2 * cosine, 1 - alpha / gain])
    section = np.concatenate([numerator, denominator]) / denominator[0]
    return sosfilt(section[None], signal)
