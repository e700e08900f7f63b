"""Laws of every debiasing method: what each promises holds to float32's last digits; all save, stream, turn and refuse alike."""

import numpy as np
import pytest
from debias.planted import planted
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ShapeError, VocabularyError
from seqkit.debias.removal import eraser as module
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.methods import methods
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

LAWS = {"orthogonal", "equidistant", "unit", "idempotent", "blind", "keeps"}
SETTINGS = {"double-hard": {"candidates": 4}, "inlp": {"classifier": "ridge"}}
NAMES = methods.names()
BOTH = [(name, classes) for name in NAMES for classes in (2, 3)]


def promise(what):
    return [case for case in BOTH if what in methods.load(case[0]).promises]


def make(name, classes=2, **settings):
    method = methods.load(name)
    own = SETTINGS.get(name, {}) | ({"dims": classes - 1} if "dims" in method().get_params() else {})
    return method(**(own | settings))


def fitted(name, classes=2, seed=0, **settings):
    vectors, words, rows, truth, _ = planted(classes, seed=seed)
    return vectors, words, rows, truth, make(name, classes, **settings).fit(vectors, words)


@pytest.mark.parametrize("name", NAMES)
def test_every_promise_of_a_member_has_a_law(name):
    assert methods.load(name).promises <= LAWS


@pytest.mark.parametrize(("name", "classes"), promise("orthogonal"))
def test_law_neutral_words_have_no_part_in_the_subspace(name, classes):
    vectors, _, rows, _, eraser = fitted(name, classes)
    after = eraser(vectors).matrix[rows].astype(np.float64)
    assert np.abs(vectors.matrix[rows] @ eraser.basis.T).mean() > 0.5
    assert (np.abs(after @ eraser.basis.T) / np.linalg.norm(after, axis=1, keepdims=True)).max() < 1e-6


@pytest.mark.parametrize(("name", "classes"), promise("equidistant"))
def test_law_equalised_words_are_equally_far_from_every_neutral_word(name, classes):
    vectors, words, rows, _, eraser = fitted(name, classes)
    after = eraser(vectors)
    neutral, before = after.matrix[rows].astype(np.float64), vectors.matrix[rows].astype(np.float64)
    for row in words.equalize:
        for far, vectors_, most in ((neutral, after, 2e-6), (before, vectors, np.inf)):
            distance = np.linalg.norm(far[:, None] - vectors_[list(row)].astype(np.float64), axis=2)
            apart = np.ptp(distance, axis=1).max()
            assert apart < most
            assert most < 1 or apart > 0.1
        inside = after[list(row)] @ eraser.basis.T
        assert np.abs(np.linalg.norm(inside - inside.mean(0), axis=1) - np.linalg.norm(inside[0])).max() < 0.3
        assert np.linalg.norm(inside[0] - inside[1]) > 0.1  # still apart in the concept


@pytest.mark.parametrize(("name", "classes"), promise("unit"))
def test_law_results_are_unit(name, classes):
    vectors, _, _, _, eraser = fitted(name, classes)
    assert np.abs(np.linalg.norm(eraser(vectors).matrix.astype(np.float64), axis=1) - 1).max() < 1e-6


@pytest.mark.parametrize(("name", "classes"), promise("idempotent"))
def test_law_doing_it_twice_changes_nothing(name, classes):
    one_way = (
        {"equalize": False} if (name, classes) == ("hard", 3) else {}
    )  # larger sets get a new mean, so new places
    vectors, _, _, _, eraser = fitted(name, classes, **one_way)
    once = eraser(vectors)
    np.testing.assert_allclose(eraser(once).matrix, once.matrix, atol=4e-6)


@pytest.mark.parametrize(("name", "classes"), promise("keeps"))
def test_law_specific_words_are_only_made_unit(name, classes):
    vectors, words, _, _, eraser = fitted(name, classes)
    before = vectors[list(words.specific)].astype(np.float64)
    before /= np.linalg.norm(before, axis=1, keepdims=True)
    np.testing.assert_allclose(eraser(vectors)[list(words.specific)], before, atol=1e-7)


@pytest.mark.parametrize(("name", "classes"), promise("blind"))
def test_law_linear_probe_that_saw_the_classes_sees_nothing_after(name, classes):
    vectors, _, rows, truth, eraser = fitted(name, classes, **({"margin": 0.0} if name == "inlp" else {}))
    probe = LogisticRegression(max_iter=2000)

    def seen(x):
        return cross_val_score(probe, x, truth, cv=5).mean()

    raw = vectors.matrix[rows]
    control = raw / np.linalg.norm(raw, axis=1, keepdims=True)  # making unit alone hides nothing
    assert min(seen(raw), seen(control)) > 0.9
    slack = (
        0.12 if name == "inlp" else 0.06
    )  # its classifiers know the direction no better than 480 words tell
    assert seen(eraser(vectors).matrix[rows]) < np.bincount(truth).max() / len(truth) + slack


@pytest.mark.parametrize(("name", "classes"), BOTH)
def test_law_cosine_with_the_concept_falls_by_half_at_least(name, classes):
    vectors, words, rows, _, truth = planted(classes)
    after = make(name, classes, **({"strength": 10.0} if name == "soft" else {})).fit(vectors, words)(vectors)
    inside = [
        np.linalg.norm(x @ truth.T, axis=1) / np.linalg.norm(x, axis=1)
        for x in (vectors.matrix[rows], after.matrix[rows])
    ]
    assert inside[1].mean() < inside[0].mean() / 2


@pytest.mark.parametrize(("name", "classes"), BOTH)
def test_law_saved_eraser_gives_the_same_bytes(name, classes, tmp_path):
    vectors, _, _, _, eraser = fitted(name, classes)
    eraser.save(tmp_path / "a")
    again = Eraser.load(tmp_path / "a")
    again.save(tmp_path / "b")
    assert again(vectors).matrix.tobytes() == eraser(vectors).matrix.tobytes()
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    vectors.save(tmp_path / "v")
    with pytest.raises(ModelFileError, match="holds vectors, expected eraser"):
        Eraser.load(tmp_path / "v")


def saved_by_0_1_0(path, **more):
    """An eraser of two numbers, as version 0.1.0 wrote it."""
    arrays = {"basis": np.eye(2)[:1], "linear": 2 * np.eye(2), "shift": np.array([0.0, 1.0])}
    meta = {"method": "hard", "protected": ["a", "b"], "unit": True, "unit_first": True}
    files.save(path, "eraser", arrays, meta | {"equalize": [["a", "b"]], "report": {"words": "w"}} | more)


def test_eraser_saved_by_0_1_0_is_read_and_saved_with_the_same_bytes(tmp_path):
    saved_by_0_1_0(tmp_path / "old")
    eraser = Eraser.load(tmp_path / "old")
    vectors = Vectors(Vocab(["a", "b", "c"], [0] * 3), np.array([[1, 0], [-1, 0], [3, 4]], np.float32))
    # 2x/|x| + (0, 1): a and b stand at (±2, 1), unit (±2, 1)/√5, their mean at (0, 1/√5)
    inside = np.sqrt(1 - 1 / 5)
    expected = [[inside, 1 / np.sqrt(5)], [-inside, 1 / np.sqrt(5)], [0, 1]]
    np.testing.assert_allclose(eraser(vectors).matrix, expected, atol=1e-6)
    eraser.save(tmp_path / "new")
    for path in (tmp_path / "old").iterdir():
        assert path.read_bytes() == (tmp_path / "new" / path.name).read_bytes()


def test_eraser_with_a_part_that_is_unknown_is_refused(tmp_path):
    saved_by_0_1_0(tmp_path / "a", twist=1)
    with pytest.raises(ModelFileError, match="a: the eraser is not whole .*unknown: twist"):
        Eraser.load(tmp_path / "a")


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_law_streamed_to_a_file_is_the_whole_in_memory(name, compiled, tmp_path, monkeypatch):
    vectors, _, _, _, eraser = fitted(name)
    whole = eraser(vectors).matrix
    monkeypatch.setattr(module, "NUMBERS", 16 * 100)  # ten blocks
    monkeypatch.setattr(module, "COMPILE_FROM", 0 if compiled else 1 << 60)
    vectors.save(tmp_path / "v")
    eraser.write(Vectors.load(tmp_path / "v"), tmp_path / "streamed")
    eraser(vectors).save(tmp_path / "whole")
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "streamed" / path.name).read_bytes()
    got = Vectors.load(tmp_path / "streamed")
    assert got.vocab.tokens == vectors.vocab.tokens
    np.testing.assert_allclose(got.matrix, whole, atol=2e-6)


@pytest.mark.parametrize(("name", "classes"), BOTH)
def test_law_turned_vectors_give_the_turned_result(name, classes):
    vectors, words, *_ = planted(classes)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(vectors.dim,) * 2))[0]
    turned = Vectors(vectors.vocab, (vectors.matrix @ turn).astype(np.float32))
    method = make(name, classes)
    expected = method.fit(vectors, words)(vectors).matrix @ turn
    np.testing.assert_allclose(method.fit(turned, words)(turned).matrix, expected, atol=2e-4)


@pytest.mark.parametrize("name", NAMES)
def test_law_same_input_gives_the_same_bytes_and_nothing_given_is_changed(name):
    vectors, words, *_ = planted()
    before = vectors.matrix.tobytes()
    results = [make(name).fit(vectors, words)(vectors).matrix.tobytes() for _ in range(2)]
    assert results[0] == results[1] != before
    assert vectors.matrix.tobytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_law_report_says_settings_words_and_what_was_lost(name):
    vectors, words, *_ = planted()
    more = WordSets(
        "planted", words.definitional, words.equalize, (*words.specific, "nowhere"), classes=("a", "b")
    )
    report = make(name).fit(vectors, more).report
    assert report["words"]["sha256"] == more.checksum
    assert report["lost"] == {"specific": ["nowhere"]}
    assert report["settings"] == make(name).get_params()
    assert report["positive"] == "a"


@pytest.mark.parametrize("name", NAMES)
def test_law_bad_input_is_refused_with_its_name(name):
    vectors, words, rows, *_ = planted()
    method = make(name)
    eraser = method.fit(vectors, words)
    bad = vectors.matrix.copy()
    bad[rows[7]] = np.nan
    broken = Vectors(vectors.vocab, bad)
    with pytest.raises(FormatError, match="'n7' holds nan or inf"):
        eraser(broken)
    with pytest.raises(ShapeError, match="got vectors of 3 numbers, expected 16"):
        eraser(Vectors(Vocab(["a"], [0]), np.ones((1, 3), np.float32)))
    with pytest.raises(OptionError, match="x has no definitional sets"):
        method.fit(vectors, WordSets("x", specific=("n1",)))
    with pytest.raises(VocabularyError, match="definitional: 2 of 2 sets are lost"):
        method.fit(vectors, WordSets("x", definitional=(("she", "he"), ("woman", "man"))))
    try:
        again = method.fit(broken, words)
    except FormatError as error:
        assert "nan or inf" in str(error)
    else:  # it looks at the words of the sets only
        assert (again.basis == eraser.basis).all()
    with pytest.raises(OptionError, match="unknown setting 'cas'.*Did you mean 'case'"):
        method.set_params(cas="lower")
    with pytest.raises(OptionError, match="expected at least 0 and at most 1"):
        method.set_params(limit=2.0)
    with pytest.raises(AttributeError):
        eraser.method = "x"
    with pytest.raises(ValueError, match="read-only"):
        eraser.basis[...] = 0
    assert method.set_params(limit=0.5).limit == 0.5
