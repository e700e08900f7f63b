"""Every method of removal and every measure treats all spellings of a definitional word as that word, when asked."""

import numpy as np
import pytest

from seqkit.debias.measuring.inputs import Inputs
from seqkit.debias.removal.methods import methods
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

SMALL = {"double-hard": {"candidates": 3}, "inlp": {"rounds": 3}}
SETS = WordSets(
    "w",
    definitional=(("she", "he"), ("mother", "father"), ("daughter", "son"), ("queen", "king")),
    equalize=(("aunt", "uncle"), ("fiancee", "fiance")),
    specific=("lady",),
    classes=("female", "male"),
)
FORMS = [
    form
    for word in SETS.protected
    for form in (word, word.title(), word.upper())
    if form != "MOTHER"  # so that FATHER stands alone
] + ["fiancée", "fiancé"]


@pytest.fixture(scope="module")
def vectors():
    words = [*FORMS, *(f"n{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(400))]
    rows = np.random.default_rng(0).normal(size=(len(words), 12))
    rows[: len(FORMS)] += [[3 * (-1) ** i, *[0] * 11] for i in range(len(FORMS))]
    return Vectors(Vocab(words, [1] * len(words)), rows.astype(np.float32))


@pytest.mark.parametrize("name", methods.names())
def test_no_spelling_of_a_protected_word_is_neutralised(vectors, name):
    eraser = methods.load(name)(case="any", **SMALL.get(name, {})).fit(vectors, SETS)
    assert not eraser.protected or set(eraser.protected) == set(FORMS)
    exact = methods.load(name)(**SMALL.get(name, {})).fit(vectors, SETS)
    assert set(exact.protected) <= set(SETS.protected)


def test_hard_debiasing_equalises_each_spelling_and_leaves_the_rest_of_them_alone(vectors):
    fair = methods.load("hard")(case="any").fit(vectors, SETS)(vectors)
    neutral = fair["nab"] @ fair[["AUNT", "UNCLE", "fiancée", "fiancé", "Aunt", "Uncle"]].T
    assert np.ptp(neutral.reshape(3, 2), axis=1).max() < 1e-6
    before = vectors["FATHER"] / np.linalg.norm(vectors["FATHER"])
    np.testing.assert_allclose(fair["FATHER"], before, atol=1e-6)
    plain = methods.load("hard")().fit(vectors, SETS)(vectors)
    assert np.abs(plain["FATHER"] - before).max() > 0.05


def test_measures_bar_every_spelling_and_find_the_direction_from_all(vectors):
    inputs = Inputs(vectors, SETS, case="any")
    assert set(inputs.specific) == set(FORMS)
    assert inputs.direction.sets == 4 + 4 + 3  # without (MOTHER, FATHER)
    assert inputs.classes == [list(column) for column in SETS.columns]  # measured once
    assert set(inputs.specific).isdisjoint(inputs.candidates)
