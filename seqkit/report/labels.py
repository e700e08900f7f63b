"""Where labels go so that none covers another: greedy, first come first served, on a raster of pixels.

Not handled: measuring text, drawing.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from seqkit.core.types import Array

Box = tuple[int, int, int, int]  # left, bottom, right, top

_SIDES = (
    (1, 0),
    (-1, 0),
    (0, 1),
    (0, -1),
    (1, 1),
    (-1, 1),
    (1, -1),
    (-1, -1),
)  # right first: text is read from there
_REACH = (0, 8, 16, 26, 40)  # pixels further out; beyond the first a line leads to the point


def place(
    points: Annotated[Array, "N C"], sizes: Annotated[Array, "N C"], area: tuple[int, int], *, radius: int = 4
) -> tuple[Annotated[Array, "N K"], Annotated[Array, "N"]]:
    """Boxes (left, bottom, right, top) of the labels, and which of them have a place; earlier ones go first.

    A label is tried at 8 sides of its point, then further out with a line to it. Neither label nor line ever
    covers a label or leaves `area`; a label covers marks of other points only if it has no better place, and
    then as few as it can.
    Units:  all in pixels; area = (width, height) from (0, 0); radius: of a mark with its margin.
    """
    width, height = area
    points = np.clip(points, 0, (width - 1, height - 1))
    taken, marks = np.zeros((height, width), bool), np.zeros((height, width), np.int32)
    for x, y in points.astype(int).tolist():
        marks[max(0, y - radius + 1) : max(0, y + radius), max(0, x - radius + 1) : max(0, x + radius)] += 1
    boxes, placed = np.zeros((len(points), 4), np.int64), np.zeros(len(points), bool)
    for i, (point, size) in enumerate(zip(points.tolist(), np.ceil(sizes).astype(int).tolist(), strict=True)):
        best, fewest = None, np.inf
        for left, bottom, right, top in _candidates(point, size, radius):
            if left < 0 or bottom < 0 or right > width or top > height or taken[bottom:top, left:right].any():
                continue
            line = _line(point, (left, bottom, right, top), radius)
            cost = int(marks[bottom:top, left:right].sum())
            if cost < fewest and not taken[line].any():
                best, fewest = ((left, bottom, right, top), line), cost
                if not cost:
                    break
        if best is not None:
            (left, bottom, right, top), line = best
            taken[bottom:top, left:right] = taken[line] = placed[i] = True
            boxes[i] = left, bottom, right, top
    return boxes, placed


def _candidates(point: list[float], size: list[int], radius: int) -> Iterator[Box]:
    (x, y), (w, h) = point, size
    for reach in _REACH:
        for dx, dy in _SIDES:
            gap = (radius + reach) * (0.7 if dx and dy else 1.0)
            left = round(x + dx * gap - (0, 0.5, 1)[1 - dx] * w)
            bottom = round(y + dy * gap - (0, 0.5, 1)[1 - dy] * h)
            yield left, bottom, left + w, bottom + h


def _line(point: list[float], box: Box, radius: int) -> tuple[Array, Array]:
    """The pixels (y, x) between a point and a box further off than its mark; none for one beside it."""
    x, y = point
    end_x, end_y = min(max(x, box[0]), box[2] - 1), min(max(y, box[1]), box[3] - 1)
    steps = int(max(abs(end_x - x), abs(end_y - y)))
    if steps <= radius + 2:
        steps = 0
    share = np.arange(1, steps) / max(steps, 1)
    return (y + share * (end_y - y)).astype(int), (x + share * (end_x - x)).astype(int)
