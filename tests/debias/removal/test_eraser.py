"""The eraser by itself: rows in blocks, words it refuses, and files of erasers that are not whole."""

import numpy as np
import pytest

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ShapeError
from seqkit.debias.removal import eraser as module
from seqkit.debias.removal.class_maps import ClassMaps
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.steps import Affine, Equalize, Project
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

BASIS = np.array([[0.6, 0.8, 0.0]])
LINEAR, SHIFT = np.array([[2.0, 0, 0], [0, 1, 1], [0, 0, 1]]), np.array([0.0, 1, 0])
MAPS = {
    "corners": np.array([[1.0], [-1.0]]),
    "maps": np.stack([np.eye(3)] * 2),
    "shifts": np.zeros((2, 3)),
    "lead": np.array([0.5, 2.0]),
}
META = {"method": "hard", "protected": ["a", "b"], "unit": True, "unit_first": False, "equalize": []}


def make(matrix, words=None):
    matrix = np.asarray(matrix, np.float32)
    names = words or [f"w{i}" for i in range(len(matrix))]
    return Vectors(Vocab(names, np.zeros(len(names), np.int64)), matrix)


def refused(kind, function, *arguments):
    with pytest.raises(kind) as told:
        function(*arguments)
    return str(told.value)


def test_parts_are_those_of_its_projection():
    found = Eraser("hard", (Affine(LINEAR), Project(BASIS, True)), ("w1",))
    np.testing.assert_array_equal(found.basis, BASIS)
    assert (found.dim, found.report) == (3, {})
    assert refused(OptionError, Eraser, "mine", (Project(np.eye(3)),)) == (
        "mine: got 3 directions, expected fewer than 3, the size of the vectors. Take out fewer."
    )


def test_rows_are_those_of_the_formula_and_protected_ones_keep_their_part():
    rows = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    vectors = make(rows)
    found = Eraser("hard", (Affine(LINEAR, SHIFT), Project(BASIS)), ("w2", "w6", "unknown"))
    moved = rows.astype(float) @ LINEAR.T + SHIFT
    expected = moved - moved @ BASIS.T @ BASIS
    expected[[2, 6]] = moved[[2, 6]]
    after = found(vectors)
    np.testing.assert_allclose(after.matrix, expected, atol=1e-6)
    assert after.matrix.dtype == np.float32
    assert after.vocab is vectors.vocab


@pytest.mark.parametrize("numbers", [1, 3, 8, 9, 21, 1000])
def test_blocks_hold_all_rows_in_order_and_as_many_numbers_as_fit(numbers, monkeypatch):
    rows = np.random.default_rng(0).normal(size=(7, 3))
    found = Eraser("hard", (Project(BASIS, True),), ("w2", "w6"))
    whole = found(make(rows)).matrix
    monkeypatch.setattr(module, "NUMBERS", numbers)
    blocks = list(found.blocks(make(rows)))
    height = max(1, numbers // 3)
    assert [start for start, _ in blocks] == list(range(0, 7, height))
    assert all(len(block) == min(height, 7 - start) for start, block in blocks)
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), whole)
    np.testing.assert_array_equal(found(make(rows)).matrix, whole)
    np.testing.assert_array_equal(np.concatenate(list(found._ahead(make(rows)))), whole)


def test_no_words_are_no_blocks():
    found = Eraser("hard", (Project(BASIS),))
    assert list(found.blocks(make(np.zeros((0, 3))))) == []
    assert list(found._ahead(make(np.zeros((0, 3))))) == []
    assert found(make(np.zeros((0, 3)))).matrix.shape == (0, 3)


@pytest.mark.parametrize("numbers", [3, 1000])  # each row a block of its own, or one block
@pytest.mark.parametrize("row", [0, 1, 4])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([0, 0, 0], "is zero, so nothing would be left of it. Make it a specific word, or leave it out"),
        (
            [6, 8, 0],
            "lies in the subspace, so nothing would be left of it. Make it a specific word, or leave",
        ),
        ([0, np.nan, 1], "holds nan or inf. Correct the vectors."),
        ([np.inf, 0, 0], "holds nan or inf. Correct the vectors."),
    ],
)
def test_row_of_which_nothing_would_be_left_is_named_wherever_it_stands(
    monkeypatch, numbers, row, value, why
):
    monkeypatch.setattr(module, "NUMBERS", numbers)
    rows = np.random.default_rng(0).normal(size=(5, 3))
    rows[row] = value
    found = Eraser("mine", (Project(BASIS, True),))
    assert refused(FormatError, found, make(rows)).startswith(f"mine: the vector of 'w{row}' {why}")


def test_words_that_cannot_be_equalised_are_told_with_the_method():
    found = Eraser("mine", (Project(BASIS), Equalize(BASIS, (("w0", "w1"),))), ("w0", "w1"))
    told = refused(FormatError, found, make([[1, 2, 3], [1, 2, 3]]))
    assert told.startswith("mine: 'w0' does not differ from the mean of ('w0', 'w1') in the subspace")


def test_vectors_of_another_size_are_refused():
    found = Eraser("mine", (Project(BASIS),))
    text = "mine: got vectors of 2 numbers, expected 3, as in the fit."
    assert refused(ShapeError, found, make(np.ones((1, 2)))) == text
    assert refused(ShapeError, list, found.blocks(make(np.ones((1, 4))))).startswith("mine: got vectors of 4")


@pytest.mark.parametrize("rows", [1, 4, 5])
@pytest.mark.parametrize("affine", [False, True])
def test_large_vectors_are_compiled_for_and_moved_where_they_lie(monkeypatch, rows, affine):
    seen, block = [], module.Block
    monkeypatch.setattr(module, "COMPILE_FROM", 4 * 3)
    monkeypatch.setattr(module, "gpu", lambda device: f"the GPU of {device}")
    monkeypatch.setattr(
        module, "Block", lambda *all_, **more: seen.append((all_[4], more)) or block(*all_[:4], False)
    )
    found = Eraser("hard", (Affine(LINEAR), Project(BASIS)) if affine else (Project(BASIS),))
    vectors = make(np.ones((rows, 3)))
    place = f"the GPU of {vectors.device}" if rows >= 4 and affine else None
    assert found.place(vectors) == place
    list(found.blocks(vectors))
    assert seen == [(rows >= 4, {"place": place})]


def test_threads_are_those_of_the_machine_where_all_is_in_memory(monkeypatch):
    seen, block = [], module.Block
    monkeypatch.setattr(module, "count_threads", lambda: 7)
    monkeypatch.setattr(module, "Block", lambda *all_, **more: seen.append(all_[3]) or block(*all_, **more))
    found = Eraser("hard", (Project(BASIS),))
    found(make(np.ones((2, 3))))
    list(found.blocks(make(np.ones((2, 3)))))
    assert seen == [7, 1]


def test_streamed_result_is_that_of_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "NUMBERS", 6)
    vectors = Vectors(Vocab(["a", "b", "c"], np.array([5, 4, 3])), np.eye(3, dtype=np.float32))
    found = Eraser("hard", (Project(BASIS),), ("b",))
    found.write(vectors, str(tmp_path / "v"))
    again = Vectors.load(tmp_path / "v")
    assert (again.vocab.tokens, again.vocab.counts.tolist()) == (["a", "b", "c"], [5, 4, 3])
    np.testing.assert_array_equal(again.matrix, found(vectors).matrix)


def test_every_step_comes_back(tmp_path):
    steps = (
        Affine(LINEAR, SHIFT, unit=True),
        Project(BASIS, unit=True),
        ClassMaps(BASIS, **{k: v for k, v in MAPS.items() if k != "lead"}, lead=0.5, sharpness=2.0),
        Equalize(BASIS, (("a", "b"),)),
    )
    saved = Eraser("mine", steps, ("a", "b"), {"words": {"name": "w"}})
    saved.save(str(tmp_path / "a"))
    arrays, meta = files.load(tmp_path / "a", "eraser")
    assert arrays.keys() == {"basis", "linear", "shift", *MAPS}
    assert meta == META | {
        "method": "mine",
        "unit_first": True,
        "equalize": [["a", "b"]],
        "report": {"words": {"name": "w"}},
    }
    found = Eraser.load(str(tmp_path / "a"))
    assert [type(step) for step in found.steps] == [type(step) for step in steps]
    assert (found.method, found.protected, found.report) == ("mine", ("a", "b"), saved.report)
    bare = Eraser("mine", (Project(BASIS),))
    bare.save(tmp_path / "b")
    assert files.load(tmp_path / "b", "eraser")[1] == META | {
        "method": "mine",
        "protected": [],
        "unit": False,
        "report": {},
    }


@pytest.mark.parametrize(
    ("arrays", "meta", "told"),
    [
        ({"basis": None}, {}, "basis: got no such array, expected one."),
        (
            {"basis": BASIS.astype(np.float32)},
            {},
            "basis: got shape (1, 3) of float32, expected (any, any) of float64.",
        ),
        (
            {"basis": BASIS[0]},
            {},
            "basis: got shape (3,) of float64, expected (any, any) of float64.",
        ),
        *(
            (
                {"basis": np.array(rows, np.float64)},
                {},
                "basis: got rows that are not orthonormal, expected unit rows at right angles.",
            )
            for rows in ([[2, 0, 0]], [[1, 0, 0], [0.6, 0.8, 0]], [[1, 0, 0], [2e-6, 1, 0]], [[0, 0, 0]])
        ),
        ({"basis": np.eye(3)}, {}, "hard: got 3 directions, expected fewer than 3, the size of the vectors."),
        (
            {"linear": np.eye(2)},
            {},
            "linear: got shape (2, 2) of float64, expected (3, 3) of float64.",
        ),
        (
            {"linear": LINEAR, "shift": np.zeros((1, 3))},
            {},
            "shift: got shape (1, 3) of float64, expected (3) of float64.",
        ),
        (
            {"shift": np.zeros(2)},
            {},
            "shift: got shape (2,) of float64, expected (3) of float64.",
        ),
        ({"shift": SHIFT}, {}, "unknown: shift, expected basis"),
        ({"twist": SHIFT, "turn": SHIFT}, {}, "unknown: turn, expected basis"),
        ({}, {"twist": 1}, "unknown: twist, expected method, protected, unit, unit_first, equalize, report"),
        ({**MAPS, "corners": np.eye(2)}, {}, "corners: got shape (2, 2) of float64, expected (any, 1)"),
        ({**MAPS, "corners": None}, {}, "corners: got no such array, expected one."),
        ({**MAPS, "maps": np.eye(3)[None]}, {}, "maps: got shape (1, 3, 3) of float64, expected (2, 3, 3)"),
        ({**MAPS, "shifts": np.zeros((2, 2))}, {}, "shifts: got shape (2, 2) of float64, expected (2, 3)"),
        ({**MAPS, "lead": np.ones(3)}, {}, "lead: got shape (3,) of float64, expected (2) of float64."),
        *(
            (
                {name: each[:classes] if name != "lead" else np.array(lead) for name, each in MAPS.items()},
                {},
                "maps: got one class or a lead that is not above 0, expected two or more.",
            )
            for classes, lead in ((1, [0.5, 2.0]), (2, [0.0, 1.0]), (2, [1.0, 0.0]), (2, [-1.0, 1.0]))
        ),
        *(
            ({}, {"equalize": sets}, "equalize: got a set that is not of two protected words or more")
            for sets in ([["a"]], [["a", "a"]], [["a", "b"], ["a", "c"]], [[]])
        ),
        (
            {},
            {"protected": ["a", "b", "c"], "equalize": [["a", "b", "c"]]},
            "hard: got 1 directions, expected 2 or more to equalise ('a', 'b', 'c')",
        ),
    ],
)
def test_file_of_an_eraser_that_is_not_whole_is_refused(tmp_path, arrays, meta, told):
    given = {name: array for name, array in ({"basis": BASIS} | arrays).items() if array is not None}
    files.save(tmp_path / "e", "eraser", given, META | {"report": {}} | meta)
    text = refused(ModelFileError, Eraser.load, tmp_path / "e")
    assert text.startswith(f"{tmp_path / 'e'}: the eraser is not whole ({told}")
    assert text.endswith("). Fit it again.")


def test_settings_of_another_type_are_refused(tmp_path):
    files.save(tmp_path / "e", "eraser", {"basis": BASIS}, META | {"report": {}, "protected": "ab"})
    told = refused(ModelFileError, Eraser.load, tmp_path / "e")
    assert told.startswith(
        f"{tmp_path / 'e' / 'manifest.json'}: meta: got 'ab' as protected, expected a list."
    )


@pytest.mark.parametrize(
    "arrays",
    [
        {"basis": np.zeros((0, 3))},
        {"basis": np.array([[1, 0, 0], [1e-6, 1, 0]])},
        {"linear": LINEAR},
        {"linear": LINEAR, "shift": SHIFT},
        MAPS,
    ],
)
def test_file_of_an_eraser_that_is_whole_is_read(tmp_path, arrays):
    files.save(tmp_path / "e", "eraser", {"basis": BASIS} | arrays, META | {"report": {}})
    assert Eraser.load(tmp_path / "e").method == "hard"
