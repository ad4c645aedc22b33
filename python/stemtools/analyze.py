"""Length, tempo, key, tuning, loudness, beats and waveform of a song: warm with --serve, or once by hand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from stemtools.fields import read_folder, read_text
from stemtools.protocol import Job, run_once, serve

DECODE_RATE_HZ = 44100
KEY_SECONDS = 900  # key and tuning are taken from the first quarter of an hour: it bounds memory
FILES = ["analysis.json", "peaks.json", "waveform.png"]


def handle(job: Job) -> dict[str, Any]:
    """Do one request: listen to the song once, then find tempo and key."""
    from stemtools.atomic import atomic, remove_leftovers
    from stemtools.waveform import draw_waveform, peaks_for_player

    folder = read_folder(job.request)
    remove_leftovers(folder)
    summary, beats, rows = analyze(Path(read_text(job.request, "input")), job)
    analysis = {**summary, "beatsSeconds": beats}
    peaks = peaks_for_player(rows, summary["durationSeconds"])
    job.progress(0.97, "drawing")
    with job.span("waveform"):
        contents = (_json(analysis), _json(peaks), draw_waveform(rows))
    for name, content in zip(FILES, contents, strict=True):
        with atomic(folder / name) as temporary:
            temporary.write_bytes(content)
    return {**summary, "files": FILES}


def analyze(source: Path, job: Job) -> tuple[dict[str, Any], list[float], Any]:
    """Everything that is known of a song: the summary, the beats' times in seconds, and its peaks."""
    import numpy as np
    import soxr

    from stemtools.audio import decode
    from stemtools.key import RATE_HZ, estimate_tuning_cents, find_key
    from stemtools.loudness import LoudnessMeter
    from stemtools.tempo import MelFrames, find_tempo
    from stemtools.waveform import Peaks

    meter, peaks, mel = LoudnessMeter(DECODE_RATE_HZ), Peaks(DECODE_RATE_HZ), MelFrames()
    halver = soxr.ResampleStream(DECODE_RATE_HZ, RATE_HZ, 1, dtype="float32")
    kept: list[Any] = []
    samples = kept_samples = 0

    def listen(stereo: Any, last: bool) -> None:
        nonlocal kept_samples
        mono = halver.resample_chunk(stereo.mean(axis=0), last=last)
        mel.push(mono)
        if kept_samples < KEY_SECONDS * RATE_HZ:
            kept.append(mono)
            kept_samples += len(mono)

    with job.span("decode"):
        for block in decode(source, DECODE_RATE_HZ, job.check, lambda f: job.progress(0.3 * f, "listening")):
            samples += block.shape[1]
            meter.push(block)
            peaks.push(block)
            listen(block, last=False)
        listen(np.zeros((2, 0), np.float32), last=True)

    job.progress(0.3, "tempo")
    with job.span("tempo"):
        tempo = find_tempo(mel.onset_envelope())
    mono = np.concatenate(kept)
    job.progress(0.6, "tuning")
    with job.span("tuning"):
        tuning = estimate_tuning_cents(mono)
    job.progress(0.75, "key")
    with job.span("key"):
        key = find_key(mono, tuning) if tuning is not None else None
    with job.span("loudness"):
        loudness = meter.integrated_lufs()
    summary = {
        "durationSeconds": round(samples / DECODE_RATE_HZ, 3),
        "bpm": _rounded(tempo.bpm, 2),
        "bpmAlternative": _rounded(tempo.alternative, 2),
        "bpmConfidence": round(tempo.confidence, 3),
        "steady": tempo.steady,
        "key": key.name if key else None,
        "keyConfidence": round(key.confidence, 3) if key else 0.0,
        "keyAlternative": key.alternative if key else None,
        "camelot": key.camelot if key else None,
        "tuningCents": _rounded(tuning, 1) if key else None,
        "a4Hz": round(440 * 2 ** (tuning / 1200), 2) if key else None,
        "loudnessLufs": _rounded(loudness, 1),
        "peakDbfs": _rounded(meter.peak_dbfs(), 2),
        "beats": len(tempo.beats_seconds),
    }
    return summary, [round(float(beat), 3) for beat in tempo.beats_seconds], peaks.finish()


def warm_up() -> None:
    """Fill librosa's and numba's caches by analysing a little made-up sound (30 s the first time ever)."""
    import tempfile

    import numpy as np
    import soundfile

    class Silent:
        def write(self, **_: Any) -> None:
            pass

    seconds = np.arange(8 * DECODE_RATE_HZ) / DECODE_RATE_HZ
    clicks = np.sin(2 * np.pi * 220 * seconds) * np.exp(-((seconds % 0.5) * 20))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clicks.wav"
        soundfile.write(path, np.stack([clicks, clicks], 1) * 0.5, DECODE_RATE_HZ)
        handle(Job({"input": str(path), "outDir": folder}, Silent()))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def main() -> None:
    """Command line: `--serve`, `--warm-up`, or one INPUT."""
    parser = argparse.ArgumentParser(prog="stemtools.analyze", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="answer requests from stdin")
    parser.add_argument("--warm-up", action="store_true", help="fill the caches and exit")
    parser.add_argument("input", nargs="?", help="an audio file")
    parser.add_argument("--out", default=".", help="folder for analysis.json, peaks.json and waveform.png")
    options = parser.parse_args()
    if options.serve + options.warm_up + bool(options.input) != 1:
        parser.error("give one of --serve, --warm-up and an INPUT")
    if options.warm_up:
        warm_up()
    elif options.serve:
        serve("analyze", handle, warm_up)
    else:
        run_once({"input": options.input, "outDir": options.out}, handle)


if __name__ == "__main__":
    sys.exit(main())
