"""The page about bias: words are shown and not run, the same tables give the same bytes, empty tables make a page too."""

import re

import pytest

from seqkit.core.errors import OptionError
from seqkit.report.pages.bias_page import MOST, bias_page

EVIL = "<script>alert('&\"')</script>"


def tables(words=3):
    row = {
        "name": EVIL,
        "value": 0.5,
        "interval": (0.4, 0.6),
        "band": (-0.1, 0.1),
        "neutral": 0.0,
        "claimed": True,
        "count": 3,
        "missing": 1,
        "extra": {"p": 0.01},
    }
    analogies = {
        **row,
        "name": "analogies",
        "interval": None,
        "band": None,
        "claimed": None,
        "extra": {"pairs": [(EVIL, "b", 0.4)]},
    }
    about = {
        "words": EVIL,
        "sha256": "0" * 64,
        "source": EVIL,
        "licence": "CC0-1.0",
        "positive": "female",
        "direction": "pca",
        "explained": [0.9],
        "sets": 3,
        "vocabulary": 10,
        "dim": 4,
        "case": "exact",
        "seed": 1,
    }
    by_word = {f"{EVIL}{i}": i / 10 for i in range(words)}
    return {
        "about": about,
        "measures": [{"state": s, **r} for s in ("before", EVIL) for r in (row, analogies)],
        "projection": {"before": by_word, EVIL: dict.fromkeys(by_word, 0.0)},
        "utility": [
            {"state": "before", "name": "q", "value": 0.7, "interval": None, "count": 5, "missing": 0}
        ],
        "lost": {"list": [EVIL]},
        "refused": {"before": {EVIL: EVIL}},
    }


def test_hostile_words_are_shown_and_not_run(tmp_path):
    bias_page(tables(), tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 12
    assert not re.search(r"src=|href=|url\(|@import| on\w+=", page)
    assert "0.400 to 0.600" in page and "not shown" not in page


def test_the_same_tables_give_the_same_bytes(tmp_path):
    for name in ("a.html", "b.html"):
        bias_page(tables(), tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_of_many_words_the_middle_is_left_out_and_counted(tmp_path):
    bias_page(tables(words=100), tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert f"{100 - MOST} words in between are left out" in page
    assert page.count("<circle") == 2 * MOST + 5


def test_empty_tables_make_a_page_and_another_suffix_none(tmp_path):
    empty = tables() | {"projection": {"before": {}}, "utility": [], "lost": {}, "refused": {}}
    bias_page(empty, tmp_path / "a.html")
    assert "None." in (tmp_path / "a.html").read_text()
    with pytest.raises(OptionError, match=r"got 'a.pdf', expected a name that ends in .html"):
        bias_page(empty, tmp_path / "a.pdf")
