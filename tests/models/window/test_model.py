"""The fixed-window model reads the right words, has the right gradients, learns what was planted, resumes to the same bytes."""

import json
import math
import os
import signal

import numpy as np
import pytest
import torch
from shell import run

import seqkit as sk
from seqkit.core.errors import FormatError, ModelFileError, OptionError
from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.window.model import WindowModel
from seqkit.models.window.network import WindowNetwork, Windows
from seqkit.models.window.options import WindowModelOptions
from seqkit.nn.gradient_check import gradient_check
from seqkit.train.world import World

CONTEXTS = ("last", "both", "last-one", "nearby")
LINES = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang", "the cat saw a bird"] * 12


def corpus(lines=LINES):
    return sk.Corpus.build(lines)


def small(context="last", **settings):
    given = {
        "dim": 6,
        "hidden_size": 8,
        "window": 2,
        "min_count": 1,
        "epochs": 3,
        "batch": 16,
        "lr": 0.02,
        "device": "cpu",
    }
    if context == "last-one":
        del given["window"]
    return WindowModel(context=context, **(given | settings))


def windows(context, *, ids=(5, 6, 7, 8, 9), starts=(0, 4, 5), window=2, batch=100):
    options = WindowModelOptions(context=context, window=window)
    return Windows(np.array(ids, np.int32), np.array(starts), 99, options, batch, {})


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("last", [[99, 99], [99, 5], [5, 6], [6, 7], [99, 99]]),
        ("last-one", [[99], [5], [6], [7], [99]]),
        ("both", [[99, 99, 6, 7], [99, 5, 7, 8], [5, 6, 8, 99], [6, 7, 99, 99], [99, 99, 99, 99]]),
    ],
)
def test_contexts_end_with_their_sentence(context, expected):
    batch = windows(context).batch(np.arange(5), 0)
    assert batch.context.tolist() == expected
    assert batch.target.tolist() == [5, 6, 7, 8, 9]


def test_nearby_draws_each_word_of_the_window_alike_and_predicts_nothing_without_one():
    made = windows("nearby")
    drawn = [made.batch(np.arange(5), epoch) for epoch in range(3000)]
    seen = np.array([batch.context[:, 0] for batch in drawn])
    for place, words in enumerate([[6, 7], [5, 7, 8], [5, 6, 8], [6, 7], [99]]):
        found, counts = np.unique(seen[:, place], return_counts=True)
        assert found.tolist() == words
        assert abs(counts - 3000 / len(words)).max() < 5 * math.sqrt(3000)
    assert drawn[0].target.tolist() == [5, 6, 7, 8, -1]


@pytest.mark.parametrize("context", CONTEXTS)
def test_an_epoch_has_each_place_once_in_an_order_of_its_own_and_can_be_entered_anywhere(context):
    made = windows(context, ids=range(50), starts=(0, 20, 50), batch=7)
    epochs = [[batch.target.tolist() for batch, _ in made.epoch(number)] for number in (0, 1)]
    for batches in epochs:
        assert sorted(token for batch in batches for token in batch) == list(range(50))
    assert epochs[0] != epochs[1]
    for (a, units), (b, _) in zip(made.epoch(1, skip=3), list(made.epoch(1))[3:], strict=True):
        assert (a.context == b.context).all() and (a.target == b.target).all() and units == len(a.target)


class Part(World):
    """One of several processes, that speaks with none."""

    def __init__(self, rank, size):
        super().__init__()
        self.rank, self.size = rank, size


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_parts_of_three_processes_are_the_batches_of_one(context):
    options, ids = WindowModelOptions(context=context, window=2), np.arange(16, dtype=np.int32)
    worlds = [None, *(Part(rank, 3) for rank in range(3))]
    whole, *parts = (
        list(Windows(ids, np.array([0, 9, 16]), 99, options, 7, {}, world).epoch(1)) for world in worlds
    )
    assert [units for _, units in whole] == [7, 7, 2]
    for (batch, units), *shared in zip(whole, *parts, strict=True):
        assert {n for _, n in shared} == {units}
        mine = [part for part, _ in shared if part is not None]
        assert len(mine) == min(units, 3)
        assert (np.concatenate([part.context for part in mine]) == batch.context).all()
        assert (np.concatenate([part.target for part in mine]) == batch.target).all()


@pytest.mark.parametrize("context", CONTEXTS)
def test_law_gradients_are_finite_differences(context):
    settings = WindowModelOptions(context=context, window=2, dim=3, hidden_size=4)
    network = WindowNetwork(6, settings).double()
    batch = Windows(np.array([1, 2, 3, 0, 5, 4], np.int32), np.array([0, 5, 6]), 6, settings, 6, {}).batch(
        np.arange(6), 0
    )
    found = gradient_check(network, lambda: network.loss(batch, None, 0)[0])
    assert found.error < 1e-7


def test_loss_is_that_of_a_plain_loop_in_numpy():
    model = small("both")
    model.fit(corpus())
    p = {name: x.detach().double().numpy() for name, x in model.network.named_parameters()}
    text, total = corpus(), 0.0
    ids = [model.vocab.index[token] for token in text.vocab.words(text.ids)]
    for start, end in zip(text.starts, text.starts[1:], strict=False):
        for t in range(start, end):
            around = [ids[i] if start <= i < end else len(model.vocab) for i in (t - 2, t - 1, t + 1, t + 2)]
            h = np.tanh(
                p["hidden.weight"] @ np.concatenate([p["embedding"][i] for i in around]) + p["hidden.bias"]
            )
            logits = p["head.weight"] @ h + p["head.bias"]
            total += np.log(np.exp(logits).sum()) - logits[ids[t]]
    score = model.score(text)
    assert (score.name, score.count, score.missing) == ("cross-entropy", len(ids), 0)
    assert score.value == pytest.approx(total / len(ids), abs=1e-5)


@pytest.mark.parametrize("context", CONTEXTS)
def test_it_learns_and_only_causal_contexts_have_a_perplexity(context):
    model = small(context, epochs=10)
    vectors = model.fit(corpus())
    assert model.history[-1].loss.mean < 0.85 * model.history[0].loss.mean
    assert (len(vectors), vectors.dim) == (len(corpus().vocab) - 1, 6)
    score = model.score(corpus([*LINES[:4], "the zebra sat"]))
    assert score.name == ("perplexity" if context in ("last", "last-one") else "cross-entropy")
    assert score.signature["unknown"] == 1
    assert np.isfinite(score.value)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("after", [1, 20, 45])
def test_a_run_stopped_anywhere_and_resumed_ends_in_the_same_bytes(context, after, tmp_path):
    whole = small(context).fit(corpus(), checkpoint=tmp_path / "whole")
    steps = 0

    def stop(progress):
        nonlocal steps
        steps += 1
        if steps == after:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        small(context).fit(corpus(), checkpoint=tmp_path / "part", report=stop)
    resumed = small(context).fit(corpus(), checkpoint=tmp_path / "part", resume=True)
    assert resumed.matrix.tobytes() == whole.matrix.tobytes()
    with pytest.raises(OptionError, match="resume: got dim .*, expected 6"):
        small(context, dim=5).fit(corpus(), checkpoint=tmp_path / "part", resume=True)


def test_same_seed_same_bytes_and_another_seed_another_model():
    a, b, c = (small(seed=seed).fit(corpus()).matrix for seed in (1, 1, 2))
    assert a.tobytes() == b.tobytes() != c.tobytes()


@pytest.mark.parametrize("context", ["last", "both"])
def test_vectors_solve_the_planted_analogies_and_untrained_ones_do_not(context):
    folder = sk.shipped("planted")
    text = sk.Corpus.build(folder / "text.txt", threads=1)
    questions = analogies.read_questions(folder / "analogies.txt")
    model = WindowModel(
        context=context,
        window=3,
        dim=24,
        hidden_size=32,
        epochs=2,
        lr=0.005,
        batch=512,
        device="cpu",
        threads=1,
    )
    assert analogies.evaluate(model.fit(text), questions).total.value > 0.4
    vectors = model.vectors()
    untrained = Vectors(
        vectors.vocab, np.random.default_rng(0).normal(size=vectors.matrix.shape).astype(np.float32)
    )
    assert analogies.evaluate(untrained, questions).total.value < 0.05


def test_rare_words_are_read_as_unknown_and_have_no_vector():
    model = small(min_count=13)
    vectors = model.fit(corpus())
    assert {"the", "cat", "sat", "on", "a", "bird"} == set(vectors.vocab.tokens)
    unk = model.vocab.unk
    assert model.vocab.counts.sum() == corpus().num_tokens
    assert model.vocab.counts[unk] == 12 * 5  # mat, dog, rug, sang, saw


def test_it_starts_from_vectors(tmp_path):
    first = small().fit(corpus())
    model = small(lr=1e-20, epochs=1)
    assert (model.fit(corpus(), initial=first).matrix == first.matrix).all()
    with pytest.raises(OptionError, match="vectors: got 6 numbers for each word, expected 7"):
        small(dim=7).fit(corpus(), initial=first)


def test_saved_and_loaded_it_scores_the_same(tmp_path):
    model = small()
    model.fit(corpus())
    model.save(tmp_path / "m")
    again = WindowModel.load(tmp_path / "m", device="cpu")
    assert again.score(corpus()) == model.score(corpus())
    assert again.vectors().matrix.tobytes() == model.vectors().matrix.tobytes()
    model.vectors().save(tmp_path / "v")
    with pytest.raises(ModelFileError, match="holds vectors, expected window-model"):
        WindowModel.load(tmp_path / "v")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: WindowModel(contxt="last"), OptionError, "unknown setting 'contxt'. Did you mean 'context'"),
        (
            lambda: WindowModel(context="next"),
            OptionError,
            "expected one of 'last', 'both', 'last-one', 'nearby'",
        ),
        (lambda: WindowModel(window=0), OptionError, "expected at least 1"),
        (lambda: WindowModel().vectors(), OptionError, "got an untrained model"),
        (lambda: small(min_count=99).fit(corpus()), FormatError, "none of the 12 tokens was seen 99 times"),
        (
            lambda: small(min_count=13).fit(sk.Corpus.build(LINES, specials=())),
            OptionError,
            "the corpus has no unk",
        ),
    ],
)
def test_what_cannot_be_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_score_without_any_context_is_an_error_not_a_nan():
    model = small("nearby")
    model.fit(corpus())
    with pytest.raises(FormatError, match="got 2 words, none with a context"):
        model.score(corpus(["cat", "dog"]))


def test_command_trains_resumes_and_keeps_the_model(tmp_path):
    (tmp_path / "t.txt").write_text("\n".join(LINES))
    args = [
        "--context",
        "both",
        "--dim",
        "8",
        "--hidden",
        "8",
        "--epochs",
        "2",
        "--min-count",
        "1",
        "--device",
        "cpu",
        "--quiet",
    ]
    outs = []
    for more in ([], ["--resume"]):
        given = [*args, "--out", tmp_path / "v", "--json", *more]
        done = run("embed", "train-window", tmp_path / "t.txt", *given)
        outs.append(json.loads(done.stdout)["matrix_sha256"])
    assert outs[0] == outs[1]
    assert Vectors.load(tmp_path / "v").dim == 8
    assert WindowModel.load(tmp_path / "v" / "model", device="cpu").get_params()["context"] == "both"


@pytest.mark.gpu
def test_gpu_gives_the_losses_of_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    losses = []
    for device in ("cpu", "cuda"):
        model = small(device=device)
        model.fit(corpus())
        losses.append([epoch.loss.mean for epoch in model.history])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
