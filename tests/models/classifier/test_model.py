"""A text classifier learns what it should, reads each text as if alone, resumes to the same bytes, survives save and load."""

import os
import signal

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import FormatError, ModelFileError, OptionError
from seqkit.models.classifier.model import TextClassifier
from seqkit.models.classifier.recurrent import balanced_error
from seqkit.nn.gradient_check import gradient_check
from seqkit.nn.resources import AT_ONCE

TEXTS = [
    "a good warm film",
    "a bad cold film",
    "good and warm",
    "bad and cold",
    "the good the warm",
    "the cold , bad one",
] * 8
LABELS = ["pos", "neg"] * 24
ORDER = [
    ("not good but bad", 0),
    ("not bad but good", 1),
    ("good and not bad", 1),
    ("bad and not good", 0),
] * 30
POOLINGS = ["max", "mean", "last", "attention", "all"]


def recurrent(**settings):
    usual = {
        "reader": "recurrent",
        "hidden_size": 12,
        "embed_dim": 10,
        "epochs": 2,
        "batch": 8,
        "lr": 0.01,
        "unit": "whitespace",
    }
    return TextClassifier(**(usual | settings))


def averaged(**settings):
    return TextClassifier(**({"unit": "whitespace", "embed_dim": 10, "epochs": 2, "batch": 8} | settings))


KINDS = {"averaged": averaged, "recurrent": recurrent}


def vectors(dim=10, words=("good", "bad", "warm", "cold", "superb", "awful")):
    draw = np.random.default_rng(0)
    matrix = draw.normal(size=(len(words), dim)).astype(np.float32)
    for i, word in enumerate(words):
        matrix[i, 0] = 3.0 if word in ("good", "warm", "superb") else -3.0
    return sk.Vectors(sk.Vocab(list(words), [1] * len(words)), matrix)


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_it_learns_labels_and_gives_probabilities_in_the_order_of_classes(make):
    model = make(epochs=8).fit(TEXTS, LABELS)
    assert model.classes_.tolist() == ["neg", "pos"]
    assert model.predict(["good", "cold"]).tolist() == ["pos", "neg"]
    p = model.predict_proba(["good", "cold", "good film"])
    np.testing.assert_allclose(p.sum(1), 1)
    assert p[0, 1] > 0.6
    assert p[1, 1] < 0.4
    assert model.score(TEXTS, LABELS) == 1.0
    assert model.history[0].loss.count == 48


def test_word_order_is_read_by_a_recurrent_network_and_n_grams_and_not_by_an_average():
    texts, labels = zip(*ORDER, strict=True)
    assert recurrent(epochs=12).fit(texts, labels).score(texts, labels) == 1.0
    assert averaged(ngrams=2, epochs=6).fit(texts, labels).score(texts, labels) == 1.0
    assert averaged(epochs=6).fit(texts, labels).score(texts, labels) <= 0.75


@pytest.mark.parametrize(
    "settings",
    [
        *({"pooling": p} for p in POOLINGS),
        {"bidirectional": False, "pooling": "last"},
        {"cell": "gru", "num_layers": 2, "locked": True},
        {"word_dropout": 0.2, "class_weight": "balanced"},
        {"unit": "character"},
        {"unit": "subword", "max_size": 60},
        {"max_length": 2},
    ],
    ids=str,
)
def test_every_setting_of_a_recurrent_network_trains_and_survives_save_and_load(settings, tmp_path):
    check_saved(recurrent(**settings), tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"reader": "summed"},
        {"ngrams": 3},
        {"ngrams": 2, "buckets": 7},
        {"word_dropout": 0.3, "dropout": 0.0},
        {"unit": "word", "lower": True},
        {"class_weight": {"pos": 3.0}},
        {"min_count": 9},
        {"max_length": 2},
    ],
    ids=str,
)
def test_every_setting_of_an_average_trains_and_survives_save_and_load(settings, tmp_path):
    check_saved(averaged(**settings), tmp_path)


def check_saved(model, folder):
    model.fit(TEXTS, LABELS, valid=(TEXTS[:6], LABELS[:6]), vectors=vectors())
    model.save(folder)
    again = TextClassifier.load(folder)
    assert again.get_params() == model.get_params()
    assert again.history == model.history
    assert again.classes_.tolist() == model.classes_.tolist()
    assert (
        again.predict_proba([*TEXTS, "superb zebra"]) == model.predict_proba([*TEXTS, "superb zebra"])
    ).all()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_batched_is_alone_for_every_pooling_in_float64(pooling, monkeypatch):
    model = recurrent(pooling=pooling, num_layers=2).fit(TEXTS, LABELS)
    check_alone(model, monkeypatch)


def test_batched_is_alone_for_the_average_in_float64(monkeypatch):
    check_alone(averaged(ngrams=2).fit(TEXTS, LABELS), monkeypatch)


def check_alone(model, monkeypatch):
    model.network.double()
    texts = ["good", "a bad cold film " * 40, *TEXTS[:5], "zebra", "zebra zebra"]
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    for steps in (1, 30, 10_000):
        monkeypatch.setitem(AT_ONCE["classify"], "cpu", steps)
        np.testing.assert_allclose(model.predict_proba(texts), alone, rtol=0, atol=1e-12)
        np.testing.assert_allclose(model.predict_proba(texts[::-1])[::-1], alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_predictions_in_float32_differ_by_rounding_alone(make):
    model = make().fit(TEXTS, LABELS)
    texts = ["good", "a bad cold film " * 40, *TEXTS[:9]]
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(model.predict_proba(texts), alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_gradients_of_the_network_are_those_of_finite_differences(pooling):
    model = recurrent(pooling=pooling, hidden_size=3, embed_dim=2).fit(TEXTS, LABELS)
    network, reading = model.network.double().train(), model.fitted
    network.encoder.settings = type(network.encoder.settings)(hidden_size=3, embed_dim=2, dropout=0.0)
    batch = reading.batch(reading.rows.ids(TEXTS[:3]), np.arange(3))
    batch = type(batch)(batch.ids, None, batch.lengths, np.array([[1], [0], [-1]], np.int32))
    network.class_weights = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert gradient_check(network, lambda: network.loss(batch, None, 0)[0]).error < 1e-6


@pytest.mark.parametrize(
    "settings",
    [{}, {"ngrams": 2, "word_dropout": 0.2}, {"reader": "recurrent"}, {"reader": "recurrent", "freeze": 1.5}],
    ids=str,
)
@pytest.mark.parametrize("after", [1, 6, 13])
def test_a_run_stopped_anywhere_and_resumed_ends_in_the_same_bytes(tmp_path, settings, after):
    make = recurrent if settings.get("reader") else averaged
    given = {"valid": (TEXTS[:9], LABELS[:9]), "vectors": vectors()}
    whole = make(epochs=3, dropout=0.3, **settings).fit(TEXTS, LABELS, checkpoint=tmp_path / "whole", **given)
    steps = 0

    def stop(progress):
        nonlocal steps
        steps += 1
        if steps == after:
            os.kill(os.getpid(), signal.SIGINT)

    model = make(epochs=3, dropout=0.3, **settings)
    with pytest.raises(KeyboardInterrupt):
        model.fit(TEXTS, LABELS, checkpoint=tmp_path / "part", report=stop, **given)
    resumed = make(epochs=3, dropout=0.3, **settings).fit(
        TEXTS, LABELS, checkpoint=tmp_path / "part", resume=True, **given
    )
    for (name, a), b in zip(whole.network.named_parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b), name
    assert [e.loss for e in resumed.history] == [e.loss for e in whole.history]


def test_a_run_that_cut_by_another_rule_is_not_resumed(tmp_path):
    given = {"checkpoint": tmp_path, "resume": True}
    averaged(unit="treebank").fit(TEXTS, LABELS, checkpoint=tmp_path)
    with pytest.raises(OptionError, match="resume: got unit 'word 2', expected 'word'"):
        averaged(unit="word").fit(TEXTS, LABELS, **given)
    averaged(unit="treebank").fit(TEXTS, LABELS, **given)


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_resuming_on_other_data_or_settings_is_refused(make, tmp_path):
    make().fit(TEXTS, LABELS, checkpoint=tmp_path)
    with pytest.raises(OptionError, match="resume: "):
        make().fit(TEXTS, [*LABELS[1:], "pos"], checkpoint=tmp_path, resume=True)
    with pytest.raises(OptionError, match="got order_seed 2, expected 1"):
        make(seed=2).fit(TEXTS, LABELS, checkpoint=tmp_path, resume=True)


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_same_seed_same_bytes_and_another_seed_another_model(make):
    a, b, c = (make(seed=seed, dropout=0.2).fit(TEXTS, LABELS).network.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_words_that_only_the_vectors_have_are_understood(make):
    model = make(epochs=6, freeze=6.0).fit(TEXTS, LABELS, vectors=vectors())
    assert model.predict(["superb", "awful"]).tolist() == ["pos", "neg"]
    assert model.coverage == pytest.approx(4 / 10)
    assert model.unknown(["superb zebra"]) == 1


def test_vectors_bring_their_size_and_are_brought_to_one_scale():
    model = averaged(embed_dim=77, epochs=1, lr=1e-6).fit(TEXTS, LABELS, vectors=vectors(dim=6))
    rows = [model.fitted.rows.codec.vocab.index[word] for word in vectors().vocab.tokens]
    found = model.network.embedding.detach().numpy()[rows]
    assert np.sqrt((found**2).mean()) == pytest.approx(0.25, abs=1e-3)
    np.testing.assert_allclose(
        found / found[0, 0], vectors(dim=6).matrix / vectors(dim=6).matrix[0, 0], atol=1e-3
    )


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_frozen_vectors_stand_still_for_so_many_epochs_and_other_words_learn(make):
    def moved(**settings):
        model = make(epochs=3, **settings).fit(TEXTS, LABELS, vectors=vectors())
        embedding = getattr(model.network, "encoder", model.network).embedding.detach().numpy()
        index, given = model.fitted.rows.codec.vocab.index, vectors()
        scale = 0.25 / np.sqrt((given.matrix**2).mean())
        film = abs(embedding[index["film"]]).sum() > 0
        return np.abs(embedding[index["good"]] - given["good"] * scale).max() > 1e-6, film

    assert moved(freeze=3.0) == (False, True)
    assert moved(freeze=2.0) == (True, True)
    assert moved() == (True, True)


def lm():
    corpus = sk.Corpus.build(TEXTS + ["superb and warm", "awful and cold"] * 30, "whitespace", add_eos=True)
    return sk.LanguageModel(hidden_size=9, embed_dim=7, num_layers=2, epochs=2, batch=4, bptt=8).fit(corpus)


def test_a_language_model_is_read_and_its_layers_thaw_from_the_top(tmp_path):
    given = lm()
    before = {name: p.detach().clone() for name, p in given.network.named_parameters()}

    def moved(freeze, epochs):
        model = recurrent(epochs=epochs, freeze=freeze).fit(TEXTS, LABELS, lm=given)
        own = dict(model.network.lm.named_parameters())
        return model, {name for name, p in before.items() if not torch.equal(p, own[name])}

    model, found = moved(9.0, 2)
    assert found == set()
    model.save(tmp_path)
    assert (
        TextClassifier.load(tmp_path).predict_proba(["superb film"]) == model.predict_proba(["superb film"])
    ).all()
    assert model.unknown(["superb"]) == 0
    one, two = moved(1.0, 2)[1], moved(1.0, 4)[1]
    assert one
    assert all(name.startswith(("stack.cells.1.", "projection.")) for name in one)
    assert "embedding" in two
    assert all(torch.equal(p, before[name]) for name, p in given.network.named_parameters())
    with pytest.raises(OptionError, match="got reader 'averaged', expected 'recurrent'"):
        averaged().fit(TEXTS, LABELS, lm=given)


def test_several_tasks_share_a_stack_and_missing_labels_count_nothing():
    texts = ["good food", "bad food", "good film", "bad film"] * 10
    y = [["pos", "food"], ["neg", None], [None, "film"], ["neg", "film"]] * 10
    for make in (averaged, recurrent):
        model = make(epochs=10).fit(texts, y)
        assert [c.tolist() for c in model.classes_] == [["neg", "pos"], ["film", "food"]]
        assert model.history[0].loss.count == 60
        assert model.predict(["good food", "bad film"]).tolist() == [["pos", "food"], ["neg", "film"]]
        tone, topic = model.predict_proba(["good food"])
        np.testing.assert_allclose([tone.sum(), topic.sum()], 1)
        assert model.score(texts, y) == 1.0


def test_a_missing_label_gives_no_gradient():
    model = recurrent().fit(["good food", "bad film"] * 8, [["pos", "food"], ["neg", "film"]] * 8)
    network, reading = model.network, model.fitted
    batch = reading.batch(reading.rows.ids(["good food"]), np.arange(1))
    loss, count, _ = network.loss(
        type(batch)(batch.ids, None, batch.lengths, np.array([[0, -1]], np.int32)), None, 0
    )
    loss.backward()
    assert count == 1
    assert float(network.head.weight.grad[:2].abs().sum()) > 0
    assert float(network.head.weight.grad[2:].abs().sum()) == 0


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
def test_balanced_weights_find_the_rare_class(make):
    texts, labels = ["a b", "a c"] * 30 + ["a d"], [0, 0] * 30 + [1]
    plain, weighed = (make(epochs=3, class_weight=w, lr=0.005).fit(texts, labels) for w in (None, "balanced"))
    assert weighed.predict_proba(["a d"])[0, 1] > plain.predict_proba(["a d"])[0, 1]


@pytest.mark.parametrize("make", [averaged, recurrent], ids=KINDS)
@pytest.mark.parametrize("labels", [[3, 1, 2], [True, False], ["ä", "b c", "z"], list(range(60))], ids=str)
def test_labels_of_any_kind_and_number(make, labels):
    texts = [f"w{i % len(labels)}" for i in range(2 * len(labels))]
    model = make(epochs=1).fit(texts, (labels * 2)[: len(texts)])
    assert model.classes_.tolist() == sorted(labels)
    assert set(model.predict(texts).tolist()) <= set(labels)


def test_a_long_document_is_read_whole_and_its_ends_if_asked():
    long = "the " * 3000 + "good"
    assert recurrent(epochs=1).fit([*TEXTS[:8], long], [*LABELS[:8], "pos"]).history[0].loss.count == 9
    model = averaged(max_length=5).fit(
        [*TEXTS[:8], "one two three four five six seven"], [*LABELS[:8], "pos"]
    )
    (row,) = model.fitted.rows.ids(["one two three four five six seven"])
    assert model.fitted.rows.codec.vocab.words(row.tolist()) == ["one", "two", "three", "six", "seven"]


def test_like_lengths_are_read_together_and_the_waste_is_said():
    texts = [" ".join(["a"] * n) for n in range(1, 41)] * 10
    model = recurrent(epochs=1).fit(texts, [0, 1] * 200)
    assert 0 < model.padding < 0.1
    assert averaged(epochs=1).fit(texts, [0, 1] * 200).padding is None


def test_the_epoch_with_the_fewest_errors_is_kept():
    model = averaged(epochs=6, lr=0.5).fit(TEXTS, LABELS, valid=(TEXTS[:6], ["neg", "pos"] * 3))
    errors = [e.validation for e in model.history]
    found, labels = model.ids(TEXTS[:6], ["neg", "pos"] * 3)
    assert balanced_error(found, labels) == min(errors)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.fit(["a", " "], [0, 1]), FormatError, "fit: text 2 of 2 is empty"),
        (lambda m: m.fit([], []), FormatError, "fit: got no text"),
        (lambda m: m.fit(["a", "b"], [1, 1]), FormatError, "got only the label 1, expected two or more"),
        (lambda m: m.fit(["a", "b"], [None, None]), FormatError, "got no label, expected two or more"),
        (lambda m: m.fit(["a", "b"], [[0, 0], [1, 0]]), FormatError, "of task 2: got only the label 0"),
        (
            lambda m: m.fit(["a", "b"], [0.5, 1.5]),
            FormatError,
            "label 1 is 0.5 .float., expected str, int, bool",
        ),
        (lambda m: m.fit(["a", "b"], ["x", 1]), FormatError, "got some str and some numbers"),
        (lambda m: m.fit(["a", "b"], [0, 1, 1]), OptionError, "got 3 in 1 columns for 2 texts and 1 tasks"),
        (lambda m: m.fit("abc", [0, 1]), OptionError, "fit: got str, expected a sequence of texts"),
        (lambda m: m.fit([[1.0], [2.0]], [0, 1]), OptionError, "fit: text 1 is of type list, expected str"),
        (
            lambda m: m.fit(["a", "b"], [0, 1], valid=(["a"], [7])),
            FormatError,
            "label 1 is 7, which did not come in training; known: 0, 1",
        ),
        (lambda m: m.fit(["a", "b"], [0, 1], valid=([], [])), FormatError, "valid: got no text"),
        (lambda m: m.fit(["a", "b"], [0, 1]).predict("a"), OptionError, "predict: got str"),
        (
            lambda m: m.set_params(class_weight={"poss": 2.0}).fit(["a", "b"], ["pos", "neg"]),
            OptionError,
            "no label 'poss'; .* Did you mean 'pos'",
        ),
        (lambda m: m.predict(["a"]), OptionError, "got an untrained model"),
        (lambda m: m.set_params(class_weight="even"), OptionError, "class_weight: got 'even'"),
        (
            lambda m: m.set_params(reader="recurent"),
            OptionError,
            "reader: got 'recurent', expected one of 'averaged'",
        ),
        (lambda m: m.set_params(pool="max"), OptionError, "unknown setting 'pool'"),
        (
            lambda m: m.set_params(weight_decay=0.1),
            OptionError,
            "weight_decay: got 0.1 with reader 'averaged', which does not read it. Leave it out, or set reader to",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(call, error, message):
    with pytest.raises(error, match=message):
        call(averaged())


def test_a_text_without_a_word_is_one_unknown_word_and_predicting_nothing_gives_nothing():
    for make in (averaged, recurrent):
        model = make().fit(TEXTS, LABELS)
        np.testing.assert_allclose(model.predict_proba([" "]), model.predict_proba(["zebra"]))
        assert model.predict([]).tolist() == []
        assert model.predict_proba([]).shape == (0, 2)


def test_a_damaged_model_is_refused(tmp_path):
    averaged().fit(TEXTS, LABELS).save(tmp_path)
    (arrays,) = tmp_path.glob("arrays-*")
    arrays.write_bytes(arrays.read_bytes()[:-9])
    with pytest.raises(ModelFileError):
        TextClassifier.load(tmp_path)
