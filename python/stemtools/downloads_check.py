"""Whether this environment and its settings are fit for downloads; nothing secret is told."""

from __future__ import annotations

import contextlib
import http.cookiejar
import importlib.metadata
import io
import json
import os
import queue
import shlex
import threading
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stemtools.fetching.connection import tls

PROVIDER_SECONDS = 2.0
YOUTUBE_SECONDS = 5.0
MAX_ANSWER_BYTES = 1 << 16
YOUTUBE = "https://www.youtube.com/generate_204"
POT_PLUGIN = "bgutil-ytdlp-pot-provider"
OTHERS_MAY_READ = 0o077


@dataclass
class Findings:
    """Sentences for the operator."""

    good: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def problem(self, code: str, message: str, mend: str) -> None:
        """Add what does not work, and the line for a shell that mends it."""
        self.problems.append({"code": code, "message": message, "mend": mend})


def check_downloads(needing_youtube: Sequence[str]) -> Findings:
    """Everything that this environment's downloads depend on.

    Parameters
    ----------
    needing_youtube : sequence of str
        The open doors whose recordings come from YouTube; if there are none, it is not asked.
    """
    findings = Findings()
    check_js_runtime(findings)
    if path := os.environ.get("YTDLP_COOKIES"):
        check_cookies(Path(path), findings)
    if address := os.environ.get("YTDLP_POT_PROVIDER"):
        check_pot_provider(address, findings)
    if needing_youtube:
        check_youtube(needing_youtube, findings)
    return findings


def check_js_runtime(findings: Findings) -> None:
    """Whether yt-dlp takes the Node of NODE_RUNTIME to solve YouTube's challenges with."""
    node = accepted_node(os.environ.get("NODE_RUNTIME"))
    if node:
        findings.good.append(f"yt-dlp solves YouTube's challenges with Node {node}")
    else:
        findings.problem(
            "no_js_runtime",
            "yt-dlp has no Node that it accepts, so songs from YouTube may not be had",
            "npm run setup",
        )


def accepted_node(path: str | None) -> str | None:
    """The version of the Node at `path` if yt-dlp accepts it."""
    import yt_dlp  # noqa: F401  (fills the table of runtimes)
    from yt_dlp.globals import supported_js_runtimes

    node = supported_js_runtimes.value["node"](path=path).info if path else None
    return node.version if node and node.supported else None


def check_cookies(path: Path, findings: Findings) -> None:
    """Whether YTDLP_COOKIES names a file of cookies as yt-dlp reads it."""
    from yt_dlp.cookies import YoutubeDLCookieJar

    jar = YoutubeDLCookieJar(str(path))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):  # yt-dlp repeats lines that it passes over
            jar.load()
        readable_by_others = path.stat().st_mode & OTHERS_MAY_READ
    except (http.cookiejar.LoadError, UnicodeDecodeError):
        jar.clear()
        readable_by_others = 0
    except OSError:
        findings.problem(
            "cookies_unreadable",
            "YTDLP_COOKIES names no file that can be read",
            "echo 'YTDLP_COOKIES=/path/to/cookies.txt' >> .env",
        )
        return
    if len(jar) == 0:
        findings.problem(
            "cookies_invalid",
            "YTDLP_COOKIES names a file without cookies in Netscape's format; a browser's are written so",
            ".venv/download/bin/python -m yt_dlp --cookies-from-browser firefox "
            f"--cookies {shlex.quote(str(path))}",
        )
        return
    youtube = [cookie for cookie in jar if f".{cookie.domain}".endswith(".youtube.com")]
    fresh = sum(not cookie.is_expired() for cookie in youtube)
    findings.good.append(f"YTDLP_COOKIES: {len(jar)} cookies, {fresh} of youtube.com that have not expired")
    if fresh == 0:
        findings.notes.append("YTDLP_COOKIES is of no use for YouTube any more: export it anew")
    if readable_by_others:
        findings.notes.append("YTDLP_COOKIES is a login, and other accounts can read the file: chmod 600")


def check_pot_provider(address: str, findings: Findings) -> None:
    """Whether the provider of PO tokens answers, and yt-dlp's plugin for it is there and of its kind."""
    provider = within(PROVIDER_SECONDS, lambda: _version_of_provider(address))
    if provider is None:
        findings.problem(
            "pot_provider_silent",
            "YTDLP_POT_PROVIDER names no provider that answers /ping",
            "docker run --detach --publish 4416:4416 brainicism/bgutil-ytdlp-pot-provider",
        )
    try:
        plugin = importlib.metadata.version(POT_PLUGIN)
    except importlib.metadata.PackageNotFoundError:
        findings.problem(
            "pot_plugin_missing",
            f"The plugin {POT_PLUGIN} is not installed",
            "npm run update-downloader",
        )
        return
    if provider is None:
        return
    if provider.split(".")[0] != plugin.split(".")[0]:
        findings.problem(
            "pot_versions_differ",
            f"The provider of PO tokens is version {provider}, its plugin {plugin}; both have to be of one",
            "docker pull brainicism/bgutil-ytdlp-pot-provider && npm run update-downloader",
        )
        return
    findings.good.append(f"YTDLP_POT_PROVIDER: version {provider} answers, its plugin is {plugin}")


def _version_of_provider(address: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{address.rstrip('/')}/ping", timeout=PROVIDER_SECONDS) as answer:
        return str(json.loads(answer.read(MAX_ANSWER_BYTES))["version"])[:20]


def check_youtube(needed_by: Sequence[str], findings: Findings) -> None:
    """Whether YouTube answers at all, by the way that downloads take."""
    if not within(YOUTUBE_SECONDS, _youtube_answers):
        remedy = "correct" if os.environ.get("DOWNLOAD_PROXY") else "set"
        findings.notes.append(
            f"YouTube does not answer from here, and recordings for {', '.join(needed_by)} come from there: "
            f"{remedy} DOWNLOAD_PROXY, or leave these out of SOURCES"
        )


def _youtube_answers() -> bool:
    proxy = os.environ.get("DOWNLOAD_PROXY")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": proxy} if proxy else None),
        urllib.request.HTTPSHandler(context=tls()),
    )
    with opener.open(YOUTUBE, timeout=YOUTUBE_SECONDS):
        return True


def within(seconds: float, question: Callable[[], Any]) -> Any:
    """The answer to a question, or None when it fails or takes longer."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(question())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            answers.put(None)

    # A thread of its own: looking a name up knows no time limit.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return None
