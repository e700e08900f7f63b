"""Every page that is written, with hostile words in every place: no script but our own, nothing loaded, all of it text."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from seqkit.report.heat import heat
from seqkit.report.pages.bias_page import bias_page
from seqkit.report.pages.diagnosis_page import diagnosis_page
from seqkit.report.pages.map_page import page

HTML = Path(__file__).parents[2] / "seqkit" / "report" / "pages" / "html"
EVIL = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"' onload='alert(1)' x=\"",
    "<!-- -->]]><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "\u2028\u2029\x00\x1b[2J",
    "<" * 10_000,
    "{{ 7*7 }}{% raw %}",
    "&lt;script&gt;&#60;b&#62;",
]
ALONE = {"svg", "html", "head", "body", "meta", "title", "style", "script"}


class Page(HTMLParser):
    """The tags of a page, its scripts, its policy and its text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.scripts, self.policy, self.shown, self.inside = [], [], None, [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        self.inside = tag if tag in ("script", "style") else self.inside
        if tag == "script":
            self.scripts.append([given, ""])
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = given["content"]

    def handle_endtag(self, tag):
        self.inside = None if tag == self.inside else self.inside

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1][1] += data
        elif self.inside is None:
            self.shown.append(data)


def bias(path, evil):
    row = {
        "name": evil,
        "value": 0.5,
        "interval": (0.4, 0.6),
        "band": (-0.1, 0.1),
        "neutral": 0.0,
        "claimed": True,
    }
    row |= {"count": 3, "missing": 1, "extra": {"p": 0.01, "pairs": [(evil, evil, 0.4)]}}
    about = dict.fromkeys(("words", "sha256", "source", "licence", "positive", "direction", "case"), evil)
    about |= {"explained": [0.9], "sets": 3, "vocabulary": 10, "dim": 4, "seed": 1}
    states = ("before", evil)
    tables = {
        "about": about,
        "measures": [{"state": state, **row} for state in states],
        "projection": {state: {f"{evil}{i}": i / 10 for i in range(3)} for state in states},
        "utility": [{"state": evil, "name": evil, "value": 0.7, "interval": None, "count": 5, "missing": 0}],
        "lost": {evil: [evil]},
        "refused": {evil: {evil: evil}},
    }
    bias_page(tables, path)


def diagnosis(path, evil):
    score = {"name": "dev", "value": 0.5, "count": 2, "missing": 0, "signature": {}, "interval": [0.1, 0.9]}
    finding = {
        "name": evil,
        "value": 0.5,
        "interval": [0.1, 0.9],
        "formula": evil,
        "named": True,
        "note": evil,
    }
    row = {
        "row": 1,
        "text": evil,
        "label": evil,
        "loss": 0.5,
        "predicted": evil,
        "probability": 0.5,
        "suspected": evil,
    }
    tables = {
        "kind": "seqkit-diagnosis",
        "faults": [evil],
        "about": {
            "model": evil,
            "settings": {evil: evil},
            "labels": [evil, "y"],
            "lr": 0.1,
            "broke": evil,
            "rows": {"train": 2, "dev": 2},
            "options": {"human": 0.1, "folds": 5, "seed": 1, "least": 0.02, "threshold": 0.8},
        },
        "errors": [score, score | {"name": "train"}],
        "findings": [finding | {"explained_by": evil, "actions": [evil], "fault": True}],
        "values": {"accuracy": 0.5, "macro_f1": 0.5, "ms": 1.0, "ms_batched": 1.0},
        "classes": {
            "accuracy": score,
            "macro_f1": score,
            "classes": [evil, "y"],
            "by_class": {
                name: {"precision": 0.5, "recall": 0.5, "f1": 0.5, "count": 2} for name in (evil, "y")
            },
            "confusion": [[1, 1], [0, 2]],
        },
        "confused": [
            {"true": evil, "label": evil, "predicted": evil, "found": evil, "count": 1, "share": 0.5}
        ],
        "slices": [
            {
                "slice": evil,
                "count": 2,
                "error": 0.5,
                "interval": [0.1, 0.9],
                "difference": 0.1,
                "difference_interval": [0.0, 0.2],
                "worse": True,
            }
        ],
        "examples": [row],
        "wrong": [row],
        "curve": {"steps": [[1, 0.5], [2, 0.4]], "epochs": [0.5], "guessing": 0.69},
        "sizes": [],
        "copies": {"table": [], "copies": [], "within": {}, "contradictions": {}, "threshold": 0.8},
        "labels": None,
        "baseline": [score],
        "limits": [{"limit": evil, "value": 1.0, "met": True}],
    }
    diagnosis_page(tables, path)


def strip(path, evil):
    heat([evil, "x"], np.array([[0.0, 1.5]]), [evil], path, title=evil, unit=evil)


def word_map(path, evil):
    page(
        path,
        np.arange(6.0).reshape(3, 2),
        [evil, "b", "c"],
        np.array([[1], [2], [0]]),
        [evil, "g", "g"],
        title=evil,
        caption=evil,
        axes=(evil, "y"),
    )


PAGES = {"bias": bias, "diagnosis": diagnosis, "heat": strip, "map": word_map}


def test_every_template_has_a_case():
    mains = {path.stem for path in HTML.glob("*.html")} - {"report"}  # which the others extend
    assert mains == set(PAGES)


@pytest.mark.parametrize("evil", EVIL, ids=lambda text: repr(text)[:20])
@pytest.mark.parametrize("name", PAGES)
def test_hostile_words_are_shown_and_nothing_of_them_runs(name, evil, tmp_path):
    PAGES[name](tmp_path / "plain.html", "harmless")
    PAGES[name](tmp_path / "evil.html", evil)
    plain, found = (Page((tmp_path / f"{n}.html").read_text(encoding="utf-8")) for n in ("plain", "evil"))
    names = [(tag, sorted(attributes)) for tag, attributes in plain.tags]
    assert [(tag, sorted(attributes)) for tag, attributes in found.tags] == names  # no tag, no attribute more
    for tag, attributes in found.tags:
        assert not [
            key for key in attributes if key.startswith("on") or key in ("src", "href", "srcdoc", "action")
        ], tag
    assert found.policy == plain.policy
    assert found.policy.startswith("default-src 'none';")
    ours = (HTML / "map.js").read_text(encoding="utf-8").strip()
    running = [text for given, text in found.scripts if given.get("type") != "application/json"]
    assert [text.strip() for text in running] == ([ours] if name == "map" else [])
    if name == "map":
        digest = base64.b64encode(hashlib.sha256(running[0].encode()).digest()).decode()
        assert found.policy.endswith(f"script-src 'sha256-{digest}'")
    else:
        assert "script-src" not in found.policy
        assert re.sub(r"\s+", "", evil.replace("\x00", ""))[:200] in re.sub(
            r"\s+", "", "".join(found.shown)
        ).replace("\ufffd", "")
