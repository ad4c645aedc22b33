"""Write Vorbis comments and a cover picture into a FLAC file, and draw that picture as a PNG."""

import struct
import zlib
from pathlib import Path

import numpy as np


def png(pixels: np.ndarray) -> bytes:
    """Encode [height, width, 3] uint8 pixels as a PNG."""
    height, width, _ = pixels.shape

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def sunrise(size: int = 480) -> np.ndarray:
    """Draw the cover, a sun over a sea of waveforms, as [size, size, 3] uint8."""
    y, x = np.mgrid[0:size, 0:size] / size
    sky = np.stack([0.98 - 0.55 * (1 - y), 0.62 - 0.35 * (1 - y), 0.42 + 0.15 * (1 - y)], axis=-1)
    distance = np.hypot(x - 0.5, y - 0.58)
    sky += np.clip(0.5 - distance, 0, 1)[..., None] * np.array([0.5, 0.4, 0.1])
    image = np.where((distance < 0.17)[..., None], np.array([1.0, 0.93, 0.68]), sky)
    for layer in range(7):
        swell = np.sin(2 * np.pi * (x * (2 + layer) + layer * 0.37)) * np.sin(
            2 * np.pi * (x * 0.5 + layer * 0.21)
        )
        shade = np.array([0.55, 0.28, 0.38]) * (1 - layer / 8) + np.array([0.06, 0.07, 0.2]) * layer / 7
        image = np.where((y > 0.6 + layer * 0.06 + 0.025 * swell)[..., None], shade, image)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def write_tags(path: Path, comments: dict[str, str], picture: bytes, size: int) -> None:
    """Replace a FLAC file's comments and add `picture` (a square PNG, `size` pixels) as its front cover."""
    data = path.read_bytes()
    kept, position, last = [], 4, False
    while not last:
        last, kind = data[position] >= 128, data[position] & 127
        length = int.from_bytes(data[position + 1 : position + 4])
        if kind == 0:
            kept.append((kind, data[position + 4 : position + 4 + length]))
        position += 4 + length
    fields = [f"{name}={value}".encode() for name, value in comments.items()]
    vendor = b"Sound Forge Alchemy"
    body = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(fields))
    kept.append((4, body + b"".join(struct.pack("<I", len(field)) + field for field in fields)))
    mime, text = b"image/png", b"Front cover"
    body = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">I", len(text)) + text
    body += struct.pack(">IIIII", size, size, 24, 0, len(picture)) + picture
    kept.append((6, body))
    blocks = b"".join(
        bytes([kind | (128 if number == len(kept) - 1 else 0)]) + len(block).to_bytes(3) + block
        for number, (kind, block) in enumerate(kept)
    )
    path.write_bytes(b"fLaC" + blocks + data[position:])
