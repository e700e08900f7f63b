"""Learning curves: the loss of each epoch with the best one marked, and the range test of learning rates.

Not handled: several runs in one picture, the error table of train / dev / test (see seqkit.evaluate).
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE, RING, figure


def learning_curve(
    path: Path | str,
    training: Sequence[float],
    validation: Sequence[float | None] = (),
    *,
    unit: str = "nats per token",
    title: str = "",
    validation_name: str = "validation",
) -> None:
    """Draw value i as that of epoch i + 1 and write the picture to `path` (.svg or .png).

    validation: as many values as `training`, lower is better, None where an epoch was not validated; or
    nothing at all. The same numbers give the same SVG, byte for byte.
    Raises:  ShapeError if there is no epoch, or the lengths differ; OptionError for the path, or without
             matplotlib.
    """
    if not training or (validation and len(validation) != len(training)):
        raise ShapeError(
            f"learning_curve: got {len(training)} training and {len(validation)} validation values, expected "
            "at least one and as many of each. Give None where an epoch was not validated."
        )
    epochs = np.arange(1, len(training) + 1)
    values = np.array([math.nan if value is None else value for value in validation])
    known = np.isfinite(values)
    size = 4 if len(training) <= 40 else 0  # more marks would run into each other
    with figure(Path(path)) as axes:
        axes.plot(epochs, training, color=BLUE, marker="o", markersize=size, label="training")
        if known.any():
            style: dict[str, Any] = {"color": ORANGE, "marker": "s", "markersize": size, "linestyle": "--"}
            axes.plot(epochs[known], values[known], label=validation_name, **style)
            best = int(np.nanargmin(values))
            label = f"best {validation_name}: {values[best]:.4g} at epoch {epochs[best]}"
            axes.plot(epochs[best], values[best], color=GREY, label=label, **RING)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"loss ({unit})")
        axes.set_xlim(0.5, len(training) + 0.5)
        axes.locator_params(axis="x", integer=True, min_n_ticks=1)
        axes.set_title(title, loc="left")
        axes.legend(loc="best")


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
