"""Wheels for the tests of update-downloader, made from this very download environment.

`python downloader_wheels.py FOLDER` writes into FOLDER/locked a wheel that lends all packages of this
environment by a .pth file and one of the yt-dlp that is here, and a lock of both; into FOLDER/works and
FOLDER/broken newer versions of it. Each yt-dlp is the real one under another version number, lent module by
module; the broken one accepts no Node.
"""

import hashlib
import importlib.metadata
import sys
import zipfile
from pathlib import Path

import yt_dlp

REAL = Path(yt_dlp.__file__).parent
LENT = f"""
from pathlib import Path
__path__.append({str(REAL)!r})
exec(compile(Path({str(REAL / "__init__.py")!r}).read_text(), {str(REAL / "__init__.py")!r}, "exec"))
"""
ACCEPTS_NO_NODE = """
from .utils._jsruntime import NodeJsRuntime
NodeJsRuntime.MIN_SUPPORTED_VERSION = (999,)
"""


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str], metadata: str) -> Path:
    """A wheel of these files; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{about}/METADATA": metadata,
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(inside, text)
    return path


def write_yt_dlp(folder: Path, version: str, more: str = "") -> Path:
    """The real yt-dlp as another version, with its real requirements."""
    here = importlib.metadata.version("yt-dlp")
    real = importlib.metadata.distribution("yt-dlp").read_text("METADATA")
    files = {
        "yt_dlp/__init__.py": LENT + more,
        "yt_dlp/version.py": (REAL / "version.py").read_text() + f"__version__ = {version!r}\n",
    }
    metadata = real.replace(f"Version: {here}\n", f"Version: {version}\n", 1)
    return write_wheel(folder, "yt_dlp", version, files, metadata)


def sha256(path: Path) -> str:
    """As a lock has it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(folder: Path) -> None:
    """All three folders."""
    lent = write_wheel(
        folder / "locked",
        "lent",
        "1.0",
        {"lent.pth": f"{REAL.parent}\n"},
        "Metadata-Version: 2.1\nName: lent\nVersion: 1.0\n",
    )
    version = importlib.metadata.version("yt-dlp")
    locked = [("lent", "1.0", lent), ("yt-dlp", version, write_yt_dlp(folder / "locked", version))]
    (folder / "download.txt").write_text(
        "".join(f"{name}=={of} --hash=sha256:{sha256(path)}\n" for name, of, path in locked)
    )
    write_yt_dlp(folder / "works", f"{version}.1")
    write_yt_dlp(folder / "broken", f"{version}.2", ACCEPTS_NO_NODE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
