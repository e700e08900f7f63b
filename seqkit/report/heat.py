"""A heat strip: the tokens of a text, each coloured by a number, one strip for each row of numbers.

Not handled: texts of many pages as a picture (use HTML).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core import files
from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Array
from seqkit.report.figure import SUFFIXES, figure
from seqkit.report.pages.out import template

COLUMNS = 60  # tokens in a line of a picture
MOST = 3000  # tokens in a picture


def heat(
    tokens: Sequence[str],
    values: Annotated[Array, "N T"],
    names: Sequence[str],
    path: Path | str,
    *,
    title: str = "",
    unit: str = "",
    end: str = "</s>",
) -> None:
    """Colour `tokens` by each row of `values` and write the strips to `path` (.html, .png or .svg).

    Numbers of one sign go from white to dark blue; numbers of both signs from orange over white to blue, 0
    white. The token `end` is shown as ⏎ and ends a line of the page.
    Raises:  ShapeError if sizes differ; OptionError for another suffix, a picture of too long a text, a
             missing library.
    """
    path, values = Path(path), np.asarray(values, np.float64)
    if values.shape != (len(names), len(tokens)) or not values.size:
        raise ShapeError(
            f"heat: got values of shape {values.shape}, expected ({len(names)}, {len(tokens)}), both above 0."
        )
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    both = low < 0 < high
    low, high = (-max(-low, high), max(-low, high)) if both else (min(low, 0.0), max(high, 0.0))
    strips = _Strips(tokens, values.tolist(), names, title, unit, end, low, high)
    if path.suffix.lower() == ".html":
        _page(strips, path)
    else:
        _picture(strips, path)


@dataclass(frozen=True)
class _Strips:
    """What is drawn: a strip of the tokens for each name and its row of values, all on one scale."""

    tokens: Sequence[str]
    values: list[list[float]]
    names: Sequence[str]
    title: str
    unit: str
    end: str
    low: float
    high: float

    def cells(self, texts: Sequence[str]) -> Iterator[tuple[str, list[tuple[str, float, str, str]]]]:
        """For each strip its name, and text, value, background and text colour of each token."""
        for name, row in zip(self.names, self.values, strict=True):
            pairs = zip(texts, row, strict=True)
            yield name, [(text, value, *_colour(value, self.low, self.high)) for text, value in pairs]


def _page(it: _Strips, path: Path) -> None:
    page = template("heat", path, "heat.html")
    # a space after each word, none between characters
    spaced = any(len(token) > 1 and token != it.end for token in it.tokens)
    shown = ["⏎\n" if token == it.end else token + " " * spaced for token in it.tokens]
    low, high = it.low, it.high
    html = page.render(
        title=it.title,
        strips=list(it.cells(shown)),
        scale=[_colour(low + (high - low) * i / 8, low, high)[0] for i in range(9)],
        low=f"{low:.3g}",
        high=f"{high:.3g}",
        unit=it.unit,
    )
    with files.write_atomic(path) as file:
        file.write(html.encode())


def _picture(it: _Strips, path: Path) -> None:
    _check_picture(len(it.tokens), path)
    width = max((len(token) for token in it.tokens if token != it.end), default=1)
    columns = COLUMNS if width == 1 else max(4, COLUMNS // (width + 1))
    columns = min(columns, max(len(it.tokens), 12))
    lines = -(-len(it.tokens) // columns)
    inches = max(5.0, 0.215 * (width + (width > 1)) * columns)
    shown = ["⏎" if token == it.end else token.replace("$", r"\$") for token in it.tokens]
    style: dict[str, Any] = {"fontsize": 10, "ha": "center", "va": "center", "family": "monospace"}
    with figure(path, width=inches, height=0.6 + 0.32 * (lines + 1.2) * len(it.names)) as axes:
        for k, (name, cells) in enumerate(it.cells(shown)):
            top = k * (lines + 1.2)
            axes.text(0, top + 0.75, name, fontsize=10, weight="bold", va="bottom")
            for t, (text, _, colour, ink) in enumerate(cells):
                x, y = t % columns, top + 1 + t // columns
                axes.fill_between([x, x + 1], y, y + 1, color=colour, linewidth=0)
                axes.text(x + 0.5, y + 0.5, text, color=ink, **style)
        axes.set_xlim(0, columns)
        axes.set_ylim(len(it.names) * (lines + 1.2) + 0.2, 0)
        axes.set_axis_off()
        axes.set_title(f"{it.title} ({it.low:.3g} to {it.high:.3g} {it.unit})", loc="left")


def _check_picture(tokens: int, path: Path) -> None:
    if tokens > MOST:
        raise OptionError(
            f"heat: got {tokens:,} tokens, expected at most {MOST:,} in a picture. Write .html, or a "
            "shorter text."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"heat: got {path.name!r}, expected a name that ends in .html, {' or '.join(SUFFIXES)}."
        )


def _colour(value: float, low: float, high: float) -> tuple[str, str]:
    """Background and text colour of a number; grey for what is not a number."""
    if math.isnan(value):
        return "#dddddd", "#000000"
    size = abs(value) / max(abs(low), abs(high), 1e-30)
    far = (0, 68, 136) if value >= 0 else (187, 85, 0)
    red, green, blue = (round(255 + (c - 255) * size) for c in far)
    return f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if size > 0.6 else "#000000"
