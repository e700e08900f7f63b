"""A search in one picture: the value of each trial over each setting, and over the epochs.

Not handled: how settings act together (a trial's dot stands in every panel at the same height).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE, RING, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS = {"done": (BLUE, "o"), "dropped": (GREY, "."), "open": (GREY, "|"), "failed": (ORANGE, "x")}


@dataclass(frozen=True)
class Dot:
    """One trial: its settings, its value after each epoch, and its state."""

    settings: Mapping[str, Any]
    values: Sequence[float]
    state: str

    @property
    def value(self) -> float:
        """The best; inf if it failed."""
        return math.inf if self.state == "failed" else min(self.values, default=math.inf)


def search_plot(path: Path | str, dots: Sequence[Dot], scales: Mapping[str, str], *, title: str = "") -> None:
    """Draw one panel for each setting of `scales`, and one of the epochs, to `path` (.svg or .png).

    scales: linear, log, log-below-1 or choice. Failed trials are at the upper edge; values far above the
    others are cut off there too.
    Raises:  ShapeError if no trial has a value; OptionError for the path, or without matplotlib.
    """
    values = np.array([dot.value for dot in dots])
    if not np.isfinite(values).any():
        raise ShapeError(
            f"search_plot: none of {len(dots)} trials has a value, expected at least one. Wait for the first "
            "epoch."
        )
    low = float(values[np.isfinite(values)].min())
    high = float(np.quantile(values[np.isfinite(values)], 0.75))
    high = max(high, low + 1e-3 * abs(low) + 1e-9)
    top = high + 0.35 * (high - low)
    best = min((dot for dot in dots if dot.state == "done"), key=lambda dot: dot.value, default=None)
    columns = len(scales) + 1
    with figure(Path(path), width=max(6.0, 3.1 * columns), height=3.9) as axes:
        drawing = axes.figure
        axes.remove()
        panels = drawing.subplots(1, columns, sharey=True)
        for panel, (name, scale) in zip(panels, scales.items(), strict=False):
            _setting(panel, name, scale, dots, top, best)
        _epochs(panels[-1], dots, best)
        panels[0].set_ylabel("validation (lower is better)")
        panels[0].set_ylim(low - 0.1 * (high - low), top + 0.06 * (high - low))
        handles, labels = panels[0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        if title:
            drawing.suptitle(title, x=0.01, ha="left")


def _setting(panel: "Axes", name: str, scale: str, dots: Sequence[Dot], top: float, best: Dot | None) -> None:
    choices = list(dict.fromkeys(str(dot.settings[name]) for dot in dots)) if scale == "choice" else []

    def place(dot: Dot) -> Any:
        value = dot.settings[name]
        return choices.index(str(value)) if choices else 1 - value if scale == "log-below-1" else value

    for state, (colour, marker) in _LOOKS.items():
        shown = [dot for dot in dots if dot.state == state]
        heights = [min(dot.value, top) if math.isfinite(dot.value) else top for dot in shown]
        if shown:
            places = [place(dot) for dot in shown]
            panel.plot(places, heights, color=colour, marker=marker, linestyle="none", label=state)
    if best is not None:
        panel.plot([place(best)], [best.value], color=GREEN, label=f"best: {best.value:.4g}", **RING)
    if choices:
        panel.set_xticks(range(len(choices)), choices)
        panel.set_xlim(-0.5, len(choices) - 0.5)
    elif scale != "linear":
        panel.set_xscale("log")
    if scale == "log-below-1":
        panel.invert_xaxis()
    panel.set_xlabel(f"1 − {name}" if scale == "log-below-1" else name)


def _epochs(panel: "Axes", dots: Sequence[Dot], best: Dot | None) -> None:
    for dot in dots:
        epochs = range(1, len(dot.values) + 1)
        if dot is best:
            panel.plot(epochs, dot.values, color=GREEN, linewidth=2, zorder=3)
        elif dot.state != "failed":
            marker = "." if len(dot.values) == 1 else ""
            panel.plot(epochs, dot.values, color=GREY, linewidth=0.8, alpha=0.6, marker=marker)
    panel.set_xlabel("epoch")
    panel.locator_params(axis="x", integer=True, min_n_ticks=1)
