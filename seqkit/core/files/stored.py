"""The arrays of an artefact in one file: safetensors, written by pieces, memory-mapped, checked by block.

A large file is not read when it is opened. `check` reads the blocks that an array lies in, compares their
CRC-32 (2.9 GB/s on one core, sha256 1.3), and does so once for each. Not handled: the manifest (files).
"""

import hashlib
import json
import math
import mmap
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from seqkit.core import checks, strict_json
from seqkit.core.errors import FormatError, ModelFileError, SeqkitError, ShapeError
from seqkit.core.types import Array, Arrays

MOST_HEADER = 8 << 20  # bytes; about 80 an array
BLOCK = 1 << 20  # bytes of a block with a checksum of its own
_PIECE = 16 << 20
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "I64": "<i8",
    "I32": "<i4",
    "U64": "<u8",
    "U32": "<u4",
    "U8": "|u1",
    "BOOL": "|b1",
    "F16": "<f2",
    "I8": "|i1",
}
_NAMES = {np.dtype(text): name for name, text in _DTYPES.items()}


@dataclass(frozen=True)
class Streamed:
    """An array to save in blocks of rows, never whole in memory."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    blocks: Callable[[], Iterable[Array]]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole."""
        return math.prod(self.shape) * self.dtype.itemsize


class Mapped(mmap.mmap):
    """A file in memory, and which of its blocks are still to be checked."""

    path: Path
    sums: list[int]  # CRC-32 of each block
    whole: str  # or, of a file from before there were blocks, the sha256 of all of it
    left: Array  # bool for each block
    late: bool  # whether it was opened before it was checked

    def expect(self, path: Path, sums: list[int] | None, whole: str, block: int) -> None:
        """What the file must be.  sums: None: it was checked."""
        self.path, self.late, self.whole = path, sums is not None, whole
        self.sums, self.block = sums or [], block if sums else len(self)
        sums = self.sums
        self.left = np.ones(max(len(sums), 1), bool)

    def check(self, numbers: Array) -> None:
        """Compare the checksums of blocks.  Raises:  ModelFileError if one is another."""
        view = memoryview(self)
        for number in numbers[self.left[numbers]].tolist():
            part = view[number * self.block : (number + 1) * self.block]
            if self.sums:
                whole = zlib.crc32(part) == self.sums[number]
            else:
                whole = hashlib.sha256(part).hexdigest() == self.whole
            if not whole:
                at = number * self.block
                raise ModelFileError(
                    f"{self.path}: bytes {at:,} to {at + len(part):,} do not match their checksum, so the "
                    "file is damaged. Restore it from a copy."
                )
            self.left[number] = False


def check(array: Array, rows: Array | None = None) -> bool:
    """Check the blocks of its file that an array, or some rows of it, lies in, each once.

    An array that is in no file of `files.load`, or in one that was checked as it was opened, passes.
    Returns:  whether it was to be checked; then whoever asks looks at its numbers, too.
    Raises:  ModelFileError, naming the bytes that are damaged.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    mapped = base.obj if isinstance(base, memoryview) else None
    if not isinstance(mapped, Mapped) or not mapped.late or not array.size:
        return False
    first = np.frombuffer(mapped, np.uint8).__array_interface__["data"][0]
    start = array.__array_interface__["data"][0] - first
    if rows is None:
        mapped.check(np.arange(start // mapped.block, (start + array.nbytes - 1) // mapped.block + 1))
        return True
    begin = start + np.unique(np.asarray(rows, np.int64)) * array.strides[0]
    ends = (begin + array.strides[0] - 1) // mapped.block
    spans = [np.arange(a, b + 1) for a, b in zip(begin // mapped.block, ends, strict=True)]
    mapped.check(np.unique(np.concatenate([np.zeros(0, np.int64), *spans])))
    return True


def write(file: IO[bytes], arrays: Mapping[str, Array | Streamed]) -> tuple[str, int, list[int]]:
    """Write the container piece by piece; return its sha256, its size and the CRC-32 of each block.

    Raises:  FormatError for numbers that are not finite.
    """
    header: dict[str, Any] = {}
    offset = 0
    for name, array in arrays.items():
        if array.dtype not in _NAMES:
            raise SeqkitError(
                f"files.save: array {name!r} has dtype {array.dtype}, expected one of "
                f"{', '.join(map(str, _NAMES))}."
            )
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": array.shape,
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    head = json.dumps(header).encode()
    head += b" " * (-(len(head) + 8) % 64)  # so that the first array starts on a cache line
    digest, sums = hashlib.sha256(), _Sums()
    size = 0
    for piece in _pieces(len(head).to_bytes(8, "little") + head, arrays):
        digest.update(piece)
        sums.add(memoryview(piece))
        size += file.write(piece)
    return digest.hexdigest(), size, sums.done()


class _Sums:
    """CRC-32 of blocks, from pieces of any size."""

    def __init__(self) -> None:
        self.sums, self.sum, self.filled = list[int](), 0, 0

    def add(self, piece: memoryview) -> None:
        while len(piece):
            part = piece[: BLOCK - self.filled]
            self.sum, self.filled = zlib.crc32(part, self.sum), self.filled + len(part)
            piece = piece[len(part) :]
            if self.filled == BLOCK:
                self.done()

    def done(self) -> list[int]:
        """All of them, the last block as far as it goes."""
        if self.filled:
            self.sums.append(self.sum)
        self.sum = self.filled = 0
        return self.sums


def _pieces(head: bytes, arrays: Mapping[str, Array | Streamed]) -> Iterator[bytes | memoryview]:
    yield head
    for name, array in arrays.items():
        come = 0
        if not isinstance(array, Streamed):
            check(array)
        for block in array.blocks() if isinstance(array, Streamed) else (array,):
            plain = np.ascontiguousarray(block, array.dtype).reshape(-1)
            _finite(name, plain, FormatError, "files.save: array ", " Nothing was written.")
            flat = plain.view(np.uint8)
            come += flat.size
            for start in range(0, flat.size, _PIECE):
                yield flat[start : start + _PIECE].data
        assert come == array.nbytes, "a streamed array gave another size than it said"


def open_arrays(path: Path, sums: list[int] | None, whole: str, block: int = BLOCK) -> Arrays:
    """The arrays of a file, read-only and memory-mapped.  sums: None: of a file that was checked."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):  # its strict check of header, offsets and sizes
            pass
    except (SafetensorError, OSError) as error:
        raise ModelFileError(f"{path}: not a valid safetensors file ({error}).") from error
    with path.open("rb") as file:
        mapped = Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
    everything = np.frombuffer(mapped, np.uint8)
    length = int(everything[:8].view("<u8")[0])
    mapped.expect(path, sums, whole, block)
    if sums:
        check(everything[: 8 + length])
    if length > MOST_HEADER:
        raise ModelFileError(f"{path}: got {length:,} bytes of header, expected at most {MOST_HEADER:,}.")
    try:
        header = strict_json.parse(everything[8 : 8 + length].tobytes())
    except ValueError as error:
        raise ModelFileError(f"{path}: not a valid safetensors file ({error}).") from error
    return _views(path, header, everything, 8 + length)


def _views(path: Path, header: Mapping[str, Any], everything: Array, begin: int) -> Arrays:
    """The arrays that a header names.  begin: their first byte."""
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _DTYPES:
            raise ModelFileError(
                f"{path}: array {name!r} has dtype {entry['dtype']}, expected one of {', '.join(_DTYPES)}."
            )
        start, end = (begin + at for at in entry["data_offsets"])
        arrays[name] = everything[start:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def check_numbers(name: str, array: Array, rows: Array | None = None) -> Array:
    """The array, or some rows of it, after `check`; floats that were to be checked must be finite.

    Raises:  ModelFileError.
    """
    late = check(array, rows)
    found = array if rows is None else array[rows]
    if late:
        _finite(name, found, ModelFileError, "", " Restore the file from a copy.")
    return found


def checked(
    array: Array, look: Callable[[], None], damaged: Callable[[SeqkitError], ModelFileError]
) -> Array:
    """The array, after `check` and what `look` looks at; `damaged` makes an error of what that finds."""
    check(array)
    try:
        look()
    except ShapeError as error:
        raise damaged(error) from error
    return array


def check_finite(path: Path, arrays: Arrays) -> None:
    """Raise ModelFileError unless all numbers of float arrays are finite."""
    for name, array in arrays.items():
        _finite(name, array, ModelFileError, f"{path}: array ", " Restore the file from a copy.")


def _finite(name: str, array: Array, kind: type[SeqkitError], where: str, way_out: str) -> None:
    if array.dtype not in (np.float32, np.float64):  # of fp16, who reads it looks (vectors.quantisation)
        return
    try:
        checks.check_finite(name, array)
    except ShapeError as error:
        raise kind(f"{where}{error}{way_out}") from error
