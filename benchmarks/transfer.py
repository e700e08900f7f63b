"""Transfer: accuracy on SST-2's dev sentences by the number of labelled ones, with and without vectors
trained on wiki100m.

Every size takes the first sentences of one shuffled order a seed; epochs grow as sizes shrink, so that each
run takes at least `STEPS` steps. The epoch is the last one: no dev sentence is looked at in training.
"""

import random
import statistics
from pathlib import Path
from typing import Any

from benchmarks._classify import head, options, part
from benchmarks._wiki_vectors import wiki_vectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.classifier.baselines import Part
from seqkit.models.classifier.model import TextClassifier
from seqkit.report.figure import BLUE, GREY, ORANGE, figure

SIZES = (30, 100, 300, 1000, 3000, 6920)
STEPS = 600
COMMON: dict[str, Any] = {"unit": "whitespace", "batch": 32, "word_dropout": 0.1}
READERS: dict[str, dict[str, Any]] = {
    "averaged": COMMON | {"lr": 0.02},
    "recurrent": COMMON | {"reader": "recurrent", "hidden_size": 100, "dropout": 0.5, "lr": 0.001},
}
LOOKS = {"averaged": ("s", "--"), "recurrent": ("o", "-")}


def accuracies(
    reader: dict[str, Any], train: Part, dev: Part, size: int, given: Vectors | None, seeds: list[int]
) -> list[float]:
    """In percent, one a seed."""
    found = []
    for seed in seeds:
        which = list(range(len(train[0])))
        random.Random(seed).shuffle(which)
        epochs = max(5, round(STEPS * reader["batch"] / size))
        model = TextClassifier(seed=seed, epochs=epochs, **reader)
        model.fit([train[0][i] for i in which[:size]], [train[1][i] for i in which[:size]], vectors=given)
        found.append(100 * model.score(*dev))
    return found


def main(args: list[str]) -> None:
    """Train, print and draw."""
    made = options(__doc__)
    made.add_argument("--plot", type=Path)
    made.add_argument("--only", nargs="*", default=list(READERS))
    chosen = made.parse_args(args)
    files = chosen.data / "sentiment" / "sst"
    train, dev = (part(files / f"stsa.binary.{name}") for name in ("train", "dev"))
    readers = {name: READERS[name] | {"threads": chosen.threads} for name in chosen.only}
    head(readers)
    starts = {"vectors of wiki100m": wiki_vectors(chosen, 300), "no vectors": None}
    results: dict[tuple[str, str], list[list[float]]] = {}
    print(f"accuracy on dev (%), mean of {len(chosen.seeds)} seeds, by labelled sentences")
    print(" " * 34 + "".join(f"{size:>8,}" for size in SIZES))
    for name, own in readers.items():
        for start, given in starts.items():
            rows = [accuracies(own, train, dev, size, given, chosen.seeds) for size in SIZES]
            results[name, start] = rows
            print(
                f"  {name + ', ' + start:32}" + "".join(f"{statistics.mean(row):8.1f}" for row in rows),
                flush=True,
            )
    if chosen.plot:
        with figure(chosen.plot) as axes:
            for (name, start), rows in results.items():
                marker, line = LOOKS[name]
                colour = BLUE if starts[start] else ORANGE
                means = [statistics.mean(row) for row in rows]
                axes.plot(SIZES, means, color=colour, marker=marker, linestyle=line, label=f"{name}, {start}")
                axes.fill_between(
                    SIZES,
                    [min(row) for row in rows],
                    [max(row) for row in rows],
                    color=colour,
                    alpha=0.12,
                    linewidth=0,
                )
            axes.axhline(50, color=GREY, linewidth=1, linestyle=":")
            axes.set_xscale("log")
            axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
            axes.minorticks_off()
            axes.set_xlabel("labelled sentences")
            axes.set_ylabel("accuracy on dev (%)")
            axes.legend(loc="lower right")
