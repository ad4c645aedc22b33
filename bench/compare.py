"""Compares the stems in two folders: python -m bench.compare THEIRS OURS.

Prints JSON: the largest difference of two samples, and how far the differences lie below the stems.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import soundfile

theirs, ours = (sorted(Path(folder).glob("*.wav")) for folder in sys.argv[1:])
if not theirs or [path.name for path in theirs] != [path.name for path in ours]:
    sys.exit("The two folders do not hold the same stems.")
largest = signal = noise = 0.0
for expected_path, found_path in zip(theirs, ours, strict=True):
    expected, found = (soundfile.read(path, dtype="float64")[0] for path in (expected_path, found_path))
    if expected.shape != found.shape:
        sys.exit(f"{found_path.name} has the shape {found.shape} instead of {expected.shape}.")
    difference = found - expected
    largest = max(largest, float(np.abs(difference).max()))
    signal += float((expected**2).sum())
    noise += float((difference**2).sum())
decibels = 10 * math.log10(signal / noise) if noise else None
print(json.dumps({"largestDifference": largest, "belowDb": decibels}))
