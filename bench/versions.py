"""Prints the versions of what separates."""

from importlib.metadata import version

print(", ".join(f"{name} {version(name)}" for name in ("demucs", "torch")))
