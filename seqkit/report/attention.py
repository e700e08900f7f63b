"""Attention as a picture: a row for each word written, a column for each word read, darker is more.

Not handled: more words than can be read side by side (MOST); a page of heat strips holds them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np

from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Array
from seqkit.report.figure import SUFFIXES, figure
from seqkit.report.heat import heat

MOST = 60  # words of a side
_DARK = np.array([0, 68, 136]) / 255


def attention(
    source: Sequence[str],
    target: Sequence[str],
    weights: Annotated[Array, "T S"],
    path: Path | str,
    *,
    title: str = "",
) -> None:
    """Draw weights[t, s], 0 to 1, to `path` (.svg, .png; .html: a heat strip for each word written).

    Raises:  ShapeError if the sizes differ; OptionError for too many words, the path, or without matplotlib.
    """
    if weights.shape != (len(target), len(source)) or not weights.size:
        raise ShapeError(
            f"attention: got weights of shape {weights.shape}, expected ({len(target)}, {len(source)}): "
            "words written, words read."
        )
    check_path(Path(path), "attention")
    if Path(path).suffix.lower() == ".html":
        heat(source, weights, target, path, title=title, unit="attention")
        return
    if max(weights.shape) > MOST:
        raise OptionError(
            f"attention: got {max(weights.shape)} words, expected at most {MOST} in a picture. Write .html, "
            "or a shorter text."
        )
    over, beside = (max(map(len, words)) for words in (source, target))
    width, height = 1.0 + 0.4 * len(source) + 0.1 * beside, 1.0 + 0.32 * len(target) + 0.1 * over
    with figure(Path(path), width=max(width, 4.0), height=max(height, 3.0)) as axes:
        axes.imshow(1 + (_DARK - 1) * weights[..., None], interpolation="nearest", aspect="auto")
        axes.set_xticks(range(len(source)), [_plain(word) for word in source], rotation=90 if over > 2 else 0)
        axes.set_yticks(range(len(target)), [_plain(word) for word in target])
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.grid(visible=False)
        axes.set_title(title, loc="left")


def check_path(path: Path, what: str) -> None:
    """Raise OptionError, naming `what`, for a suffix that is none of a page or a picture."""
    if path.suffix.lower() not in (".html", *SUFFIXES):
        raise OptionError(
            f"{what}: got {path.name!r}, expected a name that ends in .html, {' or '.join(SUFFIXES)}."
        )


def _plain(word: str) -> str:
    return word.replace("$", r"\$")  # a pair of them would be a formula
