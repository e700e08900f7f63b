"""Files opened by their first bytes: plain, gz, bz2, xz or zst; damaged archives and bombs are refused."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from seqkit.core.errors import FormatError, OptionError

FREE = 64 << 20  # bytes out before the ratio counts
_ZSTD_PIECE = 1 << 10  # bytes; four of them may become 128 KiB
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
    return _Frames(file, lambda: zstandard.ZstdDecompressor().decompressobj())


class _Frames:
    """The frames of zstd that, like the others, raise EOFError when they end in the middle of one."""

    def __init__(self, file: IO[bytes], begin: Callable[[], Any]) -> None:
        self._file, self._begin = file, begin
        self._frame: Any = None
        self._packed, self._data = b"", memoryview(b"")

    def read(self, size: int) -> bytes:
        while not self._data:
            self._packed = self._packed or self._file.read(_ZSTD_PIECE)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError
                return b""
            self._frame = self._frame or self._begin()
            self._data, self._packed = memoryview(self._frame.decompress(self._packed)), b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        data, self._data = self._data[:size], self._data[size:]
        return bytes(data)

    def close(self) -> None:
        """Nothing is held but the file."""


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
