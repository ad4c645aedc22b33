"""A tool that does what a test tells it, call by call: `script.json` in the folder names the actions of each tool, the last repeats.
`title` is what a download finds, `bytes` the size of each encoded stem that people get; each call of `encode` counts, that for the player too.
`found` is what `resolve` finds, a recording of its own for every source where none is given; `sound` is what makes two downloads sound alike.

succeed     progress over `seconds`, then a result with real files      error      an error line with `code` and `retryable`
stall       one progress line, then silence                             crash      exit code 3 in the middle
oom         killed by SIGKILL, as the kernel does                       exit0      exit code 0 without a result
noise       text and JSON of others on stdout, then succeeds            bad_json   a line of ours that makes no sense
deaf        like succeed, but does not answer a cancel                  child      starts a grandchild, then stalls

What succeeds says a span `work`.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

NAME, FOLDER = sys.argv[1], sys.argv[2]
STEMS = ["bass", "drums", "other", "vocals"]
PIECES = 6  # of 5 s, in the 30 s of its song
cancelled = threading.Event()
requests = []
arrived = threading.Condition()


def emit(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def read():
    for text in sys.stdin:
        message = json.loads(text)
        if "cancel" in message:
            cancelled.set()
            continue
        with arrived:
            requests.append(message)
            arrived.notify()
    os._exit(0)


def next_action():
    """The action of this call, counted over all processes by files that can be made only once."""
    script = json.load(open(os.path.join(FOLDER, "script.json"))).get(NAME) or [{"do": "succeed"}]
    number = 0
    while True:
        try:
            os.close(os.open(os.path.join(FOLDER, f"{NAME}.{number}"), os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            number += 1
    with open(os.path.join(FOLDER, "calls.log"), "a") as log:
        log.write(f"{NAME}\n")
    return script[min(number, len(script) - 1)]


def write(folder, name, content=b"audio"):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    return name


def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def found_recording(source):
    song = dict(title="Song", artist="Band", artists=["Band"], album=None, isrc=None, durationSeconds=30.0, coverUrl=None, link=None,
                explicit=None, year=None)
    recording = dict(link=f"https://www.youtube.com/watch?v={digest(source)[:11]}", title="Song", channel="Band", durationSeconds=30.0,
                     confidence=0.93, reason=None)
    return dict(found="recording", song=song, recording=recording, others=[])


def result(request, action):
    size, title = action.get("bytes", 5), action.get("title", "Song")
    if NAME == "resolve":
        return action.get("found") or found_recording(request["source"])
    out = request["outDir"]
    if NAME == "download":
        return dict(file=write(out, "audio.flac"), bytes=5, sha256=hashlib.sha256(b"audio").hexdigest(),
                    audioSha256=digest(action.get("sound", request.get("source"))), title=title, artist="Band",
                    album=None, durationSeconds=30.0, cover=None, truncated=False)
    if NAME == "analyze":
        write(out, "analysis.json", b'{"bpm": 120}')
        write(out, "waveform.png")
        return dict(durationSeconds=30.0, bpm=120.0, bpmAlternative=60.0, bpmConfidence=1, steady=True, key="A minor", keyConfidence=1,
                    keyAlternative=None, camelot="8A", tuningCents=0, a4Hz=440, loudnessLufs=-14, peakDbfs=-1, beats=60, files=["analysis.json", "waveform.png"])
    if NAME == "separate":
        stems = [dict(stem=stem, file=write(out, f"{stem}.flac"), bytes=5, peak=0.5) for stem in STEMS]
        return dict(model=request["model"], weights="aaaa1111", device="cpu", stems=stems, gain=0.25, sampleRateHz=44100, samples=1323000,
                    seconds=1, realTimeFactor=0.1)
    for_player = request["format"] == "player"
    audio = b"piece" * PIECES if for_player else b"audio".ljust(size)
    if for_player:
        index = dict(sampleRateHz=44100, samples=1323000, pieceSamples=220500, pieceBytes=[5] * PIECES,
                     peaks=dict(min=[-0.5] * 100, max=[0.5] * 100))
        for one in request["stems"]:
            write(out, f"{one['name']}.json", json.dumps(index).encode())
    return dict(files=[dict(stem=one["stem"], file=write(out, one["name"], audio), bytes=len(audio)) for one in request["stems"]])


def work(request):
    action = next_action()
    what, seconds, id = action["do"], action.get("seconds", 0), request["id"]
    if what == "error":
        wait = {name: action[name] for name in ("retryAfterSeconds",) if name in action}
        return emit(type="error", id=id, code=action["code"], retryable=action["retryable"], message=action.get("message", "It did not work."), **wait)
    emit(type="progress", id=id, fraction=0.1, step="working")
    if what == "crash":
        sys.stderr.write("Traceback: a crash\n")
        os._exit(3)
    if what == "oom":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exit0":
        os._exit(0)
    if what == "bad_json":
        return emit(type="progress", id=id, fraction="half")
    if what == "noise":
        sys.stdout.write("loading model...\n[1, 2\n")
    if what == "child":
        with open(os.path.join(FOLDER, "child.pid"), "w") as file:
            file.write(str(subprocess.Popen(["sleep", "600"]).pid))
    if what in ("stall", "child"):
        seconds = 600
    began, end = time.time(), time.monotonic() + seconds
    while time.monotonic() < end:
        if cancelled.wait(0.05) and what != "deaf":
            cancelled.clear()
            return emit(type="error", id=id, code="cancelled", retryable=False, message="Cancelled.")
        if what not in ("stall", "child"):
            emit(type="progress", id=id, fraction=min(1, round(1 - (end - time.monotonic()) / seconds, 2)) if seconds else 1, step="working")
    made = result(request, action)
    emit(type="span", id=id, name="work", start=began, end=time.time())
    emit(type="result", id=id, **made)


threading.Thread(target=read, daemon=True).start()
emit(type="ready", tool=NAME, protocol=1)
while True:
    with arrived:
        while not requests:
            arrived.wait()
        current = requests.pop(0)
    cancelled.clear()
    work(current)
