"""Encoded stems: aligned to the sample, one gain for a song, tagged, and never outside their folder."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3
from scipy.signal import butter, correlate, lfilter
from tool_process import recorded_job

from stemtools.audio import decode
from stemtools.encode import LOUDEST, handle
from stemtools.errors import Cancelled, ToolError

RATE_HZ = 44100
GAIN = 0.25
SAMPLES = 3 * RATE_HZ + 321
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Band-limited noise, one stem louder than full scale, one silent; arrays by stem, files in `folder`."""
    folder = tmp_path_factory.mktemp("masters")
    low = butter(4, 0.25)
    stems: dict = {"folder": folder}
    for index, (stem, level) in enumerate({"drums": 0.9, "vocals": 0.2, "silent": 0.0}.items()):
        noise = lfilter(*low, np.random.default_rng(index).standard_normal((SAMPLES, 2)), axis=0)
        stems[stem] = noise / np.abs(noise).max() * 2 * level
        soundfile.write(folder / f"{stem}.flac", stems[stem] * GAIN, RATE_HZ, subtype="PCM_24")
    return stems


def encode(masters: dict, out: Path, file_format: str, **more):
    stems = [
        {
            "stem": stem,
            "path": str(masters["folder"] / f"{stem}.flac"),
            "name": f"\u00c4 - \u201cB\u201d \U0001f3b8 ({stem}).{file_format}",
        }
        for stem in ("drums", "vocals", "silent")
    ]
    request = {"stems": stems, "gain": GAIN, "format": file_format, "outDir": str(out)}
    return handle(recorded_job(**{**request, **more}))


@pytest.mark.parametrize(
    ("file_format", "kbps"), [("mp3", None), ("mp3", 128), ("flac", None), ("wav", None)]
)
def test_every_stem_lines_up_to_the_sample(masters, out, file_format, kbps):
    result = encode(masters, out, file_format, bitrateKbps=kbps)
    assert (result["samples"], result["sampleRateHz"]) == (SAMPLES, RATE_HZ)
    expected_gain = 0.999 / 1.8
    for entry in result["files"]:
        decoded = np.concatenate(list(decode(out / entry["file"], RATE_HZ)), axis=1)
        assert decoded.shape == (2, SAMPLES)
        assert entry["bytes"] == (out / entry["file"]).stat().st_size
        original = masters[entry["stem"]].T[0]
        if entry["stem"] == "silent":
            assert np.abs(decoded).max() < 1e-6
            continue
        lag = correlate(decoded[0], original, method="fft").argmax() - (SAMPLES - 1)
        assert lag == 0
        level = decoded[0] @ original / (original @ original)
        assert level == pytest.approx(expected_gain, rel=0.1 if kbps else 5e-3)
        if file_format != "mp3":
            assert np.abs(decoded[0] - original * expected_gain).max() < 4e-7
            assert soundfile.info(out / entry["file"]).subtype == "PCM_24"


def test_quiet_songs_are_not_made_louder(masters, out):
    stems = [{"stem": "vocals", "path": str(masters["folder"] / "vocals.flac"), "name": "v.wav"}]
    encode(masters, out, "wav", stems=stems)
    assert np.abs(soundfile.read(out / "v.wav")[0] - masters["vocals"]).max() < 1e-6


def test_a_given_peak_decides_the_gain_also_of_stems_that_are_less_loud(masters, out):
    stems = [{"stem": "vocals", "path": str(masters["folder"] / "vocals.flac"), "name": "v.wav"}]
    encode(masters, out, "wav", stems=stems, peak=1.8)
    expected = masters["vocals"] * (LOUDEST / 1.8)
    assert np.abs(soundfile.read(out / "v.wav")[0] - expected).max() < 1e-6


def test_bitrate_decides_the_size(masters, out):
    large = encode(masters, out, "mp3", bitrateKbps=320)["files"][0]["bytes"]
    small = encode(masters, out, "mp3", bitrateKbps=130)["files"][0]["bytes"]  # the next lower that MP3 has
    assert small / large == pytest.approx(128 / 320, rel=0.05)


@pytest.mark.parametrize("file_format", ["mp3", "flac", "wav"])
def test_tags_and_cover(masters, out, tmp_path, file_format):
    (tmp_path / "cover").write_bytes(PNG)
    title, artist, album = 'T"\u00fc"', "\u00c4 & B", "\u65e5\u672c"
    tags = {
        "artist": artist,
        "title": title,
        "album": album,
        "bpm": 119.98,
        "key": "F# minor",
        "comment": "c",
    }
    result = encode(masters, out, file_format, tags=tags, cover=str(tmp_path / "cover"))
    path = out / result["files"][0]["file"]
    file = mutagen.File(path)
    if file_format == "flac":
        found = {
            name: file[name][0]
            for name in ("artist", "title", "album", "bpm", "initialkey", "stem", "comment")
        }
        assert found == {
            "artist": artist,
            "title": f"{title} (drums)",
            "album": album,
            "bpm": "119.98",
            "initialkey": "F# minor",
            "stem": "drums",
            "comment": "c",
        }
        assert (file.pictures[0].data, file.pictures[0].mime) == (PNG, "image/png")
        return
    frames = {name: str(file.tags[name]) for name in ("TPE1", "TIT2", "TALB", "TBPM", "TKEY", "TXXX:STEM")}
    assert list(frames.values()) == [artist, f"{title} (drums)", album, "120", "F#m", "drums"]
    assert file.tags["APIC:"].data == PNG
    if file_format == "mp3":
        assert ID3(path).version[:2] == (2, 3)


def test_a_useless_cover_does_no_harm(masters, out, tmp_path):
    (tmp_path / "cover").write_bytes(b"<svg/>")
    assert len(encode(masters, out, "mp3", cover=str(tmp_path / "cover"))["files"]) == 3


@pytest.mark.parametrize(
    "name", ["../x.mp3", "a/b.mp3", "a\\b.mp3", "", "..", "x\n.mp3", "x\x00.mp3", "\u00e4" * 200, None, 3]
)
def test_names_stay_in_the_folder(masters, out, name):
    stems = [{"stem": "vocals", "path": str(masters["folder"] / "vocals.flac"), "name": name}]
    with pytest.raises(ToolError) as raised:
        encode(masters, out, "mp3", stems=stems)
    assert raised.value.code == "bad_request"
    assert os.listdir(out) == []
    assert not (out.parent / "x.mp3").exists()


def test_stems_that_do_not_belong_together(masters, out):
    soundfile.write(out / "other.flac", np.zeros((99, 2)), RATE_HZ)
    paths = [masters["folder"] / "vocals.flac", out / "other.flac"]
    stems = [{"stem": str(i), "path": str(path), "name": f"{i}.mp3"} for i, path in enumerate(paths)]
    with pytest.raises(ToolError) as raised:
        encode(masters, out, "mp3", stems=stems)
    assert raised.value.code == "bad_request"


PIECE_SAMPLES = 5 * RATE_HZ


def encode_for_player(folder: Path, out: Path, sounds: dict[str, np.ndarray], **more) -> dict[str, dict]:
    """What is told of each stem, with its `pieces`, each decoded by itself to 16-bit steps."""
    for stem, sound in sounds.items():
        soundfile.write(folder / f"{stem}.flac", sound * GAIN, RATE_HZ, subtype="PCM_24")
    stems = [
        {"stem": stem, "path": str(folder / f"{stem}.flac"), "name": f"{stem}.pieces"} for stem in sounds
    ]
    result = handle(recorded_job(stems=stems, gain=GAIN, format="player", outDir=str(out), **more))
    assert sorted(os.listdir(out)) == sorted(
        f"{stem}.pieces{end}" for stem in sounds for end in ("", ".json")
    )
    told = {}
    for entry in result["files"]:
        about = json.loads((out / f"{entry['file']}.json").read_text())
        content = (out / entry["file"]).read_bytes()
        assert entry["bytes"] == len(content) == sum(about["pieceBytes"])
        ends = np.cumsum(about["pieceBytes"])
        pieces = [
            soundfile.SoundFile(io.BytesIO(content[end - size : end]))
            for end, size in zip(ends, about["pieceBytes"], strict=True)
        ]
        kinds = {(piece.format, piece.subtype, piece.samplerate, piece.channels) for piece in pieces}
        assert kinds == {("FLAC", "PCM_16", RATE_HZ, 2)}
        about["pieces"] = [piece.read(dtype="int16") for piece in pieces]
        told[entry["stem"]] = about
    return told


def in_16_bits(folder: Path, stem: str, gain: float) -> np.ndarray:
    master = soundfile.read(folder / f"{stem}.flac")[0]
    return np.clip(np.rint(master * (gain * 2**15)), -(2**15), 2**15 - 1).astype(np.int16)


def noise(samples: int, level: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-level, level, (samples, 2))


def test_pieces_for_the_player_join_to_the_stem(tmp_path, out):
    samples = 4 * PIECE_SAMPLES + 777
    sounds = {"loud": noise(samples, 1.6), "soft": noise(samples, 0.1, 2), "silent": np.zeros((samples, 2))}
    told = encode_for_player(tmp_path, out, sounds)
    peak = np.abs(soundfile.read(tmp_path / "loud.flac")[0]).max()
    for stem, about in told.items():
        assert [len(piece) for piece in about["pieces"]] == [PIECE_SAMPLES] * 4 + [777]
        facts = (about["sampleRateHz"], about["samples"], about["pieceSamples"])
        assert facts == (RATE_HZ, samples, PIECE_SAMPLES)
        expected = in_16_bits(tmp_path, stem, LOUDEST / peak)
        assert np.array_equal(np.concatenate(about["pieces"]), expected)


def test_pieces_of_a_song_shorter_than_one(tmp_path, out):
    about = encode_for_player(tmp_path, out, {"vocals": noise(1000, 0.5)})["vocals"]
    assert (about["samples"], len(about["pieceBytes"])) == (1000, 1)
    assert np.array_equal(about["pieces"][0], in_16_bits(tmp_path, "vocals", 1 / GAIN))


def test_what_is_too_loud_for_16_bits_is_clipped(tmp_path, out):
    told = encode_for_player(tmp_path, out, {"vocals": noise(1000, 1.5)}, peak=0.5)
    assert (told["vocals"]["pieces"][0].min(), told["vocals"]["pieces"][0].max()) == (-(2**15), 2**15 - 1)


@pytest.mark.parametrize(("seconds", "buckets"), [(0.5, 50), (19.99, 1999), (20, 2000), (60, 2000)])
def test_peaks_for_the_player(tmp_path, out, seconds, buckets):
    sound = noise(round(seconds * RATE_HZ), 0.4) * np.linspace(0, 1, round(seconds * RATE_HZ))[:, None]
    sound[:, 1] /= 2
    told = encode_for_player(tmp_path, out, {"vocals": sound, "silent": np.zeros_like(sound)})
    for peaks in (about["peaks"] for about in told.values()):
        assert len(peaks["min"]) == len(peaks["max"]) == buckets
    assert set(told["silent"]["peaks"]["min"] + told["silent"]["peaks"]["max"]) == {0}
    stretches = np.array_split(np.concatenate(told["vocals"]["pieces"]) / 2**15, buckets)
    for name, expected in (("min", [s.min() for s in stretches]), ("max", [s.max() for s in stretches])):
        assert np.array_equal(told["vocals"]["peaks"][name], np.round(expected, 3))
        assert all(value == round(value, 3) for value in told["vocals"]["peaks"][name])


def test_what_stops_half_way_leaves_nothing_for_the_player(masters, out):
    job = recorded_job(
        stems=[{"stem": "drums", "path": str(masters["folder"] / "drums.flac"), "name": "drums.pieces"}],
        peak=1.8,
        format="player",
        outDir=str(out),
    )
    job.cancelled.set()
    with pytest.raises(Cancelled):
        handle(job)
    assert os.listdir(out) == []
