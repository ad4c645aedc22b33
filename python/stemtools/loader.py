"""Loading demucs models and keeping the last one."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from stemtools.catalogue import Found, find_model
from stemtools.errors import DISK_FULL_ERRNOS, ToolError, is_out_of_memory
from stemtools.fetch_weights import reported_fetch
from stemtools.protocol import Job
from stemtools.reach import can_reach_weights

CONNECT_SECONDS = 10


class ModelShelf:
    """Holds at most one loaded model, keyed by name and weights.

    Parameters
    ----------
    check : callable
        Runs before every submodule of a loaded model; raises to stop the work within one layer.
    """

    def __init__(self, check: Callable[..., None]):
        self._check = check
        self._found: Found | None = None
        self._model: Any = None

    def get(self, name: str, repo: Path | None, job: Job) -> tuple[Any, Found]:
        """The model in evaluation mode and what it is, loaded only when it is not the last one."""
        found = find_model(name, repo)
        if self._found is None or found != self._found:
            self._found = self._model = None
            gc.collect()
            with job.span("load model", model=found.name), reported_fetch(found, job, share=0.0):
                model = load_model(found)
            found = find_model(name, repo)  # again: a download has brought the weights
            for module in model.modules():
                module.register_forward_pre_hook(self._check)
            self._model, self._found = model, found
        return self._model, self._found


def load_model(found: Found) -> Any:
    """Load by demucs's own loader; fetches the weights of a hub model when they are not here.

    Raises
    ------
    ToolError
        weights_unavailable, with what to do, when they cannot be had or do not match their checksum.
    """
    use_short_timeouts()
    from demucs.pretrained import get_model

    try:
        if found.origin != "hub":
            return get_model(found.name, repo=found.files[0].parent)
        if found.description:  # cached: no question to the hub, so it works at once and without a network
            return _load_cached_bag(found.description, found.files)
        if found.weights is None and not can_reach_weights():  # huggingface_hub would try for half a minute
            raise cannot_fetch()
        return get_model(found.name)
    except ToolError:
        raise
    except (SystemExit, Exception) as error:
        if is_out_of_memory(error) or (isinstance(error, OSError) and error.errno in DISK_FULL_ERRNOS):
            raise
        if found.weights is None:
            raise cannot_fetch() from error
        raise ToolError(
            "weights_unavailable",
            "The model's weights are here but cannot be loaded; delete them and fetch them again.",
        ) from error


def cannot_fetch() -> ToolError:
    """What to say when there is no way to the weights."""
    return ToolError(
        "weights_unavailable",
        "The model's weights are not here and cannot be fetched; connect to the internet and run "
        "`npm run models`, or set MODEL_REPO to a folder that has them.",
    )


def use_short_timeouts() -> None:
    """Fail soon where nothing can be fetched; to be called before huggingface_hub is imported."""
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", str(CONNECT_SECONDS))
    os.environ.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", str(CONNECT_SECONDS))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    socket.setdefaulttimeout(CONNECT_SECONDS)  # torch.hub's urlopen has no limit of its own


def _load_cached_bag(description: Path, files: list[Path]) -> Any:
    from demucs.apply import BagOfModels
    from demucs.hf import load_safetensors_model

    bag = yaml.safe_load(description.read_text(encoding="utf-8"))
    models = [load_safetensors_model(path) for path in files]
    return BagOfModels(models, bag.get("weights"), bag.get("segment")).eval()
