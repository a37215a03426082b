"""Segments compressed by zstd: whether one is whole, and what can be had of one that is not."""

from collections.abc import Callable
from pathlib import Path

import zstandard

SUFFIX = ".zst"
_CHUNK = 1 << 14  # zeros are packed 1 : 30,000


def unpack(path: Path, write: Callable[[bytes], object] | None = None) -> str:
    """Decompress a file, as far as that goes.

    Args:
        path: the file, one frame or several.
        write: is given the content, a piece at a time; none, and the file is only checked.

    Returns:
        What is wrong with the file: ``torn`` where its last frame is cut off, ``unreadable`` where
        it is no zstd or damaged; empty where it is whole.

    Raises:
        OSError: the file cannot be read.
    """
    frame = None
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            while data:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                try:
                    content = frame.decompress(data)
                except zstandard.ZstdError:
                    return "unreadable"
                if write:
                    write(content)
                data = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    return "torn" if frame else ""
