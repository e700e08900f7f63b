"""Files opened by their first bytes: plain, gz, bz2, xz, zst, or a zip of one file.

Damaged archives and bombs are refused; of UTF-16 and UTF-32 the byte-order mark tells.
"""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from seqkit.core.errors import FormatError, OptionError, SeqkitError

FREE = 64 << 20  # bytes out before the ratio counts
_ZSTD_PIECE = 1 << 10  # bytes; four of them may become 128 KiB
RATIO = 1000  # text is compressed 3 to 10 times; a bomb more than 1,000


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressing it if its first bytes say so.

    Raises:  FormatError for a zip of several files and a tar; while reading when the archive is damaged, cut
             short, or grows more than 1,000-fold.
    """
    file = path.open("rb")
    head = file.read(265)
    file.seek(0)
    if head[257:262] == b"ustar":
        file.close()
        raise FormatError(f"{path}: is a tar archive, expected a file. Unpack it first.")
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            try:
                return io.BufferedReader(_Guarded(opener(file), file, path), 1 << 20)
            except SeqkitError:
                file.close()
                raise
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
        except (OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError, _zstd_error()) as error:
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


class Utf8:
    """The bytes of a text as UTF-8: a file that begins with the mark of UTF-16 or UTF-32 is converted."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name, self._begun = file, name, False
        self._decoder: codecs.IncrementalDecoder | None = None

    def read(self, size: int) -> bytes:
        """About `size` bytes; none at the end.  Raises:  FormatError for what is not of the encoding."""
        while True:
            data = self._file.read(size)
            if not self._begun and (mark := encoding_of(data)):
                self._decoder = codecs.getincrementaldecoder(mark)()
            self._begun = True
            if self._decoder is None:
                return data
            try:
                text = self._decoder.decode(data, not data)
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"{self._name}: begins with the mark of {error.encoding.upper()}, and is not valid "
                    f"{error.encoding.upper()} ({error.reason}). Convert the file to UTF-8."
                ) from error
            if text or not data:
                return text.encode()


def encoding_of(head: bytes) -> str | None:
    """The encoding of UTF-16 or UTF-32 whose byte-order mark begins a text."""
    marks = {"utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}  # which begins as one of UTF-16
    marks |= {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)}
    return next((name for name, known in marks.items() if head.startswith(known)), None)


def _zip(file: IO[bytes]) -> Any:
    try:
        archive = zipfile.ZipFile(file)
        inside = [one for one in archive.infolist() if not one.is_dir()]
        if len(inside) != 1:
            raise FormatError(f"{file.name}: is a zip of {len(inside)} files, expected one. Unpack it first.")
        return archive.open(inside[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise FormatError(f"{file.name}: is a zip that cannot be read ({error}). Unpack it first.") from error


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
    b"PK\x03\x04": _zip,
}
