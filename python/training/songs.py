"""Render a whole song, stem by stem, from a seed: the training and held-out material."""

import numpy as np

from training import drums, instruments, mixing, parts, vocals
from training.palette import PALETTES, ROLES, SUSTAINED, Palette
from training.signals import bell, filtered, samples

SOURCES = ("drums", "bass", "other", "vocals")
LEVELS_DB = {"drums": (-22, -15), "bass": (-24, -17), "other": (-24, -17), "vocals": (-21, -14)}


def render(seed: int, sounds: str, seconds: float) -> np.ndarray:
    """Render one song.

    Parameters
    ----------
    seed : int
        Same seed, same song.
    sounds : str
        "train" or "held-out": the palette.
    seconds : float
        Length.

    Returns
    -------
    [4, 2, samples] float32
        Drums, bass, other, vocals; their sum peaks at 0.95.
    """
    rng = np.random.default_rng([seed, sum(sounds.encode())])
    palette, length = PALETTES[sounds], samples(seconds)
    plan = parts.make_plan(rng, seconds)
    a4_hz = 440 * 2 ** (rng.normal(0, 8) / 1200)
    stems = {
        "drums": drum_stem(plan, palette, rng, length),
        "bass": bass_stem(plan, palette, rng, length, a4_hz),
        "other": other_stem(plan, palette, rng, length, a4_hz),
        "vocals": vocal_stem(plan, palette, rng, length, a4_hz),
    }
    song = np.stack([mixing.level(stems[name], rng.uniform(*LEVELS_DB[name])) for name in SOURCES])
    return (song * (0.95 / max(np.abs(song.sum(axis=0)).max(), 1e-6))).astype(np.float32)


def drum_stem(plan: parts.Plan, palette: Palette, rng: np.random.Generator, length: int) -> np.ndarray:
    """Pieces at their places in the stereo picture, with a bus compressor and a room."""
    kit = drums.make_kit(rng, palette.kit)
    width, out = rng.uniform(0, 0.8), np.zeros((2, length))
    for piece, track in drums.render_hits(kit, parts.drum_hits(plan, rng), length).items():
        central = piece in ("kick", "snare", "clap")
        quiet = piece in ("hat", "open_hat", "ride", "crash", "shaker")
        position = rng.uniform(-0.1, 0.1) if central else rng.uniform(-width, width)
        out += mixing.pan(track * rng.uniform(*((0.15, 0.5) if quiet else (0.6, 1.0))), position)
    out = mixing.level(out, -18)
    if rng.random() < 0.5:
        out = mixing.compress(out, rng.uniform(-28, -18), rng.uniform(1.5, 5), rng.uniform(0.01, 0.1))
    if rng.random() < 0.3:
        out = np.tanh(out * rng.uniform(1.5, 4))
    return mixing.reverb(coloured(out, rng, 3), rng.uniform(0.2, 0.9), wetness(rng, 0.25), rng)


def bass_stem(
    plan: parts.Plan, palette: Palette, rng: np.random.Generator, length: int, a4_hz: float
) -> np.ndarray:
    """One bass, in the middle."""
    bass = palette.basses[rng.integers(len(palette.basses))](rng)
    track = instruments.render_notes(bass, parts.bass_notes(plan, rng), length, a4_hz)
    track = filtered(track, "lowpass", rng.uniform(500, 4000), 1)
    out = mixing.level(mixing.pan(track, rng.uniform(-0.1, 0.1)), -18)
    if rng.random() < 0.4:
        out = np.tanh(out * rng.uniform(1.5, 4))
    return mixing.compress(coloured(out, rng, 2), rng.uniform(-26, -16), rng.uniform(1, 5))


def other_stem(
    plan: parts.Plan, palette: Palette, rng: np.random.Generator, length: int, a4_hz: float
) -> np.ndarray:
    """One to three instruments in different roles."""
    out = np.zeros((2, length))
    for name in rng.choice(list(palette.others), int(rng.integers(1, 4)), replace=False):
        role = str(rng.choice(ROLES.get(str(name), SUSTAINED)))
        notes = parts.chord_notes(plan, rng, role)
        track = instruments.render_notes(palette.others[str(name)](rng), notes, length, a4_hz)
        if rng.random() < 0.4:
            layer = mixing.chorus(track, rng.uniform(1, 6), rng.uniform(0.2, 1.5), rng)
        else:
            layer = mixing.pan(track, rng.uniform(-0.9, 0.9))
        if rng.random() < 0.2:
            layer = mixing.echo(
                layer, plan.beat_seconds * rng.choice([0.5, 0.75, 1.0]), 0.4, rng.uniform(0.1, 0.4)
            )
        out += mixing.level(filtered(coloured(layer, rng, 2), "highpass", 90, 1), rng.uniform(-24, -17))
    return mixing.reverb(out, rng.uniform(0.5, 2.5), wetness(rng, 0.5), rng)


def vocal_stem(
    plan: parts.Plan, palette: Palette, rng: np.random.Generator, length: int, a4_hz: float
) -> np.ndarray:
    """Lead, sometimes doubled or harmonised, compressed, with echo and reverb."""
    voice = palette.voice(rng)
    base = int(rng.integers(45, 54)) if voice.tract < 1.1 else int(rng.integers(54, 63))
    notes = parts.melody(plan, rng, base)
    out = mixing.pan(vocals.sing(voice, notes, length, rng, a4_hz), rng.uniform(-0.15, 0.15))
    if rng.random() < 0.3:
        for side in (-1, 1):
            double = vocals.sing(voice, notes, length, rng, a4_hz * 2 ** (rng.normal(0, 6) / 1200))
            out += rng.uniform(0.2, 0.6) * mixing.pan(double, side * rng.uniform(0.3, 0.9))
    if rng.random() < 0.3:
        third = [
            (start, seconds, pitch + rng.choice([3, 4]), velocity)
            for start, seconds, pitch, velocity in notes
        ]
        out += rng.uniform(0.2, 0.5) * mixing.pan(
            vocals.sing(voice, third, length, rng, a4_hz), rng.uniform(-0.6, 0.6)
        )
    out = mixing.level(filtered(coloured(out, rng, 3), "highpass", 90), -18)
    out = mixing.compress(out, rng.uniform(-30, -18), rng.uniform(1.5, 5))
    if rng.random() < 0.3:
        out = mixing.echo(
            out, plan.beat_seconds * rng.choice([0.25, 0.5, 0.75]), 0.35, rng.uniform(0.05, 0.3)
        )
    return mixing.reverb(out, rng.uniform(0.4, 2.5), wetness(rng, 0.4), rng)


def coloured(stereo: np.ndarray, rng: np.random.Generator, bands: int) -> np.ndarray:
    """Equalise with a few random bells."""
    for _ in range(bands):
        stereo = bell(
            stereo, np.exp(rng.uniform(np.log(80), np.log(10000))), rng.uniform(-6, 6), rng.uniform(0.5, 2)
        )
    return stereo


def wetness(rng: np.random.Generator, most: float) -> float:
    """How much reverb: none in a quarter of cases."""
    return 0.0 if rng.random() < 0.25 else rng.uniform(0.03, most)
