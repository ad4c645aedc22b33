"""What this Python environment can do: versions, device, ffmpeg, and what is wrong and what to do."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

SET_UP = "npm run setup"

# The environments' own packages; the one that is there tells which environment this is.
ENVIRONMENTS = {
    "separate": ("torch", "demucs", "librosa", "av", "soundfile", "pyloudnorm", "mutagen", "imageio-ffmpeg"),
    "download": ("spotdl", "yt-dlp", "yt-dlp-ejs", "ytmusicapi", "mutagen", "imageio-ffmpeg"),
}


def examine(needing_youtube: Sequence[str] = ()) -> dict[str, Any]:
    """The whole report; imports torch in the separate environment only.

    Parameters
    ----------
    needing_youtube : sequence of str
        The open doors whose recordings come from YouTube.
    """
    problems: list[dict[str, str]] = []
    environment = "separate" if importlib.util.find_spec("torch") else "download"
    versions = {name: _version(name) for name in ENVIRONMENTS[environment]}
    problems += [
        _problem("missing_package", f"The Python package {name} is not installed", SET_UP)
        for name, version in versions.items()
        if version is None
    ]
    report: dict[str, Any] = {
        "environment": environment,
        "python": platform.python_version(),
        "tools": versions,
        "ffmpeg": _ffmpeg_version(problems),
    }
    if environment == "separate":
        report["device"] = _device(problems)
    elif versions["yt-dlp"]:
        from stemtools.downloads_check import check_downloads

        found = check_downloads(needing_youtube)
        report |= {"good": found.good, "notes": found.notes}
        problems += found.problems
    return {**report, "problems": problems}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _device(problems: list[dict[str, str]]) -> dict[str, Any] | None:
    try:
        import torch

        from stemtools.devices import choose_device
    except (ImportError, OSError):
        problems.append(_problem("torch_broken", "torch does not load", SET_UP))
        return None
    name = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else platform.processor() or platform.machine()
    )
    return {
        "auto": choose_device("auto").type,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "name": name,
        "threads": torch.get_num_threads(),
    }


def _ffmpeg_version(problems: list[dict[str, str]]) -> str | None:
    try:
        import imageio_ffmpeg

        return (
            _first_line([imageio_ffmpeg.get_ffmpeg_exe(), "-version"])
            .removeprefix("ffmpeg version ")
            .split(" ")[0]
        )
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError):
        problems.append(_problem("ffmpeg_missing", "The bundled ffmpeg does not run", SET_UP))
        return None


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.splitlines()[0]


def _problem(code: str, message: str, mend: str) -> dict[str, str]:
    """`mend`: a line for a shell, in the clone's folder."""
    return {"code": code, "message": message, "mend": mend}


def main() -> None:
    """Prints one JSON line; the arguments are the open doors whose recordings come from YouTube."""
    print(json.dumps(examine(sys.argv[1:])))


if __name__ == "__main__":
    sys.exit(main())
