"""Bias: every method of removal and every measure, on vectors with a concept put in; SEAT on a model.

Not handled: pages for people (their numbers are those of the JSON).
"""

import json
from typing import Any

import numpy as np

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved, stored

METHODS: dict[str, Any] = {
    "hard": sk.HardDebias,
    "soft": sk.SoftDebias,
    "double-hard": sk.DoubleHard,
    "inlp": sk.INLP,
    "leace": sk.LEACE,
    "transport": sk.Transport,
}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "hard-mean": ("hard", {"direction": "mean", "equalize": False}),
    "hard-two": ("hard", {"dims": 2, "direction": "pca"}),
    "soft-sum": ("soft", {"scale": "sum", "strength": 0.5}),
    "double-hard-few": ("double-hard", {"candidates": 4, "examples": 60, "seed": 3}),
    "inlp-svm": ("inlp", {"classifier": "svm", "rounds": 3, "seed": 2}),
    "inlp-ridge-lists": ("inlp", {"classifier": "ridge", "rounds": 4, "lists": ("career", "family")}),
    "leace-lists": ("leace", {"lists": ("career", "family")}),
    "transport-uncentred": ("transport", {"centre": False, "pool": 40, "sharpness": 2.0}),
}
MEASURES = (
    "weat",
    "sc-weat",
    "direct-bias",
    "indirect-bias",
    "rnd",
    "rnsb",
    "mac",
    "ect",
    "ripa",
    "analogies",
    "gonen-clusters",
    "gonen-svm",
    "gonen-mlp",
    "gonen-neighbours",
)


def planted(classes: int = 2, dim: int = 24, neutral: int = 400) -> tuple[Any, Any]:
    """Vectors in which definitional words and half of the others carry a direction, and their word sets.

    The first axes hold the concept; a neutral word's side is its number modulo `classes`, as in the lists.
    """
    random = np.random.default_rng(5)
    corners = np.zeros((classes, dim), np.float32)
    corners[:, :classes] = np.eye(classes) - 1 / classes
    words, rows = [], []
    for i in range(neutral):
        words.append(f"n{chr(97 + i // 26)}{chr(97 + i % 26)}")  # letters: others no recovery test chooses
        rows.append(random.normal(size=dim) * np.linspace(0.5, 1.5, dim) + 2 * corners[i % classes])
    groups: dict[str, list[list[str]]] = {}
    for kind in ("d", "e"):  # definitional, equalize
        groups[kind] = [[f"{kind}{i}.{c}" for c in range(classes)] for i in range(8)]
        for group in groups[kind]:
            base = random.normal(size=dim)
            base[:classes] = 0
            words += group
            rows += [base + 3 * corner + 0.01 * random.normal(size=dim) for corner in corners]
    order = random.permutation(len(words))
    matrix = np.array(rows, np.float32)[order]
    vectors = sk.Vectors(sk.Vocab([words[i] for i in order], np.arange(len(words), 0, -1)), matrix)
    lists = {
        "career": words[0:20:classes],
        "family": words[1:21:classes],
        "pleasant": words[20:40],
        "unpleasant": words[40:60],
        "professions": words[60:90],
    }
    names = tuple(f"class {c}" for c in range(classes))
    return vectors, sk.WordSets("planted", groups["d"], groups["e"], ("naa", "nab"), lists, classes=names)


@case
def methods() -> Results:
    """What every method fits, and what becomes of the vectors."""
    vectors, sets = planted()
    found: Results = {}
    for name, (kind, given) in ({name: (name, {}) for name in METHODS} | VARIANTS).items():
        eraser = METHODS[kind](**given).fit(vectors, sets)
        found[name] = [saved(eraser), eraser(vectors)]
    vectors, sets = planted(classes=3)
    of_three = {"hard": {"dims": 2}, "leace": {}, "inlp": {"rounds": 3}, "transport": {"dims": 2, "pool": 30}}
    for name, given in of_three.items():
        eraser = METHODS[name](**given).fit(vectors, sets)
        found[f"{name}-of-three"] = [saved(eraser), eraser(vectors)]
    return found


@case
def commands() -> Results:
    """Removal and measures by the command line, word sets, the report."""
    vectors, sets = planted()
    vectors.save("planted")
    sets.save("planted.json")
    remove = "remove planted --sets planted.json --json --method"
    asked = {f"remove-{name}": f"{remove} {name} --out {name}.vectors --eraser {name}" for name in METHODS}
    measures = "measure planted --sets planted.json --anchor naz --draws 100"
    asked |= {f"measure-{name}": f"{measures} --measure {name} --json" for name in MEASURES}
    asked["measure-all"] = f"{measures} --seed 3 --json"
    asked["words"] = "words planted.json --vectors planted --json"
    asked["shipped"] = "words --json"
    asked["report"] = (
        "report planted --sets planted.json --method hard --method inlp:rounds=3 --draws 50 "
        "--measure direct-bias --measure weat --measure gonen-svm --out report.json --json"
    )
    printed = dict(zip(asked, data.shell(*(f"bias {command}" for command in asked.values())), strict=True))
    return printed | {f"folder-{name}": [stored(name), stored(f"{name}.vectors")] for name in METHODS}


@case
def sentences() -> Results:
    """SEAT: the states of a language model for words in sentences."""
    lines = sk.Corpus.build(data.planted("text.txt", 0, 400), add_eos=True, threads=1)
    given: dict[str, Any] = {"hidden_size": 10, "num_layers": 1, "epochs": 1, "batch": 8, "bptt": 12}
    sk.LanguageModel(**given, device="cpu", threads=1).fit(lines).save("lm")
    pairs = [
        pair.split() for pair in ("woman man", "queen king", "mother father", "sister brother", "girl boy")
    ]
    lists = {"career": ["engineer", "plumber", "mechanic"], "family": ["nurse", "receptionist", "librarian"]}
    sets = {
        "kind": "word-sets",
        "name": "planted",
        "definitional": pairs,
        "lists": lists,
        "classes": ["female", "male"],
    }
    data.write("planted.json", [json.dumps(sets)])
    seat = "bias measure lm --measure seat --sets planted.json --draws 100 --most-lost 0.9 --device cpu"
    mean = "--pooling mean --each sentence --template 'the {} is old'"
    printed = data.shell(f"{seat} --json", f"{seat} {mean} --json")
    return dict(zip(("seat", "seat-mean"), printed, strict=True))


@case
def word_sets() -> Results:
    """The word sets that ship, as far as the planted text has their words."""
    vocab = data.corpus().vocab
    found: Results = {}
    for name in sk.WordSets.names():
        sets = sk.WordSets.shipped(name)
        kept, lost = sets.known(vocab, limit=1.0)
        found[name] = [sets, sets.checksum, kept, lost]
    return found
