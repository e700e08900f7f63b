"""A translator learns, translates each text as if alone, keeps its laws, resumes to the same bytes, survives save and load."""

import dataclasses
import itertools
import os
import signal

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ShapeError, TrainingError
from seqkit.models.decoding.beam import greedy
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.translator import model as translator
from seqkit.models.translator.model import Translator
from seqkit.models.translator.network import PairBatch
from seqkit.models.translator.search import SourceRows, translate
from seqkit.nn.attention import attentions

ATTENTIONS = [*attentions.names(), "none"]
WORDS = "abcdefgh"
X = [" ".join(WORDS[(i * k + k) % 8] for k in range(1 + i % 6)) for i in range(60)]
Y = [" ".join(reversed(text.upper().split())) for text in X]


def small(**settings):
    base = {
        "unit": "whitespace",
        "hidden_size": 12,
        "embed_dim": 8,
        "epochs": 2,
        "batch": 8,
        "lr": 0.02,
        "dropout": 0.0,
    }
    return Translator(**(base | settings))


@pytest.fixture(scope="module", params=ATTENTIONS)
def trained(request):
    return small(attention=request.param, epochs=6, dropout=0.1).fit(X, Y)


def batch_of(model, rows=range(60)):
    return translator._batch(
        model.fitted, translator._encode(model.fitted, "test", X, Y), np.array(rows), None
    )


def tensors(batch):
    return (torch.from_numpy(x).long() for x in (batch.source, batch.lengths, batch.input, batch.target))


def randomised(model, seed=0, scale=0.7, double=True):
    torch.manual_seed(seed)
    network = model.network.double() if double else model.network
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(torch.randn_like(p) * scale)
    return network


def test_what_is_read_and_predicted_is_shifted_by_one_and_padding_counts_nothing():
    model = small(epochs=1).fit(X, Y)
    batch = batch_of(model, [5, 0])
    bos, eos = (model.codecs[1].vocab.specials[name] for name in ("bos", "eos"))
    assert batch.input[:, 0].tolist() == [bos, bos]
    assert batch.target[0, 6] == eos
    assert batch.target[1].tolist() == [batch.target[1, 0], eos, -1, -1, -1, -1, -1]
    np.testing.assert_array_equal(batch.input[0, 1:], batch.target[0, :-1])
    assert batch.count == sum(len(Y[i].split()) + 1 for i in (5, 0)) == (batch.target >= 0).sum()
    assert model.history[0].loss.count == sum(len(text.split()) + 1 for text in Y)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cell": "gru", "attention": "bahdanau", "num_layers": 2},
        {"attention": "none", "bidirectional": False, "decoder_size": 9},
        {"tie": False, "decoder_layers": 2, "cell": "peephole-lstm"},
        {"unit": "subword:bpe"},
        {"precision": "bfloat16", "locked": True, "dropout": 0.2},
        {"teacher_forcing": 1.0, "teacher_forcing_end": 0.3},
        {"attention": "bahdanau", "teacher_forcing": 0.5, "locked": True, "dropout": 0.2},
        {"label_smoothing": 0.1, "word_dropout": 0.1, "residual": True, "num_layers": 2},
        {"unit": "character", "lower": True, "cell": "min-gru"},
    ],
    ids=str,
)
def test_every_setting_trains_and_survives_save_and_load(settings, tmp_path):
    model = small(epochs=4, **settings).fit(X, Y, valid=(X[:9], Y[:9]))
    assert model.history[-1].loss.mean < model.history[0].loss.mean
    model.save(tmp_path / "model")
    again = Translator.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert again.history == model.history
    assert again.translate(X[:5]) == model.translate(X[:5])
    assert again.loss(X, Y) == model.loss(X, Y)


def test_every_weight_gets_a_gradient(trained):
    network, batch = trained.network.train(), batch_of(trained)
    network.zero_grad()
    network.loss(batch, None, 0)[0].backward()
    network.eval()
    assert [
        name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0
    ] == []
    network.zero_grad()


def test_law_a_pair_in_a_batch_is_scored_as_alone(trained):
    alone = [trained.loss([x], [y]) for x, y in zip(X, Y, strict=True)]
    assert sum(loss.count for loss in alone) == trained.loss(X, Y).count
    assert trained.loss(X, Y).total == pytest.approx(sum(loss.total for loss in alone), rel=1e-5)


def test_law_what_stands_beyond_a_rows_end_is_never_read(trained):
    network, batch = trained.network, batch_of(trained)
    other = dataclasses.replace(
        batch,
        source=np.where(np.arange(batch.source.shape[1]) < batch.lengths[:, None], batch.source, 5),
        input=np.where(batch.target >= 0, batch.input, 6),
    )
    network.zero_grad()
    first = network.loss(batch, None, 0)[0]
    first.backward()
    before = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    second = network.loss(other, None, 0)[0]
    second.backward()
    assert not np.array_equal(batch.source, other.source)
    assert float(first.detach()) == float(second.detach())
    for a, p in zip(before, network.parameters(), strict=True):
        torch.testing.assert_close(a, p.grad, rtol=1e-5, atol=1e-6)
    network.zero_grad()


def test_law_steps_give_what_the_whole_target_gives(trained):
    network, (source, lengths, ids, _) = trained.network, tensors(batch_of(trained))
    memory = network.read(source, lengths)
    whole, looked = network(ids, memory)
    state = memory.state
    for t in range(ids.shape[1]):
        o, state, look = network.step(network.embedding[ids[:, t]], memory, state)
        torch.testing.assert_close(o, whole[:, t], rtol=1e-4, atol=1e-5)
        if looked is not None:
            torch.testing.assert_close(look, looked[:, t], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_gradients_are_finite_differences(attention):
    model = small(attention=attention, hidden_size=3, embed_dim=2, epochs=1, label_smoothing=0.2).fit(
        X[:20], Y[:20]
    )
    network = randomised(model, scale=0.4).train()
    batch = translator._batch(
        model.fitted, translator._encode(model.fitted, "test", X[:20], Y[:20]), np.array([3, 4, 7]), None
    )
    network.loss(batch, None, 0)[0].backward()
    for p in network.parameters():
        flat, place = p.detach().view(-1), int(p.grad.abs().argmax())
        before, values = float(flat[place]), []
        for step in (1e-5, -1e-5):
            flat[place] = before + step
            values.append(float(network.loss(batch, None, 0)[0].detach()))
        flat[place] = before
        assert float(p.grad.view(-1)[place]) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)


def test_smoothed_loss_is_that_of_the_smoothed_distribution():
    model = small(epochs=1, label_smoothing=0.3).fit(X, Y)
    network, batch = model.network, batch_of(model)
    source, lengths, ids, target = tensors(batch)
    log_p = torch.log_softmax(network.logits(network(ids, network.read(source, lengths))[0]), -1)
    nll = -log_p.gather(-1, target.clamp(min=0)[..., None])[..., 0]
    expected, nll = (0.7 * nll - 0.3 * log_p.mean(-1)).detach(), nll.detach()
    expected = expected[target >= 0].sum()
    network.train()
    assert float(network.loss(batch, None, 0)[0].detach()) == pytest.approx(float(expected), rel=1e-5)
    network.eval()
    assert float(network.loss(batch, None, 0)[0].detach()) == pytest.approx(
        float(nll[target >= 0].sum()), rel=1e-5
    )


def test_the_share_of_right_words_falls_in_a_line_and_none_means_its_own():
    model = small(epochs=1, teacher_forcing=1.0, teacher_forcing_end=0.0).fit(X, Y)
    network, batch = model.network.train(), batch_of(model)
    assert [network.decoder.share(done) for done in (0.0, 0.25, 1.0, 7.0)] == [1.0, 0.75, 0.0, 0.0]
    network.total_steps = 10
    other = dataclasses.replace(
        batch, input=np.concatenate([batch.input[:, :1], batch.input[:, 1:] * 0 + 6], 1)
    )
    losses = {
        step: [float(network.loss(b, None, step)[0].detach()) for b in (batch, other)] for step in (0, 10)
    }
    assert losses[0][0] != losses[0][1]
    assert losses[10][0] == losses[10][1]  # what stands in input is not read any more
    assert network.total_steps == 10
    assert small(epochs=3).fit(X, Y).network.total_steps == 24


def exhaustive(model, network, source, length, alpha):
    """Every text of letters that ends at eos or at `length`, by its normalised log p, the best first."""
    vocab = model.codecs[1].vocab
    eos, bos = vocab.specials["eos"], vocab.specials["bos"]
    letters = [i for i in range(len(vocab)) if i not in vocab.specials.values()]
    texts = [ids for n in range(1, length + 1) for ids in itertools.product([*letters, eos], repeat=n)]
    texts = [ids for ids in texts if eos not in ids[:-1] and (ids[-1] == eos or len(ids) == length)]
    worth = {}
    for ids in texts:
        batch = PairBatch(
            source[None], np.array([len(source)]), np.array([[bos, *ids[:-1]]]), np.array([ids]), len(ids)
        )
        worth[ids] = -float(network.loss(batch, None, 0)[0].detach()) / ((5 + len(ids)) / 6) ** alpha
    return sorted(worth, key=lambda ids: -worth[ids]), worth


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_wide_beam_finds_what_exhaustive_search_finds(attention, alpha):
    model = small(attention=attention, epochs=1).fit(["x y", "y"], ["A B C", "B"])
    network = randomised(model).eval()
    source = np.array([model.codecs[0].vocab.ids(["x", "y"]).tolist()], np.int32)[0]
    order, worth = exhaustive(model, network, source, 4, alpha)
    settings = BeamOptions(width=81, length_penalty=alpha, length=4, top=6)
    (found,) = translate(network, model.codecs[1], [source], settings, None)
    vocab = model.codecs[1].vocab
    ids = [
        (*vocab.ids(t.tokens).tolist(), *([vocab.specials["eos"]] if t.stopped == "eos" else []))
        for t in found
    ]
    assert ids == order[:6]
    for text, own in zip(found, ids, strict=True):
        assert text.log_prob / ((5 + len(own)) / 6) ** alpha == pytest.approx(worth[own])


@pytest.mark.parametrize(
    "settings", [{"beam": 1}, {"beam": 4, "top": 3}, {"beam": 3, "max_length": 3}], ids=str
)
def test_law_translations_do_not_depend_on_the_batch(trained, settings, monkeypatch):
    trained.network.double()
    try:
        together = trained.translate(X, **settings)
        alone = [trained.translate([x], **settings)[0] for x in X]
    finally:
        trained.network.float()
    assert [[t.tokens for t in best] for best in together] == [[t.tokens for t in best] for best in alone]
    for a, b in zip(itertools.chain(*together), itertools.chain(*alone), strict=True):
        assert a.log_prob == pytest.approx(b.log_prob, abs=1e-9)


def test_rows_that_have_ended_do_not_advance(trained):
    """The decoder reads as many tokens as were written, not rows times the longest."""
    read = 0

    class Counting(SourceRows):
        def logits(self, tokens):
            nonlocal read
            read += len(tokens)
            return super().logits(tokens)

    network, (source, lengths, _, _) = trained.network, tensors(batch_of(trained))
    vocab = trained.codecs[1].vocab
    with torch.no_grad():
        decoder = Counting(network, network.read(source, lengths))
        texts = greedy(decoder, np.full(60, vocab.specials["bos"]), [9] * 60, [0], vocab.specials["eos"])
    assert read == sum(len(ids) for ((_, ids),) in texts)


def test_log_p_of_a_translation_is_that_of_the_loss(trained):
    for settings in ({"beam": 1}, {"beam": 4}):
        ((found,),) = trained.translate([X[3]], **settings)
        if found.stopped == "eos":
            assert trained.loss([X[3]], [found.text]).total == pytest.approx(-found.log_prob, abs=1e-4)


def test_nothing_banned_is_written_and_limits_hold(trained):
    for found in itertools.chain(*trained.translate(X, beam=3, top=3, max_length=2)):
        assert len(found.tokens) <= 2
        assert not {"<pad>", "<s>", "<unk>", "</s>"} & set(found.tokens)
    (found,) = trained.translate(["a zebra"])[0]
    assert found.unknown == 1


def test_alignment_has_a_row_for_each_word_that_sums_to_one(trained):
    if trained.options["decoder"].attention == "none":
        with pytest.raises(
            OptionError, match="got a model with attention 'none', expected luong or bahdanau"
        ):
            trained.align("a b")
        return
    found = trained.align("a b c", "C B A")
    assert (found.source, found.target) == (("a", "b", "c", "</s>"), ("C", "B", "A", "</s>"))
    np.testing.assert_allclose(found.weights.sum(1), 1, rtol=1e-6)
    assert trained.align("a b").source == ("a", "b", "</s>")
    assert trained.align("a zebra").source == ("a", "zebra", "</s>")  # unknown to it


def test_a_killed_run_resumed_ends_in_the_same_bytes(tmp_path):
    settings = {"epochs": 3, "dropout": 0.2, "teacher_forcing_end": 0.5}
    whole = small(**settings).fit(X, Y, valid=(X[:9], Y[:9]))
    seen = 0

    def kill(progress):
        nonlocal seen
        seen += 1
        if seen == 12:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        small(**settings).fit(X, Y, valid=(X[:9], Y[:9]), checkpoint=tmp_path / "c", report=kill)
    resumed = small(**settings).fit(X, Y, valid=(X[:9], Y[:9]), checkpoint=tmp_path / "c", resume=True)
    for (name, a), b in zip(whole.network.named_parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b), name
    with pytest.raises(OptionError, match="resume"):
        small(**settings).fit(X, [*Y[1:], Y[0]], valid=(X[:9], Y[:9]), checkpoint=tmp_path / "c", resume=True)


def test_parts_of_a_batch_make_up_the_whole():
    model = small(epochs=1, dropout=0.3, locked=True).fit(X, Y)
    network, pairs = model.network.train(), translator._encode(model.fitted, "test", X, Y)
    rows = np.arange(8)
    whole = float(network.loss(translator._batch(model.fitted, pairs, rows, None), None, 5)[0].detach())
    parts = [
        network.loss(translator._batch(model.fitted, pairs, rows[a:b], (a, 8)), None, 5)[0]
        for a, b in ((0, 3), (3, 8))
    ]
    assert whole == pytest.approx(sum(float(part.detach()) for part in parts), rel=1e-5)


def test_vocabularies_come_from_training_alone_and_bad_pairs_are_refused():
    model = small(epochs=1, min_count=2).fit([*X, "zebra"], [*Y, "QUAGGA"], valid=(["lion"], ["PUMA"]))
    assert not {"zebra", "QUAGGA", "lion", "PUMA"} & {
        *model.codecs[0].vocab.tokens,
        *model.codecs[1].vocab.tokens,
    }
    with pytest.raises(ShapeError, match="fit: got 2 sources and 1 targets"):
        small().fit(["a", "b"], ["A"])
    with pytest.raises(ShapeError, match="got one text as sources"):
        small().fit("a b", ["A", "B", "C"])
    with pytest.raises(FormatError, match="fit: got no sources with targets"):
        small().fit([], [])
    with pytest.raises(FormatError, match="valid: got no sources with targets"):
        small().fit(X, Y, valid=([], []))
    with pytest.raises(FormatError, match="fit: target 2 has no token"):
        small().fit(["a", "b"], ["A", "  "])
    with pytest.raises(FormatError, match="target 1 holds '</s>', which is a special token"):
        small().fit(["a"], ["A </s>"])
    with pytest.raises(OptionError, match="Did you mean 'luong'"):
        small(attention="luon")
    with pytest.raises(OptionError, match="got top 3 with width 2"):
        model.predict(["a"], beam=2, top=3)
    with pytest.raises(OptionError, match="got an untrained model"):
        small().predict(["a"])


def test_loss_that_is_not_finite_is_refused():
    with pytest.raises(TrainingError, match="diverges|became"):
        small(lr=1e38, optimizer="sgd", clip=0.0, epochs=9).fit(X, Y)


def test_a_damaged_model_is_refused(tmp_path):
    model = small(epochs=1).fit(X, Y)
    model.save(tmp_path / "m")
    manifest = (tmp_path / "m" / "manifest.json").read_text()
    (tmp_path / "m" / "manifest.json").write_text(manifest[:-20])
    with pytest.raises(ModelFileError):
        Translator.load(tmp_path / "m")


def test_held_out_pairs_of_the_planted_languages_are_translated_right():
    """Adjective after noun, verb last, -ri for plural: word by word is not enough."""
    rows = [line.split("\t") for line in (sk.shipped("planted") / "pairs.tsv").read_text().splitlines()]
    sources, targets = ([row[side] for row in rows] for side in (0, 1))
    model = small(hidden_size=48, embed_dim=24, epochs=5, batch=32, lr=0.01).fit(
        sources[:2000], targets[:2000]
    )
    found = model.predict(sources[2700:], beam=1)
    assert np.mean([a == b for a, b in zip(found, targets[2700:], strict=True)]) > 0.97
    score = model.score(sources[2700:2760], targets[2700:2760], tokenize="none", beam=2)
    assert score.value > 97
    assert score.count == 60
    assert "tok:none" in score.signature["signature"]
    found = model.align("the happy bird follows a quiet river")
    at = {
        word: found.source[int(row.argmax())] for word, row in zip(found.target, found.weights, strict=True)
    }
    assert found.target[-2:] == ("jeme", "</s>")  # the verb is last
    assert at["zes"] in {"happy", "bird"}
