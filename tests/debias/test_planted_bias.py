"""Vectors trained on the planted text: bias where it was planted, none where it was not, and what hard debiasing leaves."""

import json

import numpy as np
import pytest

from seqkit.debias.direction import find_direction
from seqkit.debias.measuring.base import calibrated
from seqkit.debias.measuring.geometry import unit
from seqkit.debias.measuring.measures import measures
from seqkit.debias.removal.methods import methods
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers.catalogue import shipped

TRUTHS = json.loads((shipped("planted") / "truths.json").read_text())
PAIRS = [
    ("she", "he"),
    ("her", "his"),
    ("herself", "himself"),
    *((f, m) for m, f in TRUTHS["relations"]["male-female"]),
]
HERS = [job for job, share in TRUTHS["biased_professions"].items() if share > 0.5]
HIS = [job for job, share in TRUTHS["biased_professions"].items() if share < 0.5]
NOBODYS = TRUTHS["unbiased_professions"]
FEMALE, MALE = (list(column) for column in zip(*PAIRS, strict=True))


@pytest.fixture(scope="module")
def trained():
    """The vectors, the direction in them, and the vectors after hard debiasing."""
    vectors = SkipGram(50, epochs=6, threads=1).fit(Corpus.build(shipped("planted") / "text.txt", threads=1))
    sets = WordSets(
        "planted", PAIRS, PAIRS, classes=("female", "male"), lists={"professions": (*HERS, *HIS, *NOBODYS)}
    )
    return (
        vectors,
        find_direction(vectors, sets.definitional).basis,
        methods.load("hard")().fit(vectors, sets)(vectors),
    )


def along(vectors, words, basis):
    return unit("test", vectors[words]) @ basis[0]


@pytest.mark.slow
def test_planted_bias_is_found_on_the_biased_professions_and_on_no_other(trained):
    vectors, basis, _ = trained
    assert along(vectors, HERS, basis).min() > 0.1
    assert np.abs(along(vectors, NOBODYS, basis)).max() < 0.06
    assert along(vectors, HIS, basis).max() < -0.1
    weat, direct = measures.load("weat"), measures.load("direct-bias")
    found = weat(vectors, HERS, HIS, FEMALE, MALE)
    assert calibrated(found)
    assert found.extra["p"] == 2 / 70  # no split of four and four is further apart
    assert not calibrated(weat(vectors, NOBODYS[:4], NOBODYS[4:], FEMALE, MALE))
    assert calibrated(direct(vectors, [*HERS, *HIS], basis))
    assert not calibrated(direct(vectors, NOBODYS, basis))
    shares = {**TRUTHS["biased_professions"], **dict.fromkeys(NOBODYS, 0.5)}
    g = measures.load("sc-weat")(vectors, list(shares), FEMALE, MALE).by_word
    assert np.corrcoef(list(shares.values()), [g[job] for job in shares])[0, 1] > 0.95


@pytest.mark.slow
def test_hard_debiasing_takes_the_planted_bias_away(trained):
    _, basis, fair = trained
    jobs = [*HERS, *HIS, *NOBODYS]
    assert np.abs(along(fair, jobs, basis)).max() < 1e-6
    assert measures.load("direct-bias")(fair, jobs, basis).value < 1e-6
    assert not calibrated(measures.load("weat")(fair, HERS, HIS, FEMALE, MALE))
    assert max(map(abs, measures.load("sc-weat")(fair, jobs, FEMALE, MALE).by_word.values())) < 1e-3


@pytest.mark.slow
def test_untrained_vectors_show_no_bias(trained):
    vectors, *_ = trained
    untrained = Vectors(
        vectors.vocab, np.random.default_rng(0).normal(size=vectors.matrix.shape).astype(np.float32)
    )
    assert not calibrated(measures.load("weat")(untrained, HERS, HIS, FEMALE, MALE))
