"""Pitched instruments, each a function of (frequency_hz, seconds, velocity) that returns one mono note.

`make_…` draws one at random from the ranges it is given.
"""

from collections.abc import Callable

import numpy as np

from training.signals import SAMPLE_RATE, clock, envelope, filtered, harmonics, oscillate, samples

Instrument = Callable[[float, float, float], np.ndarray]
Note = tuple[float, float, float, float]
"""Start in seconds, length in seconds, MIDI pitch, velocity 0..1."""
Range = tuple[float, float]


def make_string(
    rng: np.random.Generator,
    bright_hz: Range = (2500, 7000),
    ring: Range = (0.6, 2.5),
    position: Range = (0.1, 0.3),
) -> Instrument:
    """Karplus-Strong plucked string, computed one period at a time (guitar, harp, plucked bass)."""
    cut_hz, ring_seconds, where = rng.uniform(*bright_hz), rng.uniform(*ring), rng.uniform(*position)

    def play(frequency_hz: float, seconds: float, velocity: float) -> np.ndarray:
        period = max(4, round(SAMPLE_RATE / frequency_hz))
        stretch = frequency_hz * period / SAMPLE_RATE
        length = samples(seconds + 0.05)
        periods = int(length * stretch / period) + 2
        burst = rng.uniform(-1, 1, period * 2)
        burst = filtered(burst, "lowpass", cut_hz * (0.5 + 0.5 * velocity), 1)[period:]
        burst -= np.roll(burst, max(1, int(where * period)))
        loss = 10 ** (-3 / (frequency_hz * ring_seconds))
        out = np.empty((periods, period))
        out[0] = burst - burst.mean()
        for i in range(1, periods):
            out[i] = loss * (0.55 * out[i - 1] + 0.45 * np.roll(out[i - 1], 1))
        # The loop's averaging delays by 0.45 samples a period; the look-up undoes it and the rounded period.
        index = np.arange(length) * (stretch + 0.45 * frequency_hz / SAMPLE_RATE)
        sound = np.interp(index, np.arange(out.size), out.ravel(), right=0.0)
        return velocity * sound * envelope(length, 0.001, 1e3, 1.0, 0.05) / (np.abs(sound).max() + 1e-9)

    return play


def make_tone(
    rng: np.random.Generator,
    tilt: Range = (1.0, 1.6),
    odd: Range = (0, 0.3),
    attack: Range = (0.005, 0.03),
    decay: Range = (0.2, 0.8),
    sustain: Range = (0.4, 0.9),
    release: Range = (0.03, 0.1),
    voices: tuple[int, int] = (1, 1),
    brightness: Range = (0.1, 0.5),
) -> Instrument:
    """Wave tables that fade from bright to mellow as under a filter envelope, in `voices` detuned copies."""
    slope, odd_only = rng.uniform(*tilt), rng.uniform(*odd)
    rise, fall, hold, end = (rng.uniform(*r) for r in (attack, decay, sustain, release))
    copies, open_for = int(rng.integers(voices[0], voices[1] + 1)), rng.uniform(*brightness)
    detune_cents = rng.uniform(4, 14)

    def play(frequency_hz: float, seconds: float, velocity: float) -> np.ndarray:
        length = samples(seconds + end)
        out = np.zeros(length)
        blend = envelope(length, rise, open_for, 0.15, end)
        for cents in np.linspace(-detune_cents, detune_cents, copies) if copies > 1 else [0.0]:
            pitch_hz, phase = frequency_hz * 2 ** (cents / 1200), rng.uniform()
            bright = oscillate(pitch_hz, harmonics(slope, odd_only), length, phase)
            mellow = oscillate(pitch_hz, harmonics(slope + 1.2, odd_only), length, phase)
            out += blend * bright + (1 - blend) * mellow
        return velocity * out * envelope(length, rise, fall, hold, end) / np.sqrt(copies) * 0.6

    return play


def make_fm(
    rng: np.random.Generator,
    ratio: Range = (1, 1),
    index: Range = (0.8, 2.5),
    decay: Range = (0.3, 1.2),
    tine: float = 0.3,
) -> Instrument:
    """Two-operator FM: electric piano (ratio 1, tine), bells (inharmonic ratio), FM bass."""
    modulator, depth, fall = rng.uniform(*ratio), rng.uniform(*index), rng.uniform(*decay)
    tine_ratio, tremolo_hz, tremolo = rng.choice([7.0, 9.0, 14.0]), rng.uniform(3, 6), rng.uniform(0, 0.25)

    def play(frequency_hz: float, seconds: float, velocity: float) -> np.ndarray:
        time = clock(seconds + 0.15)
        angle = 2 * np.pi * frequency_hz * time
        swing = depth * velocity * np.exp(-time / (fall * 0.6))
        tone = np.sin(angle + swing * np.sin(modulator * angle))
        if frequency_hz * tine_ratio < 16000:
            tone += tine * velocity * np.sin(tine_ratio * angle) * np.exp(-time * 12)
        tone *= 1 - tremolo * (0.5 + 0.5 * np.sin(2 * np.pi * tremolo_hz * time))
        return velocity * 0.7 * tone * envelope(len(time), 0.003, fall, 0.1, 0.12)

    return play


def make_organ(rng: np.random.Generator, drawbars: tuple[float, ...] | None = None) -> Instrument:
    """Drawbar organ: nine sines on fixed ratios, with a rotary-speaker wobble."""
    ratios = np.array([1, 2, 3, 4, 6, 8, 10, 12, 16])
    levels = np.zeros(16)
    levels[ratios - 1] = (
        drawbars if drawbars else rng.uniform(0, 1, 9) * np.array([1, 1, 1, 0.8, 0.5, 0.5, 0.3, 0.3, 0.3])
    )
    rotor_hz, wobble = rng.choice([0.8, 6.2]), rng.uniform(0.0, 0.004)

    def play(frequency_hz: float, seconds: float, velocity: float) -> np.ndarray:
        time = clock(seconds + 0.03)
        pitch_hz = frequency_hz / 2 * (1 + wobble * np.sin(2 * np.pi * rotor_hz * time))
        sound = oscillate(pitch_hz, levels, len(time)) * envelope(len(time), 0.008, 1e3, 1, 0.03)
        return velocity * 0.4 * sound * (1 + 0.15 * np.sin(2 * np.pi * rotor_hz * time))

    return play


def make_bowed(
    rng: np.random.Generator,
    tilt: Range = (1.0, 1.3),
    attack: Range = (0.08, 0.25),
    voices: tuple[int, int] = (3, 5),
    scoop: Range = (0.0, 0.0),
) -> Instrument:
    """Ensemble with independent vibrato on each player (strings; brass with a fast attack and a scoop)."""
    slope, rise, players = (
        rng.uniform(*tilt),
        rng.uniform(*attack),
        int(rng.integers(voices[0], voices[1] + 1)),
    )
    body_hz, bend = rng.uniform(1800, 4200), rng.uniform(*scoop)

    def play(frequency_hz: float, seconds: float, velocity: float) -> np.ndarray:
        time = clock(seconds + 0.12)
        out = np.zeros(len(time))
        for _ in range(players):
            vibrato = rng.uniform(0.002, 0.006) * np.sin(
                2 * np.pi * (rng.uniform(4.5, 6.2) * time + rng.uniform())
            )
            drift = 2 ** (rng.normal(0, 5) / 1200)
            pitch_hz = (
                frequency_hz * drift * (1 + vibrato * np.minimum(1, time * 3) - bend * np.exp(-time * 18))
            )
            out += oscillate(pitch_hz, harmonics(slope), len(time), rng.uniform())
        out = filtered(out, "lowpass", body_hz * (0.7 + 0.6 * velocity), 1)
        return velocity * 0.5 * out * envelope(len(time), rise, 1e3, 1, 0.12) / np.sqrt(players)

    return play


def driven(instrument: Instrument, drive: float, cabinet_hz: float) -> Instrument:
    """Put an instrument through an overdriven amplifier and its cabinet."""

    def play(frequency_hz: float, seconds: float, velocity: float) -> np.ndarray:
        return 0.5 * filtered(
            np.tanh(drive * instrument(frequency_hz, seconds, velocity)), "lowpass", cabinet_hz
        )

    return play


def render_notes(instrument: Instrument, notes: list[Note], length: int, a4_hz: float = 440.0) -> np.ndarray:
    """Play notes into one mono track of `length` samples."""
    track = np.zeros(length)
    for start, seconds, pitch, velocity in notes:
        first = max(0, round(start * SAMPLE_RATE))
        if first >= length:
            continue
        sound = instrument(a4_hz * 2 ** ((pitch - 69) / 12), seconds, velocity)[: length - first]
        track[first : first + len(sound)] += sound
    return track
