"""Every bias measure: antisymmetric, blind to rotation and scale where its definition is, never nan, the same twice."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from debias.bias_cases import NAMES, A, B, call, changed, make

from seqkit.core.errors import SeqkitError
from seqkit.debias.measuring.measures import measures

ALL = measures.names()
ANTISYMMETRIC = ["weat", "seat", "sc-weat", "rnd", "ripa"]
SYMMETRIC = ["ect", "mac"]  # in the two groups
IN_UNITS_OF_THE_VECTORS = ["ripa"]
LOOSE = {
    "gonen-mlp": 0.03,
    "gonen-svm": 0.03,
    "gonen-clusters": 0.03,
}  # a word at a border may change sides by rounding


def numbers(value):
    if isinstance(value, dict):
        return [n for v in value.values() for n in numbers(v)]
    if isinstance(value, list | tuple):
        return [n for v in value for n in numbers(v)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("name", ALL)
def test_law_same_seed_same_numbers_all_finite_and_as_json(name):
    one, two = call(name, make()), call(name, make())
    assert one == two
    assert all(math.isfinite(n) for n in numbers(asdict(one)))
    assert one.name == name
    assert one.count > 0
    assert json.loads(json.dumps(one.to_json(), allow_nan=False))["value"] == one.value


@pytest.mark.parametrize("name", ANTISYMMETRIC)
def test_law_exchanging_the_groups_changes_the_sign(name):
    one, two = call(name, make()), call(name, make(), B, A)
    assert one.value == pytest.approx(-two.value, abs=1e-12)
    assert list(one.by_word.values()) == pytest.approx([-v for v in two.by_word.values()], abs=1e-12)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_law_exchanging_the_groups_changes_nothing(name):
    assert call(name, make()).value == pytest.approx(call(name, make(), B, A).value, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_law_rotation_changes_nothing(name):
    vectors = make()
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(12, 12)))
    one, two = call(name, vectors), call(name, changed(vectors, vectors.matrix.astype(np.float64) @ turn))
    assert two.value == pytest.approx(one.value, abs=LOOSE.get(name, 2e-6))


@pytest.mark.parametrize("name", ALL)
def test_law_the_length_of_each_vector_changes_nothing_but_where_it_is_the_unit(name):
    vectors = make()
    one = call(name, vectors)
    if name in IN_UNITS_OF_THE_VECTORS:
        assert call(name, changed(vectors, vectors.matrix * 8)).value == pytest.approx(
            8 * one.value, rel=1e-12
        )
    else:  # powers of two, so that rounding is the same
        lengths = 2.0 ** np.random.default_rng(0).integers(-3, 4, (len(vectors), 1))
        assert call(name, changed(vectors, vectors.matrix * lengths)).value == pytest.approx(
            one.value, abs=1e-12
        )


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("name", [n for n in ALL if not n.startswith("gonen") and n != "analogies"])
def test_law_a_zero_or_not_finite_vector_of_a_list_is_refused(name, bad):
    vectors = make()
    matrix = vectors.matrix.copy()
    matrix[NAMES.index("x2")] = bad
    with pytest.raises(SeqkitError, match=r"(zero|not finite), so it has no cosine"):
        call(name, changed(vectors, matrix))


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
@pytest.mark.parametrize(
    "name", ["weat", "sc-weat", "rnd", "rnsb", "ect", "mac", "ripa", "direct-bias", "analogies"]
)
def test_law_a_bad_vector_elsewhere_changes_no_value(name, bad):
    vectors = make()
    matrix = vectors.matrix.copy()
    matrix[-1] = bad
    found = call(name, changed(vectors, matrix))
    assert all(math.isfinite(n) for n in numbers(asdict(found)))
    if name != "analogies":
        assert found.value == call(name, vectors).value


@pytest.mark.parametrize("name", [n for n in ALL if n != "seat"])
def test_law_equal_vectors_give_a_number_or_a_named_error_never_nan(name):
    vectors = make()
    try:
        found = call(name, changed(vectors, np.ones_like(vectors.matrix)))
    except SeqkitError as error:
        assert "." in str(error)
    else:
        assert all(math.isfinite(n) for n in numbers(asdict(found)))


@pytest.mark.parametrize("name", ["weat", "sc-weat", "rnd", "rnsb", "ect"])
@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        (A, [*B[:5], "a0"], "must not overlap"),
        (A, A, "must not overlap"),
        ([*A, "a0"], B, "'a0' twice"),
        ([], B, "is empty"),
        (
            [*A[:4], "nobody", "none"],
            B,
            r"list (A|good) has lost 2 of 6 \('nobody', 'none' unknown\), expected at most 20%",
        ),
        ("abc", B, "is the string 'abc'"),
    ],
)
def test_law_bad_lists_are_named(name, a, b, text):
    with pytest.raises(SeqkitError, match=text):
        call(name, make(), a, b)


@pytest.mark.parametrize(
    "name", ["direct-bias", "indirect-bias", "gonen-clusters", "gonen-svm", "gonen-neighbours"]
)
def test_law_a_subspace_that_is_no_subspace_is_refused(name, monkeypatch):
    from debias import bias_cases

    for basis in (np.eye(12), np.ones((2, 12)), np.zeros(12), np.ones((1, 5))):
        monkeypatch.setattr(bias_cases, "basis_of", lambda _, basis=basis: basis)
        with pytest.raises(SeqkitError, match="basis|direction"):
            call(name, make())
