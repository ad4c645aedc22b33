"""Pages of sites, by yt-dlp and spotdl as they are, against made-up YouTube, SoundCloud and Bandcamp."""

from __future__ import annotations

import dataclasses
import functools
import os
import threading
import time
from pathlib import Path

import mutagen
import pytest
from audio_files import make
from fake_internet import FakeInternet, body
from fake_sites import BANDCAMP_TRACK, SOUNDCLOUD_TRACK, add_bandcamp, add_soundcloud
from fake_youtube import MEDIA_HOST, PICTURE, FakeYouTube, Video, add_youtube
from tool_process import ToolProcess, recorded_job

from stemtools.download import handle
from stemtools.errors import RETRYABLE, ToolError
from stemtools.fetching import confined
from stemtools.fetching.fetch_site import _own_file, fetch_site
from stemtools.fetching.guard import Limits
from stemtools.fetching.site_failure import explain_site
from stemtools.fetching.yt_dlp_options import ConfinedYoutubeDL, yt_dlp_options

VIDEO = "dQw4w9WgXcQ"
WATCH = f"https://www.youtube.com/watch?v={VIDEO}"
SECONDS = 20
SONG = {
    "title": "Proto: Song?",
    "artist": "Proto Artist, Other",
    "artists": ["Proto Artist", "Other"],
    "album": "Proto Album",
    "isrc": "USAAA2600001",
    "durationSeconds": 20.5,
    "coverUrl": "https://i.scdn.co/image/ab67616d0000b273",
    "link": "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
    "explicit": True,
    "year": 2026,
}
UNPICTURED = {**SONG, "coverUrl": None}


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same sound in several files."""
    folder = tmp_path_factory.mktemp("sounds")
    options = {"webm": ("-c:a", "libopus"), "m4a": ("-movflags", "+faststart"), "mp3": ()}
    return {
        kind: make(folder / f"a.{kind}", SECONDS, "-ac", "2", *more).read_bytes()
        for kind, more in options.items()
    }


@pytest.fixture
def youtube(internet: FakeInternet, node: str, sounds: dict[str, bytes]) -> FakeYouTube:
    """YouTube with one video."""
    return add_youtube(internet, Video(VIDEO, "Proto Video", sounds["webm"], SECONDS))


def job_for(out: Path, url: str = WATCH, site: str = "youtube", song: dict | None = None, **more):
    source = {"kind": "site", "site": site, "url": url, "song": song, "key": "ignored"}
    return recorded_job(
        **{"source": source, "outDir": str(out), "maxBytes": 10**7, "maxSeconds": 600, **more}
    )


def failure(out: Path, *arguments: object, **more: object) -> ToolError:
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        handle(job_for(out, *arguments, **more))
    assert time.monotonic() - started < 30
    assert os.listdir(out) == []
    return raised.value


def found_in(result: dict) -> tuple:
    return tuple(result[name] for name in ("title", "artist", "album", "isrc"))


@pytest.mark.parametrize("challenge", [False, True], ids=["plain", "with a challenge"])
@pytest.mark.parametrize(("container", "extension"), [("webm", "mka"), ("m4a", "m4a")])
def test_a_video(internet, youtube, sounds, out, container, extension, challenge):
    youtube.challenge = challenge
    youtube.add(Video(VIDEO, "Proto Video", sounds[container], SECONDS, container=container))
    job = job_for(out)
    result = handle(job)
    assert found_in(result) == ("Proto Video", "Proto Artist", None, None)
    assert (result["file"], result["matched"]) == (f"audio.{extension}", None)
    assert result["durationSeconds"] == pytest.approx(SECONDS, abs=0.1)
    assert result["coverUrl"].startswith("https://i.ytimg.com/vi/")
    assert (out / result["file"]).read_bytes() == sounds[container]
    assert (out / result["cover"]).read_bytes() == PICTURE
    assert sorted(os.listdir(out)) == [f"audio.{extension}", "cover.jpg"]
    assert {host for _, host, _ in internet.asked} == {"www.youtube.com", MEDIA_HOST, "i.ytimg.com"}
    steps = [line["step"] for line in job._lines.of("progress")]
    assert list(dict.fromkeys(steps)) == ["fetching", "checking"]
    amounts = [line for line in job._lines.lines if "bytes" in line]
    assert amounts[0]["totalBytes"] == len(sounds[container])
    assert 0 < amounts[0]["bytes"] <= len(sounds[container])


def test_a_song_is_tagged_by_spotdl(internet, youtube, sounds, out):
    internet.hosts["i.scdn.co"] = lambda method, path: body(PICTURE, "image/jpeg")
    job = job_for(out, song=SONG)
    result = handle(job)
    assert found_in(result) == ("Proto: Song?", "Proto Artist, Other", "Proto Album", "USAAA2600001")
    assert result["matched"] == {"title": "Proto Video", "url": WATCH}
    assert result["coverUrl"] == SONG["coverUrl"]
    assert (result["file"], result["codec"], result["cover"]) == ("audio.opus", "opus", "cover.jpg")
    assert result["durationSeconds"] == pytest.approx(SECONDS, abs=0.1)
    assert sorted(os.listdir(out)) == ["audio.opus", "cover.jpg"]
    assert (out / "cover.jpg").read_bytes() == PICTURE
    tags = mutagen.File(out / "audio.opus")
    assert (tags["title"], tags["artist"], tags["isrc"]) == (
        ["Proto: Song?"],
        ["Proto Artist", "Other"],
        ["USAAA2600001"],
    )
    assert tags["woas"] == [SONG["link"]]
    steps = [line["step"] for line in job._lines.of("progress")]
    assert list(dict.fromkeys(steps)) == ["fetching", "converting", "tagging", "checking"]
    fractions = [line["fraction"] for line in job._lines.of("progress")]
    assert fractions == sorted(fractions)
    hosts = {host for _, host, _ in internet.asked}
    assert hosts == {"www.youtube.com", MEDIA_HOST, "i.scdn.co"}


def test_a_song_of_which_little_is_known(youtube, sounds, out):
    nothing = dict.fromkeys(SONG)
    song = {**nothing, "title": "Song", "artists": ["A"], "artist": "A", "coverUrl": "http://10.0.0.1/a.jpg"}
    result = handle(job_for(out, song=song))
    assert found_in(result) == ("Song", "A", None, None)
    assert (result["coverUrl"], result["cover"]) == (None, None)


def test_a_song_that_is_only_there_as_m4a(youtube, sounds, out):
    youtube.add(Video(VIDEO, "Proto Video", sounds["m4a"], SECONDS, container="m4a"))
    result = handle(job_for(out, song=UNPICTURED))
    assert (result["file"], result["title"]) == ("audio.opus", "Proto: Song?")
    assert result["durationSeconds"] == pytest.approx(SECONDS, abs=0.1)


def test_soundcloud(internet, sounds, out):
    add_soundcloud(internet, sounds["mp3"])
    result = handle(job_for(out, SOUNDCLOUD_TRACK, "soundcloud"))
    assert found_in(result) == ("Proto Song", "Proto Artist", None, None)
    assert (out / result["file"]).read_bytes() == sounds["mp3"]
    assert (result["cover"], result["coverUrl"]) == (
        "cover.jpg",
        "https://i1.sndcdn.com/artworks-proto-original.jpg",
    )


def test_bandcamp(internet, sounds, out):
    add_bandcamp(internet, sounds["mp3"])
    result = handle(job_for(out, BANDCAMP_TRACK, "bandcamp"))
    assert found_in(result) == ("Proto Song", "Proto Artist", "Proto Album", None)
    assert (out / result["file"]).read_bytes() == sounds["mp3"]
    assert (result["cover"], result["coverUrl"]) == ("cover.jpg", "https://f4.bcbits.com/img/a2002_5.jpg")


def test_only_the_start_of_a_track_is_free(internet, sounds, out):
    add_soundcloud(internet, sounds["mp3"], preview=True)
    assert failure(out, SOUNDCLOUD_TRACK, "soundcloud").code == "private_video"
    assert not any(host == "cf-media.sndcdn.com" for _, host, _ in internet.asked)


TROUBLES = {
    "bot_check": "bot_check",
    "age_restricted": "age_restricted",
    "private": "private_video",
    "members_only": "private_video",
    "paid": "private_video",
    "region_blocked": "region_blocked",
    "removed": "source_unavailable",
    "live": "live_stream",
    "upcoming": "live_stream",
    "drm": "drm_protected",
    "too_many_requests": "source_blocked",
    "media_refused": "source_blocked",
    "media_page": "source_blocked",
    "media_cut": "unreachable",
    "html": "site_changed",
}


@pytest.mark.parametrize(("trouble", "code"), TROUBLES.items())
def test_what_cannot_be_had(youtube, sounds, out, trouble, code):
    youtube.add(Video(VIDEO, "Proto Video", sounds["webm"], SECONDS, trouble=trouble))
    error = failure(out)
    assert (error.code, error.retryable) == (code, RETRYABLE[code])


@pytest.mark.parametrize("trouble", ["bot_check", "live", "too_many_requests", "media_refused", "media_page"])
def test_what_cannot_be_had_for_a_song(youtube, sounds, out, trouble):
    """Spotdl leaves out why; it is told all the same."""
    youtube.add(Video(VIDEO, "Proto Video", sounds["webm"], SECONDS, trouble=trouble))
    assert failure(out, song=UNPICTURED).code == TROUBLES[trouble]


def test_a_video_that_never_was(youtube, out):
    assert failure(out, "https://www.youtube.com/watch?v=nosuchvideo").code == "source_unavailable"


@pytest.mark.parametrize("song", [None, UNPICTURED], ids=["yt-dlp", "spotdl"])
def test_a_slow_stream(youtube, sounds, out, monkeypatch, song):
    quick = functools.partial(Limits, slow_seconds=1.0, pause_seconds=0.5)
    monkeypatch.setattr(confined, "Limits", quick)
    youtube.add(Video(VIDEO, "Proto Video", sounds["webm"], SECONDS, trouble="media_slow"))
    error = failure(out, song=song)
    assert (error.code, error.retryable) == ("too_slow", True)


def test_too_long(internet, youtube, out):
    assert failure(out, maxSeconds=SECONDS - 1).code == "too_long"
    assert not any(host == MEDIA_HOST for _, host, _ in internet.asked)


@pytest.mark.parametrize("song", [None, UNPICTURED], ids=["yt-dlp", "spotdl"])
def test_too_large_by_what_the_site_says(internet, youtube, sounds, out, song):
    assert failure(out, maxBytes=len(sounds["webm"]) - 1, song=song).code == "too_large"
    assert not any(host == MEDIA_HOST for _, host, _ in internet.asked)


def test_too_large_by_what_comes(internet, youtube, out):
    sent: list[int] = []

    def endless():
        while True:
            sent.append(50_000)
            yield bytes(50_000)

    internet.hosts[MEDIA_HOST] = lambda method, path: (200, {"Content-Type": "audio/webm"}, endless())
    youtube.add(Video(VIDEO, "Proto Video", b"x" * 1000, SECONDS))
    assert failure(out, maxBytes=10**6).code == "too_large"
    assert sum(sent) < 4 * 10**7  # what the buffers on the way hold


def test_a_deadline(youtube, sounds, tmp_path, out):
    youtube.interrupt = lambda request: time.sleep(5)
    source = {"site": "youtube", "url": WATCH, "song": None}
    with pytest.raises(ToolError) as raised:
        fetch_site(source, out / "song", 10**7, 600, recorded_job(), lambda line: None, deadline_seconds=1.5)
    assert raised.value.code == "too_slow"
    assert os.listdir(out) == []


def test_a_cancel(youtube, out):
    asked = threading.Event()

    def wait(request):
        asked.set()
        time.sleep(5)

    youtube.interrupt = wait
    with ToolProcess("download") as tool:
        tool.read_until("ready")
        tool.send(job_for(out).request)
        assert asked.wait(20)
        started = time.monotonic()
        tool.send({"cancel": "1"})
        assert tool.read_until("error")["code"] == "cancelled"
        assert time.monotonic() - started < 0.6


@pytest.mark.parametrize(
    ("site", "url"),
    [
        ("generic", "https://songs.example/a.mp3"),
        ("generic:x", "https://songs.example/a.mp3"),
        ("all", WATCH),
        ("default", WATCH),
        ("", WATCH),
        ("-youtube", WATCH),
        (".*", WATCH),
        ("youtube|generic", WATCH),
        ("YouTube", WATCH),
        ("nosuchsite", WATCH),
    ],
)
def test_what_is_no_site(internet, youtube, out, site, url):
    assert failure(out, url, site).code == "bad_request"
    assert internet.asked == []


def test_a_site_gets_only_its_own_pages(internet, youtube, out):
    assert failure(out, "https://songs.example/watch?v=dQw4w9WgXcQ").code == "site_changed"
    assert failure(out, WATCH, "soundcloud").code == "site_changed"
    assert not any(host in ("songs.example", "www.youtube.com") for _, host, _ in internet.asked)


def test_a_page_of_many_songs(internet, sounds, out):
    add_bandcamp(internet, sounds["mp3"])
    page = b'<div data-tralbum=\'{"trackinfo":[{"title_link":"/track/proto-song","title":"x"}]}\'></div>'
    single = internet.hosts["protoartist.bandcamp.com"]
    internet.hosts["protoartist.bandcamp.com"] = lambda method, path: (
        body(page, "text/html") if path.startswith("/album/") else single(method, path)
    )
    url = "https://protoartist.bandcamp.com/album/proto-album"
    assert failure(out, url, "bandcamp").code == "not_a_song"


def test_a_damaged_line_of_cookies_is_left_out_and_never_told(youtube, tmp_path, out, monkeypatch, capfd):
    cookies = tmp_path / "cookies.txt"
    head = "# Netscape HTTP Cookie File\n"
    cookies.write_text(f"{head}.youtube.com\tTRUE\t/\tTRUE\t20000x\tSID\tsecretvalue\nsecretvalue\n")
    monkeypatch.setenv("YTDLP_COOKIES", str(cookies))
    handle(job_for(out))
    assert "secretvalue" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("song", [7, "x", [], False])
def test_a_song_must_be_one(out, song):
    assert failure(out, song=song).code == "bad_request"


@pytest.mark.parametrize(("name", "value"), [("YTDLP_COOKIES", "{}"), ("YTDLP_ARGS", "--cookies '{}'")])
def test_cookies_are_used_and_left_as_they_are(youtube, tmp_path, out, monkeypatch, name, value):
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(
        "# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t2000000000\tPREF\tproto=1&hl=en\n"
    )
    before = cookies.read_bytes(), cookies.stat().st_mtime_ns
    monkeypatch.setenv(name, value.format(cookies))
    shown: list[str] = []

    def look(request):
        shown.append(request.headers.get("Cookie", "")) if request.host == "www.youtube.com" else None

    youtube.interrupt = look
    handle(job_for(out))
    assert any("proto=1" in text for text in shown)
    assert (cookies.read_bytes(), cookies.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("YTDLP_COOKIES", "/no/such/file", "No such file or directory"),
        ("YTDLP_ARGS", "--no-such-option", "no such option: --no-such-option"),
        ("YTDLP_ARGS", "--format 'unbalanced", "No closing quotation"),
    ],
)
def test_settings_that_yt_dlp_does_not_take(internet, youtube, out, monkeypatch, name, value, reason):
    monkeypatch.setenv(name, value)
    error = failure(out)
    assert (error.code, error.retryable) == ("internal", False)
    assert error.message == f"The operator's setting {name} cannot be used: {reason}."
    assert internet.asked == []


def test_the_operators_arguments_are_used_within_the_bounds(internet, youtube, out, tmp_path, monkeypatch):
    arguments = (
        "--user-agent proto/1 --use-extractors generic --exec 'touch {}' -o /tmp/x -P / --proxy http://x"
    )
    monkeypatch.setenv("YTDLP_ARGS", arguments.format(tmp_path / "touched"))
    agents: list[str] = []
    youtube.interrupt = lambda request: agents.append(request.headers.get("User-Agent", ""))
    assert handle(job_for(out))["title"] == "Proto Video"
    assert "proto/1" in agents
    assert not (tmp_path / "touched").exists()


def test_options_of_yt_dlp(tmp_path, monkeypatch, no_proxy):
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "YTDLP_NO_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NODE_RUNTIME", "/opt/my node/bin/node")
    monkeypatch.setenv("YTDLP_ARGS", "--extractor-args youtube:player_client=tv --compat-options filename")
    options = yt_dlp_options(tmp_path)
    assert options["js_runtimes"] == {"node": {"path": "/opt/my node/bin/node"}}
    assert options["extractor_args"] == {"youtube": {"player_client": ["tv"]}}
    assert options["compat_opts"] == {"filename"}
    assert os.environ["YTDLP_NO_PLUGINS"] == "1"
    monkeypatch.delenv("YTDLP_NO_PLUGINS")
    monkeypatch.setenv("YTDLP_POT_PROVIDER", "http://127.0.0.1:4416")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/ca.pem")
    options = yt_dlp_options(tmp_path)
    assert options["extractor_args"]["youtubepot-bgutilhttp"] == {"base_url": ["http://127.0.0.1:4416"]}
    assert options["compat_opts"] == {"filename", "no-certifi"}
    assert "YTDLP_NO_PLUGINS" not in os.environ


def test_the_provider_is_told_the_operators_proxy_not_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://guard:secret@127.0.0.1:1")
    with ConfinedYoutubeDL(yt_dlp_options(tmp_path)) as yt_dlp:
        assert yt_dlp.proxies == {}
    monkeypatch.setenv("STEMTOOLS_PROVIDER_PROXY", "http://proxy.example:8080")
    with ConfinedYoutubeDL(yt_dlp_options(tmp_path)) as yt_dlp:
        assert yt_dlp.proxies == {"all": "http://proxy.example:8080"}


def test_only_a_file_of_the_childs_own_is_taken(tmp_path):
    home, secret = tmp_path / "home", tmp_path / "secret"
    home.mkdir()
    secret.write_text("secret")
    (home / "link").symlink_to(secret)
    os.link(secret, home / "twice")
    os.mkfifo(home / "pipe")
    (home / "folder").mkdir()
    for name in ("link", "twice", "pipe", "folder"):
        with pytest.raises(ToolError):
            _own_file(home, name)
    for name in ("../secret", "/etc/passwd", "", ".", "..", None):
        with pytest.raises(ToolError):
            _own_file(home, name)
    (home / "song").write_text("song")
    assert _own_file(home, "song") == home / "song"


BUG = (
    "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate "
    "issue template. Confirm you are on the latest version using  yt-dlp -U"
)
COOKIES = (
    "Use --cookies-from-browser or --cookies for the authentication. See  "
    "https://github.com/yt-dlp/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass "
    "cookies"
)
# What yt-dlp and YouTube say, word for word.
SAID = {
    "bot_check": [
        f"ERROR: [youtube] x: Sign in to confirm you\u2019re not a bot. {COOKIES}",
        f"ERROR: [youtube] x: Sign in to confirm you're not a bot. {COOKIES}",
    ],
    "age_restricted": [
        "[youtube] x: Sign in to confirm your age. This video may be inappropriate for some users. "
        f"{COOKIES}",
        "[youtube] x: This video is age-restricted; some formats may be missing without authentication.",
        "[youtube] x: The following content has been identified by the YouTube community as inappropriate or "
        "offensive to some audiences. Sign in to confirm your age",
    ],
    "private_video": [
        f"[youtube] x: Private video. Sign in if you've been granted access to this video. {COOKIES}",
        "[youtube] x: Join this channel to get access to members-only content like this video, and other "
        "exclusive perks.",
        "[youtube] x: This video is available to this channel's members on level: Fan! (or any higher level)"
        ". Join this channel to get access to members-only content and other exclusive perks.",
        "[youtube] x: This video is only available to Music Premium members",
        "[youtube] x: This video requires payment to watch.",
        f"[vimeo] x: This video is only available for registered users. {COOKIES}",
    ],
    "region_blocked": [
        "[youtube] x: The uploader has not made this video available in your country\n"
        "This video is available in Germany.\n"
        "You might want to use a VPN or a proxy server (with --proxy) to workaround.",
        "[youtube] x: Video unavailable. This video contains content from SME, who has blocked it in your "
        "country on copyright grounds",
        "[soundcloud] x: This video is not available from your location due to geo restriction",
    ],
    "live_stream": [
        "[youtube] x: This live event will begin in 3 days.",
        "[youtube] x: Premieres in 2 hours",
        "[youtube] x: Premiere will begin shortly",
        "[youtube] x: This live stream recording is not available.",
        "[twitch:stream] x: The channel is not currently live",
    ],
    "drm_protected": [
        "[soundcloud] x: This video is DRM protected",
        "[DRM] The requested site is known to use DRM protection. It will NOT be supported.",
        "ERROR: This format is DRM protected; Try selecting another format with --format or add "
        "--check-formats to automatically fallback to the next best format",
    ],
    "source_blocked": [
        "[youtube] x: Video unavailable. YouTube is requiring a captcha challenge before playback",
        "[youtube] x: All player responses are invalid. Your IP is likely being blocked by Youtube",
        "ERROR: unable to download video data: HTTP Error 403: Forbidden",
        "[soundcloud] x: Unable to download JSON metadata: HTTP Error 429: Too Many Requests (caused by "
        "<HTTPError 429: Too Many Requests>)",
        "[youtube] x: This content isn't available, try again later. The current session has been "
        "rate-limited by YouTube for up to an hour.",
        "ERROR: \r[download] Got error: Did not get any data blocks",
        "ERROR: The downloaded file is empty",
    ],
    "source_unavailable": [
        "[youtube] x: Video unavailable",
        "[youtube] x: Video unavailable. This video is no longer available because the YouTube account "
        "associated with this video has been terminated.",
        "[youtube] x: This video has been removed for violating YouTube's Terms of Service",
        "[Bandcamp] x: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404>)",
        "[Bandcamp:album] x: The page doesn't contain any tracks",
        "something that nobody has read before",
    ],
    "unreachable": [
        "[Bandcamp] x: Unable to download webpage: HTTP Error 503: Service Unavailable (caused by "
        "<HTTPError 503: Service Unavailable>)",
        "[youtube] x: Unable to download API page: The read operation timed out (caused by "
        "TransportError('The read operation timed out'))",
        "[youtube] x: Unable to download webpage: ('Unable to connect to proxy', OSError('Tunnel connection "
        "failed: 502 Guard')) (caused by ProxyError(...))",
        "ERROR: [download] Got error: 47632 bytes read, 95266 more expected. Giving up after 2 retries",
        "[youtube] x: Unable to download webpage: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
    ],
    "site_changed": [
        f"[youtube] x: Failed to extract any player response{BUG}",
        f"[Bandcamp] x: Unable to extract tralbum data{BUG}",
        f"[soundcloud] x: Failed to parse JSON (caused by JSONDecodeError('x')){BUG}",
        f"[youtube] x: No video formats found!{BUG}",
        "[youtube] x: Requested format is not available. Use --list-formats for a list of available formats",
        f"[youtube] x: An extractor error has occurred. (caused by KeyError('x')){BUG}",
        "Unsupported URL: https://songs.example/",
        "No suitable extractor found for URL https://songs.example/",
    ],
    "unsafe_address": [
        "file:// URLs are disabled by default in yt-dlp for security reasons. Use --enable-file-urls to "
        "enable at your own risk.",
        "Unable to download webpage: HTTP Error 302: Found - Redirection to url 'file:///etc/passwd' is not "
        "allowed",
        "No connection adapters were found for 'gopher://songs.example/'",
        'Unable to download webpage: Failed to perform, curl: (1) Protocol "file" disabled (in redirect).',
    ],
    "disk_full": ["unable to write data: [Errno 28] No space left on device"],
    "too_large": ["unable to write data: [Errno 27] File too large"],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in SAID.items() for text in texts])
def test_what_yt_dlp_says(code, text):
    error = explain_site(text)
    assert (error.code, error.retryable) == (code, RETRYABLE[code])
    assert error.message[0].isupper()
    assert error.message.endswith(".")


def test_warnings_tell_why_a_page_could_not_be_read():
    refused = "Unable to download API page: HTTP Error 429: Too Many Requests"
    unread = f"Failed to extract any player response{BUG}"
    assert explain_site(unread, f"a warning\n{refused}").code == "source_blocked"
    assert explain_site(unread, "a warning").code == "site_changed"
    assert explain_site("Video unavailable", refused).code == "source_unavailable"


def test_the_same_sound_is_known_again(youtube, sounds, tmp_path, out):
    from_site = handle(job_for(out))
    (tmp_path / "sent.webm").write_bytes(sounds["webm"])
    source = {"kind": "file", "path": str(tmp_path / "sent.webm"), "name": "Anything.webm"}
    sent = handle(recorded_job(source=source, outDir=str(out), maxBytes=10**7, maxSeconds=600))
    assert sent["audioSha256"] == from_site["audioSha256"]
    youtube.add(dataclasses.replace(youtube.videos[VIDEO], audio=sounds["m4a"], container="m4a"))
    assert handle(job_for(out))["audioSha256"] != sent["audioSha256"]
