"""Cheap ways to the same samples in less time."""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import util

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
TRIM_THRESHOLD_BYTES = 2**31 - 1
TOP_PAD_BYTES = 64 << 20


def let_idle_threads_sleep() -> None:
    """Have OpenMP's threads wait without spinning, which costs tenfold on a machine that is busy otherwise.

    Must run before torch is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def keep_big_blocks() -> None:
    """Let glibc reuse the blocks of activations instead of mapping, faulting in and unmapping each anew.

    Must run before the first big tensor. `give_back_memory` returns what is free after a job.
    """
    if libc := _glibc():
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES)
        libc.mallopt(M_TOP_PAD, TOP_PAD_BYTES)


def give_back_memory() -> None:
    """Return free memory to the system between jobs."""
    if libc := _glibc():
        libc.malloc_trim(0)


def use_fused_attention() -> None:
    """Use scaled_dot_product_attention (equal within 2e-6), not the path that builds the whole matrix."""
    import torch

    torch.backends.mha.set_fastpath_enabled(False)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(util.find_library("c") or None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "gnu_get_libc_version") else None
