"""Compose and render "First Light", the song the project ships: `python -m training.example_song [FILE]`.

104 beats a minute, D major, 4/4, A4 = 440 Hz: four bars of intro, eight of verse, eight of chorus.
"""

import argparse
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile

from training import drums, instruments, mixing, vocals
from training.flac_tags import png, sunrise, write_tags
from training.instruments import Note, render_notes
from training.signals import SAMPLE_RATE, bell, filtered, samples

BEATS_PER_MINUTE = 104
BEAT = 60 / BEATS_PER_MINUTE
LOUDNESS_LUFS = -14.0
INTRO, VERSE, CHORUS, BARS = 0, 4, 12, 20
CHORDS = ["D", "A", "Bm", "G"] * 3 + ["G", "A", "D", "Bm", "G", "A", "D", "D"]
PITCHES = {"D": (62, 66, 69), "A": (61, 64, 69), "Bm": (62, 66, 71), "G": (62, 67, 71)}
ROOTS = {"D": 38, "A": 33, "Bm": 35, "G": 31}
# One syllable each: bar, beat, beats, pitch, consonant, vowel.
MELODY = [
    (4, 0.5, 0.5, 66, "liquid", "i"), (4, 1, 1, 69, "plosive", "a"), (4, 2, 0.5, 69, "fricative", "e"),
    (4, 2.5, 1.3, 66, "nasal", "o"), (5, 0.5, 0.5, 64, "liquid", "a"), (5, 1, 1, 66, "fricative", "i"),
    (5, 2, 1.8, 64, "none", "a"), (6, 0.5, 0.5, 66, "plosive", "e"), (6, 1, 1, 69, "nasal", "i"),
    (6, 2, 0.5, 71, "fricative", "a"), (6, 2.5, 1.3, 69, "liquid", "o"), (7, 0, 1, 67, "none", "u"),
    (7, 1, 1, 66, "nasal", "e"), (7, 2, 1.8, 64, "plosive", "a"),
    (8, 0.5, 0.5, 66, "liquid", "i"), (8, 1, 1, 69, "plosive", "a"), (8, 2, 0.5, 71, "fricative", "e"),
    (8, 2.5, 1.3, 69, "nasal", "o"), (9, 0.5, 0.5, 69, "liquid", "a"), (9, 1, 0.5, 68.999, "none", "e"),
    (9, 1.5, 2.2, 64, "fricative", "i"), (10, 0.5, 0.5, 66, "plosive", "o"), (10, 1, 1, 66, "nasal", "a"),
    (10, 2, 0.5, 69, "liquid", "e"), (10, 2.5, 1.3, 71, "fricative", "i"), (11, 0, 1, 71, "none", "a"),
    (11, 1, 1, 69, "nasal", "o"), (11, 2, 1.9, 69, "plosive", "u"),
    (12, 0, 2, 74, "fricative", "a"), (12, 2, 1, 71, "liquid", "o"), (12, 3, 1, 69, "nasal", "i"),
    (13, 0, 2.5, 73, "none", "a"), (13, 2.5, 0.5, 69, "plosive", "e"), (13, 3, 1, 71, "liquid", "a"),
    (14, 0, 2, 69, "fricative", "i"), (14, 2, 1, 66, "nasal", "a"), (14, 3, 0.9, 69, "plosive", "o"),
    (15, 0, 2.5, 71, "liquid", "e"), (15, 2.5, 1.4, 69, "fricative", "a"),
    (16, 0, 2, 74, "fricative", "a"), (16, 2, 1, 74, "liquid", "o"), (16, 3, 1, 71, "nasal", "i"),
    (17, 0, 2, 76, "none", "a"), (17, 2, 1, 73, "plosive", "e"), (17, 3, 1, 71, "liquid", "a"),
    (18, 0, 3, 74, "fricative", "i"), (18, 3, 0.9, 69, "nasal", "a"), (19, 0, 4, 74, "liquid", "a"),
]  # fmt: skip


def at(bar: int, beat: float) -> float:
    """Start of a beat in seconds."""
    return (bar * 4 + beat) * BEAT


def drum_hits(rng: np.random.Generator) -> list[tuple[float, str, float]]:
    """Beat that grows from hats over a verse groove to a chorus with open hats and crashes."""
    hits = [(at(2, i / 2), "hat", 0.5 if i % 2 else 0.8) for i in range(16)]
    hits += [
        (at(3, 2 + i / 2), name, 0.6 + i * 0.1)
        for i, name in enumerate(["snare", "high_tom", "low_tom", "low_tom"])
    ]
    for bar in range(VERSE, BARS):
        chorus = bar >= CHORUS
        kicks = (0, 1.5, 2.5, 3.5) if chorus else (0, 2.5)
        hits += [(at(bar, beat), "kick", 0.95 if beat == 0 else 0.8) for beat in kicks]
        hits += [(at(bar, beat), "snare", 0.85) for beat in (1, 3)]
        hits += [
            (at(bar, i / 2), "open_hat" if chorus and i % 2 else "hat", rng.uniform(0.5, 0.8))
            for i in range(8)
        ]
        hits += [(at(bar, i / 4), "shaker", 0.5 if i % 2 else 0.8) for i in range(16)] if chorus else []
        if bar % 4 == 3 and bar < BARS - 1:
            hits += [
                (at(bar, 3 + i / 4), "high_tom" if i < 2 else "low_tom", 0.6 + 0.1 * i) for i in range(4)
            ]
    hits += [(at(bar, 0), "crash", 0.7) for bar in (VERSE, CHORUS, CHORUS + 4)]
    return [
        (start + rng.normal(0, 0.003), name, velocity * rng.uniform(0.9, 1)) for start, name, velocity in hits
    ]


def bass_notes() -> list[Note]:
    """Roots with an octave and a fifth: held in the verse, in eighths in the chorus."""
    notes = []
    for bar in range(VERSE, BARS - 1):
        root = ROOTS[CHORDS[bar]]
        if bar < CHORUS:
            steps = [(0, 1.4, 0), (1.5, 0.9, 0), (2.5, 0.9, 7), (3.5, 0.4, 12)]
        else:
            steps = [(i / 2, 0.42, 12 if i in (3, 6) else 0) for i in range(8)]
        notes += [(at(bar, beat), beats * BEAT, root + step, 0.9) for beat, beats, step in steps]
    return [*notes, (at(BARS - 1, 0), 4 * BEAT, 38, 0.9)]


def pluck_notes() -> list[Note]:
    """Guitar that picks through each chord in eighths."""
    notes = []
    for bar in range(BARS - 1):
        low, middle, high = PITCHES[CHORDS[bar]]
        order = (low - 12, low, middle, high, middle + 12, high, middle, low)
        notes += [
            (at(bar, i / 2), 1.6 * BEAT, pitch, 0.8 if i % 4 == 0 else 0.6) for i, pitch in enumerate(order)
        ]
    return notes + [
        (at(BARS - 1, i * 0.06), 4 * BEAT, pitch, 0.8) for i, pitch in enumerate((38, 50, 57, 62, 66, 74))
    ]


def chord_notes(first: int, octave: int = 0) -> list[Note]:
    """Whole-bar chords from bar `first` to the end."""
    spread = [(bar, pitch + octave) for bar in range(first, BARS) for pitch in PITCHES[CHORDS[bar]]]
    return [(at(bar, 0), 4 * BEAT, pitch, 0.7) for bar, pitch in spread]


def render(seed: int = 7) -> dict[str, np.ndarray]:
    """Render the four stems, each [2, samples], mixed and mastered so that their sum is the song."""
    rng = np.random.default_rng(seed)
    length = samples(at(BARS, 0) + 1.6)
    # Drums tuned to the key: kick on A, snare on F sharp and D, toms on F sharp and D.
    kit = drums.make_kit(rng, drums.KitSounds(kick_hz=(55, 55), snare_hz=(185, 185), tom_hz=(92.5, 92.5)))
    places = {"hat": 0.25, "open_hat": 0.25, "shaker": -0.4, "crash": -0.3, "high_tom": 0.3, "low_tom": -0.3}
    gains = {"kick": 1.0, "snare": 0.75, "hat": 0.22, "open_hat": 0.2, "shaker": 0.2, "crash": 0.3}
    beat = sum(
        mixing.pan(gains.get(piece, 0.6) * track, places.get(piece, 0))
        for piece, track in drums.render_hits(kit, drum_hits(rng), length).items()
    )
    finger = instruments.make_tone(
        rng, tilt=(1.3, 1.3), decay=(0.5, 0.5), sustain=(0.4, 0.4), brightness=(0.12, 0.12)
    )
    bass = filtered(render_notes(finger, bass_notes(), length), "lowpass", 1800)
    guitar = render_notes(instruments.make_string(rng, (5000, 5000), (2.2, 2.2)), pluck_notes(), length)
    piano = render_notes(instruments.make_fm(rng, decay=(1.2, 1.2)), chord_notes(VERSE), length)
    pad = render_notes(instruments.make_bowed(rng, attack=(0.25, 0.25)), chord_notes(INTRO), length)
    strings = render_notes(instruments.make_bowed(rng), chord_notes(CHORUS, 12), length)
    other = 0.5 * mixing.pan(bell(guitar, 3000, 3), -0.45) + 0.14 * mixing.chorus(piano, 3, 0.7, rng)
    other += 0.1 * mixing.chorus(pad, 5, 0.3, rng) + 0.09 * mixing.pan(strings, 0.5)

    sung = [(at(bar, beat), beats * BEAT * 0.97, pitch, 0.9) for bar, beat, beats, pitch, _, _ in MELODY]
    words = [(consonant, vowel) for *_, consonant, vowel in MELODY]
    lead = vocals.sing(vocals.Voice(tract=1.13, vibrato_cents=28), sung, length, rng, words=words)
    below = [
        (start, seconds, pitch - (4 if pitch in (74, 71, 67, 64) else 3), 0.7)
        for start, seconds, pitch, _ in sung
    ]
    second = [(note, word) for note, word in zip(below, words, strict=True) if note[0] >= at(CHORUS, 0)]
    harmony = vocals.sing(vocals.Voice(tract=1.05, breath=0.05), [n for n, _ in second], length, rng,
                          words=[("none", vowel) for _, (_, vowel) in second])  # fmt: skip
    voice = (
        mixing.pan(lead, 0) + 0.3 * mixing.pan(harmony, 0.35) + 0.3 * mixing.pan(np.roll(harmony, 700), -0.35)
    )
    voice = mixing.compress(mixing.level(filtered(voice, "highpass", 110), -18), -22, 3)
    voice = mixing.echo(voice, 0.75 * BEAT, 0.35, 0.12)

    stems = {
        "drums": mixing.reverb(mixing.level(beat, -17), 0.5, 0.12, rng),
        "bass": mixing.pan(mixing.level(bass, -19), 0),
        "other": mixing.reverb(mixing.level(other, -21), 1.8, 0.2, rng),
        "vocals": mixing.reverb(mixing.level(voice, -17.5), 1.6, 0.2, rng),
    }
    return master(stems)


def master(stems: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Bring the sum to `LOUDNESS_LUFS` under a ceiling of -1 dB, every stem by the same gains."""
    mix = sum(stems.values())
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    gain = np.ones(mix.shape[1])
    for _ in range(4):
        gain = gain * 10 ** ((LOUDNESS_LUFS - meter.integrated_loudness((mix * gain).T)) / 20)
        gain = gain * mixing.limiter_gain(mix * gain, 0.89)
    gain *= np.minimum(1, np.arange(len(gain))[::-1] / samples(1.2))
    return {name: stem * gain for name, stem in stems.items()}


def main() -> None:
    """Write the song with its tags and cover."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=Path("examples/song.flac"))
    path = parser.parse_args().file
    # What lies above 16.5 kHz is hardly heard and would cost a megabyte.
    mix = filtered(sum(render().values()), "lowpass", 16500, 6)
    soundfile.write(path, mix.T, SAMPLE_RATE, subtype="PCM_16", compression_level=1.0)
    comments = {
        "TITLE": "First Light", "ARTIST": "Sound Forge Alchemy", "ALBUM": "Examples", "GENRE": "Synthetic",
        "BPM": str(BEATS_PER_MINUTE), "INITIALKEY": "D major", "LICENSE": "CC0-1.0",
        "COMMENT": "Composed and rendered by python/training/example_song.py",
    }  # fmt: skip
    write_tags(path, comments, png(sunrise()), 480)
    loudness = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(mix.T)
    print(f"{path}: {mix.shape[1] / SAMPLE_RATE:.1f} s, {loudness:.1f} LUFS, peak {np.abs(mix).max():.3f}")


if __name__ == "__main__":
    main()
