"""One page about bias before and after: numbers with intervals, projections, recovery, use, lost words.

One file, no script, nothing loaded from elsewhere; words are data and are shown as text.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.score import p_text
from seqkit.report.figure import BLUE, GREEN, ORANGE
from seqkit.report.pages.out import template

COLOURS = (ORANGE, BLUE, GREEN, "#CC79A7", "#56B4E9", "#E69F00")
MOST = 40  # words in the picture of projections
_LEFT, _WIDTH, _ROW = 190, 620, 24
_NOTES = {
    "Bias": "The dot is the value, the line its 95 % interval, the grey bar what random word sets of the "
    "same sizes give.",
    "What can still be found": "0.5 (neighbours: 0): the two sides cannot be told apart. Few methods reach "
    "that.{held_out}",
    "Use": "Test sets of analogies and of word similarity: what the vectors lost in other uses.",
}


def bias_page(tables: Mapping[str, Any], path: Path) -> None:
    """Write the page of `tables` (as seqkit.debias.report.Report.to_json gives them), whole or not at all.

    Raises:  OptionError for another suffix than .html, or if jinja2 is not installed.
    """
    page = template("bias_page", path, "bias.html", number=_number, range=_range, p=p_text)
    states = list(dict.fromkeys(row["state"] for row in tables["measures"]))
    colours = {state: COLOURS[i % len(COLOURS)] for i, state in enumerate(states)}
    pairs = [(r["state"], r["extra"]["pairs"]) for r in tables["measures"] if r["name"] == "analogies"]
    html = page.render(
        title=f"Bias report: {tables['about']['words']}",
        about=tables["about"],
        key=list(colours.items()),
        parts=_parts(tables, colours),
        projection=_projection(tables["projection"], colours),
        pairs=pairs,
        rows=[*tables["measures"], *tables["utility"]],
        lost=tables["lost"],
        refused=tables["refused"],
        left=_LEFT,
        width=_LEFT + _WIDTH,
    )
    with files.write_atomic(path) as file:
        file.write(html.encode())


def _parts(
    tables: Mapping[str, Any], colours: Mapping[str, str]
) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The parts of the page that have rows: name, note and charts of each."""
    found = [
        ("Bias", [r for r in tables["measures"] if not r["name"].startswith("gonen")]),
        ("What can still be found", [r for r in tables["measures"] if r["name"].startswith("gonen")]),
        ("Use", tables["utility"]),
    ]
    unseen = tables["about"].get("held_out", 0)
    seen = f" The {unseen:,} words of the classifiers were not shown to the methods." if unseen else ""
    return [
        (name, _NOTES[name].format(held_out=seen), _charts(rows, colours)) for name, rows in found if rows
    ]


def _charts(rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> list[dict[str, Any]]:
    """A chart for each measure: a line for each state, all on one axis."""
    names = dict.fromkeys(row["name"] for row in rows)
    return [_chart(name, [row for row in rows if row["name"] == name], colours) for name in names]


def _chart(name: str, rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> dict[str, Any]:
    neutral = rows[0].get("neutral")
    ends = [*(row["value"] for row in rows), 0.0 if neutral is None else neutral]
    for row in rows:
        ends += [*(row.get("interval") or ()), *(row.get("band") or ())]
    place, ticks = _axis(min(ends), max(ends), _LEFT + _WIDTH - 80)
    bars = []
    for i, row in enumerate(rows):
        bar: dict[str, Any] = {"y": 14 + i * _ROW, "x": place(row["value"]), "text": f"{row['value']:.3f}"}
        bar["colour"] = colours[row["state"]]
        bar["tip"] = f"{row['state']}: {row['value']:.4f} {_range(row['interval'])}"
        bar["interval"] = row["interval"] and [place(v) for v in row["interval"]]
        if row.get("band"):
            low, high = (place(v) for v in row["band"])
            bar["band"] = (low, round(high - low, 1))
        bars.append(bar)
    height = len(rows) * _ROW + 26
    return {
        "name": name,
        "bars": bars,
        "neutral": None if neutral is None else place(neutral),
        "ticks": ticks,
        "height": height,
        "left": _LEFT,
        "right": _LEFT + _WIDTH - 80,
        "width": _LEFT + _WIDTH,
        "middle": 14 + (len(rows) - 1) * _ROW / 2 + 4,
    }


def _axis(low: float, high: float, right: float) -> tuple[Any, list[tuple[float, str]]]:
    """Where a number lies between _LEFT and `right`, and three ticks."""
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5

    def place(value: float) -> float:
        return round(_LEFT + 10 + (value - low) / (high - low) * (right - _LEFT - 20), 1)

    return place, [(place(v), f"{v:.3g}") for v in (low, (low + high) / 2, high)]


def _projection(values: Mapping[str, Mapping[str, float]], colours: Mapping[str, str]) -> dict[str, Any]:
    """Words by their first projection, the largest on top; the middle is left out where they are many."""
    first = next(iter(values.values()), {})
    order = sorted(first, key=lambda word: -first[word])
    shown = order if len(order) <= MOST else [*order[: MOST // 2], *order[-MOST // 2 :]]
    far = max([abs(by[word]) for by in values.values() for word in shown], default=1.0)
    place, ticks = _axis(-far, far, _LEFT + _WIDTH - 20)
    rows = []
    for i, word in enumerate(shown):
        dots = [
            (place(by[word]), colours[state], f"{word}, {state}: {by[word]:.4f}")
            for state, by in values.items()
        ]
        across = [x for x, *_ in dots]
        rows.append({"word": word, "y": 12 + 17 * i, "dots": dots, "low": min(across), "high": max(across)})
    return {
        "rows": rows,
        "height": 17 * len(rows) + 26,
        "zero": place(0.0),
        "ticks": ticks,
        "left_out": len(order) - len(shown),
    }


def _range(ends: Sequence[float] | None) -> str:
    return "" if not ends else f"{ends[0]:.3f} to {ends[1]:.3f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
