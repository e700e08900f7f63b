"""BLEU and chrF are sacrebleu's, as sums over texts, with its signature."""

import numpy as np
import pytest
import sacrebleu

from seqkit.core.errors import OptionError, ShapeError
from seqkit.evaluate.metric import metrics, metrics_of
from seqkit.models.translator.model import score_texts

HYPOTHESES = ["the cat sat on the mat .", "a dog", "Hello, there!", "", "one two three four five six"]
REFERENCES = [
    "the cat sat on a mat .",
    "a dog barks",
    "Hello there!",
    "nothing came",
    "one two three four five six",
]


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("bleu", "BLEU", {}),
        ("bleu", "BLEU", {"tokenize": "none"}),
        ("bleu", "BLEU", {"lowercase": True, "tokenize": "char"}),
        ("chrf", "CHRF", {}),
        ("chrf", "CHRF", {"word_order": 2}),
    ],
    ids=str,
)
def test_value_of_summed_rows_is_sacrebleus_corpus_score_with_its_signature(name, kind, settings):
    engine = getattr(sacrebleu, kind)(**settings)
    found = score_texts(HYPOTHESES, REFERENCES, name, **settings)
    assert found.value == engine.corpus_score(HYPOTHESES, [REFERENCES]).score
    assert found.signature["signature"] == str(engine.get_signature())
    assert found.count == 5
    assert found.interval[0] <= found.value <= found.interval[1]


def test_value_of_a_part_is_that_of_its_rows():
    metric = metrics.load("bleu")()
    rows = metric.stats(HYPOTHESES, REFERENCES)
    part = sacrebleu.BLEU().corpus_score([HYPOTHESES[0], HYPOTHESES[4]], [[REFERENCES[0], REFERENCES[4]]])
    assert metric.value(rows[[0, 4]].sum(0)) == part.score
    assert metric.stats([], []).shape == (0, rows.shape[1])
    assert metric.value(np.zeros(rows.shape[1])) == 0


def test_bad_input_is_refused():
    with pytest.raises(OptionError, match="sacrebleu does not take {'tokenize': 'words'}"):
        score_texts(HYPOTHESES, REFERENCES, tokenize="words")
    with pytest.raises(OptionError, match="score: got metric 'blue', expected bleu or chrf"):
        score_texts(HYPOTHESES, REFERENCES, "blue")
    with pytest.raises(ShapeError, match="5 sources and 4 targets"):
        score_texts(HYPOTHESES, REFERENCES[:4])


def test_metrics_say_what_they_compare():
    assert {"bleu", "chrf"} <= set(metrics_of("texts"))
    assert {"accuracy", "f1"} <= set(metrics_of("labels"))
    assert not set(metrics_of("texts")) & set(metrics_of("labels") + metrics_of("spans"))
