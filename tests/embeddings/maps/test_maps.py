"""Projections, axes that one names, and maps drawn in one call."""

import json
import sys
import types

import numpy as np
import pytest
from shell import run

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.embeddings.maps import axes, maps
from seqkit.embeddings.maps.projection import project, projections, trustworthiness
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def make(words=90, dim=6, seed=0):
    """Three groups, far apart."""
    draw = np.random.default_rng(seed)
    matrix = np.repeat(np.eye(3, dim) * 5, words // 3, axis=0) + draw.normal(size=(words, dim)) * 0.3
    return Vectors(
        Vocab([f"w{i}" for i in range(words)], np.zeros(words, np.int64)), matrix.astype(np.float32)
    )


def of(**vectors):
    return Vectors(Vocab(list(vectors), [0] * len(vectors)), np.array(list(vectors.values()), np.float32))


@pytest.mark.parametrize("method", [name for name in projections.names() if name != "umap"])
@pytest.mark.parametrize("dim", [2, 3])
def test_law_projection_keeps_groups_apart_and_a_seed_gives_the_same_bytes(method, dim):
    vectors = make()
    p = project(vectors, method=method, dim=dim, seed=3)
    assert p.places.shape == (90, dim)
    assert p.places.tobytes() == project(vectors, method=method, dim=dim, seed=3).places.tobytes()
    distances = np.linalg.norm(p.places[:, None] - p.places[None], axis=2) + np.diag(np.full(90, np.inf))
    assert (distances.argmin(1) // 30 == np.arange(90) // 30).mean() > 0.9
    assert p.trust.value > 0.75
    assert (p.trust.count, p.trust.missing) == (90, 0)


def test_pca_is_that_of_a_singular_value_decomposition():
    vectors = make(30, 5)
    rows = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1)[:, None]
    u, s, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    found = project(vectors, method="pca").places
    np.testing.assert_allclose(np.abs(found), np.abs(u[:, :2] * s[:2]), atol=1e-5)


def test_perplexity_fits_few_words_and_is_told():
    assert project(make().restrict(7), method="tsne").settings == {"perplexity": 2.0, "seed": 1}


def test_trustworthiness_of_the_truth_is_one_and_of_chance_half():
    rows = np.random.default_rng(1).normal(size=(400, 2))
    assert trustworthiness(rows, rows).value == 1.0
    assert trustworthiness(rows, np.random.default_rng(2).normal(size=(400, 2))).value == pytest.approx(
        0.5, abs=0.05
    )
    assert trustworthiness(rows[:5], rows[:5]) is None


@pytest.mark.parametrize("name", ["openTSNE", "umap"])
def test_extras_are_used_as_their_libraries_are_called(name, monkeypatch):
    """The libraries themselves need not be there: a stand-in takes down how it was called."""
    called = {}

    class Engine:
        def __init__(self, **settings):
            called.update(settings)

        def fit(self, rows):
            return rows[:, :2] * 2

        fit_transform = fit

    stand_in = types.ModuleType(name)
    stand_in.TSNE = stand_in.UMAP = Engine
    monkeypatch.setitem(sys.modules, name, stand_in)
    places = project(make(), method="umap" if name == "umap" else "tsne", seed=5).places
    assert called["random_state"] == 5
    assert places.shape == (90, 2)


def test_umap_without_its_library_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(OptionError, match=r"umap-learn is not installed. Install seqkit\[maps\]"):
        project(make(), method="umap")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"method": "tsnee"},
            OptionError,
            "unknown projection 'tsnee'; known: pca, tsne, umap, axes. Did you mean 'tsne'",
        ),
        ({"perplexety": 3}, OptionError, "unknown setting 'perplexety'"),
        ({"perplexity": 0.5}, OptionError, "at least 1"),
        ({"axes": ["w1->w2", "w3"]}, OptionError, "which finds its own. Use method 'axes'"),
        ({"method": "axes", "axes": ["w1->w2"]}, OptionError, "expected 2 or 3 axes alone"),
        ({"dim": 4}, OptionError, "got dim 4, expected 2 or 3"),
        ({"words": ["w1"]}, ShapeError, "got 1 words with no two vectors that differ"),
        ({"words": ["w1", "w2", "w3"]}, ShapeError, "got 3 words, expected at least 4"),
        ({"words": ["w1", "wx1"]}, VocabularyError, "'wx1' is not in the vocabulary"),
    ],
)
def test_what_cannot_be_projected_is_named(settings, error, message):
    with pytest.raises(error, match=message):
        project(make(), **settings)


def test_a_zero_vector_has_no_place():
    with (
        pytest.warns(UserWarning, match="1 rows are zero"),
        pytest.raises(VocabularyError, match="vector of 'b' is zero"),
    ):
        project(of(a=[1, 0], b=[0, 0], c=[0, 1]), method="pca")


@pytest.mark.parametrize(
    ("formula", "sides"),
    [
        ("he->she", [[(1, "he")], [(1, "she")]]),
        (" he → she ", [[(1, "he")], [(1, "she")]]),
        ("king-man+woman", [[(1, "king"), (-1, "man"), (1, "woman")]]),
        ("king - man + woman", [[(1, "king"), (-1, "man"), (1, "woman")]]),
        ("-man+woman", [[(-1, "man"), (1, "woman")]]),
        ("man+boy->woman+girl", [[(1, "man"), (1, "boy")], [(1, "woman"), (1, "girl")]]),
        ("well-known", [[(1, "well-known")]]),
        ("well-known - ill-known", [[(1, "well-known"), (-1, "ill-known")]]),
    ],
)
def test_formulas_are_read(formula, sides):
    assert axes.parse(formula, {"well-known"}) == sides


@pytest.mark.parametrize(
    "formula", ["", "->", "he->", "->she", "a->b->c", "king--man", "king+", "+", "king man", "a - + b", "- -"]
)
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(OptionError, match="expected a formula such as 'he->she'"):
        axes.parse(formula)


def test_places_along_axes_are_products_with_unit_axes():
    vectors = of(he=[2, 0, 0], she=[0, 3, 0], good=[0, 0, 1], bad=[0, 1, -1], x=[1, 2, 3])
    unit = {word: vectors[word] / np.linalg.norm(vectors[word]) for word in vectors}
    across = unit["she"] - unit["he"]
    up = unit["good"] - unit["bad"] + unit["he"]
    expected = [[v @ across / np.linalg.norm(across), v @ up / np.linalg.norm(up)] for v in unit.values()]
    p = project(vectors, method="axes", axes=["he→she", "good - bad + he"])
    np.testing.assert_allclose(p.places, expected, atol=1e-6)
    assert p.axes == ("he→she", "good - bad + he")


def test_unknown_words_of_a_formula_are_all_named_with_near_spellings_and_nothing_is_no_axis():
    vectors = of(king=[1, 0], queen=[0, 1])
    with pytest.raises(
        VocabularyError,
        match=r"'kign' is unknown. Did you mean 'king'\? 'quen' is unknown. Did you mean 'queen'",
    ):
        axes.axis(vectors, "kign->quen")
    with pytest.raises(OptionError, match="'king->king' adds up to nothing"):
        axes.axis(vectors, "king->king")


def test_draw_writes_every_kind_of_file(tmp_path):
    vectors = make()
    for name in ("a.svg", "a.png", "a.html"):
        drawn = maps.draw(
            vectors, tmp_path / name, {"one": ["w1", "w2", "w3"], "two": ["w40", "w41", "w2"]}, method="pca"
        )
        assert drawn.files == [tmp_path / name]
        assert (tmp_path / name).stat().st_size > 1000
        assert (drawn.projection.words, drawn.groups) == (
            ["w1", "w2", "w3", "w40", "w41"],
            ["one"] * 3 + ["two"] * 2,
        )
    assert drawn.neighbours == 4
    assert maps.draw(vectors, tmp_path / "b.tsv", top=5).projection is None
    assert len((tmp_path / "b.vectors.tsv").read_text().splitlines()) == 5
    near = maps.draw(vectors, tmp_path / "c.svg", neighbours_of="w1", top=8)
    assert near.projection.words == ["w1", *(word for word, _ in vectors.nearest(["w1"], 8)[0])]
    skipped = maps.draw(vectors, tmp_path / "d.svg", ["w1", "w2", "no"], missing="skip", method="pca")
    assert (skipped.missing, skipped.caption) == (1, "1 unknown words left out")


def test_neighbours_of_a_page_are_those_by_cosine_even_of_equal_vectors(tmp_path, monkeypatch):
    matrix = np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 3, axis=0).astype(np.float32)
    vectors = Vectors(Vocab([f"w{i}" for i in range(15)], [0] * 15), matrix)
    found = {}
    monkeypatch.setattr(
        maps, "page", lambda path, places, words, ids, groups, **_: found.update(ids=ids) or 0
    )
    maps.draw(vectors, tmp_path / "a.html", method="pca")
    assert found["ids"].shape == (15, 10)
    for i, row in enumerate(found["ids"].tolist()):
        assert i not in row
        assert set(row[:2]) == {3 * (i // 3), 3 * (i // 3) + 1, 3 * (i // 3) + 2} - {i}


def test_draw_refuses_before_it_works(tmp_path):
    with pytest.raises(OptionError, match=r"expected one of .svg, .png, .html, .tsv"):
        maps.draw(make(), tmp_path / "a.pdf")
    with pytest.raises(OptionError, match="Give one of them"):
        maps.draw(make(), tmp_path / "a.svg", ["w1"], neighbours_of="w2")
    with pytest.raises(OptionError, match="got 3 directions, expected 2 for a picture"):
        maps.draw(make(), tmp_path / "a.svg", method="axes", axes=["w1", "w2", "w3"])


def test_words_come_from_a_file_or_from_the_text_itself(tmp_path):
    (tmp_path / "animals.txt").write_text("cat dog\nbird\n")
    assert maps.read_words(str(tmp_path / "animals.txt")) == ("animals", ["cat", "dog", "bird"])
    assert maps.read_words("cat,dog bird")[1] == ["cat", "dog", "bird"]
    assert len(maps.read_words("word " * 5000)[1]) == 5000
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    for text, message in ((str(tmp_path / "bad.txt"), "is not valid utf-8"), (" , ", "holds no word")):
        with pytest.raises(FormatError, match=message):
            maps.read_words(text)


def test_command_draws_and_tells(tmp_path):
    make().save(tmp_path / "v")
    (tmp_path / "animals.txt").write_text("w1 w2\nw3\n")
    words = ["--words", "animals.txt", "--words", "w50,w51"]
    lines = ["--x", "w1->w50", "--y", "w1->w80"]
    done = run("embed", "map", "v", *words, *lines, "--out", "m.svg", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (told["words"], told["method"], told["axes"]) == (5, "axes", ["w1->w50", "w1->w80"])
    run("embed", "map", "v", "--method", "pca", "--top", 20, "--out", "m.html", cwd=tmp_path)
    wrong = run("embed", "map", "v", "--x", "w1->w500", "--y", "w2", "--out", "n.svg", cwd=tmp_path, code=5)
    assert not (tmp_path / "n.svg").exists()
    assert "'w500' is unknown. Did you mean" in wrong.stderr


def test_glove_map_has_trust_and_days_stand_together(data, tmp_path):
    vectors = Vectors.load(data("embeddings/glove.6B.50d.top2446.txt.gz"), limit=600)
    drawn = maps.draw(vectors, tmp_path / "a.png", top=600)
    assert drawn.projection.trust.value > 0.9
    places = dict(zip(drawn.projection.words, drawn.projection.places, strict=True))
    days = np.array([places[day] for day in ("monday", "tuesday", "wednesday", "friday")])
    assert np.ptp(days, axis=0).max() < 0.15 * np.ptp(drawn.projection.places, axis=0).max()
