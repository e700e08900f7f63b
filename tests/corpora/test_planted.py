"""The planted corpora: same seed, same bytes; what they claim is so; vectors learn what was planted."""

import importlib.util
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers.catalogue import shipped

FOLDER = Path(__file__).parents[2] / "corpora"
spec = importlib.util.spec_from_file_location("planted", FOLDER / "planted.py")
planted = importlib.util.module_from_spec(spec)
spec.loader.exec_module(planted)
TRUTHS = json.loads((FOLDER / "planted" / "truths.json").read_text())


def rows(name):
    return [line.split("\t") for line in (FOLDER / "planted" / name).read_text().splitlines()]


def test_generator_gives_the_shipped_bytes():
    made = planted.make(TRUTHS["seed"])
    assert sorted(made) == sorted(path.name for path in (FOLDER / "planted").iterdir())
    for name, content in made.items():
        assert (FOLDER / "planted" / name).read_bytes() == content.encode(), name


def test_another_seed_gives_another_text():
    assert planted.make(2)["text.txt"] != planted.make(1)["text.txt"]


def test_planted_bias_has_the_strength_it_says():
    said = {job: Counter() for job in [*TRUTHS["biased_professions"], *TRUTHS["unbiased_professions"]]}
    for line in (FOLDER / "planted" / "text.txt").read_text().splitlines():
        words = line.split()
        for job in said.keys() & set(words):
            said[job].update(word for word in words if word in ("he", "she"))
    for job, counts in said.items():
        share = counts["she"] / counts.total()
        expected = TRUTHS["biased_professions"].get(job, 0.5)
        assert abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / counts.total()), job


def test_sentiment_neighbours_hold_the_same_words_and_opposite_labels():
    lines = rows("sentiment.tsv")
    for (label, one), (other, two) in zip(lines[::2], lines[1::2], strict=True):
        assert {label, other} == {"0", "1"}
        assert sorted(one.split()) == sorted(two.split())


def test_agreement_differs_in_the_verb_alone_and_nouns_between_mislead():
    for distance, right, wrong in rows("agreement.tsv")[1:]:
        a, b = right.split(), wrong.split()
        assert a[:-1] == b[:-1]
        assert {a[-1], b[-1]} == {"sleeps", "sleep"}
        assert a.count("beside") == int(distance)


def test_homophones_differ_in_one_word():
    for right, wrong, target, distractor in rows("homophones.tsv")[1:]:
        assert right.replace(target, distractor) == wrong


def test_translations_are_one_to_one():
    pairs = rows("pairs.tsv")
    assert len({english for english, _ in pairs}) == len(pairs) == 3000


def test_vectors_solve_the_planted_analogies_and_chance_does_not():
    folder = shipped("planted")
    corpus = Corpus.build(folder / "text.txt", threads=1)
    questions = analogies.read_questions(folder / "analogies.txt")
    vectors = SkipGram(50, epochs=6, threads=1).fit(corpus)
    assert analogies.evaluate(vectors, questions).total.value > 0.9
    untrained = Vectors(
        vectors.vocab, np.random.default_rng(0).normal(size=vectors.matrix.shape).astype(np.float32)
    )
    assert analogies.evaluate(untrained, questions).total.value < 0.05


def test_shipped_names_are_suggested():
    from seqkit.core.errors import OptionError

    with pytest.raises(
        OptionError, match="unknown corpus 'plantd'; shipped: planted, words. Did you mean 'planted'"
    ):
        shipped("plantd")
