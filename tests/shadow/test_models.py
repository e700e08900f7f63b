"""Every model on a GPU's shadow: nothing that a GPU would refuse, and few places where the host waits for it."""

from collections import Counter
from unittest import mock

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import TrainingError
from seqkit.models.generator.model import Generator
from seqkit.models.language_model import resident
from seqkit.models.language_model.activations import look
from seqkit.models.language_model.export import export
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sentence_vectors import sentence_vectors
from seqkit.models.tagger.model import Tagger
from seqkit.models.translator.model import Translator
from seqkit.models.window.model import WindowModel
from seqkit.nn import dropout
from seqkit.nn.cell import Cell, cells
from seqkit.nn.crf import CRF
from seqkit.train.gradient.buffer import GradientBuffer
from seqkit.train.gradient.learner import GradientLearner
from shadow.cuda import ShadowCuda

pytestmark = pytest.mark.usefixtures("torch_in_place_of_kernels")
LINES = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang", "the cat saw a bird"] * 6
NAMES = ["Anna", "Bo", "Cleo"]
SENTENCES = [
    text.split()
    for one in NAMES
    for other in NAMES
    for text in (f"{one} {other} saw Rome", f"Rome saw {other} Inc today .", "it rained")
]
TAGS = [
    t.split() for _ in NAMES for _ in NAMES for t in ("I-PER I-PER O I-LOC", "I-LOC O I-ORG I-ORG O O", "O O")
]
TEXTS, LABELS = ["a good film", "a bad film", "good fun", "bad"] * 6, ["p", "n", "p", "n"] * 6
SOURCES = [" ".join("abcdefgh"[(i * k + k) % 8] for k in range(1 + i % 6)) for i in range(24)]
TARGETS = [" ".join(reversed(text.upper().split())) for text in SOURCES]


def corpus():
    return sk.Corpus.build(LINES, "whitespace", add_eos=True)


def language_model(**settings):
    usual = {
        "hidden_size": 16,
        "num_layers": 2,
        "epochs": 1,
        "batch": 4,
        "bptt": 5,
        "lr": 0.01,
        "device": "cuda",
    }
    return sk.LanguageModel(**usual | settings)


def vectors(vocab, dim):
    rows = np.random.default_rng(0).normal(size=(len(vocab), dim)).astype(np.float32)
    return sk.Vectors(vocab, rows)


def trained(**settings):
    return language_model(**settings).fit(corpus(), valid=corpus())


def checkpoint(folder):
    for resume in (False, True):
        model = language_model(dropout=0.1).fit(corpus(), checkpoint=folder / "run", resume=resume)
    model.save(folder / "model")
    sk.LanguageModel.load(folder / "model", device="cuda").score(LINES[:2])


def score(folder):
    model = language_model().fit(corpus())
    model.score(LINES[:5]), model.score_file(LINES), model.surprise("the cat")
    sentence_vectors(model, LINES[:4])
    look(model, "the cat sat", what="f"), look(model, "the cat sat", what="c", layer=2)


def sample(folder, **settings):
    model = language_model().fit(corpus())
    model.sample("the cat", seeds=range(6), length=20, **settings)
    model.beam("the cat", width=3, length=6)


def tagger(folder, **settings):
    usual = {"hidden_size": 12, "embed_dim": 8, "epochs": 1, "batch": 8}
    usual |= {"char_dim": 4, "char_size": 6} if settings.get("characters") != "none" else {}
    model = Tagger(**usual | {"dropout": 0.1, "device": "cuda"} | settings)
    model.fit(SENTENCES, TAGS, valid=(SENTENCES[:6], TAGS[:6]))
    model.predict(SENTENCES[:5]), model.predict_proba(SENTENCES[:5])


def classifier(folder, *, pretrained=False, lm=False, **settings):
    usual = {
        "unit": "whitespace",
        "embed_dim": 8,
        "epochs": 2,
        "batch": 8,
        "device": "cuda",
    }
    usual |= {"hidden_size": 8} if settings.get("reader") == "recurrent" else {}
    more = {"vectors": vectors(sk.Corpus.build(TEXTS, "whitespace").vocab, 8)} if pretrained else {}
    more |= {"lm": language_model(hidden_size=8).fit(corpus())} if lm else {}
    model = sk.TextClassifier(**usual | settings).fit(TEXTS, LABELS, valid=(TEXTS[:4], LABELS[:4]), **more)
    model.predict_proba(TEXTS[:3])
    model.save(folder / "classifier")
    sk.TextClassifier.load(folder / "classifier", device="cuda").predict(TEXTS[:2])


def translator(folder, **settings):
    usual = {"unit": "whitespace", "hidden_size": 12, "embed_dim": 8, "epochs": 1, "batch": 8, "dropout": 0.1}
    model = Translator(**usual | {"device": "cuda"} | settings)
    model.fit(SOURCES, TARGETS, valid=(SOURCES[:5], TARGETS[:5]))
    model.translate(SOURCES[:4]), model.translate(SOURCES[:4], beam=1)


def generator(folder):
    labels = ["up", "down"] * 12
    model = Generator(hidden_size=12, embed_dim=6, epochs=1, batch=8, device="cuda")
    model.fit(labels, ["abcde" if label == "up" else "edcba" for label in labels])
    model.sample("up", seeds=range(3), length=9), model.predict(["abc", "cba"])


def window(folder):
    settings = {"context": "both", "dim": 6, "hidden_size": 8, "window": 2, "min_count": 1, "epochs": 1}
    WindowModel(**settings, batch=16, device="cuda").fit(sk.Corpus.build(LINES))


RULES = {"top_k": 3, "top_p": 0.9, "repetition_penalty": 1.2, "no_repeat_ngram": 3, "stop_at_eos": True}
SCENARIOS = {
    **{f"lm {name}": lambda folder, name=name: trained(cell=name) for name in cells.names()},
    "lm dropouts": lambda folder: trained(dropout=0.2, weight_dropout=0.2, word_dropout=0.1, locked=True),
    "lm adaptive": lambda folder: trained(head="adaptive-softmax"),
    "lm learned state": lambda folder: trained(learned_state=True, residual=True, embed_dim=8),
    "lm bfloat16": lambda folder: trained(precision="bfloat16"),
    "lm asgd": lambda folder: trained(optimizer="asgd", lr=1.0, nonmono=0),
    "lm vectors": lambda folder: language_model().fit(corpus(), vectors=vectors(corpus().vocab, 16)),
    "lm checkpoint": checkpoint,
    "lm score": score,
    "lm sample": sample,
    "lm sample by rules": lambda folder: sample(folder, **RULES, scores=True),
    "lm export": lambda folder: export(trained().network, folder / "step.pt2"),
    "tagger": tagger,
    "tagger recurrent characters": lambda folder: tagger(folder, characters="recurrent"),
    "tagger softmax": lambda folder: tagger(folder, head="softmax", characters="none"),
    "classifier averaged": classifier,
    "classifier recurrent": lambda folder: classifier(folder, reader="recurrent"),
    "classifier pretrained": lambda folder: classifier(
        folder, reader="recurrent", pooling="all", pretrained=True, freeze=1.0, class_weight="balanced"
    ),
    "classifier of lm": lambda folder: classifier(folder, reader="recurrent", lm=True, freeze=0.5),
    "translator": translator,
    "translator bahdanau": lambda folder: translator(folder, attention="bahdanau"),
    "translator plain": lambda folder: translator(
        folder, attention="none", teacher_forcing=0.5, label_smoothing=0.1
    ),
    "generator": generator,
    "window": window,
}


@pytest.mark.parametrize("cell", cells.names())
def test_shadow_changes_no_number(cell):
    settings = {"cell": cell, "dropout": 0.0}
    with ShadowCuda():
        found = trained(**settings).history[-1]
    wanted = trained(**settings, device="cpu").history[-1]
    assert found.loss.mean == pytest.approx(wanted.loss.mean, rel=2e-6)
    assert found.validation == pytest.approx(wanted.validation, rel=2e-6)


def drawn_on_the_cpu(shape, p, seed, device):
    generator = torch.Generator()
    generator.manual_seed(seed)
    made = torch.randint(0, dropout.LEVELS, shape, device=device, generator=generator, dtype=torch.int32)
    return made >= dropout._drop_of(p)


FAULTS = {
    "state on the CPU": (
        Cell,
        "zero_state",
        lambda self, batch: tuple(torch.zeros(batch, self.hidden_size) for _ in range(self.states)),
        trained,
    ),
    "generator on the CPU": (dropout, "_kept", drawn_on_the_cpu, lambda: trained(dropout=0.1)),
    "mask on the CPU": (
        dropout,
        "_kept",
        lambda shape, p, seed, device: torch.rand(shape) >= p,
        lambda: trained(dropout=0.1),
    ),
    "transitions on the CPU": (
        CRF,
        "_weights",
        lambda self: (torch.zeros(self.classes, self.classes), torch.zeros(2, self.classes)),
        lambda: tagger(None, characters="none"),
    ),
    "numpy() of a cuda tensor": (
        sk.LanguageModel,
        "hardware",
        lambda self: self.network.embedding.detach().numpy(),
        lambda: trained().hardware(),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_found(name):
    owner, attribute, planted, run = FAULTS[name]
    with mock.patch.object(owner, attribute, planted), ShadowCuda() as shadow:
        run()
    assert shadow.errors


@pytest.mark.parametrize(("precision", "expected"), [("float32", "ieee"), ("tf32", "tf32")])
def test_float32_is_multiplied_exactly_unless_tf32_is_asked_for(precision, expected):
    seen, places = set(), (torch.backends.cuda.matmul, torch.backends.cudnn.rnn)
    before, run = [place.fp32_precision for place in places], Network.loss

    def loss(*arguments):
        seen.update(place.fp32_precision for place in places)
        return run(*arguments)

    with ShadowCuda(), mock.patch.object(Network, "loss", loss):
        language_model(precision=precision).fit(corpus())
    assert seen == {expected}
    assert [place.fp32_precision for place in places] == before


@pytest.mark.parametrize("name", SCENARIOS)
def test_model_uses_nothing_that_a_gpu_refuses_and_no_step_of_training_waits(name, tmp_path):
    """But for one reading of the losses of all steps since the last one."""
    steps, step, waits = [0], GradientLearner.step, Counter()
    with ShadowCuda() as shadow:

        def watched(*arguments):
            before = Counter(shadow.waits)
            loss = step(*arguments)
            steps[0] += 1
            waits.update({p: n for p, n in (shadow.waits - before).items() if "unread.py" not in p})
            return loss

        with mock.patch.object(GradientLearner, "step", watched):
            SCENARIOS[name](tmp_path)
    assert not shadow.errors
    assert not waits
    assert name == "classifier averaged" or (shadow.launches and steps[0])


@pytest.mark.parametrize("kept", [True, False], ids=["resident", "too large"])
def test_text_of_a_language_model_goes_to_the_gpu_once(kept):
    """And what is learnt from it is the same."""
    brought, step = [], GradientLearner.step
    with ShadowCuda() as shadow:

        def watched(*arguments):
            before = shadow.uploads
            loss = step(*arguments)
            brought.append(shadow.uploads - before)
            return loss

        with (
            mock.patch.object(GradientLearner, "step", watched),
            mock.patch.object(resident, "SHARE", 0.1 if kept else 0.0),
        ):
            found = trained(dropout=0.0, batch=5, bptt=4).history[-1]
    assert set(brought) == {0 if kept else 2}
    wanted = trained(dropout=0.0, batch=5, bptt=4, device="cpu").history[-1]
    assert found.loss.mean == pytest.approx(wanted.loss.mean, rel=2e-6)
    assert found.validation == pytest.approx(wanted.validation, rel=2e-6)


# kernels started by a training step of two layers, 5 steps of time and 4 rows: a regression fails
LAUNCHES = {"lm lstm": 80, "lm gru": 420, "lm min-gru": 160, "lm rnn": 170, "tagger": 350, "translator": 600}


@pytest.mark.parametrize("name", LAUNCHES)
def test_step_of_training_starts_few_kernels(name, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "LINES", LINES[:11])  # three whole windows
    started, step = [], GradientLearner.step
    with ShadowCuda() as shadow:

        def watched(*arguments):
            before = shadow.launches
            loss = step(*arguments)
            started.append(shadow.launches - before)
            return loss

        with mock.patch.object(GradientLearner, "step", watched):
            SCENARIOS[name](tmp_path)
    assert len(started) > 2
    assert np.mean(started) <= LAUNCHES[name]


def test_last_update_of_an_epoch_that_is_not_finite_is_told():
    def broken(buffer, count, options):
        return torch.full((), torch.inf)

    told = pytest.raises(TrainingError, match="a gradient norm of inf at step")
    with ShadowCuda(), mock.patch.object(GradientBuffer, "scale_unseen", broken), told:
        language_model(accumulate=1000).fit(corpus())
