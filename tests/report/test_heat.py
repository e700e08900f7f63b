"""Heat strips: text is data, numbers are there, sizes are checked, the same input gives the same bytes."""

import numpy as np
import pytest

from seqkit.core.errors import OptionError, ShapeError
from seqkit.report.heat import heat

TOKENS = ["<b>", "&", "x", "</s>", "y"]


def test_a_page_shows_markup_as_text_and_carries_the_numbers(tmp_path):
    heat(
        TOKENS,
        np.array([[0.0, 1.5, np.nan, 3.25, -2.0]]),
        ["row"],
        tmp_path / "a.html",
        title="<t>",
        unit="nats",
    )
    page = (tmp_path / "a.html").read_text()
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert 'title="3.25"' in page and 'title="nan"' in page
    assert "&lt;t&gt;" in page and "⏎" in page


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_pictures_are_the_same_bytes_for_the_same_numbers(tmp_path, name):
    values = np.linspace(-1, 1, 140).reshape(2, 70)
    for folder in ("one", "two"):
        heat(["ab"] * 70, values, ["p", "q$"], tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ShapeError, match=r"got values of shape \(1, 2\), expected \(1, 3\)"):
        heat(["a", "b", "c"], np.zeros((1, 2)), ["x"], tmp_path / "a.html")
    with pytest.raises(OptionError, match="expected at most 3,000 in a picture"):
        heat(["a"] * 4000, np.zeros((1, 4000)), ["x"], tmp_path / "a.png")
    with pytest.raises(OptionError, match=r"ends in .html, .svg or .png"):
        heat(["a"], np.zeros((1, 1)), ["x"], tmp_path / "a.pdf")
