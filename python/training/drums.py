"""A drum kit: every piece is a function of velocity (0..1) that returns one mono hit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.signals import SAMPLE_RATE, clock, filtered

Piece = Callable[[float], np.ndarray]


@dataclass
class KitSounds:
    """Ranges a kit is drawn from; training and held-out kits use ranges that do not meet."""

    kick_hz: tuple[float, float] = (44, 54)
    kick_decay: tuple[float, float] = (0.08, 0.2)
    snare_hz: tuple[float, float] = (165, 215)
    snare_noise_hz: tuple[float, float] = (1200, 2600)
    cymbal_hz: tuple[float, float] = (5200, 8200)
    tom_hz: tuple[float, float] = (80, 120)
    metal: tuple[float, float] = (0.0, 0.5)


def kick(rng: np.random.Generator, sounds: KitSounds) -> Piece:
    """Sine that falls in pitch, with a click."""
    end_hz, decay = rng.uniform(*sounds.kick_hz), rng.uniform(*sounds.kick_decay)
    sweep_hz, speed = rng.uniform(60, 260), rng.uniform(25, 70)
    click, drive = rng.uniform(0.05, 0.4), rng.uniform(1.0, 3.0)

    def hit(velocity: float) -> np.ndarray:
        time = clock(decay * 5)
        phase = end_hz * time + sweep_hz * (1 - np.exp(-time * speed)) / speed
        body = np.tanh(drive * np.sin(2 * np.pi * phase) * np.exp(-time / decay))
        tick = filtered(rng.standard_normal(len(time)), "highpass", 1500) * np.exp(-time * 400)
        return velocity * (body + click * velocity * tick) * np.minimum(1, (time[-1] - time) * 200)

    return hit


def snare(rng: np.random.Generator, sounds: KitSounds) -> Piece:
    """Two drum-head modes and rattling noise."""
    tone_hz, noise_hz = rng.uniform(*sounds.snare_hz), rng.uniform(*sounds.snare_noise_hz)
    tone, tone_decay, noise_decay = rng.uniform(0.2, 0.7), rng.uniform(0.03, 0.1), rng.uniform(0.05, 0.2)

    def hit(velocity: float) -> np.ndarray:
        time = clock(noise_decay * 4 + 0.1)
        bend = tone_hz * (time + 0.015 * (1 - np.exp(-time * 60)))
        head = (np.sin(2 * np.pi * bend) + 0.6 * np.sin(2 * np.pi * 1.6 * bend)) * np.exp(-time / tone_decay)
        rattle = filtered(rng.standard_normal(len(time)), "bandpass", (noise_hz * 0.4, 12000), 1)
        return velocity * (tone * head + 0.6 * rattle * np.exp(-time / noise_decay))

    return hit


def clap(rng: np.random.Generator, sounds: KitSounds) -> Piece:
    """Four bursts of band-limited noise in quick succession."""
    centre_hz, gap = rng.uniform(900, 2200), rng.uniform(0.007, 0.014)

    def hit(velocity: float) -> np.ndarray:
        time = clock(0.35)
        bursts = sum(np.where(time >= i * gap, np.exp(-(time - i * gap) * 180), 0) for i in range(3))
        tail = np.where(time >= 3 * gap, np.exp(-(time - 3 * gap) * 22), 0)
        noise = filtered(rng.standard_normal(len(time)), "bandpass", (centre_hz * 0.6, centre_hz * 1.9), 1)
        return velocity * 1.4 * noise * (0.7 * bursts + tail)

    return hit


def cymbal(rng: np.random.Generator, sounds: KitSounds, decay: float, bell_level: float = 0.0) -> Piece:
    """High-passed noise and a bank of inharmonic square waves; hats, rides and crashes differ in decay."""
    cut_hz, metal = rng.uniform(*sounds.cymbal_hz), rng.uniform(*sounds.metal)
    partials_hz = rng.uniform(2.0, 4.6) * np.array([205.3, 304.4, 369.6, 522.7, 540.0, 800.0])
    bell_hz = rng.uniform(2800, 4600)

    def hit(velocity: float) -> np.ndarray:
        time = clock(min(decay * 5, 2.5))
        noise = rng.standard_normal(len(time))
        for partial_hz in partials_hz if metal > 0.05 else ():
            noise += 0.8 * metal * np.sign(np.sin(2 * np.pi * partial_hz * time))
        shaped = filtered(noise, "highpass", cut_hz) * np.exp(-time / decay)
        ring = bell_level * np.sin(2 * np.pi * bell_hz * time) * np.exp(-time / (decay * 0.6))
        return velocity * (0.5 * shaped + ring) * np.minimum(1, time * 2000)

    return hit


def tom(rng: np.random.Generator, sounds: KitSounds, ratio: float) -> Piece:
    """Falling sine with a little stick noise."""
    pitch_hz, decay = rng.uniform(*sounds.tom_hz) * ratio, rng.uniform(0.12, 0.3)

    def hit(velocity: float) -> np.ndarray:
        time = clock(decay * 4)
        phase = pitch_hz * (time + 0.02 * (1 - np.exp(-time * 30)))
        stick = filtered(rng.standard_normal(len(time)), "bandpass", (500, 4000), 1) * np.exp(-time * 120)
        return velocity * (np.sin(2 * np.pi * phase) * np.exp(-time / decay) + 0.3 * stick)

    return hit


def shaker(rng: np.random.Generator, sounds: KitSounds) -> Piece:
    """Short swell of high noise (shaker, tambourine)."""
    low_hz, rise, decay = rng.uniform(3500, 6500), rng.uniform(0.005, 0.04), rng.uniform(0.02, 0.06)

    def hit(velocity: float) -> np.ndarray:
        time = clock(rise + decay * 5)
        shape = np.where(time < rise, time / rise, np.exp(-(time - rise) / decay))
        return velocity * 0.5 * filtered(rng.standard_normal(len(time)), "highpass", low_hz) * shape

    return hit


def make_kit(rng: np.random.Generator, sounds: KitSounds | None = None) -> dict[str, Piece]:
    """Draw one kit: kick, snare, clap, hat, open_hat, ride, crash, high_tom, low_tom, shaker."""
    sounds = sounds or KitSounds()
    return {
        "kick": kick(rng, sounds),
        "snare": snare(rng, sounds),
        "clap": clap(rng, sounds),
        "hat": cymbal(rng, sounds, rng.uniform(0.02, 0.06)),
        "open_hat": cymbal(rng, sounds, rng.uniform(0.1, 0.3)),
        "ride": cymbal(rng, sounds, rng.uniform(0.25, 0.5), bell_level=rng.uniform(0.02, 0.12)),
        "crash": cymbal(rng, sounds, rng.uniform(0.5, 1.0)),
        "high_tom": tom(rng, sounds, 1.6),
        "low_tom": tom(rng, sounds, 1.0),
        "shaker": shaker(rng, sounds),
    }


def render_hits(
    kit: dict[str, Piece], hits: list[tuple[float, str, float]], length: int
) -> dict[str, np.ndarray]:
    """Render (start in seconds, piece, velocity) hits to one mono track for each piece."""
    tracks: dict[str, np.ndarray] = {}
    for start, piece, velocity in hits:
        first = max(0, round(start * SAMPLE_RATE))
        if first >= length:
            continue
        sound = kit[piece](velocity)[: length - first]
        tracks.setdefault(piece, np.zeros(length))[first : first + len(sound)] += sound
    return tracks
