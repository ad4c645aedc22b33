"""Which models there are and where their weights lie, found by looking at files only: torch is not imported.

A model is in demucs's own formats: a folder of `<signature>-<sha256, first 8>.th` with `<name>.yaml` for a
bag; the Hugging Face cache (one yaml and one safetensors file a sub-model); or the torch hub cache of
demucs's older host.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from stemtools.errors import ToolError

STARTER_FOLDER = Path(__file__).resolve().parents[2] / "models"
FOUR = ("drums", "bass", "other", "vocals")
HUB_SOURCES = {
    "htdemucs": FOUR,
    "htdemucs_ft": FOUR,
    "htdemucs_6s": (*FOUR, "guitar", "piano"),
    "mdx_extra": FOUR,
}
HUB_BYTES = {"htdemucs": 84e6, "htdemucs_ft": 4 * 84e6, "htdemucs_6s": 55e6, "mdx_extra": 4 * 167e6}  # about


@dataclass(frozen=True)
class Found:
    """A model and, when its weights are here, what they are."""

    name: str
    origin: str  # starter | repo | hub
    weights: str | None = None  # checksums of the sub-models joined with "+"; None when not here
    sources: tuple[str, ...] | None = None
    files: list[Path] = field(default_factory=list)
    description: Path | None = None  # the bag's yaml


def find_model(name: str, repo: Path | None) -> Found:
    """Look a model up: in `repo` first, then the shipped starter, then the hub's names.

    Raises
    ------
    ToolError
        unknown_model when no place knows the name.
    """
    if re.fullmatch(r"[A-Za-z0-9][\w.-]{0,79}", name):
        if repo and (found := find_in_folder(name, repo, "repo")):
            return found
        if name == "starter" and (found := find_in_folder(name, STARTER_FOLDER, "starter")):
            return found
        if name in HUB_SOURCES:
            return find_in_caches(name)
    raise ToolError(
        "unknown_model", "There is no model of that name; choose one that `npm run models` lists."
    )


def names_in_folder(folder: Path) -> list[str]:
    """Names of the bags of a folder, and the signatures of models that are in no bag."""
    bags = sorted(path.stem for path in folder.glob("*.yaml"))
    bagged = {
        signature for name in bags for signature in _read_bag(folder / f"{name}.yaml").get("models", [])
    }
    signatures = {path.stem.rsplit("-", 1)[0] for path in folder.glob("*.th")}
    return bags + sorted(signatures - bagged)


def find_in_folder(name: str, folder: Path, origin: str) -> Found | None:
    """A bag or a single model of a folder in demucs's format; None when it is not there whole."""
    if not folder.is_dir():
        return None
    files = {path.stem.rsplit("-", 1)[0]: path for path in sorted(folder.glob("*.th"))}
    if name in files:
        return Found(name, origin, _checksum(files[name]), None, [files[name]])
    description = folder / f"{name}.yaml"
    bag = _read_bag(description)
    signatures = bag.get("models", [])
    if not signatures or any(signature not in files for signature in signatures):
        return None
    chosen = [files[signature] for signature in signatures]
    sources = tuple(bag["sources"]) if "sources" in bag else None
    return Found(name, origin, "+".join(map(_checksum, chosen)), sources, chosen, description)


def find_in_caches(name: str) -> Found:
    """A model of the hub: its files when they have been fetched before."""
    cached = _hub_folder(name)
    reference = cached / "refs" / "main"
    if reference.is_file():
        snapshot = cached / "snapshots" / reference.read_text().strip()
        signatures = _read_bag(snapshot / f"{name}.yaml").get("models", [])
        files = [snapshot / f"{signature}.safetensors" for signature in signatures]
        if files and all(path.is_file() for path in files):
            weights = "+".join(map(_checksum, files))
            return Found(name, "hub", weights, HUB_SOURCES[name], files, snapshot / f"{name}.yaml")
    legacy = [sorted(_torch_cache().glob(f"{signature}-*.th"))[:1] for signature in _legacy_signatures(name)]
    files = [path for paths in legacy for path in paths]
    weights = "+".join(map(_checksum, files)) if files and len(files) == len(legacy) else None
    return Found(name, "hub", weights, HUB_SOURCES[name], files if weights else [])


def cache_bytes(name: str) -> int:
    """How much of a hub model lies in the caches, unfinished files included."""
    found = list((_hub_folder(name) / "blobs").glob("*"))
    for signature in _legacy_signatures(name):
        found += _torch_cache().glob(f"{signature}-*")
    return sum(path.stat().st_size for path in found if path.is_file())


def _hub_folder(name: str) -> Path:
    """Where the Hugging Face cache keeps a model; the names are those of `demucs.hf.hf_repo_name`."""
    if name == "htdemucs":
        repository = "HTDemucs"
    elif name.startswith("htdemucs_"):
        repository = f"HTDemucs-{name.removeprefix('htdemucs_')}"
    else:
        repository = f"Demucs-{name}"
    return _hub_cache() / f"models--adefossez--{repository}"


def _legacy_signatures(name: str) -> list[str]:
    return _read_bag(_demucs_folder() / "remote" / f"{name}.yaml").get("models", [])


def _read_bag(path: Path) -> dict:
    if not path.is_file():
        return {}
    bag = yaml.safe_load(path.read_text(encoding="utf-8"))
    return bag if isinstance(bag, dict) else {}


def _checksum(path: Path) -> str:
    """First 8 hex digits of the sha256: from the name where it is part of it, else of the content."""
    if match := re.fullmatch(r".+-([0-9a-f]{8,64})", path.stem):
        return match[1][:8]
    blob = path.resolve().name  # the Hugging Face cache links to blobs named by their sha256
    if re.fullmatch(r"[0-9a-f]{64}", blob):
        return blob[:8]
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]


def _hub_cache() -> Path:
    home = Path(os.environ.get("HF_HOME") or _cache_home() / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def _torch_cache() -> Path:
    return Path(os.environ.get("TORCH_HOME") or _cache_home() / "torch").expanduser() / "hub" / "checkpoints"


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _demucs_folder() -> Path:
    spec = importlib.util.find_spec("demucs")
    if spec is None or not spec.submodule_search_locations:
        raise ToolError("internal", "demucs is not installed; run `npm run setup`.", retryable=False)
    return Path(spec.submodule_search_locations[0])
