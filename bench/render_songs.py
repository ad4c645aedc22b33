"""Renders twelve songs of known tempo and key: python -m bench.render_songs FOLDER.

Prints a line of JSON for each. Drums, bass, chords and a melody are played by the instruments of
`python/training`; every note lies in the key.
"""

import json
import sys
from pathlib import Path

import numpy as np
import soundfile
from stemtools.key import MAJOR_NAMES, MINOR_NAMES
from training import instruments, mixing, parts, songs
from training.palette import PALETTES
from training.signals import SAMPLE_RATE, samples

SECONDS = 30
TEMPOS_BPM = (72, 81.5, 90, 97.3, 104, 112, 120, 128, 135.4, 142, 158, 174)
# Scale degrees of each bar: loops of popular music, which all begin at home.
PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 0, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 6)),
}
LEVELS_DB = {"drums": -18, "bass": -20, "chords": -21, "melody": -20}


def render(plan: parts.Plan, rng: np.random.Generator) -> np.ndarray:
    """The mix, [2, samples]."""
    palette, length = PALETTES["held-out"], samples(SECONDS)
    degrees = [plan.degrees[bar % len(plan.degrees)] for bar in range(plan.bars)]
    bass = [
        (plan.start(bar, beat * 4), plan.beat_seconds * 0.9, in_octave(plan, degree, 28), 0.9)
        for bar, degree in enumerate(degrees)
        for beat in range(4)
    ]
    chords = [
        (plan.start(bar, 0), plan.beat_seconds * 3.9, in_octave(plan, degree + step, 52), 0.7)
        for bar, degree in enumerate(degrees)
        for step in (0, 2, 4)
    ]
    backing, lead = (palette.others[name](rng) for name in rng.choice(list(palette.others), 2, replace=False))
    bassist = palette.basses[rng.integers(len(palette.basses))](rng)
    stems = {
        "drums": songs.drum_stem(plan, palette, rng, length),
        "bass": instruments.render_notes(bassist, bass, length),
        "chords": instruments.render_notes(backing, chords, length),
        "melody": instruments.render_notes(lead, parts.melody(plan, rng, 62), length),
    }
    stereo = {name: np.broadcast_to(stem, (2, length)) for name, stem in stems.items()}
    mix = sum(mixing.level(stem, LEVELS_DB[name]) for name, stem in stereo.items())
    return mix * (0.9 / np.abs(mix).max())


def in_octave(plan: parts.Plan, degree: int, base: int) -> int:
    """MIDI pitch of a scale degree in the octave above `base`."""
    return base + (plan.pitch(degree, base) - base) % 12


def main() -> None:
    """Every tonic once, major and minor in turn."""
    for number, bpm in enumerate(TEMPOS_BPM):
        rng = np.random.default_rng(number)
        mode = "minor" if number % 2 else "major"
        tonic, beat_seconds = number * 5 % 12, 60 / bpm
        bars = int(np.ceil(SECONDS / (4 * beat_seconds)))
        degrees = PROGRESSIONS[mode][number // 2 % 3]
        plan = parts.Plan(beat_seconds, (0.0, 0.3)[number // 2 % 2], tonic, parts.SCALES[mode], degrees, bars)
        path = Path(sys.argv[1]) / f"{number}.flac"
        soundfile.write(path, render(plan, rng).T, SAMPLE_RATE, subtype="PCM_16")
        name = (MINOR_NAMES if mode == "minor" else MAJOR_NAMES)[tonic]
        print(json.dumps({"file": str(path), "bpm": bpm, "key": f"{name} {mode}"}), flush=True)


if __name__ == "__main__":
    main()
