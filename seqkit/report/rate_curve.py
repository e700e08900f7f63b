"""The range test of learning rates: the loss of each step over the rate, and the suggested rate."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE, figure


def rate_curve(
    path: Path | str,
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    *,
    suggested: float,
    lowest: float,
    unit: str = "nats per prediction",
    title: str = "",
) -> None:
    """Draw losses over rates, each step a dot, and write the picture to `path` (.svg or .png).

    A loss far above the first is cut off at the picture's upper edge.
    Raises:  ShapeError if there is no step, or the lengths differ; OptionError for the path, or without
             matplotlib.
    """
    if not rates or not len(rates) == len(losses) == len(smoothed):
        raise ShapeError(
            f"rate_curve: got {len(rates)} rates, {len(losses)} losses and {len(smoothed)} smoothed losses, "
            "expected as many of each."
        )
    known = np.array(smoothed)
    low, high = float(np.min(losses)), float(max(known[0], known.min() * 1.05))
    with figure(Path(path)) as axes:
        axes.plot(
            rates,
            losses,
            color=GREY,
            marker=".",
            markersize=3,
            linestyle="none",
            alpha=0.6,
            label="each step",
        )
        axes.plot(rates, smoothed, color=BLUE, linewidth=2, label="smoothed")
        axes.axvline(lowest, color=ORANGE, linestyle="--", label=f"lowest at {lowest:.2g}")
        axes.axvline(suggested, color=GREEN, linestyle="-", label=f"suggested: {suggested:.2g}")
        axes.set_xscale("log")
        axes.set_ylim(low - 0.1 * (high - low), high + 0.25 * (high - low))
        axes.set_xlabel("learning rate")
        axes.set_ylabel(f"loss ({unit})")
        axes.set_title(title, loc="left")
        axes.legend(loc="lower left")
