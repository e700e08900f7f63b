"""Laws of every window objective, for both contexts: gradients, losses, resume, threads, what a run must say."""

import numpy as np
import pytest

from seqkit.core.errors import FormatError, OptionError, TrainingError, VocabularyError
from seqkit.core.score import Loss
from seqkit.embeddings.training.loss_options import LOSS_OPTIONS
from seqkit.embeddings.training.objectives import objectives
from seqkit.embeddings.training.trainer import CONTEXTS
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.primitives.windows.reference import windows
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

LOSSES = [name for name in objectives.names() if objectives.load(name).learns_from == "text"]
EVERY = [(context, loss) for context in CONTEXTS for loss in LOSSES]


def make_corpus(tokens=3000, vocab=40, seed=0, sentence=20):
    random = np.random.default_rng(seed)
    ids = np.minimum(random.zipf(1.4, tokens) - 1, vocab - 1).astype(np.int32)
    starts = np.append(np.arange(0, tokens, sentence), tokens).astype(np.int64)
    words = ["<unk>"] + [f"w{i}" for i in range(1, vocab)]
    return Corpus(ids, starts, Vocab(words, np.bincount(ids, minlength=vocab), {"unk": 0}), {})


def model(context, loss, **settings):
    own = {"buckets": 50} if loss == "subwords" else {}
    return CONTEXTS[context](
        loss=loss, **({"dim": 12, "window": 3, "epochs": 2, "min_count": 1, "threads": 1} | own | settings)
    )


@pytest.mark.parametrize(("context", "loss"), EVERY)
def test_law_one_reference_step_is_the_finite_difference_gradient(context, loss):
    """One window, float64, lr 1: the change of every number is minus the central difference of the loss."""
    corpus = make_corpus(tokens=9, vocab=6, seed=3, sentence=9)
    objective = model(context, loss, subsample=0.0, cbow_gradient="mean", shrink=False).objective(corpus)
    settings = objective.windows._replace(seeds=np.arange(3, dtype=np.uint64))
    text = _block(corpus).text
    place = next(place for place, _, around in windows(text, settings) if len(around) > 2)
    text = text._replace(low=place, high=place + 1)
    random = np.random.default_rng(0)
    start = [random.normal(size=matrix.shape) for matrix in (objective.input, objective.output)]
    train, targets = objective.reference_train, objective.targets

    def value(matrices):
        return train(text, (settings, targets), [m.copy() for m in matrices], 0.0)[0]

    moved = [matrix.copy() for matrix in start]
    train(text, (settings, targets), moved, 1.0)
    checked = 0
    for which, matrix in enumerate(start):
        for row in range(len(matrix)):
            for column in (0, 5, 11):
                ends = []
                for sign in (1, -1):
                    shifted = [m.copy() for m in start]
                    shifted[which][row, column] += sign * 1e-5
                    ends.append(value(shifted))
                gradient = (ends[0] - ends[1]) / 2e-5
                assert matrix[row, column] - moved[which][row, column] == pytest.approx(gradient, abs=1e-7)
                checked += gradient != 0
    assert checked > 10


@pytest.mark.parametrize("loss", LOSSES)
def test_law_word2vec_cbow_gradient_is_the_true_one_times_the_rows_of_the_mean(loss):
    corpus = make_corpus(tokens=3, vocab=6, seed=3, sentence=3)
    changes = []
    for kind in ("mean", "word2vec"):
        objective = model("cbow", loss, subsample=0.0, cbow_gradient=kind, shrink=False).objective(corpus)
        objective.output[:] = 0.1
        before = objective.input.copy()
        settings = objective.windows._replace(seeds=np.arange(3, dtype=np.uint64))
        text = _block(corpus).text._replace(low=1, high=2)
        objective.reference_train(text, (settings, objective.targets), objective.matrices, 1.0)
        changes.append(objective.input - before)
    rows = 2 * 4 if loss == "subwords" else 2  # "w3" has itself, <w3, w3> and <w3>
    np.testing.assert_allclose(changes[1], rows * changes[0], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("context", "loss"), EVERY)
def test_law_a_thousand_reference_steps_are_the_kernels(context, loss):
    corpus = make_corpus(tokens=3000)
    trained, plain = (model(context, loss, subsample=0.01).objective(corpus) for _ in range(2))
    got = trained.step(_block(corpus), 0.02)
    plain.train = lambda block, settings, lr: plain.reference_train(
        block.text, (settings, plain.targets), plain.matrices, lr
    )
    want = plain.step(_block(corpus), 0.02)
    assert got.count == want.count > 850
    assert got.mean == pytest.approx(want.mean, abs=1e-6)
    np.testing.assert_allclose(trained.input, plain.input, atol=1e-5)
    np.testing.assert_allclose(trained.output, plain.output, atol=1e-5)


@pytest.mark.parametrize(("context", "loss"), EVERY)
def test_law_epoch_loss_is_the_brute_force_mean_over_every_prediction(context, loss):
    """Predictions counted and losses summed in float64 by the formula of the docstring, matrices held still."""
    corpus = make_corpus(tokens=700)
    objective = model(context, loss, subsample=0.05).objective(corpus)
    random = np.random.default_rng(1)
    for matrix in (objective.input, objective.output):
        matrix[:, :12] = random.normal(0, 0.4, (len(matrix), 12))
    settings = objective.windows._replace(seeds=np.arange(3, dtype=np.uint64))
    e, o = objective.input.astype(np.float64), objective.output.astype(np.float64)
    total, count = 0.0, 0
    for place, word, around in windows(_block(corpus).text, settings):
        pairs = [([other], word) for other in around]
        if context == "cbow":
            pairs = [(around, word)]
        elif loss in ("full-softmax", "subwords"):
            pairs = [([word], other) for other in around]
        for number, (sources, target) in enumerate(pairs if around else []):
            h = e[np.concatenate([_rows(source, loss, objective.targets) for source in sources])].mean(0)
            total -= _log_probability(h, target, (place, number), loss, objective, settings, o)
            count += 1
    got, number = objective.train(_block(corpus), settings, 0.0)
    assert number == count
    assert got / number == pytest.approx(total / count, abs=1e-6)


def _rows(word, loss, targets):
    return targets.rows[targets.ends[word] : targets.ends[word + 1]] if loss == "subwords" else [word]


def _log_probability(h, word, at, loss, objective, settings, o):
    from seqkit.kernels.primitives.windows.reference import bits, draw
    from seqkit.kernels.word2vec.reference import targets_of

    place, number = at  # of the window, and of the predicted word in it

    if loss == "full-softmax":
        words = np.flatnonzero(objective.counts)
        return o[np.searchsorted(words, word)] @ h - np.log(np.exp(o[: len(words)] @ h).sum())
    if (
        loss == "subwords"
    ):  # noise words of its own for each predicted one, drawn anew every 16 places in skip-gram
        negatives, table = objective.targets.noise
        first = (
            place if settings.cbow else place // 16 * 2 * settings.window
        ) * negatives + number * negatives
        noise = [draw(bits(settings.seeds[2], first + k), table) for k in range(negatives)]
        rows = [word, *(n for n in noise if n != word)]
        labels = [1] + [0] * (len(rows) - 1)
    else:
        rows, labels = targets_of(word, place, settings, objective.targets)
    return sum(
        -np.log1p(np.exp(-(o[row] @ h if label else -o[row] @ h)))
        for row, label in zip(rows, labels, strict=True)
    )


def _block(corpus):
    from seqkit.embeddings.training.window_objective import Block

    return Block(corpus.ids, corpus.starts, 0, 0, corpus.num_tokens)


def test_hierarchical_probabilities_of_all_words_sum_to_one():
    corpus = make_corpus()
    objective = model("skipgram", "hierarchical-softmax").objective(corpus)
    random = np.random.default_rng(2)
    o, h = random.normal(size=objective.output.shape), random.normal(size=objective.output.shape[1])
    total = 0.0
    for word in np.flatnonzero(objective.counts):
        path = slice(objective.targets.ends[word], objective.targets.ends[word + 1])
        signs = 2 * objective.targets.labels[path] - 1
        total += np.prod(1 / (1 + np.exp(-signs * (o[objective.targets.points[path]] @ h))))
    assert total == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("context", "loss"), EVERY)
def test_law_training_lowers_the_loss_and_counts_every_token(context, loss):
    corpus = make_corpus(tokens=6000)
    lm = model(context, loss, epochs=4, lr=0.05)
    vectors = lm.fit(corpus)
    assert lm.history[-1].loss.mean < lm.history[0].loss.mean
    assert [epoch.units for epoch in lm.history] == [6000] * 4
    assert np.isfinite(vectors.matrix).all()
    assert "<unk>" not in vectors.vocab
    assert len(vectors) == np.count_nonzero(corpus.vocab.counts[1:])


@pytest.mark.parametrize(("context", "loss"), EVERY)
def test_law_deterministic_bytes_for_any_threads_and_the_same_seed(context, loss):
    corpus = make_corpus(tokens=5000)
    runs = [
        model(context, loss, deterministic=True, threads=threads).fit(corpus).matrix.tobytes()
        for threads in (1, 2, 5)
    ]
    assert runs[0] == runs[1] == runs[2]
    assert runs[0] != model(context, loss, deterministic=True, seed=2).fit(corpus).matrix.tobytes()


@pytest.mark.parametrize(("context", "loss"), EVERY)
def test_law_resumed_at_any_step_ends_in_the_same_bytes(context, loss, tmp_path):
    corpus = make_corpus(tokens=5000)
    whole = model(context, loss, deterministic=True).fit(corpus).matrix.tobytes()
    for stop in (1, 4, 5, 7):
        steps = iter(range(100))

        def report(progress, steps=steps, stop=stop):
            if next(steps) == stop:
                import signal

                signal.raise_signal(signal.SIGINT)

        folder = tmp_path / str(stop)
        with pytest.raises(KeyboardInterrupt):
            model(context, loss, deterministic=True).fit(corpus, checkpoint=folder, report=report)
        again = model(context, loss, deterministic=True, threads=2).fit(
            corpus, checkpoint=folder, resume=True
        )
        assert again.matrix.tobytes() == whole


def test_resume_with_another_setting_or_text_names_the_difference(tmp_path):
    corpus = make_corpus()
    model("skipgram", "negative-sampling").fit(corpus, checkpoint=tmp_path)
    with pytest.raises(OptionError, match="got window 4, expected 3 as in"):
        model("skipgram", "negative-sampling", window=4).fit(corpus, checkpoint=tmp_path, resume=True)
    with pytest.raises(OptionError, match="got corpus"):
        model("skipgram", "negative-sampling").fit(make_corpus(seed=1), checkpoint=tmp_path, resume=True)


def test_initial_vectors_are_taken_and_frozen_words_stay():
    corpus = make_corpus()
    given = Vectors(Vocab(["w1", "w2", "other"], [1, 1, 1]), np.full((3, 12), 0.25, np.float32))
    vectors = model("skipgram", "negative-sampling").fit(corpus, initial=given, frozen=["w1"])
    assert (vectors["w1"] == 0.25).all()
    assert (vectors["w2"] != 0.25).all()
    with pytest.raises(VocabularyError, match="'nobody' is not in the vocabulary"):
        model("skipgram", "negative-sampling").fit(corpus, frozen=["nobody"])
    with pytest.raises(OptionError, match="got vectors of 12 numbers, expected dim, 5"):
        model("skipgram", "negative-sampling", dim=5).fit(corpus, initial=given)


def test_validation_is_called_after_each_epoch():
    seen = []
    lm = model("cbow", "negative-sampling", epochs=3)
    lm.fit(make_corpus(), validate=lambda vectors: seen.append(len(vectors)) or 0.5)
    assert len(seen) == 3
    assert [epoch.validation for epoch in lm.history] == [0.5] * 3


def test_all_words_below_min_count_is_refused_with_the_counts():
    with pytest.raises(
        FormatError, match="none of the 40 tokens was seen 5,000 times or more, the most common one"
    ):
        model("skipgram", "negative-sampling", min_count=5000).fit(make_corpus())


def test_one_word_sentences_train_nothing_and_say_so():
    with pytest.raises(TrainingError, match="read 50 units and made no prediction"):
        model("skipgram", "negative-sampling").fit(make_corpus(tokens=50, sentence=1))


def test_broken_numbers_stop_the_run():
    corpus = make_corpus()
    bad = Vectors(Vocab(["w1"], [1]), np.full((1, 12), np.nan, np.float32))
    for context, loss in EVERY:
        with pytest.raises(TrainingError, match="loss became nan"):
            model(context, loss).fit(corpus, initial=bad)


def test_unknown_names_are_refused_with_the_known_ones():
    from seqkit.embeddings.training.trainer import SkipGram

    with pytest.raises(
        OptionError,
        match="unknown loss 'negative-samplin'; known: full-softmax.*Did you mean 'negative-sampling'",
    ):
        SkipGram(loss="negative-samplin")
    with pytest.raises(OptionError, match="unknown setting 'negativ'.*Did you mean 'negatives'"):
        SkipGram(negativ=3)
    with pytest.raises(OptionError, match="Options.window: .*0.* at least 1"):
        SkipGram(window=0)
    assert SkipGram().set_params(loss="full-softmax", dim=7).get_params()["batch"] == 64
    assert Loss(1.0, 2).mean == 0.5


@pytest.mark.parametrize("loss", LOSS_OPTIONS)
def test_settings_that_help_reads_are_those_of_the_loss(loss):
    assert objectives.load(loss).Options is LOSS_OPTIONS[loss]
