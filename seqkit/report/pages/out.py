"""A report as a page or as tables, as the name of the file says; and the templates of pages (html/).

Pages are one file, made by jinja2 (extra plot), with all text escaped.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqkit.core import files
from seqkit.core.errors import OptionError

if TYPE_CHECKING:
    from jinja2 import Template


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


def template(what: str, path: Path, name: str, **filters: Callable[[Any], str]) -> "Template":
    """The template html/`name`, in which texts are data: markup in them is shown, not run.

    what, path: for messages. filters: functions that the template knows besides those of jinja2.
    Raises:  OptionError for another suffix than .html, or if jinja2 is not installed.
    """
    if path.suffix.lower() != ".html":
        raise OptionError(f"{what}: got {path.name!r}, expected a name that ends in .html.")
    try:
        from jinja2 import Environment, PackageLoader
    except ImportError as error:
        raise OptionError(
            f"{what}: {path} needs jinja2, which is not installed. Install seqkit[plot]."
        ) from error
    loader = PackageLoader("seqkit.report.pages", "html")
    made = Environment(autoescape=True, trim_blocks=True, loader=loader)
    made.filters |= filters
    return made.get_template(name)


def source(name: str) -> str:
    """A file of html/ as it stands, its lines ended by newlines."""
    return (Path(__file__).parent / "html" / name).read_text(encoding="utf-8")
