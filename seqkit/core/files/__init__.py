"""How seqkit writes and reads its own files: safetensors + JSON, atomic, checksummed, memory-mapped.

An artefact (corpus, vectors, checkpoint) is a folder. Its `manifest.json` names the kind, the settings, and
the one arrays file by size and sha256; the arrays file carries its own hash in its name, and the manifest is
renamed into place last. So a reader sees the old artefact or the new one, never a mixture, at whatever moment
the writer was killed.

Two writers of one folder take turns (places.locked). Not handled: compression.
"""

import contextlib
import hashlib
import json
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NotRequired, TypedDict

from seqkit.core import schema
from seqkit.core.errors import FormatError, ModelFileError, OptionError, resource_error
from seqkit.core.files import places, stored
from seqkit.core.files.stored import Streamed, check, check_numbers, checked
from seqkit.core.types import Array, Arrays

__all__ = [
    "Streamed",
    "check",
    "check_numbers",
    "checked",
    "kind_of",
    "load",
    "read_json",
    "read_text",
    "save",
    "sha256",
    "write_atomic",
    "write_json",
]

FORMAT_VERSION = 1
VERIFY_BELOW = 64 << 20  # bytes; arrays of larger files are checked by block when they are first used
READ_AT_ONCE = 8 << 20  # bytes; smaller arrays of such a file are checked when it is opened
_ARRAYS = re.compile(r"arrays-[0-9a-f]{16}\.safetensors")
_HALVES = re.compile(r"\\u[dD][89a-fA-F]")  # escapes of half a character


class _Blocks(TypedDict):
    size: schema.Size
    crc32: list[schema.Count]


class _Manifest(TypedDict):
    seqkit: schema.Size
    kind: str
    arrays: str
    bytes: schema.Size
    sha256: str
    blocks: NotRequired[_Blocks]
    meta: dict[str, Any]


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
    """Read JSON strictly: UTF-8, no duplicate keys, numbers finite and of 64 bits, at most `limit` bytes.

    Raises:  FormatError naming the file and the place.
    """
    if path.stat().st_size > limit:
        raise FormatError(f"{path}: got {path.stat().st_size:,} bytes of JSON, expected at most {limit:,}.")
    try:
        text = path.read_bytes().decode()
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_int, parse_float=_float
        )
        if _HALVES.search(text):
            json.dumps(value, ensure_ascii=False).encode()  # raises for half a character alone
        return value
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

    Raises:  ResourceError if the disk is full, FormatError for an array that holds nan or inf; the files in
             the folder are then unchanged.
    """
    with _told(folder), places.locked(folder / ".lock", folder):
        places.sweep(folder)
        _keep_other(folder, kind)
        with write_atomic(folder / ".arrays") as file:
            digest, size, sums = stored.write(file, arrays)
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
        if size >= VERIFY_BELOW:
            manifest["blocks"] = {"size": stored.BLOCK, "crc32": sums}
        write_json(folder / "manifest.json", manifest | {"checksum": _checksum(manifest)})
        for old in folder.glob("arrays-*.safetensors"):
            if old.name != name:
                old.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise resource_error(folder, error) from error


def _keep_other(folder: Path, kind: str) -> None:
    """Raise OptionError if the folder holds an artefact of another kind; a damaged one is replaced."""
    with contextlib.suppress(ModelFileError):
        if (there := kind_of(folder)) not in (None, kind):
            raise OptionError(
                f"{folder}: holds {there}, expected {kind} or a new folder. Choose another one."
            )


def load(
    folder: Path, kind: str, form: Any = dict[str, Any], *, verify: bool = False
) -> tuple[Arrays, Any]:  # Any: what `form` says
    """Open an artefact of `kind`: read-only memory-mapped arrays, and the settings.

    form: a type, such as a TypedDict, that the settings must have, as schema.check looks at it.

    Checksums and finite numbers are checked now if the file is smaller than 64 MiB or `verify` is set. Of a
    larger one small arrays are checked now; a large array is to be checked by `check` where it is first used,
    block by block. Header, sizes and the manifest are always checked.
    Raises:  ModelFileError if anything is missing, damaged, of another kind or of a newer version.
    """
    while True:
        manifest = _read_manifest(folder)
        try:
            return _open(folder, manifest, kind, form, verify)
        except (ModelFileError, FileNotFoundError):
            if manifest == _read_manifest(folder):
                raise
            # else it was replaced just now, and the new one is whole


def _open(
    folder: Path, manifest: _Manifest, kind: str, form: Any, verify: bool
) -> tuple[Arrays, Any]:  # Any: as `load` has them
    if manifest["kind"] != kind:
        raise ModelFileError(f"{folder}: holds {manifest['kind']}, expected {kind}.")
    meta = schema.check(f"{folder / 'manifest.json'}: meta", manifest["meta"], form)
    path, size = folder / manifest["arrays"], manifest["bytes"]
    if not path.is_file() or path.stat().st_size != size:
        found = f"{path.stat().st_size:,} bytes" if path.is_file() else "no file"
        raise ModelFileError(f"{path}: {found}, expected {size:,} bytes. Copy the folder again.")
    whole = verify or size < VERIFY_BELOW
    if whole and sha256(path) != manifest["sha256"]:
        raise ModelFileError(
            f"{path}: the checksum does not match, so the file is damaged. Restore it from a copy."
        )
    blocks = manifest.get("blocks", _Blocks(size=stored.BLOCK, crc32=[]))
    arrays = stored.open_arrays(path, None if whole else blocks["crc32"], manifest["sha256"], blocks["size"])
    now = {name: a for name, a in arrays.items() if whole or a.nbytes <= READ_AT_ONCE}
    for array in now.values() if blocks["crc32"] else ():
        check(array)
    stored.check_finite(path, now)
    return arrays, meta


def kind_of(folder: Path) -> str | None:
    """The kind of artefact in `folder`, or None if it is not one."""
    return str(_read_manifest(folder)["kind"]) if (folder / "manifest.json").is_file() else None


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / "manifest.json"
    if not path.is_file():
        raise ModelFileError(f"{folder}: no manifest.json there, so seqkit did not write this folder.")
    try:
        manifest = read_json(path)
    except FormatError as error:
        raise ModelFileError(str(error)) from error
    version = manifest.get("seqkit") if isinstance(manifest, dict) else None
    if type(version) is not int:
        raise ModelFileError(f"{path}: not a seqkit manifest.")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: got file version {version}, expected at most {FORMAT_VERSION}. Update seqkit."
        )
    if manifest.pop("checksum", None) != _checksum(manifest):
        raise ModelFileError(
            f"{path}: the checksum does not match, so it was damaged or edited. Restore it from a copy."
        )
    found = schema.check(str(path), manifest, _Manifest)
    blocks = found.get("blocks")
    if blocks and len(blocks["crc32"]) != -(-found["bytes"] // blocks["size"]):
        raise ModelFileError(
            f"{path}: got {len(blocks['crc32']):,} checksums of blocks, expected one for each "
            f"{blocks['size']:,} of {found['bytes']:,} bytes. Restore it from a copy."
        )
    if not _ARRAYS.fullmatch(found["arrays"]):
        raise ModelFileError(
            f"{path}: got {found['arrays']!r} as arrays, expected the name of a file of arrays. Restore it "
            "from a copy."
        )
    return found


def _checksum(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _int(text: str) -> int:
    if len(text) > 20 or not -(1 << 63) <= (value := int(text)) < 1 << 64:
        raise ValueError(f"{text[:20]}... has more than 64 bits")
    return value


def _float(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
