"""The self-test of a download environment finds what is wrong with one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yt_dlp
from tool_process import tool_environment

REAL = Path(yt_dlp.__file__).parent
LENT = f"""
from pathlib import Path
__path__.append({str(REAL)!r})
exec(compile(Path({str(REAL / "__init__.py")!r}).read_text(), {str(REAL / "__init__.py")!r}, "exec"))
"""


@pytest.fixture
def node(tmp_path: Path) -> str:
    path = tmp_path / "node"
    path.write_text("#!/bin/sh\necho v24.0.0\n")
    path.chmod(0o755)
    return str(path)


def run(**environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "stemtools.self_test"],
        env=tool_environment(**{"SOURCES": "", "YTDLP_ARGS": "", **environment}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def test_this_environment_passes(node):
    every = "upload,link,search,spotify,youtube,soundcloud,bandcamp,vimeo,mixcloud,audiomack,dailymotion"
    assert run(NODE_RUNTIME=node, SOURCES=every) == (0, "")


def test_a_node_that_is_not_accepted(node):
    assert run(NODE_RUNTIME=f"{node}-none") == (1, "yt-dlp does not accept this project's Node.")


def test_an_option_of_the_operator_that_yt_dlp_does_not_know(node):
    code, said = run(NODE_RUNTIME=node, YTDLP_ARGS="--no-such-option")
    assert code == 1
    assert "no such option: --no-such-option" in said


@pytest.mark.parametrize(
    ("package", "source", "sentence"),
    [
        ("yt_dlp", "raise SystemExit(0)", "SystemExit: 0"),
        ("ytmusicapi", "import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        (
            "yt_dlp",
            f"{LENT}\ndel parse_options",
            "ImportError: cannot import name 'parse_options' from 'yt_dlp'",
        ),
        (
            "yt_dlp",
            f"{LENT}\nfrom yt_dlp.extractor import YoutubeIE\nYoutubeIE.suitable = lambda url: False",
            "yt-dlp does not know youtube any more.",
        ),
    ],
)
def test_a_package_that_changed(tmp_path, node, package, source, sentence):
    folder = tmp_path / "newer" / package
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(source)
    environment = tool_environment()["PYTHONPATH"]
    code, said = run(NODE_RUNTIME=node, PYTHONPATH=f"{folder.parent}:{environment}")
    assert code == 1
    assert said.startswith(sentence)


def test_a_solver_that_yt_dlp_does_not_ask_for(tmp_path, node):
    about = tmp_path / "newer" / "yt_dlp_ejs-0.0.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: yt-dlp-ejs\nVersion: 0.0.1\n")
    environment = tool_environment()["PYTHONPATH"]
    code, said = run(NODE_RUNTIME=node, PYTHONPATH=f"{about.parent}:{environment}")
    assert code == 1
    assert said.endswith("and 0.0.1 came.")
