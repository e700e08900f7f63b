"""A tagger learns what only context or characters tell, predicts each sentence as alone, resumes to the same bytes, keeps what it knows."""

import os
import signal

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ShapeError
from seqkit.models.tagger.features import Lexicon, Rows, ends, plain
from seqkit.models.tagger.labels import Labels
from seqkit.models.tagger.model import Tagger
from seqkit.nn.resources import AT_ONCE
from seqkit.text.vocab import Vocab

NAMES = ["Anna", "Bo", "Cleo", "Dan"]
X = [
    s.split()
    for name in NAMES
    for other in NAMES
    for s in (f"{name} {other} saw Rome", f"a man saw {name}", f"Rome saw {other} Inc today .", "it rained")
]
Y = [
    t.split()
    for _ in NAMES
    for _ in NAMES
    for t in ("I-PER I-PER O I-LOC", "O O O I-PER", "I-LOC O I-ORG I-ORG O O", "O O")
]


def small(**settings):
    usual = {"hidden_size": 12, "embed_dim": 8, "epochs": 2, "batch": 8, "lr": 0.02, "dropout": 0.0}
    usual |= {"device": "cpu", "threads": 1}
    if settings.get("characters") != "none":
        usual |= {"char_dim": 4, "char_size": 6}
    return Tagger(**(usual | settings))


@pytest.fixture(scope="module")
def trained():
    return small(epochs=20, dropout=0.1).fit(X, Y, valid=(X[:8], Y[:8]))


def test_it_learns_spans_that_context_alone_tells_and_says_what_it_read(trained):
    assert trained.score(X, Y) == 1.0
    assert trained.predict(["Rome saw Bo Inc today .", "a man saw Bo"]) == [
        ["I-LOC", "O", "I-ORG", "I-ORG", "O", "O"],
        ["O", "O", "O", "I-PER"],
    ]
    assert trained.history[0].loss.count == sum(map(len, X))
    assert trained.history[-1].validation == 0.0
    assert (trained.labels.given, trained.labels.scheme) == ("iob1", "bioes")
    assert "E-PER" in trained.classes_


def test_texts_are_cut_into_words(trained):
    assert trained.predict(["a man saw Dan"]) == trained.predict([["a", "man", "saw", "Dan"]])
    with pytest.raises(OptionError, match="Put it in a list"):
        trained.predict("a man saw Dan")


@pytest.mark.parametrize(
    "settings",
    [
        {"head": "softmax"},
        {"characters": "recurrent"},
        {"characters": "none"},
        {"scheme": "bio"},
        {"scheme": "plain"},
        {"min_count": 1},
        {"cell": "gru", "num_layers": 2, "dropout": 0.2, "word_dropout": 0.1, "locked": True},
        {"bidirectional": False},
        {"precision": "bfloat16"},
    ],
    ids=str,
)
def test_every_setting_trains_and_survives_save_and_load(settings, tmp_path):
    model = small(epochs=5, **settings).fit(X, Y, valid=(X, Y))
    assert model.history[-1].loss.mean < model.history[0].loss.mean
    model.save(tmp_path / "m")
    again = Tagger.load(tmp_path / "m", device="cpu", threads=1)
    assert again.get_params() == model.get_params()
    assert again.history == model.history
    assert [s.to_json() for s in again.evaluate(X, Y)] == [s.to_json() for s in model.evaluate(X, Y)]
    for a, b in zip(again.predict_proba(X), model.predict_proba(X), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_law_batched_equals_alone_and_order_changes_nothing(head, monkeypatch):
    """Sentences of all lengths, empty ones and unseen words among them."""
    model = small(head=head).fit(X, Y)
    model.network.double()
    rows = [[], *X[:6], ["zebra"] * 19, [], ["Xi", "1999"], ["a" * 200]]
    whole, labels = model.predict_proba(rows), model.predict(rows)
    for steps in (1, 13):
        monkeypatch.setitem(AT_ONCE["tag"], "cpu", steps)
        for a, b in zip(whole, model.predict_proba(rows), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    assert labels == [model.predict([row])[0] for row in rows]
    assert labels == model.predict(rows[::-1])[::-1]
    assert [p.shape for p in whole] == [(len(row), len(model.classes_)) for row in rows]
    for row in whole:
        np.testing.assert_allclose(row.sum(1), 1, atol=1e-5)


def test_padding_is_never_read_in_the_loss():
    model = small().fit(X, Y)
    network = model.network.double()
    rows = Rows(model.fitted.lexicon, X, model.labels.encode(Y))
    one = network.loss(rows.batch(np.arange(8)), None, 0)
    apart = [network.loss(rows.batch(np.array([i])), None, 0) for i in range(8)]
    assert one[0].item() == pytest.approx(sum(total.item() for total, _, _ in apart), abs=1e-9)
    assert one[1] == sum(count for _, count, _ in apart)


@pytest.mark.parametrize("settings", [{}, {"head": "softmax", "characters": "recurrent"}], ids=str)
def test_gradients_are_finite_differences(settings):
    model = small(epochs=1, **settings).fit(X, Y)
    network = model.network.double()
    batch = Rows(model.fitted.lexicon, X, model.labels.encode(Y)).batch(np.array([0, 2, 3]))
    for p in network.parameters():
        p.grad = None
    network.loss(batch, None, 0)[0].backward()
    for name, p in network.named_parameters():
        flat, found = p.data.view(-1), p.grad.view(-1)
        for i in found.abs().topk(min(3, len(found))).indices.tolist():
            values = []
            for sign in (1, -1):
                flat[i] += sign * 1e-5
                values.append(network.loss(batch, None, 0)[0].item())
                flat[i] -= sign * 1e-5
            assert found[i].item() == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-4, abs=1e-7), name
        assert found.abs().sum() > 0, name


@pytest.mark.parametrize(
    "settings", [{"dropout": 0.3}, {"cell": "gru", "head": "softmax", "word_dropout": 0.2}], ids=str
)
@pytest.mark.parametrize("after", [1, 9, 20])
def test_a_run_stopped_anywhere_and_resumed_ends_in_the_same_bytes(tmp_path, settings, after):
    valid = (X[:8], Y[:8])
    whole = small(epochs=3, **settings).fit(X, Y, valid=valid, checkpoint=tmp_path / "whole")
    steps = 0

    def stop(progress):
        nonlocal steps
        steps += 1
        if steps == after:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        small(epochs=3, **settings).fit(X, Y, valid=valid, checkpoint=tmp_path / "part", report=stop)
    resumed = small(epochs=3, **settings).fit(X, Y, valid=valid, checkpoint=tmp_path / "part", resume=True)
    for (name, a), b in zip(whole.network.named_parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b), name
    assert [e.loss for e in resumed.history] == [e.loss for e in whole.history]


def test_resuming_with_other_sentences_is_refused(tmp_path):
    small().fit(X, Y, checkpoint=tmp_path)
    with pytest.raises(OptionError, match="resume: got data"):
        small().fit(X, [*Y[:-1], ["I-LOC", "O"]], checkpoint=tmp_path, resume=True)


def test_missing_labels_count_nothing_and_plain_labels_work():
    y = [[None if i % 2 else "N" if w[0].isupper() else "V" for i, w in enumerate(x)] for x in X]
    for head in ("crf", "softmax"):
        model = small(head=head, epochs=6).fit(X, y)
        assert model.history[0].loss.count == sum(tag is not None for tags in y for tag in tags)
        accuracy, unknown = model.evaluate(X, y)
        assert (accuracy.name, accuracy.value, accuracy.missing) == (
            "accuracy",
            1.0,
            sum(tag is None for tags in y for tag in tags),
        )
        assert unknown.count == 0
    spans = [[None, *tags[1:]] for tags in Y]
    assert (Labels.learn(spans).scheme, Labels.learn(spans).given) == (None, "iob1")


def test_a_vector_is_found_by_lower_case_or_by_parts_and_stays_as_it_is(tmp_path):
    words = ["anna", "new", "york", "one", "nine", "cafe"]
    vectors = sk.Vectors(Vocab(words, [1] * 6), np.eye(6, 5, dtype=np.float32) + 0.1)
    lexicon = Lexicon.learn(X, 2, vectors)
    np.testing.assert_array_equal(lexicon.vector("Anna"), vectors["anna"])
    np.testing.assert_allclose(lexicon.vector("New-York"), vectors[["new", "york"]].mean(0))
    np.testing.assert_allclose(lexicon.vector("199"), (vectors["one"] + 2 * vectors["nine"]) / 3, rtol=1e-6)
    np.testing.assert_array_equal(lexicon.vector("Café"), vectors["cafe"])
    assert lexicon.vector("?!") is None
    model = small(epochs=3).fit(X, Y, vectors=vectors)
    assert model.coverage == pytest.approx(sum(w == "Anna" for x in X for w in x) / sum(map(len, X)))
    model.save(tmp_path)
    again = Tagger.load(tmp_path, device="cpu")
    assert again.predict(X) == model.predict(X)
    np.testing.assert_array_equal(again.fitted.lexicon.vectors[1], vectors.matrix)
    scaled = Rows(model.fitted.lexicon, [["Anna"]]).vectors[0]
    np.testing.assert_allclose(scaled, vectors["anna"] * model.fitted.lexicon.scale)


def test_the_vocabulary_is_of_the_training_text_alone_and_rare_words_are_unknown():
    lexicon = Lexicon.learn([["The", "the", "B-52", "rare", "b-99"]], 2)
    assert lexicon.words.tokens == ["<unk>", "the", "b-00"]
    assert lexicon.words.counts.tolist() == [1, 2, 2]
    rows = Rows(lexicon, [["THE", "rare", "new", "new"]])
    assert (rows.words.tolist(), rows.unknown) == ([1, 0, 0], 3)
    assert (plain("É1٣"), len(ends("a" * 99))) == ("é00", 48)


def test_scores_carry_their_counts():
    model = small(epochs=1).fit(X, Y)
    y = [["B-NEW" if tag == "I-LOC" else tag for tag in tags] for tags in Y]
    first, *rest = model.evaluate(X, y)
    assert (first.name, first.count, first.signature["unseen"], first.signature["sentences"]) == (
        "F1",
        80,
        32,
        64,
    )
    assert {s.name for s in rest} >= {"F1 NEW", "F1 PER", "accuracy", "accuracy of unknown words"}
    with pytest.raises(
        FormatError, match="got labels NOUN, expected those of training, .* Is it the right column"
    ):
        model.evaluate([["a"]], [["NOUN"]])


def test_what_cannot_be_trained_is_refused_in_one_sentence():
    with pytest.raises(ShapeError, match="sentence 1 has 2 words and 1 labels"):
        small().fit([["a"], ["b", "c"]], [["O"], ["O"]])
    with pytest.raises(ShapeError, match="1 sentences and 2 lists"):
        small().fit([["a"]], [["O"], ["O"]])
    with pytest.raises(FormatError, match="got no word"):
        Lexicon.learn([[]], 1)
    with pytest.raises(FormatError, match="got no label"):
        small().fit([["a"]], [[None]])
    with pytest.raises(FormatError, match="got 'NOUN', expected O, B-TYPE"):
        small(scheme="bio").fit([["a"]], [["NOUN"]])
    with pytest.raises(FormatError, match="got 'PER' among 'B-PER' and O"):
        small().fit([["a", "b", "c"]], [["B-PER", "O", "PER"]])
    with pytest.raises(FormatError, match="got no sentence to validate on"):
        small().fit(X, Y, valid=([], []))
    with pytest.raises(FormatError, match="got 'NOUN'"):
        small().fit(X, Y, valid=([["a"]], [["NOUN"]]))
    with pytest.raises(OptionError, match="scheme: got 'bilou', expected one of auto, plain"):
        small(scheme="bilou").fit(X, Y)
    with pytest.raises(OptionError, match="got an untrained model"):
        small().predict(X)


def test_a_damaged_model_is_refused(trained, tmp_path):
    trained.save(tmp_path)
    (arrays,) = tmp_path.glob("arrays-*")
    arrays.write_bytes(arrays.read_bytes()[:-10])
    with pytest.raises(ModelFileError):
        Tagger.load(tmp_path)


def test_ill_formed_tags_are_mended_before_they_are_learnt():
    """CoNLL-2003's files have B- tags that IOB1 has no place for: barred by the CRF, each would cost 10,000 nats."""
    y = [
        ["B-" + tag[2:] if tag != "O" and i == 0 else tag for i, tag in enumerate(tags)] for tags in Y[:8]
    ] + Y[8:]
    model = small(scheme="iob1").fit(X, y)
    assert model.labels.given == "iob1"
    assert model.history[0].loss.mean < 10
