"""Separate a song into stems by a demucs model: warm with --serve, or once by hand."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError, is_out_of_memory
from stemtools.fields import read_folder, read_integer, read_number, read_text
from stemtools.protocol import Job, Request, run_once, serve
from stemtools.speedups import let_idle_threads_sleep

DECODING_SHARE = 0.02  # of the progress bar: the first reading of the song


class Separator:
    """Answers `separate` requests with one model kept loaded."""

    def __init__(self) -> None:
        from stemtools.speedups import keep_big_blocks, use_fused_attention

        keep_big_blocks()
        use_fused_attention()
        from stemtools.loader import ModelShelf

        self._job: Job | None = None
        self._shelf = ModelShelf(self._check)

    def _check(self, *_: Any) -> None:
        if self._job:
            self._job.check()

    def handle(self, job: Job) -> dict[str, Any]:
        """Do one request: two readings of the song, every finished stretch written at once."""
        from stemtools.atomic import remove_leftovers
        from stemtools.devices import choose_device, free_device_memory
        from stemtools.speedups import give_back_memory

        started = time.monotonic()
        request, self._job = job.request, job
        folder = read_folder(request)
        remove_leftovers(folder)
        device = choose_device(read_text(request, "device", "auto", choices=("auto", "cuda", "mps", "cpu")))
        repo = read_text(request, "repo", None)
        job.progress(0, "loading")
        try:
            model, found = self._shelf.get(read_text(request, "model"), Path(repo) if repo else None, job)
            settings = read_settings(request, model)
            try:
                stems = separate_file(job, model, settings, device, folder)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                free_device_memory(device)
                give_back_memory()
                with shorter_segments(model, settings) as settings:
                    stems = separate_file(job, model, settings, device, folder)
        finally:
            self._job = None
            free_device_memory(device)
            give_back_memory()
        seconds = time.monotonic() - started
        audio_seconds = stems["samples"] / model.samplerate
        return {
            "model": found.name,
            "weights": found.weights,
            "device": device.type,
            **stems,
            "segmentSeconds": settings.segment_seconds,
            "sampleRateHz": model.samplerate,
            "seconds": round(seconds, 3),
            "realTimeFactor": round(seconds / audio_seconds, 4),
        }


def read_settings(request: Request, model: Any) -> Any:
    """The options that change the result; a transformer takes no segment longer than it was trained on."""
    from stemtools.streaming import Settings

    longest = float(getattr(model, "max_allowed_segment", "inf"))
    return Settings(
        shifts=read_integer(request, "shifts", 1, 0, 20),
        overlap=read_number(request, "overlap", 0.25, 0, 0.95),
        segment_seconds=read_number(request, "segmentSeconds", None, 0.5, longest),
        seed=read_integer(request, "seed", 0),
    )


def separate_file(job: Job, model: Any, settings: Any, device: Any, folder: Path) -> dict[str, Any]:
    """Separate the request's input into masters in `folder`; the result's stems, gain and samples."""
    from stemtools.audio import decode
    from stemtools.masters import master
    from stemtools.song import SongWindow, measure
    from stemtools.streaming import separate_song

    source = Path(read_text(job.request, "input"))
    file_format = read_text(job.request, "format", "flac", choices=("flac", "float32"))
    extension = "flac" if file_format == "flac" else "wav"

    def decoded(fraction: float) -> None:
        job.progress(DECODING_SHARE * fraction, "decoding")

    def separated(done: int, of: int) -> None:
        fraction = DECODING_SHARE + (1 - DECODING_SHARE) * done / of
        job.progress(fraction, "separating", segment=done, segments=of)

    rate_hz = model.samplerate
    with job.span("decode"):
        song = measure(decode(source, rate_hz, job.check, decoded))
    if song.samples == 0:
        raise ToolError("too_short", "The file holds no sound at all; send a longer song.")
    window = SongWindow(decode(source, rate_hz, job.check), song)
    with contextlib.ExitStack() as files:
        masters = {
            stem: files.enter_context(master(folder / f"{stem}.{extension}", rate_hz, file_format))
            for stem in model.sources
        }
        with job.span("separate", device=device.type, audioSeconds=round(song.samples / rate_hz, 3)):
            for stretch in separate_song(model, song, window, settings, device, separated):
                job.check()
                for writer, samples in zip(masters.values(), stretch.numpy(), strict=True):
                    writer.write(samples)
        with job.span("write"):
            files.close()
    stems = [
        {"stem": stem, "file": path.name, "bytes": path.stat().st_size, "peak": round(writer.peak, 6)}
        for stem, writer in masters.items()
        for path in [folder / f"{stem}.{extension}"]
    ]
    return {"stems": stems, "gain": writer.gain, "samples": song.samples}


@contextlib.contextmanager
def shorter_segments(model: Any, settings: Any) -> Iterator[Any]:
    """Settings for the try after memory ran out: half a segment, which a transformer must not pad back."""
    import dataclasses

    from demucs.apply import BagOfModels

    models = list(model.models) if isinstance(model, BagOfModels) else [model]
    padding = [part for part in models if getattr(part, "use_train_segment", False)]
    length = settings.segment_seconds or float(min(part.segment for part in models))
    for part in padding:
        part.use_train_segment = False
    try:
        yield dataclasses.replace(settings, segment_seconds=length / 2)
    finally:
        for part in padding:
            part.use_train_segment = True


def main() -> None:
    """Command line: `--serve`, or options and one INPUT."""
    parser = argparse.ArgumentParser(prog="stemtools.separate", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="answer requests from stdin")
    parser.add_argument("input", nargs="?", help="an audio file")
    parser.add_argument("--out", default=".", help="folder for the stems")
    parser.add_argument("--model", default="htdemucs")
    parser.add_argument("--repo", help="folder of models in demucs's format")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--shifts", type=int, default=1)
    parser.add_argument("--overlap", type=float, default=0.25)
    parser.add_argument("--segment-seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", default="flac", choices=("flac", "float32"))
    options = parser.parse_args()
    if options.serve == bool(options.input):
        parser.error("give either --serve or an INPUT")
    let_idle_threads_sleep()
    if options.serve:
        warm: list[Separator] = []

        def prepare() -> None:
            import stemtools.streaming  # noqa: F401 - torch and demucs

            warm.append(Separator())

        serve("separate", lambda job: warm[0].handle(job), prepare)
    request = {
        "input": options.input,
        "outDir": options.out,
        "model": options.model,
        "repo": options.repo,
        "device": options.device,
        "shifts": options.shifts,
        "overlap": options.overlap,
        "segmentSeconds": options.segment_seconds,
        "seed": options.seed,
        "format": options.format,
    }
    run_once(request, lambda job: Separator().handle(job))


if __name__ == "__main__":
    sys.exit(main())
