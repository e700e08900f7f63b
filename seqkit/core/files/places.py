"""Places that results are written to: what may be replaced, who writes there now, what killed writers left.

Not handled: how a file becomes whole at once (files).
"""

import contextlib
import hashlib
import os
import re
import shutil
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seqkit.core import strict_json
from seqkit.core.errors import OptionError, SeqkitError, resource_error

RUN = ("log.jsonl", "run.json", "search.lock", "search.sqlite", "split.json")  # written beside a result
PARTS = ("checkpoint", "corpus", "counts", "model", "trials")  # folders within a result
WAIT = 60.0  # seconds that a short writer waits for another one
SIGNING = 2.0  # seconds after which a lock without a name is of a process killed before it could sign
_KINDS = {
    stat.S_ISFIFO: "a pipe",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}
_TEMPORARY = re.compile(r"\..+\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-\w+\.part")
_TAKING = re.compile(r"\..*lock\.(break|restore)\.(?P<pid>\d+)\.[0-9a-f]{32}")  # filelock's own
_ARRAYS = "arrays-*.safetensors"
UNNAMED = ".arrays"  # of arrays before their name is known


def check(
    out: str | os.PathLike[str],
    sources: Iterable[str | Path] = (),
    *,
    replace: bool = False,
    among: bool = False,
) -> None:
    """Raise OptionError unless results may be written to `out`.

    It must be new, or an empty folder; with `replace` also a file, or a folder that seqkit wrote. sources:
    what is read meanwhile. among: results are put among what any folder holds.
    """
    path = Path(out)
    if not os.fspath(out).strip() or path.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise OptionError(f"out: got {os.fspath(out)!r}, expected a file or a folder of its own.")
    for source in map(Path, filter(os.path.exists, sources)):
        if path.exists() and path.samefile(source):
            raise OptionError(f"{path}: is read by this command. Choose another place.")
        if source.resolve() in path.resolve().parents and _held(source):
            raise OptionError(f"{path}: lies inside {source}, which is read. Choose another place.")
    if path.is_symlink():
        raise OptionError(f"{path}: is a link to {path.readlink()}. Give that place itself.")
    if not path.exists():
        return
    mode = path.stat().st_mode
    if found := [name for test, name in _KINDS.items() if test(mode)]:
        raise OptionError(f"{path}: is {found[0]}, expected a file or a folder. Choose another place.")
    if path.is_dir() and (among or not any(path.iterdir())):
        return
    if not (what := "a file" if path.is_file() else _held(path)):
        raise OptionError(f"{path}: holds files that seqkit did not write. Choose another folder.")
    if not replace:
        raise OptionError(f"{path}: holds {what} already. Choose another place, or replace it with --force.")


def _held(folder: Path) -> str:
    """What seqkit wrote into a folder; empty: nothing, or other things too."""
    with contextlib.suppress(OSError, ValueError):
        manifest = _manifest(folder)
        if isinstance(manifest, dict) and "seqkit" in manifest:
            return str(manifest.get("kind"))
    ours = any((folder / name).is_file() for name in RUN) or all(map(_is_part, folder.iterdir()))
    if any(folder.glob(_ARRAYS)) and (folder / "manifest.json").is_file():
        return "a damaged artefact"
    return "a run that was not finished" if ours else ""


def _is_part(entry: Path) -> bool:
    """Whether only a writer that was stopped leaves this in a folder."""
    if entry.is_dir() and entry.name in PARTS:
        return bool(_held(entry))
    name = entry.name
    ours = name in (".lock", UNNAMED) or entry.match(_ARRAYS)
    return ours or bool(_TEMPORARY.fullmatch(name) or _TAKING.fullmatch(name))


def _manifest(folder: Path) -> Any:  # Any: what JSON holds
    return strict_json.parse((folder / "manifest.json").read_bytes()[: 1 << 28])


@contextlib.contextmanager
def claimed(out: str | os.PathLike[str]) -> Iterator[None]:
    """Within the block this process alone writes to `out`; what killed writers left beside it is removed.

    Raises:  OptionError that says who else writes there; ResourceError if nothing can be written there.
    """
    path = Path(out).absolute()
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise resource_error(path.parent, error) from error
    try:
        with locked(path.parent / f".{path.name}.lock", path, wait=0):
            tidy(path)
            yield
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # what holds something stays
                folder.rmdir()


@contextlib.contextmanager
def locked(lock: Path, place: Path, *, wait: float = WAIT) -> Iterator[None]:
    """Within the block no other process holds this lock of a place; one whose holder was killed is free.

    wait: seconds to wait for it.
    Raises:  OptionError that says who holds it; ResourceError if it cannot be written.
    """
    import filelock

    held = filelock.SoftFileLock(lock, timeout=wait)
    try:
        while not held.is_locked:
            try:
                held.acquire()
            except filelock.Timeout as error:
                if _never_signed(lock):
                    held.break_lock()
                elif holder := _holder(lock):  # else it was given back just now
                    way = "Wait for it, stop it, or choose another place."
                    raise OptionError(f"{place}: is being written by {holder}. {way}") from error
    except OSError as error:
        raise resource_error(lock.parent, error) from error
    try:
        yield
    finally:
        held.release()


def _never_signed(lock: Path) -> bool:
    """Whether a lock does not come to say whose it is: its process was killed before it could sign."""
    with contextlib.suppress(OSError):
        made, ends = lock.stat(), time.monotonic() + SIGNING
        while not lock.stat().st_size and lock.stat().st_ino == made.st_ino:
            if time.monotonic() > ends:
                return True
            time.sleep(0.05)
    return False


def _holder(lock: Path) -> str | None:
    """Who holds a lock, in words; None if nobody does any more."""
    try:
        pid, host, *_ = lock.read_text(encoding="utf-8").split("\n")
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(lock.stat().st_mtime))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return "another process"
    return f"process {pid} on {host} since {since}"


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def temporary(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, open for writing, whose name says which process writes it; dead ones go."""
    sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path.name), suffix=".part")
    return handle, Path(name)


def temporary_folder(near: Path | None, purpose: str) -> "tempfile.TemporaryDirectory[str]":
    """A new folder in `near` for the time of a `with` block; among the system's temporary files if None.

    Raises:  ResourceError if it cannot be made.
    """
    try:
        if near is not None:
            near.mkdir(parents=True, exist_ok=True)
        sweep(near or Path(tempfile.gettempdir()))
        return tempfile.TemporaryDirectory(
            dir=near, prefix=_prefix(purpose), suffix=".part", ignore_cleanup_errors=True
        )
    except OSError as error:
        raise resource_error(near or tempfile.gettempdir(), error) from error


def _prefix(name: str) -> str:
    return f".{name}.{_host()}-{os.getpid()}-"


def tidy(out: Path) -> None:
    """Remove what killed writers left beside `out`, in it, and among the system's temporary files."""
    for folder in (out.parent, Path(tempfile.gettempdir())):
        sweep(folder)
    for name, _, files in os.walk(out):
        inside = Path(name)
        sweep(inside)
        if ".lock" in files:  # the lock of the dead goes by being held
            with contextlib.suppress(SeqkitError), locked(inside / ".lock", inside, wait=0):
                keep_arrays(inside)


def keep_arrays(folder: Path) -> None:
    """Remove the arrays that the manifest does not name, which were replaced, or never came to be named."""
    with contextlib.suppress(OSError, ValueError, RecursionError, AttributeError):
        named = _manifest(folder).get("arrays") if (folder / "manifest.json").exists() else None
        for arrays in [folder / UNNAMED, *folder.glob(_ARRAYS)]:
            if arrays.name != named:
                arrays.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporary files and folders in `folder` whose process, of this host, lives no more."""
    with contextlib.suppress(OSError):
        for entry in list(folder.iterdir()):
            found = _TEMPORARY.fullmatch(entry.name) or _TAKING.fullmatch(entry.name)
            if not found or found.groupdict().get("host", _host()) != _host() or _alive(int(found["pid"])):
                continue
            with contextlib.suppress(OSError):  # another user's, say
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()


def _alive(pid: int) -> bool:
    """Whether a process may live; always on Windows, where asking would end it."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
