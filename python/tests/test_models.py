"""Which models there are, found without torch, and what is said when weights cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tool_process import tool_environment

from stemtools.catalogue import find_model
from stemtools.errors import ToolError
from stemtools.loader import load_model


def models_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "stemtools.models", *arguments]
    return subprocess.run(command, env=tool_environment(**environment), capture_output=True, text=True)


@pytest.fixture
def caches(tmp_path, monkeypatch) -> Path:
    for name in ("HF_HOME", "TORCH_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def save_as_hub_model(model, folder: Path, name: str, signature: str) -> None:
    """What the Hugging Face cache holds after a download: a snapshot with one safetensors file."""
    from safetensors.torch import save_file

    snapshot = folder / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc123")
    arguments, options = model._init_args_kwargs
    options = {key: float(value) if key == "segment" else value for key, value in options.items()}
    metadata = {
        "klass": f"{type(model).__module__}.{type(model).__qualname__}",
        "args": json.dumps(arguments),
        "kwargs": json.dumps(options),
    }
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, snapshot / f"{signature}.safetensors", metadata)
    (snapshot / f"{name}.yaml").write_text(f"models: ['{signature}']\n")


def test_list(models, caches):
    started = time.monotonic()
    done = models_command("list", "--repo", str(models))
    seconds = time.monotonic() - started
    listed = {model["name"]: model for model in json.loads(done.stdout)["models"]}
    assert listed["tiny"]["origin"] == "repo"
    assert listed["tiny"]["available"]
    assert listed["tiny"]["weights"] == next(models.glob("deadbeef-*")).stem[-8:]
    assert listed["pair"]["weights"].count("+") == 1
    hub = ["htdemucs", "htdemucs_ft", "htdemucs_6s", "mdx_extra"]
    assert [listed[name]["available"] for name in hub] == [False] * 4
    assert "npm run models" in listed["htdemucs"]["hint"]
    assert listed["htdemucs_6s"]["sources"][-2:] == ["guitar", "piano"]
    assert seconds < 1.5  # it takes 0.15 s; torch alone would take longer


def test_torch_is_not_imported(models):
    code = (
        "import sys, stemtools.models as tool\n"
        f"tool.list_models(None, tool.Path({str(models)!r}))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=tool_environment(), capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_a_cached_hub_model_is_found_and_loaded_without_a_network(caches, monkeypatch):
    from tiny_model import TINY, build_transformer

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = caches / "huggingface/hub/models--adefossez--HTDemucs"
    save_as_hub_model(build_transformer(TINY, 0), folder, "htdemucs", "955717e8")
    found = find_model("htdemucs", None)
    assert found.origin == "hub"
    assert len(found.weights) == 8
    model = load_model(found)
    assert model.sources == ["drums", "bass", "other", "vocals"]
    assert not model.training


def test_a_model_of_the_older_host_is_found(caches):
    checkpoints = caches / "torch/hub/checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "955717e8-8726e21a.th").write_bytes(b"x")
    assert find_model("htdemucs", None).weights == "8726e21a"
    assert find_model("htdemucs_ft", None).weights is None


def test_the_repo_comes_first(models, tmp_path):
    (tmp_path / "htdemucs.yaml").write_text("models: ['deadbeef']\n")
    weights = next(models.glob("deadbeef-*"))
    os.symlink(weights, tmp_path / weights.name)
    assert find_model("htdemucs", tmp_path).origin == "repo"


def test_an_incomplete_bag_is_unknown(tmp_path):
    (tmp_path / "half.yaml").write_text("models: ['00000000']\n")
    with pytest.raises(ToolError) as raised:
        find_model("half", tmp_path)
    assert raised.value.code == "unknown_model"


def test_fetch_says_what_to_do_when_there_is_no_way_out(caches):
    done = models_command("fetch", "htdemucs", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    error = json.loads(done.stdout.splitlines()[-1])
    assert (error["type"], error["id"], error["code"]) == ("error", "htdemucs", "weights_unavailable")
    assert models_command("fetch", "nonsense").returncode == 2


def test_reach_answers_within_its_limit():
    started = time.monotonic()
    # Nobody listens on the discard port of this machine, so no question leaves it.
    nowhere = "http://127.0.0.1:9"
    done = models_command("reach", HTTPS_PROXY=nowhere, https_proxy=nowhere, NO_PROXY="", no_proxy="")
    assert json.loads(done.stdout)["reachable"] is False
    assert time.monotonic() - started < 6


def test_doctor():
    done = subprocess.run(
        [sys.executable, "-m", "stemtools.doctor"], env=tool_environment(), capture_output=True
    )
    report = json.loads(done.stdout)
    assert report["tools"]["demucs"] == "4.1.0"
    assert report["problems"] == []
    assert report["device"]["auto"] in ("cpu", "cuda", "mps")
    assert report["ffmpeg"]
