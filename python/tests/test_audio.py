"""Decoding: every kind of file becomes stereo of the exact length, and no file leads to another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_files import make, run_ffmpeg

from stemtools.audio import decode
from stemtools.errors import ToolError


def read(path: Path, rate_hz: int = 44100) -> np.ndarray:
    return np.concatenate(list(decode(path, rate_hz)), axis=1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("stereo.wav", ("-ac", "2")),
        ("low.wav", ("-ar", "8000", "-ac", "1")),
        ("high.flac", ("-ar", "96000", "-ac", "2")),
        ("highest.wav", ("-ar", "192000", "-c:a", "pcm_s24le")),
        ("lossy.mp3", ("-ac", "2")),
        ("vorbis.ogg", ("-c:a", "libvorbis", "-ac", "2")),
        ("opus.webm", ("-c:a", "libopus", "-ac", "2")),
        ("film.mkv", ("-c:a", "flac", "-f", "matroska")),
        ("surround.wav", ("-ac", "8")),
    ],
)
def test_exact_length_and_level(tmp_path, name, options):
    samples = read(make(tmp_path / name, 2, *options))
    assert samples.dtype == np.float32
    assert samples.shape == (2, 2 * 44100)
    assert 0.01 < np.abs(samples).max() < 1


def test_mono_goes_to_both_sides_unchanged(tmp_path):
    path = make(tmp_path / "mono.wav", 1, "-ac", "1")
    left, right = read(path)
    raw = np.frombuffer(path.read_bytes()[-2 * 44100 :], "<i2") / 32768
    assert np.array_equal(left, right)
    assert np.abs(left - raw).max() < 1e-6


def test_surround_is_mixed_down_without_overshoot(tmp_path):
    full_scale = make(tmp_path / "51.wav", source="aevalsrc=1|1|1|1|1|1:c=5.1:d=1:s=44100")
    assert np.abs(read(full_scale)).max() == pytest.approx(1.0, abs=1e-3)
    centre = make(tmp_path / "centre.wav", source="aevalsrc=0|0|1|0|0|0:c=5.1:d=1:s=44100")
    left, right = read(centre)
    assert np.array_equal(left, right)
    assert left.max() == pytest.approx(np.sqrt(0.5) / (1 + 2 * np.sqrt(0.5)), abs=1e-3)


def test_a_change_of_rate_inside_a_file_is_followed(tmp_path):
    parts = [
        make(tmp_path / f"{rate}.mp3", 1, "-ar", str(rate), "-ac", "2", "-write_xing", "0")
        for rate in (44100, 22050)
    ]
    both = tmp_path / "both.mp3"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert read(both).shape[1] == pytest.approx(2 * 44100, abs=6000)


def test_numbers_that_are_none_become_silence(tmp_path):
    samples = np.full((4410, 2), 0.5, np.float32)
    samples[100], samples[200], samples[300] = np.nan, np.inf, -1e30
    soundfile.write(tmp_path / "odd.wav", samples, 44100, subtype="FLOAT")
    decoded = read(tmp_path / "odd.wav")
    assert np.isfinite(decoded).all()
    assert decoded[0, 100] == 0
    assert np.abs(decoded).max() == 100
    assert (decoded[0, :100] == 0.5).all()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"no audio at all " * 999, "not_audio"),
        (bytes(range(256)) * 200, "not_audio"),
    ],
)
def test_what_is_not_audio(tmp_path, content, code):
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    with pytest.raises(ToolError) as raised:
        read(path)
    assert raised.value.code == code


def test_video_without_sound(tmp_path):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=duration=1:size=64x64", str(tmp_path / "v.mp4"))
    with pytest.raises(ToolError) as raised:
        read(tmp_path / "v.mp4")
    assert raised.value.code == "no_sound"


def test_a_missing_file(tmp_path):
    with pytest.raises(ToolError):
        read(tmp_path / "nothing.wav")


def test_no_playlist_opens_another_file(tmp_path):
    secret = make(tmp_path / "secret.wav", 1)
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"
    contents = {
        "list.m3u8": hls,
        "list.mp3": hls,
        "cat.txt": f"ffconcat version 1.0\nfile '{secret}'\n",
        "cat.wav": f"ffconcat version 1.0\nfile '{secret}'\n",
        "old.pls": f"[playlist]\nFile1={secret}\n",
        "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{secret}"/></svg>',
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(ToolError):
            read(tmp_path / name)
