"""The sounds songs are made of: one palette to train on, another to test on.

The two differ in instrument families (a saw bass here, a square one there; guitar and strings here,
harpsichord and flute there) and in the ranges of drums and singers; only the vowel "a" is in both.
Claps, shakers, effects and what is played are common to both, and the two organs differ in registration only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from training import instruments as play
from training.drums import KitSounds
from training.instruments import Instrument
from training.vocals import Voice

Factory = Callable[[np.random.Generator], Instrument]


@dataclass
class Palette:
    """What a song may be orchestrated with."""

    kit: KitSounds
    basses: tuple[Factory, ...]
    others: dict[str, Factory]
    """Name to factory; the roles an instrument may take stand in `ROLES`."""
    tracts: tuple[tuple[float, float], ...]
    vowels: tuple[str, ...]
    tilt: tuple[float, float]
    vibrato_hz: tuple[float, float]
    breath: tuple[float, float] = field(default=(0.01, 0.08))

    def voice(self, rng: np.random.Generator) -> Voice:
        """Draw a singer."""
        low, high = self.tracts[rng.integers(len(self.tracts))]
        return Voice(
            tract=rng.uniform(low, high),
            tilt=rng.uniform(*self.tilt),
            vibrato_hz=rng.uniform(*self.vibrato_hz),
            vibrato_cents=rng.uniform(0, 60),
            breath=rng.uniform(*self.breath),
            glide_seconds=rng.uniform(0.02, 0.08),
            vowels=self.vowels,
        )


TRAIN = Palette(
    kit=KitSounds(),
    basses=(
        lambda rng: play.make_tone(rng, tilt=(0.9, 1.4), brightness=(0.05, 0.4)),
        lambda rng: play.make_tone(rng, tilt=(2.2, 4.0), sustain=(0.6, 1.0)),
        lambda rng: play.make_string(rng, bright_hz=(700, 2500), ring=(1.0, 4.0)),
        lambda rng: play.make_fm(rng, ratio=(1, 1), index=(0.6, 2.2), decay=(0.4, 1.5), tine=0.0),
        lambda rng: play.driven(
            play.make_tone(rng, tilt=(1.2, 2.0)), rng.uniform(2, 6), rng.uniform(1200, 3500)
        ),
    ),
    others={
        "guitar": lambda rng: play.make_string(rng, position=(0.1, 0.25)),
        "driven guitar": lambda rng: play.driven(
            play.make_string(rng, ring=(2, 5)), rng.uniform(4, 12), rng.uniform(3000, 5500)
        ),
        "electric piano": lambda rng: play.make_fm(rng, ratio=(1, 1)),
        "pad": lambda rng: play.make_tone(
            rng, tilt=(1.0, 1.8), attack=(0.1, 0.5), sustain=(0.7, 1), release=(0.1, 0.4), voices=(3, 5)
        ),
        "synth": lambda rng: play.make_tone(rng, odd=(0, 0.6), voices=(1, 3), brightness=(0.05, 0.6)),
        "organ": lambda rng: play.make_organ(rng),
        "strings": lambda rng: play.make_bowed(rng),
        "brass": lambda rng: play.make_bowed(rng, tilt=(0.8, 1.1), attack=(0.02, 0.06), scoop=(0.01, 0.05)),
    },
    tracts=((0.88, 1.04), (1.12, 1.2)),
    vowels=("a", "e", "i", "o", "u"),
    tilt=(0.7, 1.2),
    vibrato_hz=(4.4, 5.7),
)

HELD_OUT = Palette(
    kit=KitSounds(
        kick_hz=(56, 66),
        kick_decay=(0.21, 0.28),
        snare_hz=(220, 265),
        snare_noise_hz=(2800, 4500),
        cymbal_hz=(8600, 10500),
        tom_hz=(125, 150),
        metal=(0.55, 0.9),
    ),
    basses=(
        lambda rng: play.make_tone(rng, tilt=(1.0, 1.5), odd=(0.9, 1.0)),
        lambda rng: play.make_fm(rng, ratio=(2, 2), index=(0.4, 1.4), decay=(0.4, 1.5), tine=0.0),
        lambda rng: play.make_tone(rng, tilt=(1.5, 2.0), attack=(0.05, 0.08), voices=(2, 2)),
    ),
    others={
        "harpsichord": lambda rng: play.make_string(rng, bright_hz=(9000, 14000), position=(0.03, 0.08)),
        "bells": lambda rng: play.make_fm(rng, (3.5, 3.5), index=(0.5, 1.5), decay=(0.8, 2.0), tine=0.1),
        "accordion": lambda rng: play.make_tone(
            rng, (0.6, 0.9), (0.75, 0.95), (0.04, 0.08), sustain=(0.95, 1), voices=(2, 2), brightness=(5, 9)
        ),
        "jazz organ": lambda rng: play.make_organ(rng, (1, 1, 1, 0, 0, 0, 0, 0, 0.3)),
        "flute": lambda rng: play.make_bowed(rng, tilt=(2.2, 3.0), attack=(0.03, 0.07), voices=(1, 1)),
    },
    tracts=((1.05, 1.11), (1.21, 1.27)),
    vowels=("a", "ae", "er", "uh"),
    tilt=(1.22, 1.35),
    vibrato_hz=(5.8, 6.6),
)

PALETTES = {"train": TRAIN, "held-out": HELD_OUT}

SUSTAINED = ("held", "stabs", "picked", "lead")
PLUCKED = ("strummed", "picked", "stabs", "picked")
ROLES = {"guitar": PLUCKED, "driven guitar": ("held", "stabs", "strummed", "lead"), "harpsichord": PLUCKED,
         "bells": ("picked", "stabs", "lead"), "pad": ("held",), "strings": ("held", "held", "lead"),
         "flute": ("lead", "lead", "held")}  # fmt: skip
