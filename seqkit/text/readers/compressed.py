"""Files opened by their first bytes: plain, gz, bz2, xz or zst; damaged archives and bombs are refused."""

import bz2
import contextlib
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from seqkit.core.errors import FormatError, OptionError

FREE = 64 << 20  # bytes out before the ratio counts
RATIO = 1000  # text is compressed 3 to 10 times; a bomb more than 1,000


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressing it if its first bytes say so.

    Raises:  FormatError while reading when the archive is damaged, cut short, or grows more than 1,000-fold.
    """
    file = path.open("rb")
    head = file.read(6)
    file.seek(0)
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            return io.BufferedReader(_Guarded(opener(file), file, path), 1 << 20)
    return file


class _Guarded(io.RawIOBase):
    """The decompressed bytes, with errors that name the file."""

    def __init__(self, inner: Any, file: IO[bytes], path: Path) -> None:
        self._inner, self._file, self._path, self._out, self._size = (
            inner,
            file,
            path,
            0,
            max(path.stat().st_size, 1),
        )

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read(len(buffer))
        except EOFError as error:
            raise FormatError(
                f"{self._path}: the archive is cut short after {self._out:,} bytes of text. Copy it again."
            ) from error
        except (OSError, zlib.error, lzma.LZMAError, ValueError, _zstd_error()) as error:
            raise FormatError(
                f"{self._path}: the archive is damaged after {self._out:,} bytes of text ({error})."
            ) from error
        self._out += len(data)
        if self._out > FREE and self._out > RATIO * self._size:
            raise FormatError(
                f"{self._path}: {self._size:,} bytes grew to more than {self._out:,}; at most {RATIO}-fold "
                "is read."
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        self._file.close()  # the decompressors leave the file they were given open
        super().close()


def _zstd(file: IO[bytes]) -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise OptionError(f"{file.name}: reading .zst needs zstandard. Install seqkit[zstd].") from error
    return _Whole(zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True), file)


class _Whole:
    """A zstd stream that, like the others, raises EOFError when it ends in the middle of a frame."""

    def __init__(self, inner: Any, file: IO[bytes]) -> None:
        import zstandard

        file.seek(0)
        self._inner = inner
        self._left = zstandard.CONTENTSIZE_UNKNOWN
        with contextlib.suppress(zstandard.ZstdError):  # raised again as it is read
            self._left = zstandard.get_frame_parameters(file.read(18)).content_size
        self._known = self._left not in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR)
        file.seek(0)

    def read(self, size: int) -> bytes:
        data: bytes = self._inner.read(size)
        self._left -= len(data)
        if not data and self._known and self._left > 0:
            raise EOFError
        return data

    def close(self) -> None:
        self._inner.close()


def _zstd_error() -> type[Exception]:
    try:
        from zstandard import ZstdError
    except ImportError:
        return EOFError
    return ZstdError


_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _zstd,
}
