"""The one trainer: a loss that learns from counts is one file, and its faces differ only in what they fix."""

from dataclasses import dataclass

import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.core.score import Loss
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.embeddings.training.choose import make
from seqkit.embeddings.training.objectives import objectives
from seqkit.embeddings.training.trainer import CBOW, CONTEXTS, GloVe, SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus

CORPUS = Corpus.build(["the king rules the land", "the queen rules the land"] * 20)


class RowSums:
    """A toy: the vector of a word is the sum of its counts, times how often it was asked."""

    @dataclass(frozen=True)
    class Options(CountOptions):
        dim: int = 1

    learns_from, unit, schedule = "counts", "pairs", "constant"

    def __init__(self, counts, options, *, threads=None):
        self.counts, self.steps = counts, np.zeros(1)

    @staticmethod
    def first_lr(options):
        return 0.5

    def batches(self, source, *, epochs):
        class Whole:
            size, signature = source.num_pairs, {"counts": source.fingerprint}

            def epoch(self, number, skip=0):
                yield from [(None, self.size)][skip:]

        return Whole()

    def step(self, batch, lr):
        self.steps += lr
        return Loss(1.0, 1)

    def state(self):
        return {"steps": self.steps}

    def restore(self, arrays):
        self.steps[:] = arrays["steps"]

    def vectors(self):
        rows, _, values = self.counts.pairs()
        sums = np.bincount(rows, values, len(self.counts.vocab))
        return Vectors(self.counts.vocab, (sums * self.steps).astype(np.float32)[:, None])

    memory = 0


@pytest.fixture
def with_row_sums(monkeypatch):
    load, names = objectives.load, objectives.names()
    monkeypatch.setattr(objectives, "names", lambda: [*names, "row-sums"])
    monkeypatch.setattr(objectives, "load", lambda name: RowSums if name == "row-sums" else load(name))


def test_loss_that_learns_from_counts_is_found_by_its_name(with_row_sums):
    model = SkipGram(1, "row-sums", epochs=2, window=2, min_count=1)
    counts = model.count(CORPUS)
    assert model.unit == "pairs" and model.lr == 0.5
    assert (model.fit(counts).matrix == model.fit(CORPUS).matrix).all()
    assert model.fit(counts)["king"] == sum(model.count(CORPUS)["king", other] for other in counts.vocab)
    assert make(loss="row-sums", deterministic=False).get_params()["loss"] == "row-sums"
    with pytest.raises(OptionError, match="learns from counts, not from windows. Use SkipGram"):
        CBOW(loss="row-sums")
    with pytest.raises(OptionError, match="row-sums: got context 'cbow', expected none"):
        make(context="cbow", loss="row-sums")


def test_make_takes_the_class_that_fixes_the_loss_or_that_of_the_context():
    assert type(make(x_max=7.0, loss="glove", deterministic=True)) is GloVe
    assert [type(make(context=context, loss="full-softmax")) for context in CONTEXTS] == [SkipGram, CBOW]
    with pytest.raises(OptionError, match="unknown context 'skipgrm'.*Did you mean 'skipgram'"):
        make(context="skipgrm")


def test_settings_are_read_changed_and_shown_without_what_a_face_fixes():
    assert "context" not in SkipGram().get_params() and "loss" not in GloVe().get_params()
    assert CBOW().get_params()["lr"] == 0.05
    assert SkipGram(negatives=3).set_params(loss="full-softmax", batch=8).get_params()["batch"] == 8
    assert repr(GloVe(dim=7)).startswith("GloVe(epochs=15, lr=0.05, schedule='constant', ")
    for wrong in ({"context": "cbow"}, {"negativ": 2}):
        with pytest.raises(OptionError, match="the class fixes it|unknown setting 'negativ'"):
            SkipGram().set_params(**wrong)
    with pytest.raises(OptionError, match="GloVe: unknown setting 'loss'"):
        GloVe().set_params(loss="full-softmax")


def test_counts_are_for_losses_that_learn_from_them_and_starts_for_the_others():
    vectors = SkipGram(4, epochs=1, min_count=1).fit(CORPUS)
    with pytest.raises(OptionError, match="learns from text, not from counts"):
        SkipGram().count(CORPUS)
    with pytest.raises(OptionError, match="glove: got initial, expected none"):
        GloVe(4, min_count=1).fit(CORPUS, initial=vectors)


def test_logs_see_every_step_and_epoch():
    seen = []

    class Log:
        def begin(self, history, done):
            seen.append("begin")

        def step(self, progress):
            seen.append("step")

        def epoch(self, epoch, done):
            seen.append("epoch")

    CBOW(4, epochs=2, min_count=1).fit(CORPUS, logs=[Log()])
    assert seen[0] == "begin" and seen.count("epoch") == 2 and "step" in seen


def test_schedule_is_the_objectives_unless_another_is_given():
    assert [make(loss=loss).get_params()["schedule"] for loss in ("negative-sampling", "glove")] == [
        "linear",
        "constant",
    ]
    usual, same, other = (
        SkipGram(dim=8, min_count=1, deterministic=True, epochs=3, **settings).fit(CORPUS).matrix
        for settings in ({}, {"schedule": "linear"}, {"schedule": "constant"})
    )
    assert np.array_equal(usual, same) and not np.array_equal(usual, other)


def test_unknown_schedule_is_refused_when_the_trainer_is_made():
    with pytest.raises(OptionError, match=r"unknown schedule 'lineer'.*Did you mean 'linear'"):
        SkipGram(schedule="lineer")
    with pytest.raises(OptionError, match=r"schedule constant: unknown setting 'final'"):
        GloVe(schedule_settings={"final": 0.1})


def test_nothing_is_saved_before_fit(tmp_path):
    with pytest.raises(OptionError, match=r"SkipGram: got no vectors to save, expected a fit before"):
        SkipGram().save(tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_changed_settings_forget_the_vectors(tmp_path):
    model = SkipGram(dim=8, min_count=1)
    made = model.fit(CORPUS)
    model.save(tmp_path / "v")
    assert np.array_equal(Vectors.load(tmp_path / "v").matrix, made.matrix)
    with pytest.raises(OptionError, match="expected a fit before"):
        model.set_params(dim=4, threads=1).save(tmp_path / "w")


def test_a_text_is_counted_where_it_is_trained(monkeypatch):
    seen, count = [], Cooccurrence.count

    def counted(*args, **settings):
        seen.append(settings["device"])
        return count(*args, **settings)

    monkeypatch.setattr(Cooccurrence, "count", staticmethod(counted))
    model = GloVe(dim=8, epochs=1, min_count=1, device="cpu")
    model.fit(CORPUS)
    model.estimate(CORPUS)
    assert seen == ["cpu", "cpu"]
