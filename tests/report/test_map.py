"""Maps: no label over another, the same bytes again, a page that is small, alone and read right by its own script."""

import base64
import itertools
import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from seqkit.core.errors import FormatError, OptionError, ShapeError
from seqkit.report.labels import place
from seqkit.report.map import picture
from seqkit.report.pages.map_page import page
from seqkit.report.projector import projector

PLACES = np.random.default_rng(0).normal(size=(120, 2)).astype(np.float32)
LABELS = [f"word{i}" for i in range(120)]


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize(("count", "spread"), [(1, 1), (40, 300), (400, 300), (400, 5), (60, 0)])
def test_no_two_labels_overlap_and_all_lie_within(count, spread):
    draw = np.random.default_rng(count)
    points, sizes = (
        300 + draw.uniform(-spread, spread, (count, 2)),
        draw.uniform((8, 9), (70, 14), (count, 2)),
    )
    boxes, placed = place(points, sizes, (600, 600))
    kept = boxes[placed].tolist()
    assert not any(overlap(a, b) for a, b in itertools.combinations(kept, 2))
    assert all(min(box) >= 0 and max(box) <= 600 for box in kept)
    assert ((boxes[placed][:, 2:] - boxes[placed][:, :2]) >= sizes[placed]).all()
    assert placed[0]


def test_labels_with_room_all_find_a_place_right_of_their_marks_and_crowded_ones_do_not():
    grid = (
        np.stack(np.meshgrid(np.arange(100, 900, 100), np.arange(50, 900, 50)), -1)
        .reshape(-1, 2)
        .astype(float)
    )
    boxes, placed = place(grid, np.full((len(grid), 2), (40.0, 12.0)), (1000, 1000))
    assert placed.all()
    assert (boxes[:, 0] == grid[:, 0] + 4).all()
    assert 1 <= place(np.full((500, 2), 50.0), np.full((500, 2), (40.0, 12.0)), (100, 100))[1].sum() < 20


def test_drawn_labels_do_not_overlap_in_the_picture_itself(tmp_path, monkeypatch):
    """By matplotlib's own bounding boxes, at the resolution the file has."""
    from matplotlib.figure import Figure

    found = []
    save = Figure.savefig

    def measure(self, *args, **settings):
        self.set_dpi(200)
        self.draw_without_rendering()
        texts = [text for text in self.axes[0].texts if text.get_text()]
        found.extend((text.get_text(), text.get_window_extent().extents) for text in texts)
        self.set_dpi(100)
        save(self, *args, **settings)

    monkeypatch.setattr(Figure, "savefig", measure)
    left_out = picture(tmp_path / "a.png", PLACES, LABELS, [LABELS[i % 3] for i in range(120)])
    assert len(found) == 120 - left_out > 90
    assert not any(overlap(a, b) for (_, a), (_, b) in itertools.combinations(found, 2))


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_same_input_same_bytes_and_any_label_is_text(name, tmp_path):
    labels = ["$x$", "a_b^c", "<b>", "\x96", "ein Wort", *LABELS[5:]]
    for folder in ("one", "two"):
        picture(
            tmp_path / folder / name,
            PLACES,
            labels,
            ["$g"] * 120,
            title="a$b$",
            caption="c",
            axes=("he->she", "$a"),
        )
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_what_is_no_map_is_refused(tmp_path):
    with pytest.raises(ShapeError, match=r"got places of shape \(120, 2\) for 3 labels"):
        picture(tmp_path / "a.png", PLACES, ["a", "b", "c"])
    with pytest.raises(ShapeError, match="expected a finite x and y"):
        picture(tmp_path / "a.png", np.array([[0, np.nan]]), ["a"])
    with pytest.raises(OptionError, match=r"ends in .svg or .png"):
        picture(tmp_path / "a.pdf", PLACES, LABELS)
    with pytest.raises(ShapeError, match="expected one row for each label, of numbers below 120"):
        page(tmp_path / "a.html", PLACES, LABELS, np.full((120, 3), 120))
    assert list(tmp_path.iterdir()) == []


def data_of(path):
    return json.loads(
        re.search(r'<script id="data" type="application/json">(.*?)</script>', path.read_text(), re.DOTALL)[1]
    )


def test_a_page_is_alone_and_small_at_fifty_thousand_words(tmp_path):
    draw = np.random.default_rng(1)
    count = 50_000
    labels = [
        "".join(draw.choice(list("abcdefghijklmnopqrstuvwxyz"), n)) for n in draw.integers(3, 13, count)
    ]
    kept = page(
        tmp_path / "a.html", draw.normal(size=(count, 2)), labels, draw.integers(0, count, (count, 10))
    )
    assert (tmp_path / "a.html").stat().st_size <= 1_500_000
    assert kept >= 6  # numbers drawn at random do not compress; neighbours that stand together do
    assert len(data_of(tmp_path / "a.html")["neighbours"]) == kept
    text = (tmp_path / "a.html").read_text()
    assert not re.search(r"(https?:)?//[\w-]+\.\w", text.replace("http://www.w3.org/2000/svg", ""))
    assert not re.search(r"<(link|img|iframe|script[^>]+src)|\bfetch\(|XMLHttpRequest|@import|url\(", text)


def test_a_page_of_a_small_map_holds_all_neighbours_and_its_text_is_data(tmp_path):
    labels = ["</script><script>alert(1)</script>", "é", '"', *LABELS[3:]]
    near = np.random.default_rng(2).integers(0, 120, (120, 10))
    assert page(tmp_path / "a.html", PLACES, labels, near, ["<i>"] * 120, title="<t>", caption="<c>") == 10
    text = (tmp_path / "a.html").read_text()
    assert "alert(1)" not in text and "<i>" not in text and "<t>" not in text and text.count("</script>") == 2
    assert json.loads(zlib.decompress(base64.b64decode(data_of(tmp_path / "a.html")["labels"]))) == labels


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_the_script_of_a_page_reads_what_was_written(tmp_path):
    places = np.concatenate([PLACES, PLACES[:5]])  # equal places keep their order
    labels, groups = [*LABELS, "a", "b", "c", "d", "é"], ["p", "q", "r", "s", "t"] * 25
    near = np.random.default_rng(3).integers(0, 125, (125, 10))
    page(tmp_path / "a.html", places, labels, near, groups)
    script = re.findall(r"<script>\n(.*?)</script>", (tmp_path / "a.html").read_text(), re.DOTALL)[0].split(
        "async function start"
    )[0]
    (tmp_path / "data.json").write_text(json.dumps(data_of(tmp_path / "a.html")))
    script += f"""read(JSON.parse(require("fs").readFileSync({json.dumps(str(tmp_path / "data.json"))}))).then(r => console.log(
        JSON.stringify({{labels: r.labels, x: [...r.x], y: [...r.y], group: [...r.group], near: r.near.map(row => [...row])}})));"""
    (tmp_path / "a.js").write_text(script)
    found = json.loads(
        subprocess.run(["node", tmp_path / "a.js"], capture_output=True, text=True, check=True).stdout
    )
    assert found["labels"] == labels
    assert found["near"] == near.T.tolist()
    assert found["group"] == [0, 1, 2, 3, 4] * 25
    step = np.ptp(places, axis=0).max() / 65535
    np.testing.assert_allclose(np.stack([found["x"], found["y"]], 1), places, atol=step)


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_a_page_answers_search_zoom_and_click(tmp_path):
    near = np.random.default_rng(3).permuted(np.tile(np.arange(120), (120, 1)), axis=1)[:, :10]
    page(tmp_path / "a.html", PLACES, ["Zebra", *LABELS[1:]], near)
    command = ["node", Path(__file__).with_name("open_page.js"), tmp_path / "a.html", "zeb"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    nearest = [["Zebra", *LABELS[1:]][i] for i in near[0]]
    assert (
        found["searched"] == found["clicked"] == ["Nearest to “Zebra” by cosine, the nearest first:", nearest]
    )
    assert found["unknown"] == ["“nobody” is not on this map.", []]
    assert len(found["labels"]) == len(set(found["labels"])) > 40


def test_projector_files_are_numbers_that_come_back_and_a_label_a_row(tmp_path):
    matrix = np.random.default_rng(4).normal(size=(3, 4)).astype(np.float32)
    numbers, names = projector(tmp_path / "m.tsv", matrix, ["a", "b c", "é"])
    assert (numbers.name, names.name) == ("m.vectors.tsv", "m.metadata.tsv")
    assert np.array_equal(np.loadtxt(numbers, np.float32, delimiter="\t"), matrix)
    assert names.read_text() == "a\nb c\né\n"
    projector(tmp_path / "g.tsv", matrix, ["a", "b", "c"], ["x", "x", "y"])
    assert (tmp_path / "g.metadata.tsv").read_text() == "word\tgroup\na\tx\nb\tx\nc\ty\n"
    with pytest.raises(FormatError, match=r"'a\\tb' is empty or has a tab"):
        projector(tmp_path / "n.tsv", matrix, ["a\tb", "b", "c"])
