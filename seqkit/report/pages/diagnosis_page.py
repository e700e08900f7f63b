"""One page of a diagnosis: faults and what to do, errors and gaps, curves, confusion, slices, rows.

One file, no script, nothing loaded from elsewhere; texts are data and are shown as text. Not handled: more
than MOST labels in the confusion table (the largest confusions are listed).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE
from seqkit.report.pages.out import template

MOST = 20  # labels in the confusion table
_LEFT, _WIDTH, _HEIGHT, _ROW = 110, 620, 220, 28


def diagnosis_page(tables: Mapping[str, Any], path: Path) -> None:
    """Write the page of `tables` (those of diagnosis.result.Diagnosis.to_json), whole or not at all.

    Raises:  OptionError for another suffix than .html, or if jinja2 is not installed.
    """
    page = template("diagnosis_page", path, "diagnosis.html", number=_number, range=_range)
    title = "Diagnosis: " + (", ".join(tables["faults"]) or "no fault named")
    html = page.render(
        **tables,
        title=title,
        bars=_bars(tables),
        charts=_charts(tables),
        heat=_heat(tables["classes"]),
        left=_LEFT,
        width=_WIDTH,
    )
    with files.write_atomic(path) as file:
        file.write(html.encode())


def _bars(tables: Mapping[str, Any]) -> dict[str, Any]:
    """A bar a part; people's error above, the linear baseline's on dev and test below."""
    human = tables["about"]["options"]["human"]
    rows = [] if human is None else [{"name": "human", "value": human, "interval": None, "colour": GREEN}]
    rows += [{**score, "colour": BLUE} for score in tables["errors"]]
    rows += [
        {**score, "name": f"linear, {score['name']}", "colour": "#BBBBBB"} for score in tables["baseline"]
    ]
    top = max(
        [*(row["value"] for row in rows), *(row["interval"][1] for row in rows if row["interval"]), 0.01]
    )
    made = []
    for i, row in enumerate(rows):
        x, *ends = (
            round(_LEFT + v / top * (_WIDTH - _LEFT - 160), 1)
            for v in (row["value"], *(row["interval"] or ()))
        )
        text = f"{row['value']:.3f} {_range(row['interval'])}"
        made.append(
            {**row, "y": 14 + i * _ROW, "x": x, "ends": ends, "text_x": max([x, *ends]) + 8, "text": text}
        )
    return {"rows": made, "height": len(rows) * _ROW + 4}


def _charts(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    curve, sizes = tables["curve"], tables["sizes"]
    charts = []
    if len(curve["steps"]) > 1:
        steps = [(step, loss, None) for step, loss in curve["steps"]]
        guess = [(steps[0][0], curve["guessing"], None), (steps[-1][0], curve["guessing"], None)]
        lines = [("training", BLUE, False, steps), ("guessing", GREY, True, guess)]
        note = "Nats a row. Guessing: the loss of knowing only how frequent each label is."
        charts.append(_chart("Loss by step", note, "step", lines))
    if len(sizes) > 1:
        lines = [
            (name, colour, False, [(row["rows"], row[name]["value"], row[name]["interval"]) for row in sizes])
            for name, colour in (("train", BLUE), ("dev", ORANGE))
        ]
        human = tables["about"]["options"]["human"]
        if human is not None:
            lines.append(
                ("human", GREEN, True, [(sizes[0]["rows"], human, None), (sizes[-1]["rows"], human, None)])
            )
        note = (
            "Where dev still falls, more data help; where train and dev meet too high, a bigger model does."
        )
        charts.append(_chart("Error by rows of training", note, "rows", lines))
    return charts


def _chart(name: str, note: str, x_name: str, lines: Sequence[tuple[str, str, bool, Any]]) -> dict[str, Any]:
    points = [point for *_, line in lines for point in line]
    right, low, high = max(x for x, *_ in points), min(x for x, *_ in points), max(y for _, y, _ in points)
    high = max([high, *(ends[1] for *_, ends in points if ends), 1e-9])

    def x_of(x: float) -> float:
        return float(round(_LEFT + (x - low) / max(right - low, 1) * (_WIDTH - 116 - _LEFT), 1))

    def y_of(y: float) -> float:
        return float(round(_HEIGHT - y / high * (_HEIGHT - 12), 1))

    made: list[dict[str, Any]] = []
    for label, colour, dashed, line in lines:
        y = y_of(line[-1][1])
        while any(
            abs(y - other["y"]) < 14 for other in made
        ):  # names beside line ends do not cover each other
            y -= 14
        path = " ".join(f"{x_of(x)},{y_of(v)}" for x, v, _ in line)
        bars = [(x_of(x), y_of(ends[0]), y_of(ends[1])) for x, _, ends in line if ends]
        made.append({"name": label, "colour": colour, "dashed": dashed, "points": path, "ends": bars, "y": y})
    xs = [low, right] if len(lines[0][3]) > 8 or len(lines[0][3]) < 3 else [x for x, *_ in lines[0][3]]
    return {
        "name": name,
        "note": note,
        "x": x_name,
        "lines": made,
        "height": _HEIGHT,
        "xs": [(x_of(x), f"{x:,}") for x in xs],
        "ys": [(y_of(y), f"{y:.3g}") for y in (0.0, high / 2, high)],
    }


def _heat(classes: Mapping[str, Any]) -> list[tuple[str, list[tuple[int, str, str]]]]:
    """Cells of the confusion table with colours by the share of a label's rows: blue right, orange wrong."""
    if len(classes["classes"]) > MOST:
        return []
    rows = []
    for i, (name, counts) in enumerate(zip(classes["classes"], classes["confusion"], strict=True)):
        cells = []
        for j, count in enumerate(counts):
            share, far = count / max(sum(counts), 1), (0, 114, 178) if i == j else (213, 94, 0)
            red, green, blue = (round(255 + (c - 255) * share) for c in far)
            cells.append((count, f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if share > 0.6 else "#000000"))
        rows.append((name, cells))
    return rows


def _range(ends: Sequence[float] | None) -> str:
    return "" if not ends else f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
