"""Where a model is computed."""

from __future__ import annotations

import torch

from stemtools.errors import ToolError


def choose_device(wanted: str) -> torch.device:
    """`auto` takes CUDA, then Apple's MPS, then the CPU.

    Raises
    ------
    ToolError
        bad_request when the device that was asked for is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        wanted = next(name for name, present in there.items() if present)
    if not there.get(wanted):
        raise ToolError("bad_request", f"This machine has no {wanted} device; set DEVICE to auto.")
    return torch.device(wanted)


def free_device_memory(device: torch.device) -> None:
    """Return cached blocks to a graphics device, so that others and the next try can have them."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
