"""The catalogue of public texts, and the corpora that ship: list, fetch, find."""

import sysconfig
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import seqkit
from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.text.readers.download import Resuming
from seqkit.text.readers.extract import extract


@dataclass(frozen=True)
class Entry:
    """One public file.  Units: size in bytes of the file at `address`."""

    name: str
    kind: str
    licence: str
    address: str | None = None
    size: int | None = None
    sha256: str | None = None
    split: str = ""
    notes: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as plain JSON values."""
        return asdict(self)


def corpora() -> Path:
    """The folder of the shipped corpora: of the clone, or where the package put it.

    Raises:  FormatError if neither is there.
    """
    places = [
        Path(seqkit.__file__).parents[1] / "corpora",
        Path(sysconfig.get_path("data")) / "share" / "seqkit" / "corpora",
    ]
    for place in places:
        if (place / "catalogue.toml").is_file():
            return place
    raise FormatError(f"corpora: not found in {' or '.join(map(str, places))}. Install seqkit again.")


def shipped(name: str) -> Path:
    """The folder of a shipped corpus, such as "planted".

    Raises:  OptionError for an unknown name.
    """
    known = sorted(
        path.name for path in corpora().iterdir() if path.is_dir() and not path.name.startswith("_")
    )
    if name not in known:
        raise OptionError(f"unknown corpus {name!r}; shipped: {', '.join(known)}.{did_you_mean(name, known)}")
    return corpora() / name


@cache
def catalogue() -> tuple[Entry, ...]:
    """All entries, sorted by name."""
    table = tomllib.loads((corpora() / "catalogue.toml").read_text(encoding="utf-8"))
    return tuple(Entry(name, **values) for name, values in sorted(table.items()))


def entry(name: str) -> Entry:
    """The entry called `name`.

    Raises:  OptionError for an unknown name.
    """
    found = {e.name: e for e in catalogue()}
    if name not in found:
        raise OptionError(
            f"unknown corpus {name!r}; `seqkit corpus list` shows the known ones.{did_you_mean(name, found)}"
        )
    return found[name]


def fetch(
    what: str | Entry,
    folder: Path,
    *,
    allow_unverified: bool = False,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Download a file into `folder`, check its sha256, unpack it safely; return the files.

    A part that an earlier call left is continued.
    Raises:  OptionError if it cannot be fetched or verified; FormatError for a wrong checksum, a cut or
             unsafe file.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")  # `progress` says what is said
    wanted = entry(what) if isinstance(what, str) else what
    address = _allowed_address(wanted, allow_unverified)
    name = address.rsplit("/", 1)[1]
    part = folder / f".{name}.part"
    known_hash = None if wanted.sha256 is None else f"sha256:{wanted.sha256}"
    downloader = Resuming(part, wanted.size, progress)
    try:
        path = Path(pooch.retrieve(address, known_hash, name, folder, downloader=downloader))
    except ValueError as error:
        part.unlink(missing_ok=True)
        raise FormatError(
            f"fetch: {address} did not give the file expected ({error}). Nothing was kept; try again."
        ) from error
    part.unlink(missing_ok=True)
    if progress and wanted.sha256 is None:
        progress(f"{path}: sha256 {pooch.file_hash(str(path))}, not verified")
    packed = path.suffix in (".zip", ".tgz", ".tar") or ".tar." in path.name
    return extract(path, folder / wanted.name) if packed else [path]


def _allowed_address(wanted: Entry, allow_unverified: bool) -> str:
    """The address of an entry; OptionError if it may not be fetched, or not without a check."""
    if wanted.address is None:
        raise OptionError(f"fetch: {wanted.name} is not free to fetch ({wanted.licence}). {wanted.notes}")
    if wanted.sha256 is None and not allow_unverified:
        raise OptionError(
            f"fetch: the checksum of {wanted.name} is not known, so it cannot be verified. "
            "Pass --allow-unverified (allow_unverified=True) to take it without a check."
        )
    return wanted.address
