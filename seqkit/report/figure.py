"""What all pictures share: a plain figure, colours for the colour-blind, the same bytes for the same numbers.

Not handled: what is drawn. No global state of matplotlib is changed, and no window is opened.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqkit.core import files
from seqkit.core.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# of Okabe & Ito 2008, for the colour-blind
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#595959"
RING: dict[str, Any] = {"marker": "o", "markersize": 12, "fillstyle": "none", "ls": "none"}  # around the best
SUFFIXES = (".svg", ".png")
_STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E5E5E5",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "seqkit",
    "svg.fonttype": "path",
}


def check_picture(path: Path, what: str = "picture") -> None:
    """Raise OptionError, naming `what`, if `path` ends in no picture's suffix, or without matplotlib."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(
            f"{what}: got {path.name!r}, expected a name that ends in {' or '.join(SUFFIXES)}."
            f"{did_you_mean(suffix, SUFFIXES)}"
        )
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise OptionError(
            f"{what}: {path} needs matplotlib, which is not installed. Install seqkit[plot]."
        ) from error


@contextlib.contextmanager
def figure(path: Path, *, width: float = 7.0, height: float = 4.5) -> Iterator["Axes"]:
    """Give axes to draw on and write the picture to `path` at the end, whole or not at all.

    Units:   width, height in inches. The suffix of `path` says whether it is SVG or PNG.
    Raises:  OptionError for another suffix, or if matplotlib is not installed.
    """
    check_picture(path)
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", _STYLE]):
        drawing = Figure(figsize=(width, height), layout="constrained")
        yield drawing.add_subplot()
        suffix = path.suffix.lower()
        undated = {"Date": None} if suffix == ".svg" else {"Software": None}
        with files.write_atomic(path) as file:
            drawing.savefig(file, format=suffix[1:], metadata=undated)
