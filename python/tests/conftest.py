"""Shared fixtures; imports nothing that only one of the two environments has."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

# Tests of the download environment lie in their own folder and run with its Python.
collect_ignore = ["download"] if importlib.util.find_spec("torch") else []


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny models with random weights, and `echo`, whose stems add up to the mix exactly."""
    from echo_model import save_echo_models
    from tiny_model import save_tiny_models

    folder = tmp_path_factory.mktemp("models")
    save_tiny_models(folder)
    save_echo_models(folder)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A job's own folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
