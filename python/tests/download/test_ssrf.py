"""Whatever leads into a private network is refused, by every door and at every turn; nothing is asked there.

A canary on loopback must not be reached, and no host but the public ones may be asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from audio_files import make
from canary import Canary
from fake_internet import FakeInternet, Request, body
from fake_sites import BANDCAMP_TRACK, SOUNDCLOUD_TRACK, add_bandcamp, add_soundcloud
from fake_youtube import MEDIA_HOST, FakeYouTube, Video, add_youtube
from tool_process import recorded_job

from stemtools.download import handle
from stemtools.errors import ToolError

VIDEO = "dQw4w9WgXcQ"
WATCH = f"https://www.youtube.com/watch?v={VIDEO}"
SONG = {"title": "Song", "artist": "A", "artists": ["A"], "coverUrl": "https://i.scdn.co/image/a"}
# {port} is the canary's.
ADDRESSES = [
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.1:{port}/",
    "http://127.8.9.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0x0.0x0.0x1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://localhost:{port}/",
    "http://LocalHost.:{port}/",
    "http://a.localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://172.31.255.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://0251.0376.0251.0376/",
    "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://router.lan/",
    "http://printer.local/",
    "http://me:secret@127.0.0.1:{port}/",
    "http://me:secret@songs.example/",
    "http://songs.example@127.0.0.1:{port}/",
    "http://songs.example\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@songs.example/",
    "http://127.0.0.1:{port}#@songs.example/",
    "http://127.0.0.1%00.songs.example/",
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_x",
    "dict://127.0.0.1:{port}/x",
    "ws://127.0.0.1:{port}/",
    "rtmp://127.0.0.1:{port}/x",
    "data:audio/mpeg;base64,SUQz",
    "javascript:alert(1)",
    "//127.0.0.1:{port}/",
]
# One of each family, for the ways where every address costs a process.
FAMILIES = [
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://10.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/x",
    "gopher://127.0.0.1:{port}/_x",
    "data:audio/mpeg;base64,SUQz",
]
STATUSES = [301, 302, 303, 307, 308]


@pytest.fixture
def nothing_asked(internet: FakeInternet, bird: Canary) -> Canary:
    """The canary; in the end only public hosts may have been asked for, and no host by a number."""
    yield bird
    hosts = {host for _, host, _ in internet.asked} | {name.rpartition(":")[0] for name in internet.tunnels}
    assert {host for host in hosts if not host.endswith((".example", ".com", ".co"))} == set()


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sound")
    return make(folder / "a.webm", 5, "-c:a", "libopus", "-ac", "2").read_bytes()


def refused(out: Path, **source: object) -> None:
    job = recorded_job(source=source, outDir=str(out), maxBytes=10**7, maxSeconds=600)
    with pytest.raises(ToolError) as raised:
        handle(job)
    assert raised.value.code in ("unsafe_address", "bad_request"), raised.value
    assert not raised.value.retryable
    assert os.listdir(out) == []


def redirect(location: str, status: int = 302):
    return status, {"Location": location, "Content-Length": "0"}, []


@pytest.mark.parametrize("address", ADDRESSES)
def test_links(nothing_asked, out, address):
    url = address.format(port=nothing_asked.port)
    refused(out, kind="url", url=url)
    for site in ("youtube", "soundcloud", "generic"):
        refused(out, kind="site", site=site, url=url, song=None)
    refused(out, kind="site", site="youtube", url=url, song=SONG)
    refused(out, kind="attachment", url=url, origins=["https://cdn.example"])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("address", [address for address in ADDRESSES if not address.startswith("data:")])
def test_redirects_of_links(internet, nothing_asked, out, address, status):
    url = address.format(port=nothing_asked.port)
    location = url.encode().decode("latin-1")
    internet.hosts["songs.example"] = lambda method, path: redirect(location, status)
    refused(out, kind="url", url="https://songs.example/a.mp3")


@pytest.mark.parametrize("status", STATUSES)
def test_redirects_of_a_page(internet, nothing_asked, out, status):
    location = f"http://127.0.0.1:{nothing_asked.port}/"
    internet.hosts["protoartist.bandcamp.com"] = lambda method, path: redirect(location, status)
    refused(out, kind="site", site="bandcamp", url=BANDCAMP_TRACK, song=None)


@pytest.mark.parametrize("address", [address for address in FAMILIES if not address.startswith("data:")])
def test_a_redirect_of_a_page_to_each_family(internet, nothing_asked, out, address):
    location = address.format(port=nothing_asked.port)
    internet.hosts["protoartist.bandcamp.com"] = lambda method, path: redirect(location)
    refused(out, kind="site", site="bandcamp", url=BANDCAMP_TRACK, song=None)


def test_a_redirect_after_a_redirect(internet, nothing_asked, out):
    internet.hosts["protoartist.bandcamp.com"] = lambda method, path: redirect("https://other.example/")
    internet.hosts["other.example"] = lambda method, path: redirect(f"http://0:{nothing_asked.port}/")
    refused(out, kind="site", site="bandcamp", url=BANDCAMP_TRACK, song=None)
    assert ("GET", "other.example", "/") in internet.asked


@pytest.fixture
def youtube(internet: FakeInternet, node: str, sound: bytes) -> FakeYouTube:
    return add_youtube(internet, Video(VIDEO, "Proto Video", sound, 5))


@pytest.mark.parametrize("address", FAMILIES)
def test_addresses_of_media(youtube, sound, nothing_asked, out, address):
    media = address.format(port=nothing_asked.port)
    youtube.add(Video(VIDEO, "Proto Video", sound, 5, media=media))
    refused(out, kind="site", site="youtube", url=WATCH, song=None)


def test_an_address_of_media_for_a_song(youtube, sound, nothing_asked, out):
    media = f"http://127.0.0.1:{nothing_asked.port}/"
    youtube.add(Video(VIDEO, "Proto Video", sound, 5, media=media))
    refused(out, kind="site", site="youtube", url=WATCH, song={**SONG, "coverUrl": None})


@pytest.mark.parametrize("status", STATUSES)
def test_redirects_of_media(internet, youtube, nothing_asked, out, status):
    location = f"http://127.0.0.1:{nothing_asked.port}/"
    internet.hosts[MEDIA_HOST] = lambda method, path: redirect(location, status)
    refused(out, kind="site", site="youtube", url=WATCH, song=None)


def test_an_api_that_leads_elsewhere(internet, nothing_asked, sound, out):
    add_soundcloud(internet, sound)
    api = internet.hosts["api-v2.soundcloud.com"]
    media = f'{{"url": "http://127.0.0.1:{nothing_asked.port}/x.mp3"}}'.encode()
    internet.hosts["api-v2.soundcloud.com"] = lambda method, path: (
        body(media, "application/json") if path.startswith("/media/") else api(method, path)
    )
    refused(out, kind="site", site="soundcloud", url=SOUNDCLOUD_TRACK, song=None)


def test_a_script_that_lies_elsewhere(internet, nothing_asked, sound, out):
    add_soundcloud(internet, sound)
    page = f'<html><script src="http://127.0.0.1:{nothing_asked.port}/x.js"></script></html>'.encode()
    internet.hosts["soundcloud.com"] = lambda method, path: body(page, "text/html")
    refused(out, kind="site", site="soundcloud", url=SOUNDCLOUD_TRACK, song=None)


def test_media_of_a_page_elsewhere(internet, nothing_asked, sound, out):
    add_bandcamp(internet, sound)
    site = internet.hosts["protoartist.bandcamp.com"]
    elsewhere = f"http://127.0.0.1:{nothing_asked.port}/stream/".encode()

    def moved(method: str, path: str):
        status, _, (page,) = site(method, path)
        return body(page.replace(b"https://t4.bcbits.com/stream/", elsewhere), "text/html", status)

    internet.hosts["protoartist.bandcamp.com"] = moved
    refused(out, kind="site", site="bandcamp", url=BANDCAMP_TRACK, song=None)


def test_a_picture_that_leads_elsewhere(internet, youtube, nothing_asked, out):
    location = f"http://127.0.0.1:{nothing_asked.port}/a.jpg"
    internet.hosts["i.ytimg.com"] = lambda method, path: redirect(location)
    refused(out, kind="site", site="youtube", url=WATCH, song=None)


def test_a_picture_that_lies_elsewhere_is_left_out(internet, youtube, nothing_asked, sound, out):
    internet.hosts["i.ytimg.com"] = lambda method, path: body(b"", status=404)
    picture = f"http://127.0.0.1:{nothing_asked.port}/a.jpg"
    youtube.add(Video(VIDEO, "Proto Video", sound, 5, thumbnail=picture))
    source = {"kind": "site", "site": "youtube", "url": WATCH, "song": None}
    result = handle(recorded_job(source=source, outDir=str(out), maxBytes=10**7, maxSeconds=600))
    assert (result["cover"], result["coverUrl"]) == (None, None)


def test_a_songs_picture_that_leads_elsewhere(internet, youtube, nothing_asked, out):
    location = f"http://127.0.0.1:{nothing_asked.port}/a.jpg"
    internet.hosts["i.scdn.co"] = lambda method, path: redirect(location)
    refused(out, kind="site", site="youtube", url=WATCH, song=SONG)


MANIFEST = "https://manifest.googlevideo.com/api/manifest/hls_variant/index.m3u8"
SEGMENTS = "https://manifest.googlevideo.com/audio.m3u8"
VARIANT = f'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="mp4a.40.2"\n{SEGMENTS}\n'
START = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n"
LISTS: dict[str, Callable[[str], str]] = {
    "segment": lambda url: f"{START}#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n",
    "second segment": lambda url: (
        f"{START}#EXTINF:5,\nhttps://{MEDIA_HOST}/part\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n"
    ),
    "map": lambda url: (
        f'{START}#EXT-X-MAP:URI="{url}"\n#EXTINF:5,\nhttps://{MEDIA_HOST}/part\n#EXT-X-ENDLIST\n'
    ),
    "key": lambda url: (
        f'{START}#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:5,\nhttps://{MEDIA_HOST}/part\n'
        "#EXT-X-ENDLIST\n"
    ),
}


def hls(youtube: FakeYouTube, sound: bytes, variant: str, segments: str) -> None:
    def answer(request: Request):
        lists = {MANIFEST: variant, SEGMENTS: segments}
        if text := lists.get(f"https://{request.host}{request.path}"):
            return body(text.encode(), "application/vnd.apple.mpegurl")
        return body(sound, "audio/webm") if request.path == "/part" else None

    youtube.interrupt = answer
    youtube.add(Video(VIDEO, "Proto Video", sound, 5, hls=MANIFEST))


@pytest.mark.parametrize("part", LISTS)
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/x",
        "http://169.254.169.254/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1:{port}/x",
        "data:audio/mpeg;base64,SUQz",
    ],
)
def test_parts_of_a_stream(youtube, nothing_asked, sound, out, part, address):
    hls(youtube, sound, VARIANT, LISTS[part](address.format(port=nothing_asked.port)))
    refused(out, kind="site", site="youtube", url=WATCH, song=None)


def test_a_stream_that_is_encrypted_as_only_ffmpeg_could_read(
    youtube, nothing_asked, sound, out, tmp_path, monkeypatch
):
    """Yt-dlp would hand it to ffmpeg, which would fetch by itself: it is given none."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("ffmpeg", "ffprobe"):
        (programs / name).write_text(f"#!/bin/sh\necho ffmpeg version 7\ntouch '{tmp_path}/run'\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    url = f"http://127.0.0.1:{nothing_asked.port}/x"
    text = f'{START}#EXT-X-KEY:METHOD=SAMPLE-AES,URI="{url}"\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n'
    hls(youtube, sound, VARIANT, text)
    source = {"kind": "site", "site": "youtube", "url": WATCH, "song": None}
    with pytest.raises(ToolError) as raised:
        handle(recorded_job(source=source, outDir=str(out), maxBytes=10**7, maxSeconds=600))
    assert raised.value.code == "site_changed"
    assert not (tmp_path / "run").exists()


def test_a_list_that_leads_elsewhere(youtube, nothing_asked, sound, out):
    lists = VARIANT.replace(SEGMENTS, f"http://127.0.0.1:{nothing_asked.port}/audio.m3u8")
    hls(youtube, sound, lists, "")
    refused(out, kind="site", site="youtube", url=WATCH, song=None)


def test_a_list_that_lies_elsewhere(youtube, nothing_asked, sound, out):
    url = f"http://127.0.0.1:{nothing_asked.port}/index.m3u8"
    youtube.add(Video(VIDEO, "Proto Video", sound, 5, hls=url))
    refused(out, kind="site", site="youtube", url=WATCH, song=None)


@pytest.mark.parametrize("song", [None, {**SONG, "coverUrl": None}], ids=["yt-dlp", "spotdl"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{url}'\n",
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0\r\n",
        '<?xml version="1.0"?><MPD><BaseURL>{url}</BaseURL></MPD>',
    ],
)
def test_a_list_in_place_of_the_sound_is_not_followed(youtube, nothing_asked, out, text, song):
    url = f"http://127.0.0.1:{nothing_asked.port}/x"
    content = text.format(url=url, port=nothing_asked.port).encode()
    youtube.add(Video(VIDEO, "Proto Video", content, 5))
    source = {"kind": "site", "site": "youtube", "url": WATCH, "song": song}
    with pytest.raises(ToolError) as raised:
        handle(recorded_job(source=source, outDir=str(out), maxBytes=10**7, maxSeconds=600))
    assert raised.value.code == "playlist_file"
    assert os.listdir(out) == []
