"""The network behind the shipped `starter` model, which demucs's own loader and `apply_model` run.

Masks are estimated by recurrent layers that run over time and over bands in turn, after the band-split RNN
(Luo & Yu 2023), on a frequency scale that is fine below 2 kHz and coarse above.
"""

import math

import torch
from torch import Tensor, nn

SOURCES = ["drums", "bass", "other", "vocals"]
FFT_SAMPLES = 4096
HOP_SAMPLES = 1024
BAND_POINTS = 16
# (first bin after the range, bins for each point): 10.8 Hz a bin, so 2.1, 5.5, 11 and 22 kHz.
RESOLUTION = ((192, 1), (512, 2), (1024, 4), (2048, 16))
MASK_VALUES = 6
"""For each source and point: a ratio and a complex correction, on each channel."""


def pool(bins: Tensor) -> Tensor:
    """Mean over each point's bins: [..., 2049, frames] -> [..., 544, frames] (Nyquist's bin is left out)."""
    ranges, first = [], 0
    for end, width in RESOLUTION:
        ranges.append(bins[..., first:end, :].unflatten(-2, (-1, width)).mean(dim=-2))
        first = end
    return torch.cat(ranges, dim=-2)


def spread(points: Tensor) -> Tensor:
    """Give each bin its point's value: [..., 544, frames] -> [..., 2049, frames]; the inverse of `pool`."""
    ranges, first, bins = [], 0, 0
    for end, width in RESOLUTION:
        count = (end - bins) // width
        ranges.append(points[..., first : first + count, :].repeat_interleave(width, dim=-2))
        first, bins = first + count, end
    return torch.cat([*ranges, points[..., -1:, :]], dim=-2)


def point_bins() -> tuple[Tensor, Tensor]:
    """First bin of each point, and how many bins it has: two times [points] int64."""
    first, widths, start = [], [], 0
    for end, width in RESOLUTION:
        first.append(torch.arange(start, end, width))
        widths.append(torch.full_like(first[-1], width))
        start = end
    return torch.cat(first), torch.cat(widths)


def level(mix: Tensor) -> Tensor:
    """RMS of each [2, samples] of a batch, as [batch, 1, 1]; the network sees mixes divided by it."""
    return mix.square().mean(dim=(1, 2), keepdim=True).sqrt() + 1e-5


class BandLinear(nn.Module):
    """A linear layer with weights of its own for each band: [..., bands, inputs] -> [..., bands, outputs]."""

    def __init__(self, bands: int, inputs: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(bands, inputs, outputs) / math.sqrt(inputs))
        self.bias = nn.Parameter(torch.zeros(bands, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Apply each band's layer."""
        flat = x.reshape(-1, x.shape[-2], x.shape[-1]).transpose(0, 1)
        return torch.baddbmm(self.bias, flat, self.weight).transpose(0, 1).reshape(*x.shape[:-1], -1)


class Sweep(nn.Module):
    """Residual bidirectional GRU along the middle axis of [sequences, steps, width]."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the sweep found."""
        return x + self.out(self.gru(self.norm(x))[0])


class Starter(nn.Module):
    """Separate [batch, 2, samples] into [batch, 4, 2, samples]; the four always sum to the mix.

    Parameters
    ----------
    width : int
        Features of each band.
    depth : int
        Pairs of sweeps, over time and then over bands.
    segment_seconds : float
        What `apply_model` cuts songs into.
    """

    def __init__(self, width: int = 64, depth: int = 3, segment_seconds: float = 8.0):
        super().__init__()
        self.sources, self.audio_channels, self.samplerate = SOURCES, 2, 44100
        self.segment = segment_seconds
        self.bands = pool(torch.zeros(FFT_SAMPLES // 2 + 1, 1)).shape[0] // BAND_POINTS
        self.register_buffer("window", torch.hann_window(FFT_SAMPLES), persistent=False)
        self.split = BandLinear(self.bands, BAND_POINTS * 3, width)
        self.over_time = nn.ModuleList(Sweep(width) for _ in range(depth))
        self.over_bands = nn.ModuleList(Sweep(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.hidden = BandLinear(self.bands, width, 96)
        self.masks = BandLinear(self.bands, 96, BAND_POINTS * len(SOURCES) * MASK_VALUES)

    def valid_length(self, length: int) -> int:
        """Tell `apply_model` what to pad `length` samples to: anything the transform takes will do."""
        return max(length, FFT_SAMPLES)

    def features(self, spectrum: Tensor) -> Tensor:
        """Levels of middle and side, and panning, at each point: [batch, frames, bands, 16 * 3]."""
        left, right = spectrum.unbind(1)
        signals = torch.stack([(left + right) / 2, (left - right) / 2, left, right], dim=1)
        middle, side, left, right = pool(torch.view_as_real(signals).square().sum(dim=-1)).unbind(1)
        panning = (left - right) / (left + right + 1e-5)
        stacked = torch.stack([(middle + 1e-5).log() / 4, (side + 1e-5).log() / 4, panning], dim=-1)
        return stacked.transpose(1, 2).reshape(len(stacked), -1, self.bands, BAND_POINTS * 3)

    def estimate(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts of the masks for a spectrum [batch, 2, bins, frames].

        Both are [batch, 4, 2, points, frames] and sum over the sources to one and to nothing. The real part
        is a softmax over the sources plus a correction, the imaginary part a correction; the mean of the
        corrections over the sources is taken away.
        """
        x = self.split(self.features(spectrum))
        batch, frames, bands, width = x.shape
        for over_time, over_bands in zip(self.over_time, self.over_bands, strict=True):
            x = x.transpose(1, 2).reshape(batch * bands, frames, width)
            x = over_time(x).reshape(batch, bands, frames, width).transpose(1, 2)
            x = over_bands(x.reshape(batch * frames, bands, width)).reshape(batch, frames, bands, width)
        values = self.masks(torch.tanh(self.hidden(self.norm(x))))
        values = values.reshape(batch, frames, bands * BAND_POINTS, len(SOURCES), 2, 3).permute(
            5, 0, 3, 4, 2, 1
        )
        shift = 0.3 * (values[1:] - values[1:].mean(dim=2, keepdim=True))
        return values[0].softmax(dim=1) + shift[0], shift[1]

    def transform(self, sound: Tensor) -> Tensor:
        """Spectrum [..., bins, frames] of [..., samples]."""
        flat = torch.stft(
            sound.reshape(-1, sound.shape[-1]), FFT_SAMPLES, HOP_SAMPLES, window=self.window, normalized=True,
            return_complex=True,
        )  # fmt: skip
        return flat.reshape(*sound.shape[:-1], *flat.shape[1:])

    def forward(self, mix: Tensor) -> Tensor:
        """Separate [batch, 2, samples] into [batch, 4, 2, samples]."""
        scale = level(mix)
        spectrum = self.transform(mix / scale)
        real, imaginary = self.estimate(spectrum)
        stems = spectrum[:, None] * torch.complex(spread(real), spread(imaginary))
        flat = stems.flatten(0, 2)
        sound = torch.istft(
            flat, FFT_SAMPLES, HOP_SAMPLES, window=self.window, normalized=True, length=mix.shape[-1]
        )
        return sound.reshape(*stems.shape[:3], -1) * scale[:, None]
