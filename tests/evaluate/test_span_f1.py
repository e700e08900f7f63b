"""F1 of spans: the counts of conlleval, written independently, for any tags; its parts."""

import sys

import numpy as np
import pytest
from conftest import ROOT

from seqkit.evaluate.metrics.span_f1 import SpanF1
from seqkit.text.bioes import convert, spans

sys.path.insert(0, str(ROOT))
from benchmarks._conlleval import conlleval

TAGS = ["O", *(f"{prefix}-{kind}" for prefix in "BIES" for kind in ("PER", "LOC"))]


@pytest.mark.parametrize("tags", [TAGS, ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]], ids=["BIOES", "BIO"])
def test_f1_is_conllevals_whatever_the_tags(tags):
    """Any tags at all, ill-formed ones too, as they are and converted to BIO."""
    random = np.random.default_rng(5)
    rows = [[[str(t) for t in random.choice(tags, n)] for _ in "gp"] for n in random.integers(0, 9, 400)]
    gold, guess = [spans(g) for g, _ in rows], [spans(p) for _, p in rows]
    total = SpanF1().stats(guess, gold).sum(0)
    for pairs in (rows, [[convert(g, "bio"), convert(p, "bio")] for g, p in rows]):
        right, predicted, true, f1 = conlleval(pairs)
        assert total.tolist() == [right, predicted, true]
        assert 100 * SpanF1().value(total) == pytest.approx(f1, abs=1e-12)


def test_f1_counts_and_its_parts():
    metric = SpanF1()
    stats = metric.stats([[("A", 0, 1), ("B", 2, 3)], []], [[("A", 0, 1)], [("A", 4, 6)]])
    assert stats.tolist() == [[1, 2, 1], [0, 0, 1]]
    assert (metric.value(stats.sum(0)), metric.precision(stats.sum(0)), metric.recall(stats.sum(0))) == (
        0.5,
        0.5,
        0.5,
    )
    assert np.isnan(metric.value(np.zeros(3, np.int64)))
