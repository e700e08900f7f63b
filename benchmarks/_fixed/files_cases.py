"""Vectors that stand: questions, files of every format, fewer bytes, maps, one space turned into another."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved, stored

FORMATS = ("native", "word2vec", "word2vec-binary", "glove", "fasttext")


def small(seed: int = 1, **settings: Any) -> Any:
    """Vectors of the planted text."""
    return sk.SkipGram(
        **{"dim": 16, "epochs": 4, "seed": seed, "deterministic": True, "threads": 1} | settings
    ).fit(data.corpus())


def pieces() -> Any:
    """The same with n-grams."""
    return small(loss="subwords", buckets=300, min_n=3, max_n=4)


@case
def questions() -> Results:
    """What vectors are asked from Python; of words alone, and with n-grams."""
    found: Results = {}
    for name, vectors, word in (("words", small(), "king"), ("subwords", pieces(), "kingdoms")):
        found |= {
            f"{name}-nearest": vectors.nearest([word, "paris"], 5),
            f"{name}-nearest-rows": vectors.nearest(vectors.matrix[:7] + np.float32(0.1), 4, restrict=100),
            f"{name}-most-similar": vectors.most_similar([word, "woman"], ["man"], topn=4),
            f"{name}-analogy": [
                vectors.analogy("man", word, "woman", method=method, topn=3)
                for method in ("3cosadd", "3cosmul", "euclidean")
            ],
            f"{name}-odd": vectors.doesnt_match(["paris", "rome", word, "tokyo"]),
            f"{name}-similarity": [vectors.similarity(word, "queen"), vectors.distance("king", "queen")],
            f"{name}-closer": [vectors.rank("king", "queen"), vectors.closer_than("king", "queen")],
            f"{name}-few": [vectors.restrict(10), vectors.restrict(["queen", "king"]), vectors.norms],
        }
    unseen = pieces()
    return found | {
        "subwords-unseen": [unseen[["kings", "zzz"]], unseen.parts("kingdoms"), unseen.vectors(20)]
    }


@case
def formats() -> Results:
    """The bytes of every format, and what comes back from them; fewer bytes in the native one."""
    vectors, found = small(), {}
    for name in FORMATS[1:]:
        vectors.save(name, name)
        found[name] = [Path(name), sk.Vectors.load(name), sk.Vectors.load(name, name, limit=20)]
    for dtype in ("float32", "fp16", "int8"):
        vectors.save(dtype, dtype=dtype)
        found[dtype] = [stored(dtype), sk.Vectors.load(dtype)]
    subwords = pieces()
    for dtype in ("float32", "fp16", "int8"):
        subwords.save(f"pieces-{dtype}", dtype=dtype)
        found[f"subwords-{dtype}"] = [stored(f"pieces-{dtype}"), sk.SubwordVectors.load(f"pieces-{dtype}")]
    subwords.save("words.bin", "fasttext-binary")
    subwords.save("words.vec", "fasttext")
    again = sk.SubwordVectors.load("words.bin")
    return found | {
        "fasttext-binary": [Path("words.bin"), again, again["kingdoms"]],
        "fasttext-known": Path("words.vec"),
    }


@case
def commands() -> Results:
    """The commands about vectors: ask, measure, convert, quantise, align, draw."""
    small().save("one")
    small(2).save("two")
    pieces().save("pieces")
    shutil.copy(sk.shipped("planted") / "analogies.txt", "analogies.txt")
    data.write(
        "rated.txt", ["king\tqueen\t8.5", "paris\trome\t7", "dog\tparis\t1", "cat\tdog\t6", "car\tking\t1.5"]
    )
    data.write("pairs.txt", ["king king", "queen queen", "paris paris", "dog dog", "unheard dog"])
    asked = {
        "nearest": "nearest one king paris --top 4 --json",
        "nearest-subwords": "nearest pieces kingdoms --top 4 --json",
        "analogy": "analogy one man king woman --top 3 --method 3cosmul --json",
        "odd": "odd-one-out one king queen paris --json",
        "eval": "eval one --analogies analogies.txt --similarity rated.txt --method 3cosavg --json",
        "info": "info one --verify --json",
        "quantise": "quantise one --to int8 --out int8 --analogies analogies.txt --json",
        "quantise-fp16": "quantise one --to fp16 --out fp16 --similarity rated.txt --restrict 200 --json",
        "align": "align one two --out turned --json",
        "align-dictionary": "align one two --dictionary pairs.txt --method cosine --out learnt --json",
        "map-pca": "map one --method pca --top 40 --out pca.svg --json",
        "map-axes": "map one --words nurse,engineer --x 'he->she' --y 'man->king' --out axes.svg --json",
        "map-tsne": "map one --top 60 --set perplexity=8 --out tsne.tsv --json",
        "map-page": "map one --neighbours-of king --top 20 --method pca --out page.html --json",
    }
    converted = [f"convert one --to {to} --out made.{to}" for to in FORMATS]
    printed = data.shell(*(f"embed {command}" for command in [*asked.values(), *converted]))
    found: Results = dict(zip(asked, printed, strict=False))
    found |= {f"convert-{to}": Path(f"made.{to}") for to in FORMATS[1:]}
    found |= {f"folder-{name}": stored(name) for name in ("int8", "fp16", "turned", "learnt", "made.native")}
    return found | {
        f"file-{name}": Path(name) for name in ("pca.svg", "axes.svg", "page.html", "tsne.vectors.tsv")
    }


@case
def folders() -> Results:
    """Vectors whose words hold spaces, marks and other scripts."""
    words = ["new york", "naïve", "日本", "a\tb", "#", "the"]
    return {"native": saved(data.random_vectors(words, 5))}
