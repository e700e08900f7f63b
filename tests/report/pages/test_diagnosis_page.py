"""The page of a diagnosis: one file, nothing loaded or run, texts shown as text; the confusion matrix as a picture."""

import re

import faulty_classifiers
import numpy as np
import pytest

from seqkit.core.errors import OptionError, ShapeError
from seqkit.diagnosis.diagnose import diagnose, save
from seqkit.diagnosis.options import DiagnoseOptions
from seqkit.diagnosis.parts import Part
from seqkit.models.classifier.model import TextClassifier
from seqkit.report.matrix import matrix
from seqkit.report.pages.diagnosis_page import diagnosis_page


@pytest.fixture(scope="module")
def found():
    parts = faulty_classifiers.parts(train=faulty_classifiers.part(120, 0))
    dev = parts["dev"]
    parts["dev"] = Part(["<script>alert(1)</script> the1", *dev.texts[1:]], dev.labels)
    model = TextClassifier(**faulty_classifiers.SOUND | {"epochs": 2})
    return diagnose(model, parts, options=DiagnoseOptions(human=0.01, timed=2, shown=300))


def test_the_page_says_all_and_loads_nothing(found, tmp_path):
    save(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert not re.search(r"<script|src=|href=|url\(|@import", page)
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page
    for text in (
        "Errors",
        "Loss by step",
        "Error by rows of training",
        "Labels of dev",
        "Confusion",
        "Slices of dev",
        "highest loss",
        "Suspected labels",
        "Copies",
        "human",
        "linear, dev",
    ):
        assert text in page
    assert page.count("<svg") == page.count("</svg>") == 3
    assert "nan" not in page.lower().replace("finance", "")
    for name in found.faults:
        assert f"{name[0].upper()}{name[1:]}</b>" in page
    for points in re.findall(r'points="([^"]+)"', page):  # within the picture
        for x, y in (pair.split(",") for pair in points.split()):
            assert 0 <= float(x) <= 620
            assert 0 <= float(y) <= 264


def test_another_suffix_is_told(found, tmp_path):
    with pytest.raises(OptionError, match=r"got 'page.pdf', expected a name that ends in .html"):
        diagnosis_page(found.to_json(), tmp_path / "page.pdf")
    with pytest.raises(OptionError, match=r"expected a name that ends in .html or .json"):
        save(found, tmp_path / "page.pdf")
    assert list(tmp_path.iterdir()) == []


def test_the_matrix_is_drawn_alike_each_time(tmp_path):
    counts = np.array([[5, 1], [0, 7]])
    for name in ("a.svg", "b.svg", "c.png"):
        matrix(counts, ["good $", "bad"], tmp_path / name, title="dev")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "c.png").stat().st_size > 3000
    with pytest.raises(ShapeError, match=r"got counts of shape \(2, 2\) for 1 names"):
        matrix(counts, ["one"], tmp_path / "d.svg")
    with pytest.raises(OptionError, match="got 41 labels, expected at most 40"):
        matrix(np.eye(41), [str(i) for i in range(41)], tmp_path / "d.svg")
