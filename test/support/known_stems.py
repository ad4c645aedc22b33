"""Stems whose every sample says where it belongs: known_stems.py FOLDER SECONDS STEM... Read back by audio-tap/processor.mjs.

Of sample n, in 16-bit steps: left is n % 2**14 - 2**14, right is -(n // 2**14 * 8 + the number of the stem, from 1 on). None is 0, which
is silence, and none positive: Chromium has it that 32767 is full scale, so that it would be off by a fraction of a step.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44100

folder, seconds, names = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
folder.mkdir(parents=True, exist_ok=True)
n = np.arange(round(seconds * RATE_HZ))
for number, name in enumerate(names, 1):
    steps = np.stack([n % 2**14 - 2**14, -(n // 2**14 * 8 + number)], axis=1)
    soundfile.write(folder / f"{name}.flac", (steps << 16).astype(np.int32), RATE_HZ, "PCM_24", compression_level=0)
