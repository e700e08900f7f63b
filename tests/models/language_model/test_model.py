"""A language model learns, scores exactly whatever stands beside, resumes to the same bytes, survives save and load."""

import math
import os
import signal

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import (
    FormatError,
    ModelFileError,
    OptionError,
    ResourceError,
    TrainingError,
    VocabularyError,
)
from seqkit.models.language_model import scoring
from seqkit.models.language_model.model import LanguageModel
from seqkit.nn.cell import cells
from seqkit.nn.resources import AT_ONCE
from seqkit.text.codec import Codec

LINES = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang", "the cat saw a bird"] * 12


def corpus(tokens="whitespace", lines=LINES, **settings):
    return sk.Corpus.build(lines, tokens, add_eos=True, **settings)


def small(**settings):
    return LanguageModel(
        **({"hidden_size": 16, "num_layers": 1, "epochs": 2, "batch": 4, "bptt": 5, "lr": 0.01} | settings)
    )


@pytest.fixture(scope="module")
def trained():
    return small(epochs=12, dropout=0.1).fit(corpus())


def test_it_learns_and_says_what_it_read(trained):
    assert trained.history[-1].loss.mean < 0.6 * trained.history[0].loss.mean
    assert trained.history[0].loss.count == corpus().num_tokens - 4
    assert trained.history[0].units == corpus().num_tokens


@pytest.mark.parametrize("name", cells.names())
def test_every_cell_trains(name):
    model = small(cell=name, epochs=6).fit(corpus())
    assert model.history[-1].loss.mean < model.history[0].loss.mean


@pytest.mark.parametrize(
    "settings",
    [
        {"head": "adaptive-softmax", "tie": False},
        {"head": "adaptive-softmax"},
        {"embed_dim": 8},
        {"tie": False, "embed_dim": 8},
        {"residual": True, "num_layers": 2},
        {"weight_dropout": 0.3, "embedding_dropout": 0.1, "locked": True, "dropout": 0.2},
        {"learned_state": True},
        {"optimizer": "asgd", "lr": 1.0, "nonmono": 0},
        {"precision": "bfloat16"},
        {"schedule": "plateau", "optimizer": "sgd", "lr": 2.0},
    ],
    ids=str,
)
def test_every_setting_trains_and_survives_save_and_load(settings, tmp_path):
    model = small(epochs=4, **settings).fit(corpus(), valid=corpus(lines=LINES[:8]))
    assert min(e.validation for e in model.history) < 3.1
    model.save(tmp_path / "model")
    again = LanguageModel.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert again.history == model.history
    assert again.score(LINES[:3]) == model.score(LINES[:3])


def test_score_is_that_of_a_plain_loop_in_numpy(trained):
    """Independent of torch's kernels: the LSTM's formulas, step by step, in float64."""
    network, ids = trained.network, scoring.encode(trained.codec, LINES[0])
    p = {name: x.detach().double().numpy() for name, x in network.named_parameters()}
    W, U, b = (p[f"stack.cells.0.{name}"] for name in ("weight_input", "weight_hidden", "bias"))
    h, c, total = np.zeros(16), np.zeros(16), 0.0
    for before, after in zip([trained.codec.vocab.specials["eos"], *ids[:-1]], ids, strict=True):
        i, f, g, o = np.split(W @ p["embedding"][before] + b + U @ h, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        logits = p["embedding"] @ h + p["head.bias"]
        total += logits[after] - np.log(np.exp(logits).sum())
    (found,) = trained.score(LINES[0])
    assert found.log_prob == pytest.approx(total, abs=1e-4)
    assert (found.loss.count, found.eos, found.unknown) == (7, 1, 0)
    assert found.characters == len(LINES[0]) + 1


def test_scores_in_float64_depend_neither_on_batch_nor_on_window(trained, monkeypatch):
    network = trained.network.double()
    try:
        rows = [scoring.encode(trained.codec, text) for text in ["the", *LINES[:4], "a a a a bird cat cat"]]
        alone = [scoring.row_losses(network, [row], 1)[0] for row in rows]
        for tokens in (1, 20, 10_000):
            monkeypatch.setitem(AT_ONCE["score"], "cpu", tokens)
            for a, b in zip(scoring.row_losses(network, rows, 1), alone, strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)
        text = np.concatenate(rows)
        whole = scoring.stream_losses(network, text, 1)
        for window in (1, 7, len(text)):
            monkeypatch.setitem(AT_ONCE["stream"], "cpu", window)
            np.testing.assert_allclose(scoring.stream_losses(network, text, 1), whole, rtol=0, atol=1e-9)
        np.testing.assert_allclose(scoring.stream_losses(network, rows[1], 1), alone[1], rtol=0, atol=1e-9)
    finally:
        network.float()


def test_order_of_sentences_changes_no_score(trained):
    forward, backward = trained.score(LINES[:4]), trained.score(LINES[:4][::-1])[::-1]
    for a, b in zip(forward, backward, strict=True):
        assert a.log_prob == pytest.approx(b.log_prob, abs=1e-5)


def test_a_file_is_scored_as_one_stream_with_all_its_tokens(trained, tmp_path):
    (tmp_path / "t.txt").write_text("the cat sat on the mat\nzebra é\n\n", encoding="utf-8")
    found = trained.score_file(tmp_path / "t.txt")
    assert (found.loss.count, found.eos, found.unknown, found.unscored) == (11, 3, 2, 0)
    assert (found.characters, found.bytes) == (32, 33)
    assert found.bits_per_byte == pytest.approx(found.loss.total / math.log(2) / 33)
    assert found.loss.total == pytest.approx(
        sum(nats for _, nats in trained.surprise("the cat sat on the mat\nzebra é\n")), abs=1e-4
    )


def test_without_a_context_the_first_token_is_unscored():
    model = small().fit(sk.Corpus.from_sentences([line.split() for line in LINES]))
    (found,) = model.score("the cat sat")
    assert (found.loss.count, found.unscored) == (2, 1)
    assert math.isnan(model.surprise("the cat sat")[0][1])


def test_unknown_characters_are_an_error_where_there_is_no_unk():
    model = small().fit(corpus("character", specials=()))
    with pytest.raises(VocabularyError, match="'z' is not in the vocabulary"):
        model.score("zoo")


def test_compared_by_bytes_models_of_other_units_give_like_numbers(trained):
    characters = small(epochs=12).fit(corpus("character"))
    for model in (trained, characters):
        assert 0 < model.score_file(LINES).bits_per_byte < 3


@pytest.mark.parametrize(
    "settings", [{"dropout": 0.3}, {"cell": "gru", "optimizer": "momentum", "weight_dropout": 0.2}], ids=str
)
@pytest.mark.parametrize("after", [1, 9, 14, 27])
def test_a_run_stopped_anywhere_and_resumed_ends_in_the_same_bytes(tmp_path, settings, after):
    text, valid = corpus(), corpus(lines=LINES[:8])
    whole = small(epochs=3, **settings).fit(text, valid=valid, checkpoint=tmp_path / "whole")
    steps = 0

    def stop(progress):
        nonlocal steps
        steps += 1
        if steps == after:
            os.kill(os.getpid(), signal.SIGINT)

    model = small(epochs=3, **settings)
    with pytest.raises(KeyboardInterrupt):
        model.fit(text, valid=valid, checkpoint=tmp_path / "part", report=stop)
    resumed = small(epochs=3, **settings).fit(text, valid=valid, checkpoint=tmp_path / "part", resume=True)
    for (name, a), b in zip(whole.network.named_parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b), name
    assert [e.loss for e in resumed.history] == [e.loss for e in whole.history]


def test_same_seed_same_bytes_and_another_seed_another_model():
    a, b, c = (small(seed=seed, dropout=0.2).fit(corpus()) for seed in (1, 1, 2))
    assert torch.equal(a.network.embedding, b.network.embedding)
    assert not torch.equal(a.network.embedding, c.network.embedding)


def test_resuming_with_another_vocabulary_or_setting_is_refused(tmp_path):
    small().fit(corpus(), checkpoint=tmp_path)
    with pytest.raises(OptionError, match="resume: "):
        small().fit(
            corpus(lines=[line.replace("cat", "cow") for line in LINES]), checkpoint=tmp_path, resume=True
        )
    with pytest.raises(OptionError, match="resume: got hidden_size .*, expected 16"):
        small(hidden_size=8).fit(corpus(), checkpoint=tmp_path, resume=True)


def test_a_damaged_model_is_refused(trained, tmp_path):
    trained.save(tmp_path)
    (arrays,) = tmp_path.glob("arrays-*")
    whole = arrays.read_bytes()
    for bad in (whole[:-10], whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:]):
        arrays.write_bytes(bad)
        with pytest.raises(ModelFileError):
            LanguageModel.load(tmp_path)


def test_vectors_start_the_embedding_and_are_frozen_if_asked(tmp_path):
    text = corpus()
    vectors = sk.SkipGram(dim=16, min_count=1, epochs=1).fit(
        sk.Corpus.from_sentences([["the", "cat", "sat", "unseen"]] * 9)
    )
    model = small().fit(text, vectors=vectors, freeze=True)
    row = text.vocab.index["cat"]
    np.testing.assert_array_equal(model.network.embedding[row].detach().numpy(), vectors["cat"])
    assert model.coverage == pytest.approx(3 / len(text.vocab))
    tuned = small().fit(text, vectors=vectors)
    assert (tuned.network.embedding[row].detach().numpy() != vectors["cat"]).any()
    with pytest.raises(OptionError, match="got 16 numbers for each word, expected 8"):
        small(hidden_size=8).fit(text, vectors=vectors)


def test_what_cannot_be_trained_is_refused_in_one_sentence():
    with pytest.raises(FormatError, match="Give more text or a smaller batch"):
        small(batch=400).fit(corpus())
    with pytest.raises(ResourceError, match=r"need [\d,.]+ GiB"):
        small(hidden_size=200_000).fit(corpus())
    with pytest.raises(OptionError, match="unknown setting 'hiden_size'. Did you mean 'hidden_size'"):
        LanguageModel(hiden_size=3)
    with pytest.raises(OptionError, match="got an untrained model"):
        LanguageModel().score("a")
    with pytest.raises(OptionError, match="unknown cell 'lstn'"):
        small(cell="lstn").fit(corpus())


def test_weights_start_as_named():
    plain = small(epochs=1, lr=1e-9, optimizer="sgd").fit(corpus())
    assert plain.network.embedding.std().item() == pytest.approx(0.25, abs=0.03)
    assert plain.network.stack.layers[0].bias[16:32].mean().item() == pytest.approx(1)
    other = small(
        epochs=1,
        lr=1e-9,
        optimizer="sgd",
        init_embedding="uniform",
        init_input="he-normal",
        init_hidden="identity",
    )
    first = other.fit(corpus()).network.stack.layers[0]
    assert other.network.embedding.abs().max().item() <= 0.1
    assert first.weight_input.std().item() == pytest.approx((2 / 16) ** 0.5, abs=0.05)
    relu = small(cell="relu-rnn", epochs=1, lr=1e-9, optimizer="sgd").fit(corpus()).network.stack.layers[0]
    for part in (*first.weight_hidden.chunk(4), relu.weight_hidden):
        torch.testing.assert_close(part, torch.eye(16), rtol=0, atol=1e-6)
    with pytest.raises(OptionError, match="unknown initialisation 'he-norml'"):
        small(init_input="he-norml")


def test_a_rate_that_diverges_stops_the_run_and_says_so(tmp_path):
    with pytest.raises(TrainingError, match=r"Lower lr"):
        small(cell="relu-rnn", optimizer="sgd", lr=1e6, clip=0.0, epochs=20).fit(
            corpus(), checkpoint=tmp_path
        )


def test_a_rate_that_diverges_to_a_finite_loss_stops_the_run_too():
    with pytest.raises(TrainingError, match=r"nats a prediction at step .*, so training diverges\. Lower lr"):
        small(optimizer="sgd", lr=1e6, clip=0.0, epochs=3).fit(corpus())


@pytest.mark.parametrize("settings", [{"schedule": "plateau"}, {"optimizer": "asgd"}])
def test_what_looks_at_validation_is_refused_without(settings):
    with pytest.raises(OptionError, match="got no validation values, but .* needs them"):
        small(**settings).fit(corpus())


def test_a_text_scores_the_same_from_a_file_and_from_an_iterator(tmp_path):
    (tmp_path / "t.txt").write_text("a\u2028cat sat\na dog\x0cran\x85off\n", encoding="utf-8")
    model = small().fit(corpus())
    assert model.score_file(iter(["a\u2028cat s", "at\na dog\x0cran\x85off\n"])) == model.score_file(
        tmp_path / "t.txt"
    )


@pytest.mark.parametrize("unit", ["subword", "subword:unigram", "word"])
def test_models_of_learnt_units_read_and_write_line_ends(unit, tmp_path):
    text = corpus(unit, max_size=300)
    model = small().fit(text)
    assert text.vocab.counts[text.vocab.specials["eos"]] == len(LINES)
    (score,) = model.score("the cat sat")
    assert score.eos == 1
    assert model.score_file(LINES[:2]).eos == 2
    assert "\n" in model.sample("the cat", length=40)[0].text
    model.save(tmp_path)
    assert LanguageModel.load(tmp_path).score("the cat sat") == [score]


def test_the_codec_decodes_line_ends():
    codec = Codec.of(corpus("character"))
    assert codec.decode(scoring.encode(codec, "the cat\na bird")) == "the cat\na bird\n"
