"""What seqkit 0.1.0 wrote still opens and gives the same: fixtures/v0_1, which fixtures/make_v0_1.py made."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import seqkit as sk

FOLDER = Path(__file__).parent / "fixtures" / "v0_1"
CPU = {"device": "cpu", "threads": 1}
LM = {"hidden_size": 8, "num_layers": 2, "dropout": 0.1, "epochs": 3, "batch": 4, "bptt": 8, "lr": 0.02} | CPU
SKIPGRAM = {"dim": 8, "epochs": 3, "min_count": 1, "deterministic": True, "threads": 1}
READER = {"unit": "whitespace", "embed_dim": 6, "epochs": 4, "batch": 8} | CPU
SEARCHED = LM | {"num_layers": 1, "epochs": 2}
SPACE = {"lr": "1e-3..0.1:log", "cell": ["gru", "rnn"]}
METHODS = ("double-hard", "hard", "inlp", "leace", "soft", "transport")
TEXTS = [
    "the mayor of paris opened a market",
    "the king of france lost the crown",
    "an unheard nurse in rome",
]
SENTENCES = [text.split() for text in TEXTS]
TAGS = [[{"paris": "B-CITY", "france": "B-COUNTRY"}.get(word, "O") for word in words] for words in SENTENCES]


def vectors(folder, _):
    """Counts, lengths and neighbours; of words unseen too, where they have n-grams."""
    found = sk.Vectors.load(folder)
    few = found.vocab.tokens[:3]
    unseen = found["kingdoms"].tolist() if isinstance(found, sk.SubwordVectors) else None
    told = {"words": found.vocab.tokens, "counts": found.vocab.counts.tolist(), "norms": found.norms.tolist()}
    return told | {"nearest": found.nearest(few, 3), "unseen": unseen, "first": found.matrix[0].tolist()}


def corpus(folder, _):
    """Ids, sentences and vocabulary."""
    found = sk.Corpus.load(folder)
    told = {"ids": found.ids.tolist(), "starts": found.starts.tolist(), "tokens": found.vocab.tokens}
    return told | {
        "counts": found.vocab.counts.tolist(),
        "specials": found.vocab.specials,
        "print": found.fingerprint,
    }


def tokenizer(folder, _):
    """Tokens, ids and text."""
    found = type(sk.tokenizer("word")).load(folder)
    ids = [found.encode(text).tolist() for text in TEXTS]
    return {
        "tokens": [found.tokens(text) for text in TEXTS],
        "ids": ids,
        "text": [found.decode(row) for row in ids],
    }


def counts(folder, _):
    """Every pair; and that vectors are learnt from it."""
    found = sk.Cooccurrence.load(folder)
    learnt = sk.GloVe(dim=4, epochs=2, threads=1).fit(found)
    told = {
        "pairs": [part.tolist() for part in found.pairs()],
        "print": found.fingerprint,
        "words": found.vocab.tokens,
    }
    return told | {"asked": found["the", "of"], "learnt": np.abs(learnt.matrix).sum(1).tolist()}


def language_model(folder, _):
    """Scores, samples, beams."""
    return written(sk.LanguageModel.load(folder, **CPU))


def written(model):
    """What a language model scores and writes."""
    scores = [[score.log_prob, score.loss.count, score.unknown, score.bytes] for score in model.score(TEXTS)]
    drawn = model.sample("the king", seeds=[1, 2], length=8, scores=True, top_k=9)
    drawn += model.sample("a", temperature=0, length=5, scores=True) + model.beam(
        "the", width=3, length=6, top=2
    )
    losses = [[epoch.loss.mean, epoch.loss.count, epoch.validation] for epoch in model.history]
    return {
        "scores": scores,
        "drawn": [[one.text, one.log_prob, one.stopped] for one in drawn],
        "losses": losses,
    }


def classifier(folder, _):
    """Labels with their probabilities."""
    model = sk.TextClassifier.load(folder, **CPU)
    told = {"labels": model.predict(TEXTS).tolist(), "proba": model.predict_proba(TEXTS).tolist()}
    return told | {
        "classes": model.classes_.tolist(),
        "unknown": model.unknown(TEXTS),
        "coverage": model.coverage,
    }


def tagger(folder, _):
    """Labels of words with their probabilities, scores."""
    model = sk.Tagger.load(folder, **CPU)
    scores = [
        [score.name, score.value, score.count, score.missing] for score in model.evaluate(SENTENCES, TAGS)
    ]
    told = {
        "labels": model.predict(SENTENCES),
        "proba": [rows.tolist() for rows in model.predict_proba(SENTENCES)],
    }
    return told | {"scores": scores, "classes": model.classes_}


def translator(folder, _):
    """Translations, greedy and by beam, what was looked at, the loss."""
    model = sk.Translator.load(folder, **CPU)
    sources, targets = (
        ["the cat likes the quiet kings", "a dog likes a red house"],
        ["o mipa o doruri mor hale", "e kuma e bemi tuv hale"],
    )
    found = [*model.translate(sources, beam=1), *model.translate(sources, beam=3, top=2)]
    told = [[[one.text, one.log_prob, one.stopped] for one in texts] for texts in found]
    loss = model.loss(sources, targets)
    return {"texts": told, "looked": model.align(sources[0]).to_json(), "loss": [loss.total, loss.count]}


def generator(folder, _):
    """Texts for labels, and labels for texts."""
    model = sk.Generator.load(folder, **CPU)
    drawn = [one.text for one in model.sample(model.labels, seeds=[1, 2], length=12)]
    names = ["anna", "boris", "igor"]
    told = {"labels": model.labels, "drawn": drawn, "log_probs": model.log_probs(names).tolist()}
    return told | {"predict": model.predict(names), "score": model.score(["she", "he", "he"], names).value}


def window_model(folder, _):
    """The perplexity of a corpus, and the vectors."""
    model = sk.WindowModel.load(folder, **CPU)
    score = model.score(sk.Corpus.load(FOLDER / "corpus"))
    found = model.vectors()
    return {
        "score": [score.value, score.count, score.missing],
        "words": found.vocab.tokens,
        "norms": found.norms.tolist(),
    }


def eraser(folder, _):
    """What becomes of the vectors it was fitted to."""
    space = sk.Vectors.load(FOLDER / "biased-vectors")
    kind = type(sk.HardDebias().fit(space, sk.WordSets.load(FOLDER / "word-sets.json")))
    found = kind.load(folder)
    told = {
        "method": found.method,
        "protected": found.protected,
        "report": found.report,
        "basis": np.abs(found.basis).tolist(),
    }
    return told | {"erased": found(space).matrix[::9].tolist()}


def word_sets(path, _):
    """The words and their checksum."""
    found = sk.WordSets.load(path)
    return found.to_json() | {"sha256": found.checksum}


def search(folder, tmp):
    """The same call again finds all trials done, and the best model."""
    text, valid = (sk.Corpus.load(FOLDER / name) for name in ("corpus", "valid"))
    done = []
    found = sk.tune(
        sk.LanguageModel(**SEARCHED),
        SPACE,
        text,
        valid=valid,
        out=_copy(folder, tmp),
        trials=3,
        report=lambda trial, _: done.append(trial.number),
    )
    trials = [{name: value for name, value in t.to_json().items() if name != "seconds"} for t in found.trials]
    best = written(sk.LanguageModel.load(folder, **CPU))
    return {"trials": trials, "best": found.best.number, "space": found.space, "model": best, "done": done}


def checkpoint(folder, tmp):
    """Going on from the middle of an epoch: from where, what every epoch gave, the weights at the end."""
    text, valid = (sk.Corpus.load(FOLDER / name) for name in ("corpus", "valid"))
    steps = []
    model = sk.LanguageModel(**LM)
    told = {"report": lambda progress: steps.append([progress.epoch, progress.done])}
    model.fit(text, valid=valid, checkpoint=_copy(folder, tmp), resume=True, **told)
    return written(model) | {"steps": steps, "weights": _weights(model, tmp)}


def checkpoint_vectors(folder, tmp):
    """The same of word vectors."""
    steps = []
    model = sk.SkipGram(**SKIPGRAM)
    told = {"report": lambda progress: steps.append([progress.epoch, progress.done])}
    made = model.fit(sk.Corpus.load(FOLDER / "corpus"), checkpoint=_copy(folder, tmp), resume=True, **told)
    losses = [[epoch.loss.mean, epoch.loss.count] for epoch in model.history]
    return {"steps": steps, "losses": losses, "norms": made.norms.tolist(), "words": made.vocab.tokens}


def _copy(folder, tmp):
    return shutil.copytree(folder, tmp / "copy")


def _weights(model, tmp):
    """The length of every array that `save` writes."""
    model.save(tmp / "saved")
    arrays = load_file(next((tmp / "saved").glob("arrays-*.safetensors")))
    return {name: float(np.linalg.norm(array.astype(np.float64))) for name, array in arrays.items()}


FACTS = {
    "vectors": vectors,
    "vectors-int8": vectors,
    "vectors-fp16": vectors,
    "vectors.word2vec": vectors,
    "subword-vectors": vectors,
    "subword-vectors.bin": vectors,
    "biased-vectors": vectors,
    "corpus": corpus,
    "tokenizer-word": tokenizer,
    "tokenizer-bpe": tokenizer,
    "tokenizer-unigram": tokenizer,
    "counts": counts,
    "language-model": language_model,
    "language-model-adaptive": language_model,
    "classifier-averaged": classifier,
    "classifier-recurrent": classifier,
    "tagger": tagger,
    "translator": translator,
    "generator": generator,
    "window-model": window_model,
    "word-sets.json": word_sets,
    "search": search,
    "checkpoint": checkpoint,
    "checkpoint-vectors": checkpoint_vectors,
    **{f"eraser-{method}": eraser for method in METHODS},
}


def same(found, expected, where=""):
    """Raise unless numbers are equal to a relative 1e-5, and all else exactly."""
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for name, part in expected.items():
            same(found[name], part, f"{where}/{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, part in enumerate(expected):
            same(found[i], part, f"{where}/{i}")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-6), where
    else:
        assert found == expected, where


@pytest.mark.parametrize("name", FACTS)
def test_what_version_0_1_wrote_gives_the_same(name, tmp_path):
    if name == "search":
        pytest.importorskip("optuna")
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))[name]
    same(json.loads(json.dumps(FACTS[name](FOLDER / name, tmp_path))), expected)


def test_a_number_that_changed_by_more_is_told():
    with pytest.raises(AssertionError, match="/losses/1"):
        same({"losses": [1.0, 2.0001]}, {"losses": [1.0, 2.0]})
