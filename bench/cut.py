"""Writes the first seconds of a song to a FLAC file: python -m bench.cut SONG FILE SECONDS."""

import sys

import soundfile

song, file, seconds = sys.argv[1:]
samples, rate_hz = soundfile.read(song, frames=int(float(seconds) * soundfile.info(song).samplerate))
soundfile.write(file, samples, rate_hz, format="FLAC", subtype="PCM_16")
