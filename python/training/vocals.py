"""A singing voice by source and filter: glottal pulses and breath through moving formants, with consonants.

Formant values (Hz) are round figures after Peterson & Barney (1952) with two fixed upper formants.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.instruments import Note
from training.signals import SAMPLE_RATE, harmonics, oscillate

VOWELS = {
    "a": (730, 1150, 2500), "e": (520, 1850, 2500), "i": (280, 2250, 2950), "o": (500, 880, 2450),
    "u": (310, 850, 2300), "ae": (660, 1720, 2410), "er": (490, 1350, 1690), "uh": (620, 1200, 2400),
}  # fmt: skip
HOP = 512
WINDOW = 1024
RESONANCES = ((90.0, 1.0), (110.0, -0.6), (160.0, 0.4), (240.0, -0.3), (320.0, 0.2))
"""Bandwidth in Hz and weight of each formant."""
CONSONANTS = ("none", "fricative", "plosive", "nasal", "liquid")


@dataclass
class Voice:
    """One singer. `tract` scales the formants (1 = adult male, about 1.17 = adult female)."""

    tract: float = 1.0
    tilt: float = 1.1
    vibrato_hz: float = 5.5
    vibrato_cents: float = 25.0
    breath: float = 0.03
    glide_seconds: float = 0.04
    vowels: tuple[str, ...] = ("a", "e", "i", "o", "u")
    consonants: tuple[str, ...] = CONSONANTS


def sing(voice: Voice, notes: list[Note], length: int, rng: np.random.Generator, a4_hz: float = 440.0,
         words: list[tuple[str, str]] | None = None) -> np.ndarray:  # fmt: skip
    """Sing notes (one syllable each) into a mono track of `length` samples.

    `words` gives (consonant, vowel) for each note; drawn from the voice's own where it is not given.
    """
    frames = length // HOP + 3
    frame_seconds = HOP / SAMPLE_RATE
    pitch, gain = np.full(frames, np.nan), np.zeros(frames)
    hiss, hiss_hz = np.zeros(frames), np.full(frames, 6000.0)
    formants = np.tile(np.array([*VOWELS["uh"], 3400.0, 4300.0]), (frames, 1))
    vibrato = np.zeros(frames)
    for number, (start, seconds, midi, velocity) in enumerate(notes):
        consonant, vowel = (
            words[number] if words else (rng.choice(voice.consonants), rng.choice(voice.vowels))
        )
        a, b = int(start / frame_seconds), int((start + seconds) / frame_seconds)
        a, b = min(a, frames - 1), min(max(b, a + 3), frames)
        pitch[a:b], gain[a:b] = midi, velocity
        formants[a:b, :3] = VOWELS[vowel]
        within = np.arange(b - a) * frame_seconds
        vibrato[a:b] = np.clip((within - 0.2) * 4, 0, 1)
        short = max(1, int(rng.uniform(0.04, 0.1) / frame_seconds))
        if consonant == "fricative":
            gain[a : a + short] = 0
            hiss[a : a + short], hiss_hz[a : a + short] = (
                velocity * rng.uniform(0.3, 0.8),
                rng.uniform(4000, 8500),
            )
        elif consonant == "plosive":
            gain[a : a + 3] = 0
            hiss[a + 2 : a + 3], hiss_hz[a + 2 : a + 3] = (
                velocity * rng.uniform(0.6, 1.2),
                rng.uniform(1200, 5000),
            )
        elif consonant == "nasal":
            gain[a : a + short] *= 0.4
            formants[a : a + short, :3] = (260, 1050, 2200)
        elif consonant == "liquid":
            formants[a : a + short, :3] = (350, 1150, 1900)
    sounding = np.flatnonzero(~np.isnan(pitch))
    if not len(sounding):
        return np.zeros(length)
    pitch = np.interp(np.arange(frames), sounding, pitch[sounding])
    pitch = gaussian_filter1d(pitch, voice.glide_seconds / frame_seconds)
    pitch += gaussian_filter1d(rng.standard_normal(frames), 4) * 0.15
    gain = gaussian_filter1d(gain, 1.6) * (1 + 0.15 * gaussian_filter1d(rng.standard_normal(frames), 6))
    formants = gaussian_filter1d(formants, 2.5, axis=0) * voice.tract

    time = np.arange(length) / SAMPLE_RATE
    place = np.arange(length) / HOP
    cents = voice.vibrato_cents * np.interp(place, np.arange(frames), vibrato)
    semitones = np.interp(place, np.arange(frames), pitch) + cents / 100 * np.sin(
        2 * np.pi * voice.vibrato_hz * time
    )
    source = oscillate(a4_hz * 2 ** ((semitones - 69) / 12), harmonics(voice.tilt), length)
    source = (source + voice.breath * rng.standard_normal(length)) * np.interp(place, np.arange(frames), gain)
    return vocal_tract(source, rng.standard_normal(length), formants, hiss, hiss_hz)


def vocal_tract(
    source: np.ndarray, noise: np.ndarray, formants: np.ndarray, hiss: np.ndarray, hiss_hz: np.ndarray
) -> np.ndarray:
    """Filter `source` [samples] by `formants` [frames, 5] in Hz; add `noise` shaped around `hiss_hz`.

    Overlap-add of short spectra, zero-padded to twice the window so that the resonances may ring out.
    """
    length, frames = len(source), len(hiss)
    window = np.hanning(WINDOW + 1)[:-1]
    padded = np.pad(np.stack([source, noise]), ((0, 0), (HOP, frames * HOP + WINDOW - length)))
    index = np.arange(frames)[:, None] * HOP + np.arange(WINDOW)
    active = np.flatnonzero(np.max(np.abs(padded[0][index]), axis=1) + hiss > 1e-4)
    spectra = np.fft.rfft(padded[:, index[active]] * window, 2 * WINDOW)
    frequency = np.fft.rfftfreq(2 * WINDOW, 1 / SAMPLE_RATE)
    # Resonances in parallel, of alternating sign; the constant stands for the many weak ones above the fifth.
    response = np.full((len(active), len(frequency)), 0.04, complex)
    for number, (width_hz, weight) in enumerate(RESONANCES):
        centre, damped = formants[active, number, None], 1j * frequency * width_hz
        response += weight * damped / (centre**2 - frequency**2 + damped)
    shape = np.exp(-0.5 * ((frequency - hiss_hz[active, None]) / 1500) ** 2)
    voiced = spectra[0] * response + spectra[1] * shape * hiss[active, None]
    blocks = np.fft.irfft(voiced, axis=1)
    out = np.zeros(padded.shape[1] + 2 * WINDOW)
    for frame, block in zip(active, blocks, strict=True):
        out[frame * HOP : frame * HOP + 2 * WINDOW] += block
    return out[HOP : HOP + length]
