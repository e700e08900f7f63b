"""The confusion matrix as a picture: rows are labels, columns predictions; blue is right, orange wrong.

Not handled: more labels than can be read (MOST); the page of a diagnosis has a table.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np

from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Array
from seqkit.report.figure import figure

MOST = 40  # labels
_RIGHT, _WRONG = np.array([0, 114, 178]) / 255, np.array([213, 94, 0]) / 255


def matrix(
    counts: Annotated[Array, "C C"], names: Sequence[str], path: Path | str, *, title: str = ""
) -> None:
    """Draw counts [label, predicted] to `path` (.svg or .png); a colour shows the share of a label's rows.

    Raises:  ShapeError if the sizes differ; OptionError for too many labels, the path, or without matplotlib.
    """
    size = len(names)
    if counts.shape != (size, size) or not size:
        raise ShapeError(
            f"matrix: got counts of shape {counts.shape} for {size} names, expected a square of as many."
        )
    if size > MOST:
        raise OptionError(
            f"matrix: got {size} labels, expected at most {MOST} in a picture. Look at the table of the "
            "largest confusions."
        )
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    far = np.where(np.eye(size, dtype=bool)[..., None], _RIGHT, _WRONG)
    longest = max(len(name) for name in names)
    side = 1.2 + 0.55 * size + 0.08 * longest
    with figure(Path(path), width=max(side, 4.0), height=max(side, 3.5)) as axes:
        axes.imshow(1 + (far - 1) * shares[..., None], interpolation="nearest")
        for i, row in enumerate(counts.tolist()):
            for j, count in enumerate(row):
                ink = "white" if shares[i, j] > 0.6 else "black"
                axes.text(j, i, f"{count:,}", ha="center", va="center", color=ink, fontsize=9)
        shown = [name.replace("$", r"\$") for name in names]
        axes.set_xticks(range(size), shown, rotation=90 if longest > 4 else 0)
        axes.set_yticks(range(size), shown)
        axes.set_xlabel("called")
        axes.set_ylabel("label")
        axes.grid(visible=False)
        axes.set_title(title, loc="left")
