"""One page of a diagnosis: faults and what to do, errors and gaps, curves, confusion, slices, rows.

One file, no script, nothing loaded from elsewhere; texts are data and are shown as text. Not handled: more
than MOST labels in the confusion table (the largest confusions are listed).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE
from seqkit.report.pages.templates import templates

MOST = 20  # labels in the confusion table
_LEFT, _WIDTH, _HEIGHT, _ROW = 110, 620, 220, 28
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; color: #000; background: #fff }
h1 { font-size: 22px } h2 { font-size: 18px; margin-top: 2em } h3 { font-size: 15px; margin: 1.2em 0 0 }
table { border-collapse: collapse; font-size: 14px } th, td { padding: .15em .8em .15em 0; text-align: left; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } th { border-bottom: 1px solid #595959 }
td.text { overflow-wrap: anywhere; max-width: 32em } .heat td { text-align: right; padding: .3em .6em; min-width: 2em }
.fault { border-left: 4px solid #D55E00; padding: .1em 1em; margin: 1em 0 }
.fine { border-left: 4px solid #009E73; padding: .1em 1em }
svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif } .note { color: #595959; font-size: 14px }
</style></head><body><h1>{{ title }}</h1>
<p>Rows: {% for name, n in about.rows.items() %}{{ name }} {{ "{:,}".format(n) }}{{ ", " if not loop.last }}{% endfor %}.
{{ about.labels|length }} labels. Seed {{ about.options.seed }}. Intervals are 95 % bootstrap intervals; what is named has
its whole
interval above {{ about.options.least }}.{% if about.broke %} <b>Training failed; all numbers are of lr
{{ "%.3g" % (about.lr / 10) }}.</b>{% endif %}</p>
{% for f in findings if f.fault %}<div class="fault"><b>{{ loop.index }}. {{ f.name[0]|upper }}{{ f.name[1:] }}</b>:
{{ f.formula }} = {{ f.value|number }} {{ f.interval|range }}.{% if f.note %} <span class="note">{{ f.note }}</span>{% endif %}
<ul>{% for action in f.actions %}<li>{{ action }}</li>{% endfor %}</ul></div>
{% else %}<p class="fine"><b>No fault is named.</b> Every interval reaches below {{ about.options.least }}.</p>{% endfor %}
<h2>Errors</h2><svg viewBox="0 0 {{ width }} {{ bars.height }}" width="{{ width }}" role="img" aria-label="errors">
{% for b in bars.rows %}<text x="{{ left - 10 }}" y="{{ b.y + 4 }}" text-anchor="end">{{ b.name }}</text>
<rect x="{{ left }}" y="{{ b.y - 8 }}" width="{{ b.x - left }}" height="16" fill="{{ b.colour }}"/>
{% if b.ends %}<line x1="{{ b.ends[0] }}" x2="{{ b.ends[1] }}" y1="{{ b.y }}" y2="{{ b.y }}" stroke="#000"/>{% endif %}
<text x="{{ b.text_x }}" y="{{ b.y + 4 }}">{{ b.text }}</text>{% endfor %}</svg>
<table><tr><th>gap or cause</th><th>what</th><th class="n">value</th><th class="n">95 % interval</th><th>named</th><th></th></tr>
{% for f in findings %}<tr><td>{{ f.name }}</td><td>{{ f.formula }}</td><td class="n">{{ f.value|number }}</td>
<td class="n">{{ f.interval|range }}</td>
<td>{{ "explained by " ~ f.explained_by if f.explained_by else "yes" if f.named else "no" }}</td>
<td class="note">{{ f.note }}</td></tr>{% endfor %}</table>
{% for chart in charts %}<h2>{{ chart.name }}</h2><p class="note">{{ chart.note }}</p>
<svg viewBox="0 0 {{ width }} {{ chart.height + 44 }}" width="{{ width }}" role="img" aria-label="{{ chart.name }}">
<line x1="{{ left }}" x2="{{ left }}" y1="6" y2="{{ chart.height }}" stroke="#595959"/>
<line x1="{{ left }}" x2="{{ width - 110 }}" y1="{{ chart.height }}" y2="{{ chart.height }}" stroke="#595959"/>
{% for y, label in chart.ys %}<text x="{{ left - 8 }}" y="{{ y + 4 }}" text-anchor="end">{{ label }}</text>{% endfor %}
{% for x, label in chart.xs %}<text x="{{ x }}" y="{{ chart.height + 16 }}" text-anchor="middle">{{ label }}</text>{% endfor %}
<text x="{{ (left + width - 110) / 2 }}" y="{{ chart.height + 36 }}" text-anchor="middle">{{ chart.x }}</text>
{% for line in chart.lines %}<polyline points="{{ line.points }}" fill="none" stroke="{{ line.colour }}" stroke-width="2"
{% if line.dashed %}stroke-dasharray="5 4"{% endif %}/>{% for x, low, high in line.ends %}
<line x1="{{ x }}" x2="{{ x }}" y1="{{ low }}" y2="{{ high }}" stroke="{{ line.colour }}"/>{% endfor %}
<text x="{{ width - 104 }}" y="{{ line.y + 4 }}" fill="{{ line.colour }}">{{ line.name }}</text>{% endfor %}</svg>{% endfor %}
<h2>Labels of dev</h2><p>Accuracy {{ classes.accuracy.value|number }} {{ classes.accuracy.interval|range }}, macro F1
{{ classes.macro_f1.value|number }} {{ classes.macro_f1.interval|range }}, {{ "{:,}".format(classes.accuracy.count) }} rows.
{{ "%.3f" % values.ms }} ms a text alone, {{ "%.3f" % values.ms_batched }} ms in a batch.
{% for l in limits %} {{ l.limit }}: {{ "met" if l.met else "not met" }} ({{ "%.4g" % l.value }}).{% endfor %}</p>
<table><tr><th>label</th><th class="n">precision</th><th class="n">recall</th><th class="n">F1</th><th class="n">rows</th></tr>
{% for name, c in classes.by_class.items() %}<tr><td>{{ name }}</td><td class="n">{{ c.precision|number }}</td>
<td class="n">{{ c.recall|number }}</td><td class="n">{{ c.f1|number }}</td>
<td class="n">{{ c.count }}</td></tr>{% endfor %}</table>
{% if heat %}<h3>Confusion: rows are labels, columns what they were called</h3>
<table class="heat"><tr><th></th>{% for name in classes.classes %}<th class="n">{{ name }}</th>{% endfor %}</tr>
{% for name, cells in heat %}<tr><th>{{ name }}</th>{% for n, colour, ink in cells %}
<td style="background:{{ colour }};color:{{ ink }}">{{ n }}</td>{% endfor %}</tr>{% endfor %}</table>{% endif %}
{% if confused %}<h3>Most often confused</h3><table><tr><th>label</th><th>called</th><th class="n">rows</th>
<th class="n">of the label's</th></tr>{% for c in confused %}<tr><td>{{ c.label }}</td><td>{{ c.called }}</td>
<td class="n">{{ c.rows }}</td><td class="n">{{ c.share|number }}</td></tr>{% endfor %}</table>{% endif %}
<h2>Slices of dev</h2><p class="note">Against all other rows. One slice in 40 is called worse by chance.</p>
<table><tr><th>slice</th><th class="n">rows</th><th class="n">error</th><th class="n">95 % interval</th>
<th class="n">difference</th>
<th class="n">95 % interval</th><th></th></tr>{% for s in slices %}<tr><td>{{ s.slice }}</td><td class="n">{{ s.count }}</td>
<td class="n">{{ s.error|number }}</td><td class="n">{{ s.interval|range }}</td><td class="n">{{ s.difference|number }}</td>
<td class="n">{{ s.difference_interval|range }}</td><td>{{ "worse" if s.worse }}</td></tr>{% endfor %}</table>
<h2>Rows of dev with the highest loss</h2><p class="note">“label?”: the model contradicts the label with confidence.</p>
<table><tr><th class="n">row</th><th>text</th><th>label</th><th>predicted</th><th class="n">p</th>
<th class="n">loss (nats)</th><th></th></tr>
{% for r in examples %}<tr><td class="n">{{ r.row }}</td><td class="text">{{ r.text }}</td><td>{{ r.label }}</td>
<td>{{ r.predicted }}</td><td class="n">{{ r.probability|number }}</td><td class="n">{{ r.loss|number }}</td>
<td>{{ r.suspected }}</td></tr>{% endfor %}</table>
{% if labels %}<h2>Suspected labels of training</h2><p>About {{ "%.1f" % (100 * labels.share) }} % of {{
"{:,}".format(labels.count) }}
labels {{ labels.interval|range }}, by a linear model out of fold; {{ "{:,}".format(labels.suspects) }} rows are suspected,
the most certain
first.{% if labels.missing %} {{ labels.missing }} rows were not judged.{% endif %}</p>
<table><tr><th class="n">row</th><th>text</th><th>label</th><th>rather</th><th class="n">p</th></tr>
{% for r in labels.rows %}<tr><td class="n">{{ r.row }}</td><td class="text">{{ r.text }}</td><td>{{ r.label }}</td>
<td>{{ r.suggested }}</td><td class="n">{{ r.probability|number }}</td></tr>{% endfor %}</table>{% endif %}
<h2>Copies</h2><p class="note">The same words, or sets of {{ copies.words }} neighbouring words that are alike by
{{ copies.threshold }} or more (Jaccard).</p>
<table><tr><th>part</th><th>of</th><th class="n">exact</th><th class="n">near</th><th class="n">rows</th></tr>
{% for c in copies.between %}<tr><td>{{ c.part }}</td><td>{{ c.of }}</td><td class="n">{{ c.exact }}</td>
<td class="n">{{ c.near }}</td><td class="n">{{ c.rows }}</td></tr>{% endfor %}</table>
<p>Within a part: {% for name, n in copies.within.items() %}{{ name }} {{ n }} repeated, {{ copies.contradictions[name] }}
with another
label elsewhere{{ "; " if not loop.last }}{% endfor %}.</p>
{% if copies.copies %}<table><tr><th>part, row</th><th>text</th><th>of</th><th>text</th><th class="n">alike</th></tr>
{% for c in copies.copies %}<tr><td>{{ c.part }} {{ c.row + 1 }}</td><td class="text">{{ c.text }}</td>
<td>{{ c.of }} {{ c.of_row + 1 }}</td>
<td class="text">{{ c.of_text }}</td><td class="n">{{ "%.2f" % c.similarity }}</td></tr>{% endfor %}</table>{% endif %}
<h2>Settings</h2><p class="note">{{ about.model }}: {% for name, value in about.settings.items() %}{{ name }}={{ value }}
{{ ", " if not loop.last }}{% endfor %}. Diagnosis: {% for name, value in about.options.items() %}{{ name }}={{ value }}
{{ ", " if not loop.last }}{% endfor %}.</p></body></html>
"""


def diagnosis_page(tables: Mapping[str, Any], path: Path) -> None:
    """Write the page of `tables` (those of diagnosis.result.Diagnosis.to_json), whole or not at all.

    Raises:  OptionError for another suffix than .html, or if jinja2 is not installed.
    """
    page = templates("diagnosis_page", path, trim_blocks=True)
    page.filters |= {"number": lambda v: "" if v is None else f"{v:.3f}", "range": _range}
    title = "Diagnosis: " + (", ".join(tables["faults"]) or "no fault named")
    html = page.from_string(_PAGE).render(
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
