"""Files and links become a checked song in the job's folder, or one sentence with a code."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audio_files import make, run_ffmpeg
from fake_internet import body
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2, TPE1, TSRC
from tool_process import ToolProcess, recorded_job, tool_environment

from stemtools.download import handle, source_of
from stemtools.errors import ToolError
from stemtools.media_text import clean, split_name

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 10


def download(path: Path | str, out: Path, name: str | None = None, **more):
    source = {"kind": "file", "path": str(path), "name": name or Path(path).name}
    return handle(
        recorded_job(**{"source": source, "outDir": str(out), "maxBytes": 10**8, "maxSeconds": 60, **more})
    )


def failure(path: Path | str, out: Path, **more) -> ToolError:
    with pytest.raises(ToolError) as raised:
        download(path, out, **more)
    assert os.listdir(out) == []
    assert str(path) not in raised.value.message
    return raised.value


@pytest.mark.parametrize(
    ("name", "options", "extension", "codec", "rate_hz", "channels"),
    [
        ("a.mp3", ("-ac", "2"), "mp3", "mp3", 44100, 2),
        ("mono.wav", ("-ac", "1"), "wav", "pcm_s16le", 44100, 1),
        ("low.wav", ("-ar", "8000", "-ac", "1"), "wav", "pcm_s16le", 8000, 1),
        ("high.flac", ("-ar", "96000", "-ac", "2"), "flac", "flac", 96000, 2),
        ("surround.wav", ("-ac", "8"), "wav", "pcm_s16le", 44100, 8),
        ("a.m4a", ("-ac", "2"), "m4a", "aac", 44100, 2),
        ("a.opus", ("-c:a", "libopus", "-ac", "2"), "opus", "opus", 48000, 2),
        ("wrong-name.mp3", ("-f", "flac", "-ac", "2"), "flac", "flac", 44100, 2),
    ],
)
def test_every_kind_of_file(tmp_path, out, name, options, extension, codec, rate_hz, channels):
    path = make(tmp_path / name, 2, *options)
    result = download(path, out)
    assert result["file"] == f"audio.{extension}"
    content = (out / result["file"]).read_bytes()
    assert content == path.read_bytes()
    assert (result["bytes"], result["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (result["codec"], result["sampleRateHz"], result["channels"]) == (codec, rate_hz, channels)
    assert result["durationSeconds"] == pytest.approx(2, abs=0.03)
    assert result["truncated"] is False
    assert os.listdir(out) == [result["file"]]


@pytest.mark.parametrize("suffix", ["mp3", "wav", "flac"])
def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path, out, suffix):
    whole = make(tmp_path / f"whole.{suffix}", 4, "-ac", "2").read_bytes()
    (tmp_path / f"half.{suffix}").write_bytes(whole[: len(whole) // 2])
    result = download(tmp_path / f"half.{suffix}", out)
    assert result["truncated"] is True
    assert 1 < result["durationSeconds"] < 3


def test_a_truncated_file_without_any_sound(tmp_path, out):
    whole = make(tmp_path / "whole.m4a", 4, "-ac", "2").read_bytes()  # its index stands at the end
    (tmp_path / "half.m4a").write_bytes(whole[: len(whole) // 2])
    assert failure(tmp_path / "half.m4a", out).code == "truncated_audio"


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{secret}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.mp3", "", "empty_file"),
        ("text.mp3", "this is only text\n" * 500, "not_audio"),
        ("noise.mp3", "\x00\x01\x02\x7f" * 5000, "not_audio"),
        ("page.mp3", "<!DOCTYPE html><html><body>404</body></html>", "not_audio"),
        ("list.m3u8", HLS, "playlist_file"),
        ("list.mp3", HLS, "playlist_file"),
        ("list.pls", "[playlist]\nFile1={secret}\n", "playlist_file"),
        ("list.wav", "ffconcat version 1.0\nfile '{secret}'\n", "playlist_file"),
        (
            "list.xspf",
            '<?xml version="1.0"?><playlist><location>{secret}</location></playlist>',
            "playlist_file",
        ),
        ("dash.mp3", '<?xml version="1.0"?><MPD><BaseURL>{secret}</BaseURL></MPD>', "playlist_file"),
        ("late.mp3", " " * 5000 + HLS, "not_audio"),
        (
            "picture.svg",
            '<svg xmlns="http://www.w3.org/2000/svg"><image href="{secret}"/></svg>',
            "not_audio",
        ),
        ("list.sdp", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n", "playlist_file"),
        ("subtitles.mp3", "1\n00:00:00,000 --> 00:00:02,000\nhi\n", "not_audio"),
    ],
)
def test_what_is_no_song(tmp_path, out, name, content, code):
    secret = make(tmp_path / "secret.wav", 2)
    (tmp_path / name).write_text(content.replace("{secret}", str(secret)))
    error = failure(tmp_path / name, out)
    assert (error.code, error.retryable) == (code, False)


def test_a_movie_that_points_to_another_file_does_not_get_its_sound(tmp_path, out):
    """A MOV whose samples are declared to lie outside: without external references it is read as its own."""
    path = make(tmp_path / "song.mov", 2, "-c:a", "pcm_s16le", "-f", "mov")
    data = path.read_bytes()
    at = data.index(b"url \x00\x00\x00\x01")
    (tmp_path / "outside.mov").write_bytes(data[:at] + b"alis" + struct.pack(">I", 0) + data[at + 8 :])
    # Its own two seconds, read at the offsets that it states; another sound would need a path followed.
    result = download(tmp_path / "outside.mov", out)
    assert result["durationSeconds"] == pytest.approx(2, abs=0.1)


def test_a_video_without_sound(tmp_path, out):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=duration=1:size=64x64", str(tmp_path / "v.mp4"))
    assert failure(tmp_path / "v.mp4", out).code == "no_sound"


def test_lengths(tmp_path, out):
    assert failure(make(tmp_path / "short.wav", 0.5), out).code == "too_short"
    assert failure(make(tmp_path / "long.mp3", source="anullsrc=d=70:r=8000"), out).code == "too_long"
    assert failure(make(tmp_path / "big.wav", 2), out, maxBytes=1000).code == "too_large"


def test_three_hours_are_refused_without_decoding_them_all(tmp_path, out):
    path = make(tmp_path / "hours.flac", source="anullsrc=d=10800:r=8000:cl=mono")
    started = time.monotonic()
    assert failure(path, out, maxSeconds=900).code == "too_long"
    assert time.monotonic() - started < 5


def test_only_plain_files_are_opened(tmp_path, out):
    song = make(tmp_path / "song.wav", 2)
    os.symlink(song, tmp_path / "link.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "link.wav", tmp_path / "pipe.wav", tmp_path, "/dev/zero", "/no/such/file"):
        assert failure(path, out).code == "bad_request"


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [
        ("The Band - A Song.wav", "The Band", "A Song"),
        ("song.wav", None, "song"),
        ('A "q\'uote" - B\nreak \U0001f3b8.wav', 'A "q\'uote"', "B reak \U0001f3b8"),
        ("--help.wav", None, "--help"),
        ("../../etc/passwd", None, "passwd"),
        ("\u202egnp.wav", None, "gnp"),
        ("", None, "song"),
        ("x" * 500 + ".wav", None, "x" * 200),
        ("my_great_song.wav", None, "my great song"),
    ],
)
def test_names_become_titles(tmp_path, out, name, artist, title):
    result = download(make(tmp_path / "song.wav", 1.2), out, name=name)
    assert (result["artist"], result["title"]) == (artist, title)
    assert os.listdir(out) == ["audio.wav"]


def test_an_odd_file_name_is_only_a_name(tmp_path, out):
    folder = tmp_path / "-i"
    folder.mkdir()
    song = make(tmp_path / "song.wav", 1.2)
    for name in (
        "-f lavfi.wav",
        "a'b\".wav",
        "new\nline.wav",
        "%d.wav",
        "concat:x|y.wav",
        "http:x.wav",
        "\U0001f3b8.wav",
    ):
        os.replace(song, folder / name)
        song = folder / name
        assert download(song, out)["durationSeconds"] == 1.2


def test_tags_and_cover(tmp_path, out):
    path = make(tmp_path / "Wrong - Name.mp3", 1.2, "-ac", "2")
    tags = ID3()
    tags.add(TIT2(encoding=3, text="Real\x00Title\n"))
    tags.add(TPE1(encoding=3, text="Real Artist"))
    tags.add(TSRC(encoding=3, text="USAAA2600001"))
    tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=JPEG))
    tags.save(path)
    result = download(path, out)
    assert (result["title"], result["artist"], result["isrc"]) == ("Real", "Real Artist", "USAAA2600001")
    assert result["cover"] == "cover.jpg"  # by content, not by what the tag says
    assert (out / "cover.jpg").read_bytes() == JPEG


def test_a_flac_cover(tmp_path, out):
    path = make(tmp_path / "song.flac", 1.2)
    file, picture = FLAC(path), Picture()
    file["album"], picture.data = "An Album", b"\x89PNG\r\n\x1a\n123"
    file.add_picture(picture)
    file.save()
    result = download(path, out)
    assert (result["cover"], result["album"], result["title"]) == ("cover.png", "An Album", "song")


def test_a_tag_that_unpacks_to_gigabytes_does_no_harm(tmp_path, out):
    import zlib

    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(
        zlib.Z_FULL_FLUSH
    )  # stands alone, so it can be repeated
    bomb = head + 2048 * block
    frame = b"TXXX" + struct.pack(">IH", len(bomb) + 4, 0x0080) + struct.pack(">I", 1 << 31) + bomb
    size = len(frame)
    header = b"ID3\x03\x00\x00" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    song = make(tmp_path / "song.mp3", 1.2, "-ac", "2", "-id3v2_version", "0").read_bytes()
    (tmp_path / "bomb.mp3").write_bytes(header + frame + song)
    assert download(tmp_path / "bomb.mp3", out)["title"] == "bomb"


def download_by_a_tool(path: Path, out: Path, **environment: str) -> dict:
    """As `download`, in a process of its own, so that one that hangs fails the test by the limit."""
    source = {"kind": "file", "path": str(path), "name": path.name}
    with ToolProcess("download", **environment) as tool:
        tool.read_until("ready")
        return tool.answer(
            {"id": "1", "source": source, "outDir": str(out), "maxBytes": 10**8, "maxSeconds": 60}, seconds=20
        )


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "m4a", "wav"])
def test_long_tags_are_shortened(tmp_path, out, suffix):
    texts = {name: f"{name} " + "very " * 2000 + "long" for name in ("title", "artist", "album")}
    tags = [argument for name, text in texts.items() for argument in ("-metadata", f"{name}={text}")]
    codec = ("-c:a", "libvorbis") if suffix == "ogg" else ()
    path = make(tmp_path / f"song.{suffix}", 2, "-ac", "2", *codec, *tags)
    result = download_by_a_tool(path, out)
    assert result["type"] == "result"
    assert result["durationSeconds"] == pytest.approx(2, abs=0.1)
    assert result["truncated"] is False
    if suffix != "wav":  # of which mutagen reads only ID3
        for name, text in texts.items():
            assert result[name] == text[:200].strip()
    assert os.listdir(out) == [f"audio.{suffix}"]


def test_a_long_comment(tmp_path, out):
    path = make(tmp_path / "song.flac", 2)
    file = FLAC(path)
    file["comment"], file["title"] = "c" * 5000, "A Song"
    file.save()
    result = download_by_a_tool(path, out)
    assert (result["type"], result["title"], result["durationSeconds"]) == ("result", "A Song", 2)


def test_a_truncated_wav_whose_sound_comes_after_long_tags(tmp_path, out):
    path = make(tmp_path / "whole.wav", 4, "-ac", "2", "-metadata", f"title={'t' * 10_000}")
    whole = path.read_bytes()
    assert whole.index(b"data") > 10_000
    (tmp_path / "half.wav").write_bytes(whole[: len(whole) // 2])
    assert download_by_a_tool(tmp_path / "half.wav", out)["truncated"] is True


def decoder_that_runs(tmp_path: Path, script: str) -> str:
    path = tmp_path / "decoder"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "script",
    [
        "exec yes",
        "printf RIFFsizeWAVE; exec cat /dev/zero",  # empty chunks without end
        r"printf 'RIFFsizeWAVELIST\377\377\377\377'; exec cat /dev/zero",
        r"printf 'RIFFsizeWAVELIST\377\377\377\377'; exec head -c 200000 /dev/zero",
        r"printf 'RIFFsizeWAVEdata\377\377\377\377'; exec cat /dev/zero",  # of no format
        # of no channels
        r"printf 'RIFFsizeWAVEfmt \014\0\0\0\1\0\0\0\1\1\1\1\0\0\0\0data\1\1\1\1'; exec cat /dev/zero",
        "printf RIFF",
        "exit 1",
    ],
)
def test_a_decoder_that_writes_anything_else_ends(tmp_path, out, script):
    song = make(tmp_path / "song.mp3", 1.2)
    answer = download_by_a_tool(song, out, IMAGEIO_FFMPEG_EXE=decoder_that_runs(tmp_path, script))
    assert (answer["type"], answer.get("code")) == ("error", "not_audio")
    assert os.listdir(out) == []


def test_sound_is_found_after_whatever_a_decoder_writes_before_it(tmp_path, out):
    wav = make(tmp_path / "decoded.wav", 2, "-ac", "1", "-bitexact").read_bytes()
    assert wav.index(b"data") == 36
    chunks = b"LIST" + struct.pack("<I", 300_001) + bytes(300_002) + b"JUNK" + struct.pack("<I", 0)
    (tmp_path / "decoded.wav").write_bytes(wav[:36] + chunks + wav[36:])
    decoder = decoder_that_runs(tmp_path, f"exec cat '{tmp_path / 'decoded.wav'}'")
    result = download_by_a_tool(make(tmp_path / "song.mp3", 2), out, IMAGEIO_FFMPEG_EXE=decoder)
    assert (result["type"], result["samples"], result["channels"]) == ("result", 88200, 1)


def test_leftovers_of_a_killed_run_are_removed(tmp_path, out):
    (out / ".incoming-1.part").write_bytes(b"x")
    (out / ".site-x.part").mkdir()
    download(make(tmp_path / "song.wav", 1.2), out)
    assert os.listdir(out) == ["audio.wav"]


def test_a_link_by_a_real_tool(internet, tmp_path, out):
    song = make(tmp_path / "song.mp3", 2, "-ac", "2").read_bytes()
    internet.hosts["songs.example"] = lambda method, path: (
        (302, {"Location": "/The%20Band%20-%20Song.mp3", "Content-Length": "0"}, [])
        if path == "/go"
        else body(song)
    )
    internet.hosts["page.example"] = lambda method, path: body(b"<html>hello</html>", "audio/mpeg")
    internet.hosts["endless.example"] = lambda method, path: (200, {}, itertools.repeat(b"x" * 65536))
    request = {"outDir": str(out), "maxBytes": 10**7, "maxSeconds": 60}
    with ToolProcess("download") as tool:
        assert tool.read()["type"] == "ready"

        def answer(url: str):
            return tool.answer({"id": url, "source": {"kind": "url", "url": url}, **request})

        result = answer("http://songs.example/go")
        assert (result["type"], result["artist"], result["title"]) == ("result", "The Band", "Song")
        assert (out / result["file"]).read_bytes() == song
        assert answer("http://page.example/song.mp3")["code"] == "not_audio"
        assert answer("http://endless.example/song.mp3")["code"] == "too_large"
        assert answer("http://127.0.0.1/song.mp3")["code"] == "unsafe_address"
        assert answer("file:///etc/passwd")["code"] == "unsafe_address"
        assert answer("http://gone.example/song.mp3")["code"] == "http_error"
    assert os.listdir(out) == [result["file"]]


def test_a_waiting_link_is_cancelled_at_once(internet, out):
    def silent(method, path):
        time.sleep(5)
        return body(b"")

    internet.hosts["silent.example"] = silent
    with ToolProcess("download") as tool:
        tool.send(
            {
                "id": "1",
                "source": {"kind": "url", "url": "http://silent.example/x"},
                "outDir": str(out),
                "maxBytes": 1000,
                "maxSeconds": 60,
            }
        )
        tool.read_until("progress")
        started = time.monotonic()
        tool.send({"cancel": "1"})
        assert tool.read_until("error")["code"] == "cancelled"
        assert time.monotonic() - started < 0.5


def test_progress_in_bytes_comes_no_more_often():
    job = recorded_job()
    for received in range(0, 10**6, 10):
        job.progress(received / 10**6, "fetching", bytes=received, total_bytes=10**6)
    job.progress(1, "checking")
    lines = job._lines.lines
    assert len(lines) < 20
    assert (lines[0]["bytes"], lines[0]["totalBytes"]) == (0, 10**6)
    assert lines[-1] == {"type": "progress", "id": "1", "fraction": 1, "step": "checking"}


def test_equal_sound_has_an_equal_hash_however_it_is_packed(tmp_path, out):
    wav = make(tmp_path / "a.wav", 2, "-ac", "2")
    run_ffmpeg("-i", str(wav), "-metadata", "title=Other", str(tmp_path / "a.flac"))
    run_ffmpeg("-i", str(wav), "-ac", "1", str(tmp_path / "mono.wav"))
    run_ffmpeg("-i", str(wav), "-af", "volume=0.99", str(tmp_path / "quiet.wav"))
    names = ("a.wav", "a.flac", "mono.wav", "quiet.wav")
    found = {name: download(tmp_path / name, out)["audioSha256"] for name in names}
    assert found["a.wav"] == found["a.flac"]
    assert len(set(found.values())) == 3
    samples = wav.read_bytes()
    samples = samples[samples.index(b"data") + 8 :]
    assert found["a.wav"] == hashlib.sha256(struct.pack("<II", 44100, 2) + samples).hexdigest()


def test_what_a_word_on_the_command_line_means():
    sites = {
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ": "youtube",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ": "youtube",
        "https://youtu.be/dQw4w9WgXcQ": "youtube",
        "https://soundcloud.com/artist/song": "soundcloud",
        "https://artist.bandcamp.com/track/song": "bandcamp",
    }
    for link, site in sites.items():
        assert source_of(link) == {"kind": "site", "site": site, "url": link}
    for link in (
        "https://songs.example/youtube.com/a.mp3",
        "https://youtube.com.songs.example/",
        "https://me@youtube.com/",
        "https://youtube.com:8443/",
        "file:///etc/passwd",
    ):
        assert source_of(link) == {"kind": "url", "url": link}
    assert source_of("./song.mp3") == {"kind": "file", "path": "./song.mp3", "name": "song.mp3"}


@pytest.mark.parametrize(
    "link",
    [
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "https://open.spotify.com/intl-de/album/4uLU6hMCjMI75M1A2tKUQC?si=x",
        "https://spotify.link/x",
        "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
    ],
)
def test_spotify_by_hand_needs_another_tool_first(link):
    with pytest.raises(ToolError) as raised:
        source_of(link)
    assert (raised.value.code, "stemtools.resolve" in raised.value.message) == ("bad_request", True)


def by_hand(*arguments: str) -> tuple[int, dict]:
    command = [sys.executable, "-m", "stemtools.download", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=tool_environment(), timeout=60)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def test_by_hand(tmp_path, out):
    song = make(tmp_path / "song.mp3", 2, "-ac", "2")
    status, line = by_hand(str(song), "--out", str(out))
    assert (status, line["type"], line["title"]) == (0, "result", "song")
    status, line = by_hand("https://open.spotify.com/track/x", "--out", str(out))
    assert (status, line["type"], line["code"]) == (1, "error", "bad_request")


@pytest.mark.parametrize("kind", ["spotify", "search", "list", "short", "catalogue"])
def test_what_must_be_resolved_first_is_not_taken(out, kind):
    source = {"kind": kind, "trackId": "4uLU6hMCjMI75M1A2tKUQC", "text": "words"}
    with pytest.raises(ToolError) as raised:
        handle(recorded_job(source=source, outDir=str(out), maxBytes=10**8, maxSeconds=60))
    assert raised.value.code == "bad_request"


def test_texts():
    assert clean("a\tb\u0007\u2028c  d") == "a b c d"
    assert clean("  ") is None
    assert clean(3) is None
    assert split_name("C:\\music\\A - B - C.flac") == ("A", "B - C")
    assert split_name(" - .mp3") == (None, "-")
