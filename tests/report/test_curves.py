"""Pictures hold what was given, are written whole, and are the same for the same numbers."""

import re
import sys

import numpy as np
import pytest

from seqkit.core.errors import OptionError, ResourceError, ShapeError
from seqkit.report.curves import learning_curve

matplotlib = pytest.importorskip("matplotlib")

TRAINING = [5.1, 4.2, 3.7, 3.4, 3.2]
VALIDATION = [5.0, 4.4, 4.15, 4.2, 4.3]


@pytest.fixture
def drawn(monkeypatch):
    """The axes of every figure saved."""
    from matplotlib.figure import Figure

    seen, save = [], Figure.savefig

    def savefig(self, *args, **kwargs):
        seen.extend(self.axes)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return seen


def test_curve_shows_both_losses_over_epochs_from_1_with_units(tmp_path, drawn):
    learning_curve(tmp_path / "curve.svg", TRAINING, VALIDATION, unit="nats per character", title="a run")
    (axes,) = drawn
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(lines["training"].get_xdata(), [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(lines["training"].get_ydata(), TRAINING)
    np.testing.assert_array_equal(lines["validation"].get_ydata(), VALIDATION)
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title("left")) == (
        "epoch",
        "loss (nats per character)",
        "a run",
    )
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_best_validation_is_marked_where_it_is(tmp_path, drawn):
    learning_curve(tmp_path / "curve.svg", TRAINING, VALIDATION)
    (mark,) = [line for line in drawn[0].lines if line.get_label() == "best validation: 4.15 at epoch 3"]
    assert ([*mark.get_xdata()], [*mark.get_ydata()]) == ([3], [4.15])


def test_curves_differ_by_more_than_colour(tmp_path, drawn):
    learning_curve(tmp_path / "curve.svg", TRAINING, VALIDATION)
    one, other = drawn[0].lines[:2]
    assert one.get_linestyle() != other.get_linestyle()
    assert one.get_marker() != other.get_marker()


@pytest.mark.parametrize("validation", [(), [None] * 5])
def test_run_without_validation_has_one_curve(tmp_path, drawn, validation):
    learning_curve(tmp_path / "curve.svg", TRAINING, validation)
    assert [line.get_label() for line in drawn[0].lines] == ["training"]


def test_epoch_without_validation_is_left_out_and_never_the_best(tmp_path, drawn):
    learning_curve(tmp_path / "curve.svg", TRAINING, [5.0, None, 4.0, None, 4.1])
    np.testing.assert_array_equal(drawn[0].lines[1].get_xydata(), [[1, 5.0], [3, 4.0], [5, 4.1]])
    assert drawn[0].lines[-1].get_label() == "best validation: 4 at epoch 3"


def test_one_epoch_is_enough(tmp_path, drawn):
    learning_curve(tmp_path / "curve.png", [3.0], [3.1])
    assert [tick for tick in drawn[0].get_xticks() if 0.5 <= tick <= 1.5] == [1]
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_same_numbers_give_the_same_bytes_whatever_the_users_style(tmp_path, suffix):
    one, two, other = (tmp_path / f"{name}.{suffix}" for name in ("one", "two", "other"))
    learning_curve(one, TRAINING, VALIDATION)
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "red"}):
        learning_curve(two, TRAINING, VALIDATION)
    learning_curve(other, TRAINING, VALIDATION[::-1])
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    assert not re.search(rb"<dc:date>", one.read_bytes())


def test_the_users_style_is_left_as_it_was(tmp_path):
    with matplotlib.rc_context({"font.size": 30}):
        learning_curve(tmp_path / "curve.svg", TRAINING)
        assert matplotlib.rcParams["font.size"] == 30


def test_picture_that_fails_leaves_the_old_one_whole(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = tmp_path / "curve.svg"
    learning_curve(path, TRAINING)
    before = path.read_bytes()

    def fail(self, file, **kwargs):
        file.write(b"half a pic")
        raise RuntimeError("power cut")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(RuntimeError):
        learning_curve(path, VALIDATION)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["curve.svg"]


@pytest.mark.parametrize(
    ("training", "validation", "message"),
    [
        ([], [], "got 0 training and 0 validation values"),
        (
            [1.0, 2.0],
            [1.0],
            "got 2 training and 1 validation values, expected at least one and as many of each",
        ),
    ],
)
def test_values_that_do_not_match_are_refused(tmp_path, training, validation, message):
    with pytest.raises(ShapeError, match=message):
        learning_curve(tmp_path / "curve.svg", training, validation)


@pytest.mark.parametrize("name", ["curve.jpg", "curve", "curve.sgv"])
def test_other_formats_are_refused_by_suffix(tmp_path, name):
    with pytest.raises(
        OptionError, match=r"picture: got 'curve.*', expected a name that ends in \.svg or \.png"
    ):
        learning_curve(tmp_path / name, TRAINING)


def test_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"):
        learning_curve(tmp_path / "file" / "curve.svg", TRAINING)


def test_missing_matplotlib_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(
        OptionError, match=r"needs matplotlib, which is not installed\. Install seqkit\[plot\]"
    ):
        learning_curve(tmp_path / "curve.svg", TRAINING)
