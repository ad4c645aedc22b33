"""The Python tools of Sound Forge Alchemy: download, analyze, separate, encode, models and doctor."""
