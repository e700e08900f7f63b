"""How seqkit writes and reads its own files: safetensors + JSON, atomic, checksummed, memory-mapped.

An artefact (corpus, vectors, checkpoint) is a folder. Its `manifest.json` names the kind, the settings, and
the one arrays file by size and sha256; the arrays file carries its own hash in its name, and the manifest is
renamed into place last. So a reader sees the old artefact or the new one, never a mixture, at whatever moment
the writer was killed.

Not handled: concurrent writers to one folder (the last manifest wins whole), compression.
"""

import contextlib
import hashlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from seqkit.core import places
from seqkit.core.errors import FormatError, ModelFileError, SeqkitError, resource_error
from seqkit.core.types import Array, Arrays

FORMAT_VERSION = 1
VERIFY_BELOW = 64 << 20  # bytes; larger arrays are hashed only when asked for, so that opening stays instant
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
_MANIFEST = {"kind": str, "arrays": str, "bytes": int, "sha256": str, "meta": dict}
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


@contextlib.contextmanager
def write_atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`; on success fsync it and rename it to `path`, else remove it.

    Raises:  ResourceError if the disk is full or the folder cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = places.temporary(path)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)  # mkstemp made it private
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise resource_error(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented UTF-8 JSON, atomically; nan and inf are refused."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    with write_atomic(path) as file:
        file.write(text.encode() + b"\n")


def read_json(path: Path, *, limit: int = 256 << 20) -> Any:  # Any: what json.loads returns
    """Read JSON strictly: UTF-8, no duplicate keys, no nan, at most `limit` bytes.

    Raises:  FormatError naming the file and the place.
    """
    if path.stat().st_size > limit:
        raise FormatError(f"{path}: got {path.stat().st_size:,} bytes of JSON, expected at most {limit:,}.")
    try:
        return json.loads(path.read_bytes().decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not valid JSON ({error}). Restore the file or make it again.") from error


def read_text(path: Path) -> str:
    """The text of a small file.

    Raises:  FormatError if it is not there or not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: not a UTF-8 text file ({error}).") from error


def sha256(path: Path) -> str:
    """The file's sha256 as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(folder: Path, kind: str, arrays: Mapping[str, Array | Streamed], meta: Mapping[str, Any]) -> None:
    """Write an artefact of `kind`: arrays, memory-mapped or streamed where they are, and `meta` as JSON.

    Raises:  ResourceError if the disk is full; the files in the folder are then unchanged.
    """
    with write_atomic(folder / ".arrays") as file:
        digest, size = _write_arrays(file, arrays)
    name = f"arrays-{digest[:16]}.safetensors"
    (folder / ".arrays").replace(folder / name)
    manifest = {
        "seqkit": FORMAT_VERSION,
        "kind": kind,
        "arrays": name,
        "bytes": size,
        "sha256": digest,
        "meta": dict(meta),
    }
    write_json(folder / "manifest.json", manifest | {"checksum": _checksum(manifest)})
    for old in folder.glob("arrays-*.safetensors"):
        if old.name != name:
            old.unlink(missing_ok=True)


def load(folder: Path, kind: str, *, verify: bool = False) -> tuple[Arrays, dict[str, Any]]:
    """Open an artefact of `kind`: read-only memory-mapped arrays, and the settings.

    The hash of the arrays is checked when they are smaller than 64 MiB or when `verify` is set; header, sizes
    and the manifest are always checked.
    Raises:  ModelFileError if anything is missing, damaged, of another kind or of a newer version.
    """
    manifest = _read_manifest(folder)
    if manifest["kind"] != kind:
        raise ModelFileError(f"{folder}: holds {manifest['kind']}, expected {kind}.")
    path = folder / str(manifest["arrays"])
    if path.name != manifest["arrays"] or not path.is_file() or path.stat().st_size != manifest["bytes"]:
        found = f"{path.stat().st_size:,} bytes" if path.is_file() else "no file"
        raise ModelFileError(f"{path}: {found}, expected {manifest['bytes']:,} bytes. Copy the folder again.")
    if (verify or manifest["bytes"] < VERIFY_BELOW) and sha256(path) != manifest["sha256"]:
        raise ModelFileError(
            f"{path}: the checksum does not match, so the file is damaged. Restore it from a copy."
        )
    return _map_arrays(path), manifest["meta"]


def kind_of(folder: Path) -> str | None:
    """The kind of artefact in `folder`, or None if it is not one."""
    return str(_read_manifest(folder)["kind"]) if (folder / "manifest.json").is_file() else None


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise ModelFileError(f"{folder}: no manifest.json there, so seqkit did not write this folder.")
    try:
        manifest = read_json(path)
    except FormatError as error:
        raise ModelFileError(str(error)) from error
    if not isinstance(manifest, dict) or not isinstance(version := manifest.get("seqkit"), int):
        raise ModelFileError(f"{path}: not a seqkit manifest.")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: got file version {version}, expected at most {FORMAT_VERSION}. Update seqkit."
        )
    if manifest.pop("checksum", None) != _checksum(manifest):
        raise ModelFileError(
            f"{path}: the checksum does not match, so it was damaged or edited. Restore it from a copy."
        )
    for name, kind in _MANIFEST.items():
        if not isinstance(value := manifest.get(name), kind):
            raise ModelFileError(
                f"{path}: got {value!r} as {name}, expected {kind.__name__}. Restore it from a copy."
            )
    return manifest


def _write_arrays(file: IO[bytes], arrays: Mapping[str, Array | Streamed]) -> tuple[str, int]:
    """Write the safetensors container piece by piece; return its sha256 and size."""
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
    digest = hashlib.sha256()
    size = 0
    for piece in _pieces(len(head).to_bytes(8, "little") + head, arrays):
        digest.update(piece)
        size += file.write(piece)
    return digest.hexdigest(), size


def _pieces(head: bytes, arrays: Mapping[str, Array | Streamed]) -> Iterator[bytes | memoryview]:
    yield head
    for array in arrays.values():
        come = 0
        for block in array.blocks() if isinstance(array, Streamed) else (array,):
            flat = np.ascontiguousarray(block, array.dtype).reshape(-1).view(np.uint8)
            come += flat.size
            for start in range(0, flat.size, _PIECE):
                yield flat[start : start + _PIECE].data
        assert come == array.nbytes, "a streamed array gave another size than it said"


def _map_arrays(path: Path) -> Arrays:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):  # its strict check of header, offsets and sizes
            pass
    except (SafetensorError, OSError) as error:
        raise ModelFileError(f"{path}: not a valid safetensors file ({error}).") from error
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    whole = (
        np.memmap(path, np.uint8, "r", offset=8 + length)
        if path.stat().st_size > 8 + length
        else np.empty(0, np.uint8)
    )
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _DTYPES:
            raise ModelFileError(
                f"{path}: array {name!r} has dtype {entry['dtype']}, expected one of {', '.join(_DTYPES)}."
            )
        start, end = entry["data_offsets"]
        arrays[name] = np.asarray(whole[start:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"]))
    return arrays


def _checksum(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
