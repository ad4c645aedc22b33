"""From dry tracks to a mastered mix: panning, delay, reverb, chorus, compression, limiting, loudness."""

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import lfilter, oaconvolve

from training.signals import SAMPLE_RATE, clock, filtered, samples


def pan(mono: np.ndarray, position: float) -> np.ndarray:
    """Constant-power panning; position -1 (left) to 1 (right). Returns [2, samples]."""
    angle = (position + 1) * np.pi / 4
    return np.sqrt(2) * np.stack([np.cos(angle) * mono, np.sin(angle) * mono])


def reverb(
    stereo: np.ndarray, seconds: float, wet: float, rng: np.random.Generator, dark_hz: float = 6000
) -> np.ndarray:
    """Add a diffuse tail: exponentially decaying noise, a little delayed, different on each side."""
    if wet <= 0:
        return stereo
    time = clock(seconds * 1.3)
    impulse = rng.standard_normal((2, len(time))) * 10 ** (-3 * time / seconds) * np.minimum(1, time * 300)
    impulse = filtered(filtered(impulse, "lowpass", dark_hz, 1), "highpass", 180, 1)
    impulse /= np.sqrt(np.sum(impulse**2, axis=1, keepdims=True))
    delay = samples(rng.uniform(0.005, 0.03))
    tail = oaconvolve(stereo, impulse, axes=1)[:, : stereo.shape[1]]
    out = stereo.copy()
    out[:, delay:] += wet * tail[:, : stereo.shape[1] - delay]
    return out


def echo(stereo: np.ndarray, seconds: float, feedback: float, wet: float) -> np.ndarray:
    """Ping-pong echoes, darker each time."""
    out, repeat, step = stereo.copy(), wet * filtered(stereo, "highpass", 250, 1), samples(seconds)
    for _ in range(5):
        if step >= stereo.shape[1]:
            break
        shifted = np.zeros_like(repeat)
        shifted[:, step:] = repeat[::-1, :-step]
        repeat = feedback * filtered(shifted, "lowpass", 4000, 1)
        out += repeat / max(feedback, 1e-3)
    return out


def chorus(mono: np.ndarray, depth_ms: float, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Widen a mono track to [2, samples] with two slowly moving short delays."""
    index = np.arange(len(mono))
    sides = []
    for phase in rng.uniform(0, 1, 2):
        swing = 1 + np.sin(2 * np.pi * (rate_hz * index / SAMPLE_RATE + phase))
        moved = np.interp(index - (4 + depth_ms * swing) * SAMPLE_RATE / 1000, index, mono, left=0.0)
        sides.append(0.75 * mono + 0.6 * moved)
    return np.stack(sides)


def compress(stereo: np.ndarray, threshold_db: float, ratio: float, seconds: float = 0.05) -> np.ndarray:
    """Feed-forward compressor on both channels alike; `seconds` smooths the measured level."""
    power = np.mean(stereo**2, axis=0)
    pole = np.exp(-1 / (seconds * SAMPLE_RATE))
    level_db = 10 * np.log10(lfilter([1 - pole], [1, -pole], power) + 1e-10)
    return stereo * 10 ** (-np.maximum(0, level_db - threshold_db) * (1 - 1 / ratio) / 20)


def limiter_gain(stereo: np.ndarray, ceiling: float, hold_seconds: float = 0.004) -> np.ndarray:
    """Gain [samples] of a look-ahead limiter that keeps every sample within `ceiling`."""
    wanted = np.minimum(1, ceiling / np.maximum(np.max(np.abs(stereo), axis=0), 1e-9))
    width = samples(hold_seconds) | 1
    return uniform_filter1d(minimum_filter1d(wanted, width), width)


def level(stereo: np.ndarray, rms_db: float) -> np.ndarray:
    """Scale so that the RMS over the sounding parts (above -50 dB of the peak) is `rms_db`."""
    power = np.mean(stereo**2, axis=0)
    sounding = power[power > 1e-5 * max(power.max(), 1e-12)]
    if not len(sounding):
        return stereo
    return stereo * 10 ** (rms_db / 20) / np.sqrt(sounding.mean())
