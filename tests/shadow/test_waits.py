"""Reading, searching and drawing on a GPU's shadow: how often the host waits does not grow token by token."""

from unittest import mock

import pytest

import seqkit as sk
from seqkit.models.decoding import on_gpu
from seqkit.models.decoding.sampling import STOPPING
from seqkit.models.generator.model import Generator
from seqkit.models.language_model.sentence_vectors import sentence_vectors
from seqkit.models.tagger.model import Tagger
from seqkit.models.translator.model import Translator
from shadow.cuda import ShadowCuda
from shadow.test_models import LABELS, SENTENCES, SOURCES, TAGS, TARGETS, TEXTS, corpus, language_model

pytestmark = pytest.mark.usefixtures("torch_in_place_of_kernels")


def waits_of(act):
    """How often the host waits for the GPU in act(), after one call that warms up."""
    with ShadowCuda() as shadow:
        run = act()
        shadow.clear()
        run()
        assert not shadow.errors
        return sum(shadow.waits.values())


def ready_language_model(use, **settings):
    def act():
        model = language_model(**settings).fit(corpus())
        return lambda: use(model)

    return act


def ready_translator(T, beam, **settings):
    def act():
        usual = {"unit": "whitespace", "hidden_size": 12, "embed_dim": 8, "epochs": 1, "batch": 8}
        model = Translator(**usual, device="cuda", **settings).fit(SOURCES, TARGETS)
        return lambda: model.translate(SOURCES[:4], beam=beam, max_length=T, length_penalty=9.0)

    return act


def ready_generator(use):
    def act():
        labels = ["up", "down"] * 12
        model = Generator(hidden_size=12, embed_dim=6, epochs=1, batch=8, device="cuda")
        model.fit(labels, ["abcde" if label == "up" else "edcba" for label in labels])
        return lambda: use(model)

    return act


def ready_tagger(T, **settings):
    def act():
        usual = {"hidden_size": 12, "embed_dim": 8, "epochs": 1, "batch": 8}
        usual |= {"char_dim": 4, "char_size": 6} if settings.get("characters") != "none" else {}
        model = Tagger(**usual, device="cuda", **settings).fit(SENTENCES[:6], TAGS[:6])
        return lambda: model.predict([["Anna"] * T, ["Rome", "x"]])

    return act


def ready_classifier(T, **settings):
    def act():
        usual = {"unit": "whitespace", "embed_dim": 8, "epochs": 1, "device": "cuda"}
        usual |= {"hidden_size": 8} if settings.get("reader") == "recurrent" else {}
        model = sk.TextClassifier(**usual, **settings).fit(TEXTS, LABELS)
        return lambda: model.predict_proba(["good " * T, "bad film"])

    return act


def text(T):
    return " ".join((["the", "cat", "sat", "on", "a", "mat"] * T)[:T])


BEAM = {"width": 3, "length_penalty": 9.0}
READS = {  # for T tokens: whatever T is, the host waits once
    "sample": lambda T: ready_language_model(lambda m: m.sample("a", seeds=range(6), length=T)),
    "sample, penalty": lambda T: ready_language_model(
        lambda m: m.sample("a", length=T, repetition_penalty=1.2, no_repeat_ngram=3, scores=True)
    ),
    "sample, adaptive": lambda T: ready_language_model(
        lambda m: m.sample("a", length=T), head="adaptive-softmax"
    ),
    "score": lambda T: ready_language_model(lambda m: m.score([text(T), "the cat", "a"])),
    "score, adaptive": lambda T: ready_language_model(
        lambda m: m.score([text(T), "the cat", "a"]), head="adaptive-softmax"
    ),
    "score a file": lambda T: ready_language_model(lambda m: m.score_file([text(T)] * 300)),
    "sentence vectors": lambda T: ready_language_model(lambda m: sentence_vectors(m, [text(T), "a"])),
    "generator score": lambda T: ready_generator(lambda m: m.predict(["a" * T, "cba"])),
    "tagger": ready_tagger,
    "tagger, characters": lambda T: ready_tagger(T, characters="recurrent"),
    "tagger, softmax": lambda T: ready_tagger(T, head="softmax", characters="none"),
    "classifier": ready_classifier,
    "classifier, recurrent": lambda T: ready_classifier(T, reader="recurrent", pooling="all"),
}
LOOKS = {  # at most one look every so many steps, and one for the texts
    "beam": (
        on_gpu.LOOK,
        lambda T: ready_language_model(lambda m: m.beam(["a", "the cat"], length=T, **BEAM)),
    ),
    "beam, adaptive": (
        on_gpu.LOOK,
        lambda T: ready_language_model(lambda m: m.beam("a", length=T, **BEAM), head="adaptive-softmax"),
    ),
    "beam, min-gru": (
        on_gpu.LOOK,
        lambda T: ready_language_model(lambda m: m.beam("a", length=T, **BEAM), cell="min-gru"),
    ),
    "sample to the end": (
        STOPPING["cuda"],
        lambda T: ready_language_model(
            lambda m: m.sample("a", seeds=range(6), length=T, stop_at_eos=True, min_length=T - 1)
        ),
    ),
    "generator sample": (
        STOPPING["cuda"],
        lambda T: ready_generator(lambda m: m.sample("up", seeds=range(3), length=T, min_length=T - 1)),
    ),
    **{
        f"translate, {attention}, {beam}": (
            on_gpu.LOOK,
            lambda T, beam=beam, attention=attention: ready_translator(T, beam, attention=attention),
        )
        for attention in ("luong", "bahdanau", "none")
        for beam in (1, 3)
    },
}


@pytest.mark.parametrize("T", [10, 40])
@pytest.mark.parametrize("name", READS)
def test_host_waits_once_however_long_the_text(name, T):
    assert waits_of(READS[name](T)) == 1


@pytest.mark.parametrize("T", [10, 40])
@pytest.mark.parametrize("name", LOOKS)
def test_host_waits_for_a_look_every_few_steps(name, T):
    every, act = LOOKS[name]
    assert waits_of(act(T)) <= -(-T // every) + 1


def test_a_look_at_every_step_would_be_counted():
    every, act = LOOKS["beam"]
    with mock.patch.object(on_gpu, "LOOK", 1):
        assert waits_of(act(40)) > -(-40 // every) + 1
