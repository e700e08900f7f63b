"""What the recipes for classifiers share: the data sets, vectors trained on wiki100m, runs over seeds, the
closing table.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import _wiki_vectors
from benchmarks._common import machine, parser
from seqkit.models.classifier.baselines import Part
from seqkit.models.classifier.model import TextClassifier
from seqkit.text.readers.labelled import labelled, to_targets


def options(description: str) -> argparse.ArgumentParser:
    """Options every recipe for a classifier has."""
    made = parser(description)
    _wiki_vectors.option(made)
    made.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    made.add_argument("--threads", type=int, default=2)
    return made


def part(path: Path, **settings: Any) -> Part:
    """A file of labelled texts."""
    rows = labelled(path, **settings)
    return [row.text for row in rows], to_targets(rows)


@dataclass
class Result:
    """Accuracies of one model over seeds, in percent, and the processor seconds that each run took."""

    name: str
    dev: list[float]
    test: list[float]
    seconds: list[float]

    def __str__(self) -> str:
        spread = f" ± {statistics.stdev(self.test):.2f}" if len(self.test) > 1 else ""
        return (
            f"  {self.name:34} dev {statistics.mean(self.dev):6.2f}  test "
            f"{statistics.mean(self.test):6.2f}{spread} "
            f"({', '.join(f'{t:.2f}' for t in self.test)}), {statistics.mean(self.seconds):.1f} s of "
            "processor a run"
        )


def over_seeds(
    name: str,
    seeds: Sequence[int],
    train: Part,
    dev: Part,
    test: Part,
    settings: dict[str, Any],
    **given: Any,
) -> tuple[Result, TextClassifier]:
    """Train once a seed, the epoch chosen on dev; print the result, and return it with the last model."""
    found = Result(name, [], [], [])
    for seed in seeds:
        busy = time.process_time()
        model = TextClassifier(seed=seed, **settings).fit(*train, valid=dev, **given)
        found.seconds.append(time.process_time() - busy)
        found.dev.append(100 * model.score(*dev))
        found.test.append(100 * model.score(*test))
    print(found, flush=True)
    return found, model


def head(settings: dict[str, dict[str, Any]]) -> None:
    """The machine and the settings of each model."""
    print(machine())
    for name, own in settings.items():
        print(f"  {name}: {own}")
