"""MR (movie review sentences, fixed 80/10/10 split) and TREC (six types of questions): the ladder over three
seeds.

Bars: MR at least 76 %, TREC at least 91 %. Vectors of wiki100m; settings and epochs chosen on dev; a tenth of
TREC's training questions is dev.
"""

from typing import Any

from benchmarks._classify import head, options, over_seeds, part
from benchmarks._wiki_vectors import wiki_vectors
from seqkit.models.classifier.baselines import Part
from seqkit.text.splits import split

AVERAGED: dict[str, Any] = {"lr": 0.1, "epochs": 5, "word_dropout": 0.3, "ngrams": 2}
RECURRENT: dict[str, Any] = {
    "reader": "recurrent",
    "hidden_size": 100,
    "dropout": 0.6,
    "word_dropout": 0.1,
    "lr": 0.002,
    "epochs": 12,
}


def cut(rows: Part, shares: dict[str, float]) -> list[Part]:
    """The parts of one file."""
    texts, y = rows
    return [([texts[i] for i in which], [y[i] for i in which]) for which in split(y, shares).values()]


def main(args: list[str]) -> None:
    """Print a row a data set and model."""
    made = options(__doc__)
    made.add_argument("--only", nargs="*", default=["averaged", "recurrent"])
    made.add_argument("--sets", nargs="*", default=["MR", "TREC"])
    chosen = made.parse_args(args)
    wanted = {
        name: own for name, own in (("averaged", AVERAGED), ("recurrent", RECURRENT)) if name in chosen.only
    }
    head(wanted)
    given = wiki_vectors(chosen, 300)
    reviews = part(chosen.data / "sentiment" / "mr", format="files", encoding="windows-1252")
    questions, test = (
        part(chosen.data / "classification" / "trec" / f"TREC.{name}", encoding="windows-1252")
        for name in ("train", "test")
    )
    coarse = [(texts, [label.partition(":")[0] for label in y]) for texts, y in (questions, test)]
    sets = {
        "MR": cut(reviews, {"train": 0.8, "dev": 0.1, "test": 0.1}),
        "TREC": [*cut(coarse[0], {"train": 0.9, "dev": 0.1}), coarse[1]],
    }
    for name in chosen.sets:
        train, dev, held = sets[name]
        print(f"{name}: {len(train[0]):,} / {len(dev[0]):,} / {len(held[0]):,} texts")
        for model, own in wanted.items():
            unit = {"unit": "whitespace", "lower": True, "threads": chosen.threads}
            over_seeds(f"{name} {model}", chosen.seeds, train, dev, held, own | unit, vectors=given)
