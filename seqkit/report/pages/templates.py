"""Where the one-file pages get their templates from, the folder html: jinja2 (extra plot), all text escaped.

Not handled: the pages themselves.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqkit.core.errors import OptionError

if TYPE_CHECKING:
    from jinja2 import Template


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
