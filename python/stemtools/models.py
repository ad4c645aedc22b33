"""List the models that can be used, fetch their weights, and tell whether fetching is possible."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from stemtools.catalogue import (
    HUB_SOURCES,
    STARTER_FOLDER,
    Found,
    find_in_caches,
    find_in_folder,
    find_model,
    names_in_folder,
)
from stemtools.errors import ToolError
from stemtools.fetch_weights import reported_fetch
from stemtools.protocol import Job, Lines, run_job


def list_models(repo: Path | None, starter: Path) -> list[dict[str, Any]]:
    """Every model by name, the repo's before the hub's of the same name."""
    found: dict[str, Found] = {}
    for folder, origin in ((starter, "starter"), (repo, "repo")):
        if folder and folder.is_dir():
            for name in names_in_folder(folder):
                if model := find_in_folder(name, folder, origin):
                    found[name] = model
    for name in HUB_SOURCES:
        found.setdefault(name, find_in_caches(name))
    return [_as_line(model) for model in found.values()]


def fetch_models(names: list[str]) -> bool:
    """Fetch and verify models one after the other, one result or error line each; whether all are here."""
    lines = Lines()
    fetched = [run_job(Job({"id": name}, lines), fetch_model, lines) for name in names]
    return all(fetched)


def fetch_model(job: Job) -> dict[str, Any]:
    """Fetch by demucs's own loader, which verifies checksums, and load once to be sure."""
    from stemtools.loader import load_model

    found = find_model(job.id, None)
    job.progress(0, "connecting" if found.weights is None else "verifying")
    with reported_fetch(found, job, share=0.95):
        load_model(found)
    found = find_model(job.id, None)
    if found.weights is None:
        raise ToolError(
            "weights_unavailable", "The weights were loaded but not kept; check the cache folder."
        )
    return _as_line(found)


def _as_line(model: Found) -> dict[str, Any]:
    line = {
        "name": model.name,
        "weights": model.weights,
        "sources": list(model.sources) if model.sources else None,
        "available": model.weights is not None,
        "origin": model.origin,
    }
    return line if model.weights else {**line, "hint": f"npm run models fetch {model.name}"}


def main() -> None:
    """Command line: `list`, `fetch NAME…` or `reach`."""
    parser = argparse.ArgumentParser(prog="stemtools.models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="one JSON line with all models")
    listing.add_argument("--repo", default="-", help="folder of models in demucs's format, or -")
    listing.add_argument("--starter", default=str(STARTER_FOLDER), help="folder of the shipped model")
    fetching = commands.add_parser("fetch", help="fetch and verify weights")
    fetching.add_argument("names", nargs="+", choices=tuple(HUB_SOURCES), metavar="NAME")
    commands.add_parser("reach", help="whether weights can be fetched, found out within 5 s")
    options = parser.parse_args()
    if options.command == "list":
        repo = None if options.repo == "-" else Path(options.repo)
        print(json.dumps({"models": list_models(repo, Path(options.starter))}))
    elif options.command == "reach":
        from stemtools.reach import can_reach_weights

        started = time.monotonic()
        reachable = can_reach_weights()
        print(json.dumps({"reachable": reachable, "seconds": round(time.monotonic() - started, 2)}))
    else:
        sys.exit(0 if fetch_models(options.names) else 1)


if __name__ == "__main__":
    main()
