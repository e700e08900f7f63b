"""A map of words as a picture: a mark and a label each, groups by colour, no label over another. SVG or PNG.

Not handled: thousands of words (labels that find no place are left out and counted: use
seqkit.report.pages.map_page).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.core.types import Array
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE, figure
from seqkit.report.labels import place

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, ORANGE, GREEN, "#AA3377", "#8C6D00", "#332288", GREY)  # dark enough for text on white
MARKS = "osD^vP"
_FONT = 9


def check_map(places: Annotated[Array, "N C"], labels: Sequence[str], groups: Sequence[str] | None) -> None:
    """Raise ShapeError unless there is a finite place (x, y), and a group if any, for each label."""
    whole = (
        places.shape == (len(labels), 2)
        and len(labels) > 0
        and (groups is None or len(groups) == len(labels))
    )
    if not whole or not np.isfinite(places).all():
        raise ShapeError(
            f"map: got places of shape {places.shape} for {len(labels):,} labels, expected a finite x and y "
            "for each label, at least one, and as many groups or none."
        )


def picture(
    path: Path | str,
    places: Annotated[Array, "N C"],
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    title: str = "",
    caption: str = "",
    axes: Sequence[str] = (),
) -> int:
    """Draw each label at its place and write the picture to `path`; return how many labels found no place.

    groups: one name for each label, a colour each. axes: names of the two directions; without them numbers
    mean nothing and are not shown. Labels that come first choose their place first. The same input gives the
    same bytes.
    Raises:  ShapeError if sizes differ or a place is not finite; OptionError for the path, or without
             matplotlib.
    """
    check_map(places, labels, groups)
    names = list(dict.fromkeys(groups or [""]))
    few = len(labels) <= 150
    with figure(Path(path), width=9.0, height=7.5) as drawing:
        for k, name in enumerate(names):
            mine = [i for i in range(len(labels)) if groups is None or groups[i] == name]
            style: dict[str, Any] = {
                "s": 16 if few else 6,
                "color": COLOURS[k % len(COLOURS)],
                "marker": MARKS[k // len(COLOURS) % len(MARKS)],
            }
            drawing.scatter(*places[mine].T, linewidths=0, label=_short(name), **style)
        _frame(drawing, axes, groups is not None)
        drawing.set_title(title.replace("$", r"\$"), loc="left")
        said = _label(
            drawing,
            places,
            _drawable(labels),
            [COLOURS[names.index(g) % len(COLOURS)] for g in groups or [""] * len(labels)],
        )
        left_out = len(labels) - said
        note = f"{left_out:,} of {len(labels):,} labels found no place" if left_out else ""
        drawing.figure.text(
            0.02, 0.01, "; ".join(filter(None, (caption, note))), fontsize=9, color=GREY, parse_math=False
        )
    return left_out


def _frame(drawing: "Axes", axes: Sequence[str], legend: bool) -> None:
    drawing.margins(0.06)
    if axes:
        drawing.set_xlabel(_arrow(axes[0]))
        drawing.set_ylabel(_arrow(axes[1]))
        drawing.axhline(0, color="#BBBBBB", lw=0.8, zorder=0)
        drawing.axvline(0, color="#BBBBBB", lw=0.8, zorder=0)
    else:
        drawing.set_aspect("equal", adjustable="datalim")  # distances are what such a map shows
        drawing.set_xticks([])
        drawing.set_yticks([])
        drawing.spines[["left", "bottom"]].set_visible(False)
    if legend:
        drawing.legend(
            loc="upper left",
            bbox_to_anchor=(1, 1),
            markerscale=1.5,
            borderaxespad=0,
            fontsize=_FONT,
            handletextpad=0.2,
        )


def _label(
    drawing: "Axes", places: Annotated[Array, "N C"], labels: Sequence[str], colours: Sequence[str]
) -> int:
    """Write the labels that find a place; return how many did."""
    dpi = _settle(drawing)
    window, unit = drawing.get_window_extent(), 72 / dpi  # points, since pixels of the file may be others
    corner = np.array([window.x0, window.y0])
    at = drawing.transData.transform(places) - corner
    boxes, placed = place(at, _sizes(labels, dpi) + 2, (int(window.width), int(window.height)))
    style: dict[str, Any] = {"xycoords": "figure points", "annotation_clip": False}
    line = {"arrowstyle": "-", "color": "#AAAAAA", "lw": 0.5, "shrinkA": 0, "shrinkB": 0}
    for i in np.flatnonzero(placed).tolist():
        low, high = boxes[i, :2] + corner, boxes[i, 2:] + corner
        nearest = np.clip(at[i] + corner, low, high)
        if np.linalg.norm(nearest - at[i] - corner) > 6:
            drawing.annotate("", (at[i] + corner) * unit, nearest * unit, arrowprops=line, **style)
        start = (low[0] + 1) * unit, (low[1] + high[1]) / 2 * unit
        text: dict[str, Any] = {"fontsize": _FONT, "color": colours[i], "va": "center", "parse_math": False}
        drawing.annotate(labels[i], start, gid=f"label-{i}", **text, **style)
    return int(placed.sum())


def _settle(drawing: "Axes") -> float:
    """Lay the figure out, with room for the caption, so that nothing moves from here on; return its dpi."""
    sheet: Any = drawing.figure  # Any: stubs do not know the settings of its layout engine
    sheet.get_layout_engine().set(rect=(0, 0.035, 1, 0.965))
    sheet.draw_without_rendering()
    sheet.set_layout_engine("none")
    return float(sheet.dpi)


def _sizes(labels: Sequence[str], dpi: float) -> Annotated[Array, "N C"]:
    """Width and height of each label in pixels."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    renderer: Any = RendererAgg(1, 1, dpi)  # type: ignore[no-untyped-call]
    font = FontProperties(size=_FONT)
    return np.array(
        [renderer.get_text_width_height_descent(label, font, ismath=False)[:2] for label in labels]
    )


def _drawable(labels: Sequence[str]) -> list[str]:
    """The labels with □ for each sign that the font lacks."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties())).get_charmap()
    return ["".join(sign if ord(sign) in known else "\u25a1" for sign in label) for label in labels]


def _short(name: str) -> str:
    return (name if len(name) <= 24 else f"{name[:23].rstrip()}…").replace("$", r"\$")


def _arrow(formula: str) -> str:
    sides = (side.strip() for side in formula.replace("→", "->").split("->"))
    return " → ".join(sides).replace("$", r"\$")
