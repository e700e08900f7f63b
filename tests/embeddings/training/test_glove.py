"""GloVe: costs, resume, threads, outputs, what a run must say."""

import signal

import numpy as np
import pytest

from seqkit.core.errors import FormatError, OptionError, TrainingError
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.embeddings.training.objectives import glove as objective_module
from seqkit.embeddings.training.trainer import GloVe, SkipGram
from seqkit.kernels.glove import reference
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


def make_corpus(tokens=3000, vocab=60, seed=0, sentence=20):
    random = np.random.default_rng(seed)
    ids = np.minimum(random.zipf(1.4, tokens) - 1, vocab - 1).astype(np.int32)
    starts = np.append(np.arange(0, tokens, sentence), tokens).astype(np.int64)
    words = ["<unk>"] + [f"w{i}" for i in range(1, vocab)]
    return Corpus(ids, starts, Vocab(words, np.bincount(ids, minlength=vocab), {"unk": 0}), {})


def model(**settings):
    return GloVe(**({"dim": 12, "window": 3, "epochs": 2, "min_count": 1, "threads": 1} | settings))


def test_epoch_cost_is_the_brute_force_mean_over_every_pair_that_occurs():
    counts = Cooccurrence.count(make_corpus(), window=3, min_count=1)
    objective = model().objective(counts)
    rows, columns, values = counts.pairs()
    theta, e = (m[:, :12].astype(np.float64) for m in (objective.words, objective.contexts))
    diff = (
        (theta[rows] * e[columns]).sum(1)
        + objective.word_biases[rows, 0]
        + objective.context_biases[columns, 0]
        - np.log(values)
    )
    want = 0.5 * np.minimum(1, (values / 10) ** 0.75) * diff**2
    objective.options = model(adagrad="plain").options  # so that rate 0 moves nothing
    losses = [
        objective.step(batch, 0.0) for batch, _ in objective.batches(objective.counts, epochs=1).epoch(0)
    ]
    assert sum(loss.count for loss in losses) == counts.num_pairs == len(want)
    assert sum(loss.total for loss in losses) / len(want) == pytest.approx(want.mean(), rel=1e-6)


@pytest.mark.parametrize("one_sided", [False, True])
def test_every_epoch_visits_every_pair_once_in_another_order(one_sided):
    counts = Cooccurrence.count(make_corpus(), window=3, min_count=1, symmetric=not one_sided)
    objective = model().objective(counts)
    rounds, seen = objective.batches(objective.counts, epochs=1), []
    for epoch in range(2):
        spans = []
        for batch, units in rounds.epoch(epoch):
            found = rounds.tiles.spans(batch.tiles, batch.parts[:, None], batch.num_parts).reshape(-1, 2)
            assert units == (found[:, 1] - found[:, 0]).sum()
            spans += found.tolist()
        assert sorted(i for low, high in spans for i in range(low, high)) == list(range(rounds.size))
        seen.append(spans)
    assert seen[0] != seen[1]
    assert rounds.size == counts.num_pairs
    skipped = [batch.tiles.tobytes() for batch, _ in rounds.epoch(1, skip=3)]
    assert skipped == [batch.tiles.tobytes() for batch, _ in rounds.epoch(1)][3:]


def test_no_two_tiles_of_a_round_share_a_row_or_a_column():
    objective = model().objective(make_corpus())
    blocks = len(objective.tiles.edges) - 1
    for batch, _ in objective.batches(objective.counts, epochs=1).epoch(0):
        for tiles in batch.tiles:
            assert len(set(tiles // blocks)) == len(set(tiles % blocks)) == blocks


def test_a_first_step_is_the_references():
    counts = Cooccurrence.count(make_corpus(), window=3, min_count=1)
    objective = model(dim=16).objective(counts)
    batch, _ = next(objective.batches(objective.counts, epochs=1).epoch(0))
    o, tiles = objective, objective.tiles
    state = [np.stack([m[:, :16], m[:, 16:]], 1).astype(np.float64) for m in (o.words, o.contexts)]
    state += [o.word_biases.astype(np.float64), o.context_biases.astype(np.float64)]
    parameters, rule = reference.Parameters(*state), reference.rule("c", 0.05, 10.0, 0.75)
    cost, blocks = 0.0, len(tiles.edges) - 1
    for row, part in zip(batch.tiles, batch.parts, strict=True):
        for t, span in zip(row, tiles.spans(row, part, batch.num_parts), strict=True):
            places = tiles.places[slice(*span)].astype(np.int64)
            rows, columns = (
                tiles.edges[t // blocks] + (places >> 16),
                tiles.edges[t % blocks] + (places & 0xFFFF),
            )
            cost += reference.train(rows, columns, tiles.logs[slice(*span)], parameters, rule)
    assert objective.step(batch, 0.05).total == pytest.approx(cost, rel=1e-5)
    np.testing.assert_allclose(o.words[:, :16], state[0][:, 0], atol=1e-5)
    np.testing.assert_allclose(o.contexts[:, 16:], state[1][:, 1], atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(o.context_biases, state[3], atol=1e-5, rtol=1e-5)


def test_bytes_are_the_same_for_any_threads_and_the_same_seed():
    corpus = make_corpus()
    runs = [model(threads=threads).fit(corpus).matrix.tobytes() for threads in (1, 2, 3)]
    assert runs[0] == runs[1] == runs[2]
    assert runs[0] != model(seed=2).fit(corpus).matrix.tobytes()


def test_resumed_at_any_step_it_ends_in_the_same_bytes_sums_of_squares_too(tmp_path):
    corpus = make_corpus()
    ends = []

    def fit(folder, **how):
        lm = model()
        made, lm.objective = [], lambda source, inner=lm.objective: made.append(inner(source)) or made[-1]
        lm.fit(corpus, checkpoint=folder, **how)
        return {name: array.tobytes() for name, array in made[0].state().items()}, [
            e.loss for e in lm.history
        ]

    whole = fit(tmp_path / "whole")
    for stop in (0, 1, 37, 63, 64, 100):
        steps = iter(range(1000))

        def report(progress, steps=steps, stop=stop):
            if next(steps) == stop:
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            fit(tmp_path / str(stop), report=report)
        ends.append(fit(tmp_path / str(stop), resume=True))
    assert all(end == whole for end in ends)


def test_resume_with_another_setting_or_other_counts_names_the_difference(tmp_path):
    model().fit(make_corpus(), checkpoint=tmp_path)
    with pytest.raises(OptionError, match="got x_max 5.0, expected 10.0 as in"):
        model(x_max=5.0).fit(make_corpus(), checkpoint=tmp_path, resume=True)
    with pytest.raises(OptionError, match="got counts"):
        model().fit(make_corpus(seed=1), checkpoint=tmp_path, resume=True)


@pytest.fixture(scope="module")
def some_text(tmp_path_factory):
    """A corpus with the long tail of a real text: 200,000 tokens drawn by Zipf's law, neighbours by topic."""
    random = np.random.default_rng(0)
    topics = np.repeat(random.integers(0, 20, 10_000), 20)
    words = np.minimum(random.zipf(1.15, 200_000), 6000)
    ids = np.where(words < 60, words, (words * 7 + topics * 211) % 6000 + 1).astype(np.int32)
    vocab = Vocab([f"w{i}" for i in range(6002)], np.bincount(ids, minlength=6002))
    return Corpus(ids, np.arange(0, 200_001, 20), vocab)


def test_costs_of_all_epochs_are_within_one_percent_of_the_fully_shuffled_order(some_text, monkeypatch):
    counts = Cooccurrence.count(some_text, min_count=5)
    tiled, plain = (GloVe(dim=50, epochs=15) for _ in range(2))
    tiled.fit(counts)
    monkeypatch.setattr(objective_module, "_edges", lambda counts, limit: np.array([0, len(counts.vocab)]))
    plain.fit(counts)
    costs = [np.array([epoch.loss.mean for epoch in lm.history]) for lm in (tiled, plain)]
    assert counts.num_pairs > 400_000
    assert costs[1][-1] < 0.7 * costs[1][0]
    np.testing.assert_allclose(costs[0], costs[1], rtol=0.01)


def test_outputs_are_sum_mean_and_each_alone():
    corpus = make_corpus()
    objective = model().objective(corpus)
    for batch, _ in objective.batches(objective.counts, epochs=1).epoch(0):
        objective.step(batch, 0.05)
    theta, e = (objective.vectors(name).matrix for name in ("words", "contexts"))
    assert (objective.vectors().matrix == theta + e).all()
    assert (objective.vectors("mean").matrix == (theta + e) / 2).all()
    assert (theta != e).all()
    assert "<unk>" not in objective.vectors().vocab
    with pytest.raises(OptionError, match="got output 'both', expected one of sum, mean, words, contexts"):
        objective.vectors("both")
    assert (model(output="words").fit(corpus).matrix != model().fit(corpus).matrix).any()


def test_unknown_row_is_the_mean_of_the_hundred_rarest():
    corpus = make_corpus(vocab=300, tokens=9000)
    with_row, without = model(unknown=True).fit(corpus), model().fit(corpus)
    assert len(with_row) == len(without) + 1
    np.testing.assert_allclose(with_row["<unk>"], without.matrix[-100:].mean(0), rtol=1e-5)
    assert with_row.vocab.unk == len(without)


def test_start_is_uniform_over_one_dim_and_sums_are_one():
    objective = model(dim=10).objective(make_corpus())
    for matrix in (objective.words, objective.contexts):
        assert 0.04 < np.abs(matrix[:, :10]).max() <= 0.05
        assert (matrix[:, 10:16] == 0).all()
        assert (matrix[:, 16:] == 1).all()
    assert np.abs(objective.word_biases[:, 0]).max() <= 0.05
    assert (objective.context_biases[:, 1] == 1).all()


def test_counts_made_before_are_trained_on_and_settings_that_differ_are_refused():
    corpus = make_corpus()
    counts = Cooccurrence.count(corpus, window=3, min_count=1)
    assert (GloVe(dim=12, epochs=2).fit(counts).matrix == model().fit(corpus).matrix).all()
    lm = GloVe(dim=12, epochs=1)
    lm.fit(counts)
    assert lm.get_params()["window"] == 3
    with pytest.raises(OptionError, match="made with window 3, 8 was asked for"):
        GloVe(window=8).fit(counts)
    with pytest.raises(OptionError, match="made with window 3, 9 was asked for"):
        GloVe().set_params(window=9).fit(counts)


def test_a_cost_that_is_not_finite_stops_the_run_with_the_step(tmp_path):
    with pytest.raises(TrainingError, match=r"loss became (nan|inf) at step \d+ of epoch 1"):
        model(lr=1e30).fit(make_corpus(), checkpoint=tmp_path)


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(FormatError, match="no two words ever stand near each other"):
        model().fit(make_corpus(tokens=50, sentence=1))
    with pytest.raises(FormatError, match="was seen 5,000 times or more"):
        model(min_count=5000).fit(make_corpus())
    with pytest.raises(OptionError, match="x_max: .*0.0"):
        model(x_max=0.0)
    with pytest.raises(OptionError, match="epochs: got 0"):
        GloVe(epochs=0)
    with pytest.raises(OptionError, match="unknown setting 'xmax'.*Did you mean 'x_max'"):
        GloVe().set_params(xmax=3)
    with pytest.raises(OptionError, match="loss 'glove' learns from counts.*Use GloVe"):
        SkipGram(loss="glove")


def test_estimate_tells_pairs_and_time():
    told = model().estimate(make_corpus())
    pairs = Cooccurrence.count(make_corpus(), window=3, min_count=1).num_pairs
    assert told.tokens == pytest.approx(2 * pairs, rel=0.1)
    assert told.unit == "pairs"
    assert told.seconds > 0
    assert told.memory > 0


def test_validation_is_called_after_each_epoch():
    lm = model(epochs=3)
    lm.fit(make_corpus(), validate=lambda vectors: float(len(vectors)))
    assert len({epoch.validation for epoch in lm.history}) == 1
    assert len(lm.history) == 3


def test_counts_of_a_planted_low_rank_are_explained():
    """log X = θ · e + b + c of rank 3, all pairs weighing 1: the cost falls to a thousandth of the variance."""
    random = np.random.default_rng(0)
    theta, e, b, c = (
        random.normal(0, 0.7, (80, 3)),
        random.normal(0, 0.7, (80, 3)),
        *random.normal(1, 0.5, (2, 80, 1)),
    )
    logs = theta @ e.T + b + c.T
    ends, columns = np.arange(0, 6401, 80), np.tile(np.arange(80, dtype=np.int32), 80)
    vocab = Vocab([f"w{i}" for i in range(80)], np.full(80, 100))
    counts = Cooccurrence(ends, columns, np.exp(logs).ravel(), vocab, CountOptions(symmetric=False))
    lm = GloVe(dim=3, epochs=40, x_max=1e-9, lr=0.2)
    lm.fit(counts)
    assert lm.history[-1].loss.mean < 1e-3 * 0.5 * logs.var()
