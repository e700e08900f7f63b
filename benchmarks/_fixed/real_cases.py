"""Slices of real data, for --data: text, entities, parts of speech, reviews, German, published word lists.

Not handled: whether the numbers are good (the other benchmarks).
"""

import gzip
from pathlib import Path
from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, real_case, saved

CPU: dict[str, Any] = {"device": "cpu", "threads": 1}


def head(path: Path, lines: int) -> list[str]:
    """The first lines of a file, packed or not."""
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line, _ in zip(file, range(lines), strict=False)]


@real_case
def text(folder: Path) -> Results:
    """Corpora, vectors and a language model of the Penn Treebank and of Shakespeare."""
    lines = head(folder / "lm" / "ptb" / "ptb.train.txt.gz", 800)
    corpus = sk.Corpus.build(lines, "whitespace", add_eos=True, min_count=2, threads=1)
    lm = sk.LanguageModel(hidden_size=16, num_layers=2, dropout=0.2, epochs=1, batch=8, bptt=20, **CPU).fit(
        corpus
    )
    play = sk.Corpus.build(head(folder / "lm" / "tinyshakespeare.txt", 400), "word", threads=1)
    vectors = sk.CBOW(dim=16, epochs=2, min_count=2, threads=1, deterministic=True).fit(play)
    return {"ptb": [corpus, saved(lm), lm.history, lm.score(lines[:9])], "play": [play, vectors]}


@real_case
def entities(folder: Path) -> Results:
    """A tagger of CoNLL-2003's entities and one of EWT's parts of speech, by the command line."""
    conll = folder / "tagging" / "conll2003" / "eng.train.gz"
    data.write("train.conll", head(conll, 2500))
    data.write("train.conllu", head(folder / "tagging" / "ud_english_ewt" / "en_ewt-ud-dev.conllu.gz", 2500))
    small = "--hidden 8 --embed-dim 8 --epochs 1 --set char_size=8 --device cpu --threads 1 --quiet --json"
    printed = data.shell(
        f"tag train train.conll --valid train.conll --out entities {small}",
        "tag predict entities train.conll --threads 1",
        f"tag train train.conllu --head softmax --out parts {small}",
        "tag eval parts train.conllu --threads 1 --json",
    )
    return dict(zip(("entities", "entities-said", "parts", "parts-scores"), printed, strict=True))


@real_case
def reviews(folder: Path) -> Results:
    """Classifiers of SST's sentences by both kinds of readers."""
    data.write("sst.txt", head(folder / "sentiment" / "sst" / "stsa.binary.train", 500))
    rows = sk.labelled("sst.txt")
    texts, labels = [row.text for row in rows], [row.labels[0] for row in rows]
    found: Results = {}
    for reader in ("averaged", "recurrent"):
        model = sk.TextClassifier(reader=reader, unit="word", embed_dim=12, hidden_size=8, epochs=1, **CPU)
        model.fit(texts[:400], labels[:400])
        found[reader] = [model.predict_proba(texts[400:]), saved(model), model.history]
    return found


@real_case
def translation(folder: Path) -> Results:
    """German to English."""
    tokens = folder / "translation" / "multi30k" / "tok"
    source, target = (head(next(tokens.glob(f"train*.{side}*")), 300) for side in ("de", "en"))
    model = sk.Translator(
        unit="whitespace", min_count=2, hidden_size=12, embed_dim=12, epochs=1, lr=0.01, **CPU
    )
    model.fit(source[:280], target[:280])
    return {"luong": [model.translate(source[280:], beam=3), saved(model), model.history]}


@real_case
def word_lists(folder: Path) -> Results:
    """Published vectors with published lists: analogies, similarity, hard debiasing, all measures."""
    vectors = sk.Vectors.load(folder / "embeddings" / "glove.6B.50d.top2446.txt.gz")
    vectors.save("glove")
    sets = sk.WordSets.load_debiaswe(folder / "debias" / "debiaswe")
    fair = sk.HardDebias(limit=1.0).fit(vectors, sets)
    analogies, rated = folder / "analogy" / "questions-words.txt", folder / "similarity" / "EN-RG-65.txt"
    printed = data.shell(
        f"embed eval glove --analogies {analogies} --similarity {rated} --json",
        "bias measure glove --sets gender --most-lost 0.9 --draws 20 --json",
    )
    return {"hard": [saved(fair), fair(vectors)], "eval": printed[0], "measure": printed[1]}
