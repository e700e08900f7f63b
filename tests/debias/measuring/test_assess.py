"""Measures by name on word sets: what each is given, what is refused and why, the same words before and after."""

import numpy as np
import pytest

from seqkit.core.errors import FormatError, OptionError, VocabularyError
from seqkit.debias.measuring.assess import assess, table
from seqkit.debias.measuring.base import Options
from seqkit.debias.measuring.inputs import Inputs
from seqkit.debias.measuring.measures import measures
from seqkit.debias.measuring.recovery import most_biased
from seqkit.debias.removal.methods import methods
from seqkit.debias.report import compare
from seqkit.debias.words.description import describe
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

FAST = Options(resamples=20, draws=20, most_lost=0.5)


def vectors_of(sets, dim=16, less=(), upper=()):
    words = [
        *sets.protected,
        *(word for part in sets.lists.values() for word in part),
        *(f"n{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)),
    ]
    words = [word.title() if word in upper else word for word in dict.fromkeys(words) if word not in less]
    return Vectors(
        Vocab(words, [1] * len(words)),
        np.random.default_rng(0).normal(size=(len(words), dim)).astype(np.float32),
    )


@pytest.mark.parametrize("name", WordSets.names())
def test_every_shipped_set_can_be_measured_and_says_what_it_cannot(name):
    sets = WordSets.shipped(name)
    found = assess(Inputs(vectors_of(sets), sets, options=FAST))
    got = {score.name.split()[0] for score in found.scores}
    assert {"direct-bias", "mac", "gonen-svm", "gonen-neighbours"} <= got
    assert ("weat" in got) == (len(sets.classes) == 2)
    assert got | {name.split()[0] for name in found.refused} == set(measures.names()) - {
        "seat",
        "indirect-bias",
    }
    assert all(text.endswith(".") for text in found.refused.values())


def test_each_measure_is_given_what_a_call_by_hand_is_given():
    sets = WordSets.gender()
    vectors = vectors_of(sets)
    inputs = Inputs(vectors, sets, options=FAST)
    by_name = {score.name: score for score in assess(inputs).scores}
    a, b = map(list, sets.columns)
    jobs = sets.lists["professions"]
    by_hand = measures.load("weat")(
        vectors, sets.lists["career"], sets.lists["family"], a, b, unequal="mean", options=FAST
    )
    assert by_name["weat career/family"].value == by_hand.value
    assert (
        by_name["ripa"].value == measures.load("ripa")(vectors, jobs, sets.definitional, options=FAST).value
    )
    assert (
        by_name["direct-bias"].value
        == measures.load("direct-bias")(vectors, jobs, inputs.direction.basis, options=FAST).value
    )


def test_methods_are_fitted_without_the_words_that_recovery_tells_apart():
    sets = WordSets.gender()
    vectors, seen = vectors_of(sets), []

    class Spy(methods.load("leace")):
        def fit(self, vectors, words):
            seen.append(vectors)
            return super().fit(vectors, words)

    inputs = Inputs(vectors, sets, options=FAST)
    report = compare(inputs, {"leace": Spy()}, names=["gonen-svm"])
    (learnt,) = seen
    assert len(learnt) == len(vectors) - report.about["held_out"] > 100
    assert not set(inputs.tested) & set(learnt)
    n = report.measures[0]["signature"]["n"]
    assert len(inputs.tested) == 2 * n
    chosen, _ = most_biased("test", vectors, inputs.direction.basis, n, specific=sets.protected)
    assert chosen == inputs.tested  # the very words the probe is asked
    compare(inputs, {"leace": Spy(lists=("career", "family"))}, names=["gonen-svm"])
    assert len(seen[1]) == len(vectors)


def test_what_is_asked_for_by_name_is_refused_aloud_and_else_kept_as_a_reason():
    sets = WordSets.gender()
    vectors = vectors_of(sets, less=sets.lists["family"])
    assert "weat career/family" in assess(Inputs(vectors, sets, options=FAST)).refused
    others = assess(Inputs(vectors, sets, options=FAST), names=["weat"])  # the other tests stand
    assert "weat science/arts" in {score.name for score in others.scores}
    assert "list Y has lost 12 of 12" in others.refused["weat career/family"]
    with pytest.raises(VocabularyError, match="list Y has lost 12 of 12"):
        assess(Inputs(vectors, sets, options=FAST, chosen=("career/family",)), names=["weat"])
    with pytest.raises(OptionError, match="got no word to compare with"):
        assess(Inputs(vectors, sets, options=FAST), names=["indirect-bias"])
    with pytest.raises(
        OptionError, match=r"rnd: religion has 3 classes \(jewish, christian, muslim\), expected"
    ):
        religion = WordSets.religion()
        assess(Inputs(vectors_of(religion), religion, options=FAST), names=["rnd"])
    with pytest.raises(VocabularyError, match="definitional"):
        assess(
            Inputs(vectors.restrict(vectors.vocab.tokens[-300:]), sets, options=FAST), names=["direct-bias"]
        )


def test_vectors_of_which_nothing_can_be_measured_give_one_reason_of_its_own_kind():
    sets = WordSets.gender()
    vectors = vectors_of(sets)
    nothing = Vectors(vectors.vocab, np.zeros_like(vectors.matrix))
    with pytest.raises(
        FormatError, match=r"no measure could be taken, \d+ were refused. The first: "
    ) as caught:
        assess(Inputs(nothing, sets, options=FAST))
    assert len(str(caught.value)) < 300


def test_published_tests_are_measured_without_definitional_words():
    words = [f"{kind}{i}" for kind in "fipu" for i in range(5)]
    lists = {
        f"1:{name}": words[k * 5 : k * 5 + 5]
        for k, name in enumerate(("flowers", "insects", "pleasant", "unpleasant"))
    }
    sets = WordSets("published", lists=lists)
    (score,) = assess(Inputs(vectors_of(sets), sets, options=FAST), names=["weat"]).scores
    assert (score.name, score.count) == ("weat 1:flowers/insects", 10)


def test_of_lists_without_definitional_words_what_fits_is_measured_and_the_rest_says_why():
    lists = {f"1:{name}": [f"{name}{i}" for i in range(5)] for name in ("x", "y", "a", "b")}
    tests = WordSets("published", lists=lists)
    found = assess(Inputs(vectors_of(tests), tests, options=FAST))
    assert [score.name for score in found.scores] == ["weat 1:x/y"]
    assert (
        found.refused["ripa"]
        == "published: no definitional sets, so no pairs. Add some, such as (woman, man)."
    )
    plain = WordSets("plain", lists={"x": lists["1:x"], "y": lists["1:y"]})
    with pytest.raises(OptionError, match="plain: no measure could be taken, .*no definitional sets"):
        assess(Inputs(vectors_of(plain), plain, options=FAST))


def test_case_any_finds_words_as_the_vocabulary_spells_them():
    sets = WordSets.gender()
    vectors = vectors_of(sets, upper=sets.lists["professions"])
    with pytest.raises(VocabularyError, match="lost 116 of 116"):
        assess(Inputs(vectors, sets, options=FAST), names=["direct-bias"])
    titled = WordSets(
        "titled",
        sets.definitional,
        lists={"professions": [w.title() for w in sets.lists["professions"]]},
        classes=sets.classes,
    )
    (score,) = assess(
        Inputs(vectors_of(sets), titled, case="lower", options=FAST), names=["direct-bias"]
    ).scores
    assert (score.count, score.missing) == (116, 0)


def test_report_measures_all_states_with_the_words_and_the_direction_from_before(tmp_path):
    sets = WordSets.gender()
    vectors = vectors_of(sets)
    inputs = Inputs(vectors, sets, options=FAST)
    found = compare(
        inputs,
        {"same": lambda v: v, "noise": lambda v: Vectors(v.vocab, v.matrix[::-1].copy())},
        names=["gonen-clusters", "rnd"],
    )
    values = {(row["state"], row["name"]): row["value"] for row in found.measures}
    assert values["before", "rnd"] == values["same", "rnd"] != values["noise", "rnd"]
    assert found.projection["before"] == found.projection["same"]
    assert found.about["sha256"] == sets.checksum
    for name in ("a.json", "b.json"):
        found.save(tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    with pytest.raises(OptionError, match=r"expected a name that ends in \.html or \.json"):
        found.save(tmp_path / "a.pdf")


def test_describe_counts_sets_and_names_the_missing():
    sets = WordSets.gender()
    parts = {part["list"]: part for part in describe(sets, vectors_of(sets, less=["nurse", "he"]))["parts"]}
    assert parts["professions"]["lost"] == ["nurse"]
    assert (parts["definitional"]["count"], parts["definitional"]["lost"]) == (13, ["he"])


def test_of_ten_tests_one_that_lacks_words_does_not_refuse_the_other_nine():
    lists = {f"{i}:{name}": [f"{name}{i}x{k}" for k in range(4)] for i in range(1, 11) for name in "xyab"}
    sets = WordSets("published", lists=lists)
    found = assess(Inputs(vectors_of(sets, less=lists["4:x"]), sets, options=FAST), names=["weat"])
    assert [score.name for score in found.scores] == [f"weat {i}:x/y" for i in range(1, 11) if i != 4]
    assert list(found.refused) == ["weat 4:x/y"]


def test_p_is_one_sided_when_asked_and_printed_small_never_as_zero():
    lists = {name: [f"{name}{k}" for k in range(30)] for name in ("1:x", "1:y", "1:a", "1:b")}
    sets = WordSets("published", lists=lists)
    vectors = vectors_of(sets)
    matrix = vectors.matrix.copy()
    for name, side in (("1:x", 9), ("1:a", 9), ("1:y", -9), ("1:b", -9)):
        matrix[vectors.rows(lists[name]), 0] += side
    apart = Vectors(vectors.vocab, matrix)
    (two,), (one,) = (
        assess(Inputs(apart, sets, options=FAST, sided=sided), names=["weat"]).scores
        for sided in ("two", "one")
    )
    assert (two.signature["sided"], one.signature["sided"]) == ("two", "one")
    assert table([two])[0][4] == "< 1.0e-05"
    assert all(row[4] not in ("0.0000", "") for row in table([one, two]))
