"""Where the one-file pages get their templates from: jinja2 (extra plot), with all text escaped.

Not handled: the pages themselves.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from seqkit.core.errors import OptionError

if TYPE_CHECKING:
    from jinja2 import Environment


def templates(what: str, path: Path, *, trim_blocks: bool = False) -> "Environment":
    """An environment in which texts are data: markup in them is shown, not run.  what, path: for messages.

    Raises:  OptionError for another suffix than .html, or if jinja2 is not installed.
    """
    if path.suffix.lower() != ".html":
        raise OptionError(f"{what}: got {path.name!r}, expected a name that ends in .html.")
    try:
        from jinja2 import Environment
    except ImportError as error:
        raise OptionError(
            f"{what}: {path} needs jinja2, which is not installed. Install seqkit[plot]."
        ) from error
    return Environment(autoescape=True, trim_blocks=trim_blocks)
