"""The song the project ships is what its README says."""

from pathlib import Path

import av
import numpy as np
import pyloudnorm
import pytest
import soundfile

SONG = Path(__file__).parents[2] / "examples" / "song.flac"


@pytest.fixture(scope="module")
def sound():
    return soundfile.read(SONG)


def test_format_and_size():
    info = soundfile.info(SONG)
    assert (info.samplerate, info.channels, info.subtype) == (44100, 2, "PCM_16")
    assert SONG.stat().st_size < 5_000_000


def test_length_peak_and_loudness(sound):
    samples, rate = sound
    assert 30 <= len(samples) / rate <= 60
    assert 0.5 < np.abs(samples).max() < 1
    assert -16 <= pyloudnorm.Meter(rate).integrated_loudness(samples) <= -12


def test_tags_and_cover():
    with av.open(str(SONG)) as container:
        tags = {name.upper(): value for name, value in container.metadata.items()}
        cover = next(stream for stream in container.streams if stream.type == "video")
        picture = next(container.decode(cover))
    assert tags["ARTIST"] == "Sound Forge Alchemy"
    assert tags["TITLE"] == "First Light"
    assert tags["LICENSE"] == "CC0-1.0"
    assert (picture.width, picture.height) == (480, 480)
