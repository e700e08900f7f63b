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
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NotRequired, TypedDict

from seqkit.core import schema, strict_json
from seqkit.core.errors import FormatError, ModelFileError, OptionError, resource_error
from seqkit.core.files import places, stored
from seqkit.core.files.stored import Streamed, check, check_numbers, checked
from seqkit.core.types import Array, Arrays

__all__ = [
    "Streamed",
    "check",
    "check_numbers",
    "checked",
    "keep_other",
    "kind_of",
    "load",
    "read_json",
    "save",
    "sha256",
    "write_atomic",
    "write_json",
]

FORMAT_VERSION = 1
VERIFY_BELOW = 64 << 20  # bytes; arrays of larger files are checked by block when they are first used
READ_AT_ONCE = 8 << 20  # bytes; smaller arrays of such a file are checked when it is opened
_ARRAYS = re.compile(r"arrays-[0-9a-f]{16}\.safetensors")


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


def read_json(path: Path, *, limit: int = 256 << 20) -> Any:  # Any: what JSON holds
    """Read a file of at most `limit` bytes as strict_json.parse does.

    Raises:  FormatError naming the file and the place.
    """
    if path.stat().st_size > limit:
        raise FormatError(f"{path}: got {path.stat().st_size:,} bytes of JSON, expected at most {limit:,}.")
    try:
        return strict_json.parse(path.read_bytes())
    except ValueError as error:
        raise FormatError(f"{path}: not valid JSON ({error}). Restore the file or make it again.") from error


def sha256(path: Path) -> str:
    """The file's sha256 as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(folder: Path, kind: str, arrays: Mapping[str, Array | Streamed], meta: Mapping[str, Any]) -> None:
    """Write an artefact of `kind`: arrays, memory-mapped or streamed where they are, and `meta` as JSON.

    Raises:  ResourceError if the disk is full, FormatError for an array that holds nan or inf; the files in
             the folder are then unchanged.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with places.locked(folder / ".lock", folder):
            _save(folder, kind, arrays, meta)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise resource_error(folder, error) from error


def _save(folder: Path, kind: str, arrays: Mapping[str, Array | Streamed], meta: Mapping[str, Any]) -> None:
    keep_other(folder, kind)
    try:
        with write_atomic(folder / places.UNNAMED) as file:
            digest, size, sums = stored.write(file, arrays)
        name = f"arrays-{digest[:16]}.safetensors"
        (folder / places.UNNAMED).replace(folder / name)
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
    finally:
        places.keep_arrays(folder)


def keep_other(folder: Path, kind: str) -> None:
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
    Raises:  ModelFileError if anything in it is missing, damaged, of another kind or of a newer version;
             FormatError if there is no folder.
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
    if not os.path.lexists(folder):
        raise FormatError(f"{folder}: no such file or folder.")
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
    return _checked_manifest(path, schema.check(str(path), manifest, _Manifest))


def _checked_manifest(path: Path, found: _Manifest) -> _Manifest:
    """The same, if its parts agree."""
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


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
