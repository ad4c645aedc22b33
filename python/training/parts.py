"""Who plays what when: keys, progressions, grooves, bass lines, chords and sung melodies, drawn at random."""

from dataclasses import dataclass

import numpy as np

from training.instruments import Note

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10), "harmonic": (0, 2, 3, 5, 7, 8, 11),
}  # fmt: skip
# Scale degrees of each bar.
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 0, 4), (0, 6, 5, 4), (1, 4, 0, 0),
                (0, 2, 3, 4), (0, 3, 4, 3), (0, 0, 3, 4), (0, 5, 1, 4))  # fmt: skip
# Sixteenths on which kick and snare fall.
GROOVES = {
    "rock": ((0, 8, 10), (4, 12)), "four": ((0, 4, 8, 12), (4, 12)), "hiphop": ((0, 3, 10), (4, 12)),
    "half": ((0, 6, 11), (8,)), "break": ((0, 10), (4, 12, 7, 15)), "latin": ((0, 6, 8, 14), (3, 6, 12)),
    "train": ((0, 8), (2, 6, 10, 14, 4, 12)), "busy": ((0, 3, 6, 8, 11, 14), (4, 12)), "sparse": ((0,), (8,)),
}  # fmt: skip
BASS_RHYTHMS = ((0,), (0, 8), (0, 4, 8, 12), tuple(range(0, 16, 2)), (0, 6, 8, 14), (0, 3, 6, 10),
                (0, 7, 10, 12), (2, 6, 10, 14), tuple(range(16)))  # fmt: skip
STAB_RHYTHMS = ((0, 6, 12), (2, 6, 10, 14), (0, 3, 6, 9, 12), (4, 12), (0, 4, 8, 12), (0, 8, 11))


def fold(pitch: int, base: int) -> int:
    """The pitch brought down by octaves, which keeps it in key, to less than 17 semitones above `base`."""
    return pitch - 12 * max(0, (pitch - base - 17) // 12 + 1)


@dataclass
class Plan:
    """One song's tempo, feel and harmony."""

    beat_seconds: float
    swing: float
    tonic: int
    scale: tuple[int, ...]
    degrees: tuple[int, ...]
    bars: int

    def start(self, bar: int, sixteenth: float) -> float:
        """Seconds at which a sixteenth of a bar falls; every second one comes late by the swing."""
        late = self.swing if int(sixteenth) % 2 else 0.0
        return (bar * 4 + (sixteenth + late) / 4) * self.beat_seconds

    def pitch(self, degree: int, base: int) -> int:
        """MIDI pitch of a scale degree (7 is the octave) above the tonic nearest over `base`."""
        tonic = base + (self.tonic - base) % 12
        return tonic + 12 * (degree // 7) + self.scale[degree % 7]

    def chord(self, bar: int, base: int, extra: bool = False) -> list[int]:
        """Pitches of the bar's chord, folded into the octave and a half above `base`."""
        root = self.degrees[bar % len(self.degrees)]
        steps = (0, 2, 4, 6) if extra else (0, 2, 4)
        return [fold(self.pitch(root + step, base), base) for step in steps]


def make_plan(rng: np.random.Generator, seconds: float) -> Plan:
    """Draw a plan that fills `seconds`."""
    beat_seconds = 60 / rng.uniform(70, 180)
    return Plan(
        beat_seconds=beat_seconds,
        swing=rng.choice([0.0, 0.0, 0.3, 0.6]),
        tonic=int(rng.integers(12)),
        scale=SCALES[str(rng.choice(list(SCALES)))],
        degrees=PROGRESSIONS[rng.integers(len(PROGRESSIONS))],
        bars=int(np.ceil(seconds / (4 * beat_seconds))),
    )


def drum_hits(plan: Plan, rng: np.random.Generator) -> list[tuple[float, str, float]]:
    """Groove with its variations, ghost notes and fills, as (seconds, piece, velocity)."""
    kicks, snares = GROOVES[str(rng.choice(list(GROOVES)))]
    backbeat = str(rng.choice(["snare", "snare", "snare", "clap"]))
    timekeeper = str(rng.choice(["hat", "hat", "hat", "ride", "shaker"]))
    every, ghosts, fill_every = (
        int(rng.choice([1, 2, 2, 4])),
        rng.uniform(0, 0.12),
        int(rng.choice([2, 4, 8])),
    )
    shaken = rng.random() < 0.3
    hits = []
    for bar in range(plan.bars):
        fill_from = 12 if bar % fill_every == fill_every - 1 else 16
        hits += [(plan.start(bar, s), "kick", rng.uniform(0.7, 1)) for s in kicks if s < fill_from]
        hits += [(plan.start(bar, s), backbeat, rng.uniform(0.7, 1)) for s in snares if s < fill_from]
        for s in range(fill_from):
            if s % every == 0:
                piece = "open_hat" if timekeeper == "hat" and rng.random() < 0.08 else timekeeper
                hits.append(
                    (plan.start(bar, s), piece, rng.uniform(0.35, 0.75) * (1.2 if s % 4 == 0 else 0.9))
                )
            if rng.random() < ghosts:
                hits.append((plan.start(bar, s), "snare", rng.uniform(0.1, 0.3)))
            if shaken:
                hits.append((plan.start(bar, s), "shaker", 0.6 if s % 4 == 0 else 0.35))
        for s in range(fill_from, 16):
            hits.append(
                (plan.start(bar, s), str(rng.choice(["snare", "high_tom", "low_tom"])), rng.uniform(0.5, 1))
            )
        if bar % fill_every == 0 and rng.random() < 0.7:
            hits.append((plan.start(bar, 0), "crash", rng.uniform(0.5, 0.9)))
    return [(max(0.0, at + rng.normal(0, 0.004)), piece, velocity) for at, piece, velocity in hits]


def bass_notes(plan: Plan, rng: np.random.Generator) -> list[Note]:
    """Roots with fifths, octaves and passing notes on one of the rhythms."""
    rhythm, wander = BASS_RHYTHMS[rng.integers(len(BASS_RHYTHMS))], rng.uniform(0, 0.5)
    base, legato = int(rng.integers(26, 34)), rng.uniform(0.5, 1.0)
    notes = []
    for bar in range(plan.bars):
        degree = plan.degrees[bar % len(plan.degrees)]
        for step, following in zip(rhythm, (*rhythm[1:], 16 + rhythm[0]), strict=True):
            moved = degree + int(rng.choice([4, 7, 2, 6])) if step and rng.random() < wander else degree
            pitch = fold(plan.pitch(moved, base), base)
            seconds = (following - step) / 4 * plan.beat_seconds * legato
            notes.append((plan.start(bar, step), seconds, pitch, rng.uniform(0.7, 1)))
    return notes


def chord_notes(plan: Plan, rng: np.random.Generator, role: str) -> list[Note]:
    """Accompaniment or lead; `role` is held, stabs, strummed, picked or lead."""
    base, extra = int(rng.integers(48, 64)), bool(rng.random() < 0.3)
    stabs, step_length = STAB_RHYTHMS[rng.integers(len(STAB_RHYTHMS))], int(rng.choice([1, 2, 2]))
    bar_seconds, notes = 4 * plan.beat_seconds, []
    for bar in range(plan.bars):
        chord = plan.chord(bar, base, extra)
        if role == "held":
            notes += [(plan.start(bar, 0), bar_seconds * 0.97, pitch, 0.7) for pitch in chord]
        elif role == "stabs":
            seconds = plan.beat_seconds * rng.uniform(0.2, 0.6)
            notes += [
                (plan.start(bar, s), seconds, pitch, rng.uniform(0.6, 0.9)) for s in stabs for pitch in chord
            ]
        elif role == "strummed":
            strings = sorted([*chord, *(pitch - 12 for pitch in chord)])
            for number, s in enumerate(stabs):
                order = strings if number % 2 == 0 else strings[::-1]
                notes += [
                    (plan.start(bar, s) + 0.012 * i, bar_seconds / 3, p, 0.7) for i, p in enumerate(order)
                ]
        elif role == "picked":
            order = rng.permutation(sorted([*chord, chord[0] + 12]))
            for number, s in enumerate(range(0, 16, step_length)):
                pitch = float(order[number % len(order)])
                notes.append(
                    (plan.start(bar, s), plan.beat_seconds * step_length / 3, pitch, rng.uniform(0.5, 0.9))
                )
    return notes if role != "lead" else melody(plan, rng, base + 8, rest=0.35)


def melody(plan: Plan, rng: np.random.Generator, base: int, rest: float = 0.25) -> list[Note]:
    """Phrases that move mostly by step within a tenth above `base`, with breaths between them."""
    notes, degree, place, end = [], int(rng.integers(2, 7)), 0.0, plan.bars * 16.0
    while place < end:
        for _ in range(int(rng.integers(4, 10))):
            length = float(rng.choice([1, 2, 2, 2, 4, 4, 6, 8]))
            degree = int(np.clip(degree + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]), 0, 9))
            seconds = length / 4 * plan.beat_seconds * 0.96
            notes.append((plan.start(0, place), seconds, plan.pitch(degree, base), rng.uniform(0.6, 1)))
            place += length
        place += float(rng.choice([2, 4, 8])) if rng.random() < 4 * rest else 1.0
    return notes
