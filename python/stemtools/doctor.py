"""What this Python environment can do: versions, device, ffmpeg, and what is wrong and what to do."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
from typing import Any

# The environments' own packages; the one that is there tells which environment this is.
ENVIRONMENTS = {
    "separate": ("torch", "demucs", "librosa", "av", "soundfile", "pyloudnorm", "mutagen", "imageio-ffmpeg"),
    "download": ("spotdl", "yt-dlp", "mutagen", "imageio-ffmpeg"),
}


def examine() -> dict[str, Any]:
    """The whole report; imports torch in the separate environment only."""
    problems: list[dict[str, str]] = []
    environment = "separate" if importlib.util.find_spec("torch") else "download"
    versions = {name: _version(name) for name in ENVIRONMENTS[environment]}
    problems += [
        _problem("missing_package", f"The Python package {name} is not installed; run `npm run setup`.")
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
    else:
        report["nodeRuntime"] = _node_version(problems)
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
        problems.append(_problem("torch_broken", "torch does not load; run `npm run setup`."))
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
        problems.append(_problem("ffmpeg_missing", "The bundled ffmpeg does not run; run `npm run setup`."))
        return None


def _node_version(problems: list[dict[str, str]]) -> str | None:
    """The JavaScript runtime that yt-dlp solves YouTube's challenges with."""
    path = os.environ.get("NODE_RUNTIME")
    try:
        version = _first_line([path, "--version"]) if path else None
    except (OSError, subprocess.SubprocessError):
        version = None
    if version is None or int(version.lstrip("v").split(".")[0]) < 22:
        problems.append(
            _problem("no_js_runtime", "yt-dlp has no Node 22 or newer, so Spotify tracks may not be found.")
        )
    return version


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.splitlines()[0]


def _problem(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def main() -> None:
    """Prints one JSON line."""
    print(json.dumps(examine()))


if __name__ == "__main__":
    sys.exit(main())
