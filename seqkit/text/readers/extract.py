"""Archives unpacked safely: plain files only, inside the folder, of bounded size."""

import contextlib
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from seqkit.core.errors import FormatError, SeqkitError, resource_error
from seqkit.core.files.places import temporary_folder

MOST_BYTES = 20 << 30
MOST_FILES = 200_000
RATIO = 1000
FREE = 64 << 20  # bytes out before the ratio counts


def extract(archive: Path, folder: Path, *, most_bytes: int = MOST_BYTES) -> list[Path]:
    """Unpack a zip or tar into `folder`; return its files. After an error nothing is left.

    Raises:  FormatError for a member outside the folder, a link, a device, a name twice, a bomb, or damage.
    """
    with temporary_folder(folder.parent, "extract") as working:
        inside, seen, size = Path(working) / "files", set[str](), 0
        try:
            inside.mkdir()
            for name, source in _members(archive):
                target = inside / _safe(archive, name, seen)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    for piece in _pieces(archive, source):
                        size += out.write(piece)
                        if size > most_bytes or (size > FREE and size > RATIO * archive.stat().st_size):
                            raise FormatError(
                                f"{archive}: grows beyond {size:,} bytes; at most {RATIO}-fold is unpacked."
                            )
            if not seen:
                raise FormatError(f"{archive}: holds no file.")
            if folder.exists():
                shutil.rmtree(folder)
            inside.rename(folder)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise FormatError(f"{archive}: one name is a file and a folder in it ({name!r}).") from error
        except OSError as error:
            raise resource_error(folder, error) from error
    return sorted(folder / name for name in seen)


@contextlib.contextmanager
def _reading(archive: Path) -> Iterator[None]:
    """Tell what readers raise as damage of the archive."""
    try:
        yield
    except SeqkitError:
        raise
    except Exception as error:  # of zipfile, tarfile and four decompressors: struct.error, IndexError, ...
        raise FormatError(f"{archive}: the archive is damaged or cut short ({error}).") from error


def _pieces(archive: Path, source: IO[bytes]) -> Iterator[bytes]:
    with _reading(archive):
        while piece := source.read(1 << 20):
            yield piece


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each plain file; anything but files and folders is refused."""
    with _reading(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for entry in file.infolist():
                    if entry.is_dir():
                        continue
                    if entry.external_attr >> 28 not in (0, 8):  # 8: a plain file; 0: the packer did not know
                        raise _not_plain(archive, entry.filename)
                    with file.open(entry) as source:
                        yield entry.filename, source
            return
        with tarfile.open(archive) as tar:
            for member in tar:
                if not member.isfile() and not member.isdir():
                    raise _not_plain(archive, member.name)
                if member.isfile():
                    content = tar.extractfile(member)
                    assert content is not None  # it is a plain file
                    yield member.name, content
            while tar.fileobj is not None and tar.fileobj.read(1 << 20):
                pass  # to the end, where the checksum of the compressed stream stands


def _not_plain(archive: Path, name: str) -> FormatError:
    return FormatError(f"{archive}: {name!r} is a link or device; only plain files are unpacked.")


def _safe(archive: Path, name: str, seen: set[str]) -> str:
    path = PurePosixPath(name)
    outside = (
        path.is_absolute()
        or ".." in path.parts
        or PureWindowsPath(name).drive
        or "\\" in name
        or "\0" in name
    )
    if outside or not path.parts:
        raise FormatError(
            f"{archive}: the member {name!r} would be written outside the folder. Do not trust this archive."
        )
    plain = str(path)
    if plain in seen or len(seen) >= MOST_FILES:
        raise FormatError(
            f"{archive}: "
            f"{f'it holds {name!r} twice' if plain in seen else f'it holds more than {MOST_FILES:,} files'}."
        )
    seen.add(plain)
    return plain
