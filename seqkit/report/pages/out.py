"""A report as a page or as tables: the name of the file, .html or .json, says which."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import OptionError


def check_out(what: str, path: Path | str) -> str:
    """The suffix of `path`.

    Raises:  OptionError, naming `what`, if it is neither .html nor .json: ask before hours of work.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".html", ".json"):
        raise OptionError(f"{what}: got {Path(path).name!r}, expected a name that ends in .html or .json.")
    return suffix


def save(
    what: str, tables: Mapping[str, Any], page: Callable[[Mapping[str, Any], Path], None], path: Path | str
) -> None:
    """Write the tables to a .json, or by `page` to a .html, whole or not at all."""
    if check_out(what, path) == ".json":
        files.write_json(Path(path), tables)
    else:
        page(tables, Path(path))
