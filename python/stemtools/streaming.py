"""demucs's `apply_model` over a song of any length, in bounded memory and with the same arithmetic.

`apply_model` nests bag > shifts > split and holds the whole song and all stems at every level. Here each pair
of a model and a shift is a `Pass` that walks over the song by itself; the passes advance together, and what
all of them have finished leaves at once. Each segment still goes through
`demucs.apply.apply_model(split=False)`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from demucs.apply import BagOfModels, Model, TensorChunk, apply_model
from demucs.transformer import CrossTransformerEncoder

from stemtools.song import Measure, SongWindow

MAX_SHIFT_SECONDS = 0.5  # as in demucs


@dataclass(frozen=True)
class Settings:
    """The options of the `demucs` command that change the result."""

    shifts: int = 1
    overlap: float = 0.25
    segment_seconds: float | None = None
    seed: int = 0


class Pass:
    """One model over the song at one shift: the loop in the `split` branch of `apply_model`."""

    def __init__(
        self,
        model: Model,
        settings: Settings,
        samples: int,
        max_shift: int,
        rng: random.Random,
        device: torch.device,
    ):
        self.model, self._device, self._segment_seconds = model, device, settings.segment_seconds
        offset = rng.randint(0, max_shift) if settings.shifts else 0
        self._lead = max_shift - offset  # samples before the song that belong to the shifted song
        self._length = samples + self._lead
        segment = int(model.samplerate * (settings.segment_seconds or model.segment))
        self._segment, self._stride = segment, int((1 - settings.overlap) * segment)
        ramp = [torch.arange(1, segment // 2 + 1), torch.arange(segment - segment // 2, 0, -1)]
        weight = torch.cat([part.to(device) for part in ramp])
        self._weight = weight / weight.max()
        self._offset = 0  # of the next segment, in the shifted song
        self._sum = torch.zeros(len(model.sources), model.audio_channels, segment)
        self._sum_weight = torch.zeros(segment)
        self.finished = 0  # samples of the song
        self.segments = math.ceil(self._length / self._stride)
        self._random_state = rng.getstate()
        for _ in range(self.segments):  # leave rng as apply_model would after this pass
            _draw_as_forward(model, rng)

    @property
    def needs_from(self) -> int:
        """First song position that the next segments read."""
        return self._offset - self._lead - self._segment

    def step(self, song: SongWindow) -> torch.Tensor:
        """Process the next segment; returns the song samples that this finishes, (sources, channels, n)."""
        length = min(self._segment, self._length - self._offset)
        start = self._offset - self._lead
        # apply_model pads a segment to the model's valid length with what lies around it in the song.
        context = self._segment
        window = song.read(start - context, start + length + context)
        chunk = TensorChunk(window, context, length)
        random.setstate(self._random_state)
        out = apply_model(
            self.model, chunk, shifts=0, split=False, segment=self._segment_seconds, device=self._device
        )
        self._random_state = random.getstate()
        weight = self._weight[:length]
        self._sum[..., :length] += (weight * out[0]).to("cpu")
        self._sum_weight[:length] += weight.to("cpu")
        return self._take(min(self._stride, self._length - self._offset))

    def _take(self, count: int) -> torch.Tensor:
        done = self._sum[..., :count] / self._sum_weight[:count]
        for total in (self._sum, self._sum_weight):
            total[..., : self._segment - count] = total[..., count:].clone()
            total[..., self._segment - count :] = 0
        skipped = max(0, min(count, self._lead - self._offset))  # still before the song
        self._offset += count
        self.finished += count - skipped
        return done[..., skipped:]

    @property
    def is_done(self) -> bool:
        """Whether the whole song has been walked over."""
        return self._offset >= self._length


class Blend:
    """The weighted sum of several passes, kept only between the slowest and the fastest of them."""

    def __init__(self, sources: int, channels: int):
        self._sum = torch.zeros(sources, channels, 0)

    def add(self, stretch: torch.Tensor, start: int) -> None:
        """Add a stretch that begins `start` samples after what has left."""
        missing = start + stretch.shape[-1] - self._sum.shape[-1]
        if missing > 0:
            self._sum = torch.nn.functional.pad(self._sum, (0, missing))
        self._sum[..., start : start + stretch.shape[-1]] += stretch

    def take(self, count: int) -> torch.Tensor:
        """The first `count` samples, which leave."""
        done, self._sum = self._sum[..., :count], self._sum[..., count:].clone()
        return done


def separate_song(
    model: Model | BagOfModels,
    song: Measure,
    window: SongWindow,
    settings: Settings,
    device: torch.device,
    progress: Callable[[int, int], None],
) -> Iterator[torch.Tensor]:
    """Yield the stems stretch by stretch, each of shape (sources, channels, samples), float32.

    Parameters
    ----------
    model : demucs model or bag
        In evaluation mode.
    song, window : Measure, SongWindow
        The song, measured and ready to be read.
    settings : Settings
        Shifts, overlap, segment and seed.
    device : torch.device
        Where segments are computed.
    progress : callable
        Told (segments done, segments in all).
    """
    models = list(model.models) if isinstance(model, BagOfModels) else [model]
    bag_weights = model.weights if isinstance(model, BagOfModels) else [[1.0] * len(model.sources)]
    totals = [sum(column) for column in zip(*bag_weights, strict=True)]
    max_shift = int(MAX_SHIFT_SECONDS * model.samplerate) if settings.shifts else 0
    rng = random.Random(settings.seed)
    passes: list[tuple[Pass, torch.Tensor]] = []
    for sub_model, weights in zip(models, bag_weights, strict=True):
        share = torch.tensor(weights) / torch.tensor(totals) / max(1, settings.shifts)
        for _ in range(max(1, settings.shifts)):
            walk = Pass(sub_model, settings, song.samples, max_shift, rng, device)
            passes.append((walk, share[:, None, None]))

    blend = Blend(len(model.sources), model.audio_channels)
    left, segments_done, segments = 0, 0, sum(walk.segments for walk, _ in passes)
    while left < song.samples:
        walk, share = min(((w, s) for w, s in passes if not w.is_done), key=lambda entry: entry[0].finished)
        start = walk.finished
        stretch = walk.step(window)
        blend.add(stretch * share if len(passes) > 1 else stretch, start - left)
        segments_done += 1
        progress(segments_done, segments)
        window.forget(min((w.needs_from for w, _ in passes if not w.is_done), default=song.samples))
        ready = min(w.finished for w, _ in passes)
        if ready > left:
            yield blend.take(ready - left) * song.deviation + song.mean
            left = ready


def _draw_as_forward(model: Model, rng: random.Random) -> None:
    """Draw what a forward draws from `random`: transformers pick a shift of positions even in evaluation."""
    for module in model.modules():
        if isinstance(module, CrossTransformerEncoder) and module.emb == "sin":
            rng.randrange(module.sin_random_shift + 1)
