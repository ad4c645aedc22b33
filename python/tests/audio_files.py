"""Makes audio files of any kind by the bundled ffmpeg."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

import imageio_ffmpeg


def make(path: Path, seconds: float = 3.0, *options: str, source: str = "") -> Path:
    """A tone with noise (or another lavfi source) encoded as the file's name says."""
    sound = source or (
        f"sine=440:duration={seconds}:sample_rate=44100[a];"
        f"anoisesrc=duration={seconds}:sample_rate=44100:amplitude=0.1:seed=1[b];[a][b]amix=inputs=2"
    )
    run_ffmpeg("-f", "lavfi", "-i", sound, *(options or ("-ac", "2")), str(path))
    return path


def run_ffmpeg(*arguments: str) -> None:
    subprocess.run([_ffmpeg(), "-nostdin", "-y", "-v", "error", *arguments], check=True)


@functools.cache
def _ffmpeg() -> str:
    return imageio_ffmpeg.get_ffmpeg_exe()
