"""Scale-invariant signal-to-distortion ratio."""

import numpy as np


def si_sdr_db(estimate: np.ndarray, target: np.ndarray) -> float:
    """SI-SDR in dB of [channels, samples] against [channels, samples], all channels as one signal.

    The target is scaled to fit the estimate best; what remains is distortion:
    ``10 log10(|a s|^2 / |a s - e|^2)`` with ``a = <e, s> / |s|^2``, the means taken away first
    (Le Roux, Wisdom, Erdogan, Hershey: "SDR - half-baked or well done?", ICASSP 2019, equation 5).
    """
    estimate = (estimate - estimate.mean(axis=-1, keepdims=True)).ravel().astype(np.float64)
    target = (target - target.mean(axis=-1, keepdims=True)).ravel().astype(np.float64)
    fitted = target * (estimate @ target) / (target @ target + 1e-12)
    error = fitted - estimate
    return float(10 * np.log10((fitted @ fitted + 1e-12) / (error @ error + 1e-12)))
