"""One page about bias before and after: numbers with intervals, projections, recovery, use, lost words.

One file, no script, nothing loaded from elsewhere; words are data and are shown as text.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.report.figure import BLUE, GREEN, ORANGE
from seqkit.report.pages.templates import templates

COLOURS = (ORANGE, BLUE, GREEN, "#CC79A7", "#56B4E9", "#E69F00")
MOST = 40  # words in the picture of projections
_LEFT, _WIDTH, _ROW = 190, 620, 24
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; color: #000; background: #fff }
h1 { font-size: 22px } h2 { font-size: 18px; margin-top: 2em } h3 { font-size: 15px; margin: 1.2em 0 0 }
table { border-collapse: collapse; font-size: 14px } th, td { padding: .15em .8em .15em 0; text-align: left; vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums } th { border-bottom: 1px solid #595959 }
svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif } .key i { display: inline-block; width: .8em; height: .8em;
margin: 0 .3em 0 1em }
.key .dash { border-left: 2px dashed #595959; width: 0 }
.note { color: #595959; font-size: 14px } .words { overflow-wrap: anywhere; font-size: 14px }
</style></head><body><h1>{{ title }}</h1>
<p>{{ about.vocabulary }} words of {{ about.dim }} numbers. Word sets “{{ about.words }}” ({{ about.source }},
{{ about.licence }}; sha256 {{ about.sha256[:16] }}…). Direction: {{ about.direction }} of {{ about.sets }} sets, first row
explains {{ "%.1f" % (100 * about.explained[0]) }} % of their differences; positive = {{ about.positive }}.
Seed {{ about.seed }}.</p>
<p class="key">{% for state, colour in key %}<i style="background:{{ colour }}"></i>{{ state }}{% endfor %}
<i style="background:#E5E5E5"></i>random word sets (95 %)<i class="dash"></i>unbiased</p>
{% for name, note, charts in parts %}<h2>{{ name }}</h2><p class="note">{{ note }}</p>
{% for chart in charts %}{{ draw(chart) }}{% endfor %}{% endfor %}
{% if projection.rows %}<h2>Projection on the direction</h2><p class="note">Cosine of words that ought to be neutral; right:
{{ about.positive }}.{% if projection.left_out %} {{ projection.left_out }} words in between are left out.{% endif %}</p>
<svg viewBox="0 0 {{ width }} {{ projection.height }}" width="{{ width }}" role="img" aria-label="projections">
<line x1="{{ projection.zero }}" x2="{{ projection.zero }}" y1="0" y2="{{ projection.height - 20 }}" stroke="#595959"
stroke-dasharray="4 3"/>{% for row in projection.rows %}
<text x="{{ left - 10 }}" y="{{ row.y + 4 }}" text-anchor="end">{{ row.word }}</text>
<line x1="{{ row.low }}" x2="{{ row.high }}" y1="{{ row.y }}" y2="{{ row.y }}" stroke="#BBBBBB"/>
{% for x, colour, tip in row.dots %}<circle cx="{{ x }}" cy="{{ row.y }}" r="4" fill="{{ colour }}">
<title>{{ tip }}</title></circle>{% endfor %}{% endfor %}
{% for x, label in projection.ticks %}<text x="{{ x }}" y="{{ projection.height - 4 }}" text-anchor="middle">{{ label }}</text>
{% endfor %}</svg>{% endif %}
{% if pairs %}<h2>Analogies the vectors put forward</h2><table><tr>
{% for state, _ in pairs %}<th>{{ state }}</th>{% endfor %}</tr>
{% for n in range(15) %}<tr>
{% for _, found in pairs %}<td>{{ found[n][:2]|join(" – ") if n < found|length }}</td>{% endfor %}
</tr>{% endfor %}</table>{% endif %}
<h2>All numbers</h2><table><tr><th>measure</th><th>vectors</th><th>value</th><th>95 % interval</th><th>random sets</th><th>p</th>
<th>biased?</th><th>count</th><th>missing</th></tr>{% for r in rows %}<tr><td>{{ r.name }}</td><td>{{ r.state }}</td>
<td class="n">{{ r.value|number }}</td><td class="n">{{ r.interval|range }}</td><td class="n">{{ r.band|range }}</td>
<td class="n">{{ r.extra.p|number if r.extra and "p" in r.extra else "" }}</td>
<td>{{ {True: "yes", False: "not shown"}.get(r.claimed, "") }}</td><td class="n">{{ r.count }}</td>
<td class="n">{{ r.missing }}</td></tr>
{% endfor %}</table>
<h2>Words lost</h2>{% for name, words in lost.items() %}
<p class="words"><b>{{ name }}</b> ({{ words|length }}): {{ words|join(", ") }}</p>
{% else %}<p>None.</p>{% endfor %}
{% for state, reasons in refused.items() %}<h3>Not measured, {{ state }}</h3>{% for name, text in reasons.items() %}
<p class="words"><b>{{ name }}</b>: {{ text }}</p>{% endfor %}{% endfor %}
</body></html>
"""
_CHART = """<svg viewBox="0 0 {{ width }} {{ height }}" width="{{ width }}" role="img" aria-label="{{ name }}">
<text x="{{ left - 10 }}" y="{{ middle }}" text-anchor="end" font-weight="600">{{ name }}</text>
{% if neutral is not none %}<line x1="{{ neutral }}" x2="{{ neutral }}" y1="2" y2="{{ height - 18 }}" stroke="#595959"
stroke-dasharray="4 3"/>{% endif %}{% for b in bars %}
{% if b.band %}<rect x="{{ b.band[0] }}" y="{{ b.y - 9 }}" width="{{ b.band[1] }}" height="18" fill="#E5E5E5"/>{% endif %}
{% if b.interval %}<line x1="{{ b.interval[0] }}" x2="{{ b.interval[1] }}" y1="{{ b.y }}" y2="{{ b.y }}" stroke="{{ b.colour }}"
stroke-width="2"/>{% endif %}<circle cx="{{ b.x }}" cy="{{ b.y }}" r="5" fill="{{ b.colour }}"><title>{{ b.tip }}</title></circle>
<text x="{{ width - 60 }}" y="{{ b.y + 4 }}">{{ b.text }}</text>{% endfor %}
<line x1="{{ left }}" x2="{{ right }}" y1="{{ height - 17 }}" y2="{{ height - 17 }}" stroke="#BBBBBB"/>
{% for x, label in ticks %}<text x="{{ x }}" y="{{ height - 4 }}" text-anchor="middle" fill="#595959">{{ label }}</text>
{% endfor %}</svg>
"""
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
    from markupsafe import Markup

    page = templates("bias_page", path, trim_blocks=True)
    page.filters |= {"number": lambda v: "" if v is None else f"{v:.4f}", "range": _range}
    chart = page.from_string(_CHART)
    states = list(dict.fromkeys(row["state"] for row in tables["measures"]))
    colours = {state: COLOURS[i % len(COLOURS)] for i, state in enumerate(states)}
    pairs = [(r["state"], r["extra"]["pairs"]) for r in tables["measures"] if r["name"] == "analogies"]
    html = page.from_string(_PAGE).render(
        title=f"Bias report: {tables['about']['words']}",
        about=tables["about"],
        key=list(colours.items()),
        parts=_parts(tables, colours),
        draw=lambda c: Markup(chart.render(**c)),  # rendered by an escaping template
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
