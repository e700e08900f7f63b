"""A generator writes what its condition asks for; rows alone as together; laws, resume, save and load."""

import os
import signal

import numpy as np
import pytest
import torch

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.models.generator import model as generator
from seqkit.models.generator.model import Generator

LABELS = ["up", "down"] * 40
TEXTS = [("abcde" if label == "up" else "edcba")[: 1 + i // 2 % 5] for i, label in enumerate(LABELS)]


def small(**settings):
    return Generator(
        **(
            {"hidden_size": 12, "embed_dim": 6, "epochs": 2, "batch": 8, "lr": 0.02, "dropout": 0.0}
            | settings
        )
    )


@pytest.fixture(scope="module")
def trained():
    return small(hidden_size=20, epochs=25, lr=0.03).fit(LABELS, TEXTS)


def test_texts_are_those_of_their_label(trained):
    for label, whole in (("up", "abcde"), ("down", "edcba")):
        drawn = trained.sample(label, seeds=range(20), top_p=0.8)
        assert all(one.stopped == "eos" and one.text[0] == whole[0] for one in drawn)
        assert sum(whole.startswith(one.text) for one in drawn) >= 17
    assert trained.accuracy(LABELS, TEXTS).value == 1.0
    assert trained.predict(["abc", "ed"]) == ["up", "down"]


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "gru", "num_layers": 2, "residual": True},
        {"unit": "word"},
        {"unit": "subword:byte-bpe"},
        {"locked": True, "dropout": 0.3, "word_dropout": 0.1},
        {"precision": "bfloat16"},
    ],
    ids=str,
)
def test_every_setting_trains_and_survives_save_and_load(settings, tmp_path):
    texts = [" ".join(text) for text in TEXTS]
    model = small(**settings).fit(LABELS, texts, valid=(LABELS[:9], texts[:9]))
    assert model.history[-1].loss.mean < model.history[0].loss.mean
    model.save(tmp_path / "model")
    again = Generator.load(tmp_path / "model")
    assert (again.get_params(), again.labels, again.fitted.counts) == (
        model.get_params(),
        ("down", "up"),
        (40, 40),
    )
    assert again.sample(["up", "down"], seeds=[1, 2]) == model.sample(["up", "down"], seeds=[1, 2])
    assert again.score(LABELS, texts) == model.score(LABELS, texts)


def test_vectors_as_conditions_steer_what_is_written(tmp_path):
    x = np.array([[1.0, 0.5] if label == "up" else [-1.0, 0.5] for label in LABELS])
    model = small(hidden_size=20, epochs=25, lr=0.03).fit(x, TEXTS)
    up, down = model.sample(np.array([[1.0, 0.5], [-1.0, 0.5]]), temperature=0)
    assert "abcde".startswith(up.text)
    assert "edcba".startswith(down.text)
    model.save(tmp_path / "m")
    assert Generator.load(tmp_path / "m").score(x, TEXTS) == model.score(x, TEXTS)
    with pytest.raises(ShapeError, match=r"conditions of shape \(1, 3\) .* expected \(N, 2\)"):
        model.sample(np.zeros((1, 3)))
    with pytest.raises(ShapeError, match="finite"):
        model.sample(np.full((1, 2), np.nan))
    with pytest.raises(OptionError, match="conditions are vectors, expected labels"):
        model.predict(["a"])


def test_law_a_row_is_drawn_as_alone_and_scored_as_alone(trained):
    trained.network.double()
    try:
        together = trained.sample(["up", "down"], seeds=range(5), temperature=1.3)
        alone = [
            trained.sample(label, seeds=[seed], temperature=1.3)[0]
            for label in ("up", "down")
            for seed in range(5)
        ]
        assert [s.ids for s in together] == [s.ids for s in alone]
        for a, b in zip(together, alone, strict=True):
            assert a.log_prob == pytest.approx(b.log_prob, abs=1e-9)
        each = trained.log_probs(TEXTS)
        for text, own in zip(TEXTS[:8], each, strict=False):
            np.testing.assert_allclose(trained.log_probs([text])[0], own, atol=1e-9)
    finally:
        trained.network.float()


def test_log_p_of_a_draw_is_that_of_the_score(trained):
    (drawn,) = trained.sample("up", seeds=[3])
    place = trained.labels.index("up")
    assert trained.log_probs([drawn.text])[0, place] == pytest.approx(drawn.log_prob, abs=1e-4)


def test_draws_follow_the_models_distribution(trained):
    """The share of texts of each length against p of the end, by log_probs: 400 draws, five lengths."""
    drawn = [s.text for s in trained.sample("up", seeds=range(400))]
    for text in ("a", "abc", "abcde"):
        p = float(np.exp(trained.log_probs([text])[0, trained.labels.index("up")]))
        assert abs(drawn.count(text) / 400 - p) < 4 * np.sqrt(p * (1 - p) / 400)


def test_law_padding_is_never_read_and_every_weight_gets_a_gradient(trained):
    x, rows = generator._encode(trained.fitted, "test", LABELS, TEXTS)
    batch = generator._batch(trained.fitted, x, rows, np.arange(80), None)
    network = trained.network
    network.zero_grad()
    first = network.loss(batch, None, 0)[0]
    first.backward()
    assert [name for name, p in network.named_parameters() if not p.grad.abs().sum() > 0] == []
    batch.input[batch.target < 0] = 5
    assert float(network.loss(batch, None, 0)[0].detach()) == float(first.detach())
    assert batch.count == sum(len(text) + 1 for text in TEXTS) == (batch.target >= 0).sum()
    assert float(network.losses(batch).sum()) == pytest.approx(float(first.detach()), rel=1e-6)
    network.zero_grad()


def test_law_steps_give_what_the_whole_text_gives(trained):
    network = trained.network
    x, ids = torch.eye(2), torch.tensor([[2, 4, 5, 6], [2, 6, 5, 4]])
    whole, state = network.head.log_probs(network.hidden(x, ids)), network.start(x)
    for t in range(4):
        logits, state = network.step(ids[:, t], state)
        torch.testing.assert_close(torch.log_softmax(logits, -1), whole[:, t], rtol=1e-4, atol=1e-5)


def test_a_killed_run_resumed_ends_in_the_same_bytes(tmp_path):
    settings = {"epochs": 3, "dropout": 0.2}
    whole = small(**settings).fit(LABELS, TEXTS)
    seen = 0

    def kill(progress):
        nonlocal seen
        seen += 1
        if seen == 14:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        small(**settings).fit(LABELS, TEXTS, checkpoint=tmp_path / "c", report=kill)
    resumed = small(**settings).fit(LABELS, TEXTS, checkpoint=tmp_path / "c", resume=True)
    for (name, a), b in zip(whole.network.named_parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b), name
    with pytest.raises(OptionError, match="resume"):
        small(**settings).fit(LABELS[::-1], TEXTS, checkpoint=tmp_path / "c", resume=True)


def test_bad_input_is_refused(trained):
    with pytest.raises(VocabularyError, match="unknown label 'upp'; known: down, up. Did you mean 'up'"):
        trained.sample("upp")
    with pytest.raises(ShapeError, match="fit: got 2 conditions and 1 texts, expected equal numbers"):
        small().fit(["up", "down"], ["a"])
    with pytest.raises(FormatError, match="text 2 has no token"):
        small(unit="word").fit(["up", "up"], ["a", " "])
    with pytest.raises(OptionError, match="got an untrained model"):
        small().sample("up")
    with pytest.raises(OptionError, match="Did you mean 'condition_dim'"):
        small(condition_dims=3)
