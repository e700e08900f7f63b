"""The tables of a debiasing report, as plain values: measures, projections and test sets before and after.

Not handled: drawing them (seqkit.report.pages.bias_page takes the tables).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqkit.core.device import backend, gpu
from seqkit.debias.measuring.assess import assess, claimed
from seqkit.debias.measuring.base import BiasScore
from seqkit.debias.measuring.geometry import unit
from seqkit.debias.measuring.inputs import Inputs
from seqkit.debias.removal.base import BiasMethod
from seqkit.embeddings.testsets.testsets import evaluate
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.report.pages.bias_page import bias_page
from seqkit.report.pages.out import save

BEFORE = "before"
Erase = Callable[[Vectors], Vectors]


@dataclass(frozen=True)
class Report:
    """Tables of plain values.

    about: words, their checksum and licence, direction, sizes.
    measures: one row for each measure and state ("before" or an eraser).
    projection: cosine of each neutral word with the direction, by state.
    utility: one row for each test set and state.
    lost: the unknown words of each list.
    refused: measures that could not be taken, by state; a reason that stays the same only once.
    """

    about: dict[str, Any]
    measures: list[dict[str, Any]]
    projection: dict[str, dict[str, float]]
    utility: list[dict[str, Any]]
    lost: dict[str, list[str]]
    refused: dict[str, dict[str, str]]

    def to_json(self) -> dict[str, Any]:
        """All tables as plain JSON values."""
        return asdict(self)

    def save(self, path: Path | str) -> None:
        """Write a page (.html) or the tables (.json), whole or not at all."""
        save("report", self.to_json(), bias_page, path)


def compare(
    inputs: Inputs,
    erasers: Mapping[str, BiasMethod | Erase],
    *,
    names: Sequence[str] | None = None,
    analogies: Iterable[Path] = (),
    similarities: Iterable[Path] = (),
    restrict: int | None = None,
) -> Report:
    """Measure inputs.original and what each eraser makes of it.

    Words and direction are found in the vectors before; so the states differ only in the vectors. A method
    that is not fitted yet is fitted to inputs.learnable: it never sees the words that the recovery tests
    classify. A method that learns from named lists sees all words.
    Raises:  as `assess` and the erasers do.
    """
    analogies, similarities = list(analogies), list(similarities)
    rows: list[dict[str, Any]] = []
    utility: list[dict[str, Any]] = []
    refused: dict[str, dict[str, str]] = {}
    projection = {}
    known = [word for word in inputs.neutral if word in inputs.original]
    fitted = {name: _fitted(inputs, eraser) for name, eraser in erasers.items()}
    for state, make in {BEFORE: lambda vectors: vectors, **fitted}.items():
        vectors = make(inputs.original)
        found = assess(inputs, vectors, names)
        rows += [_row(state, score) for score in found.scores]
        same = refused.get(BEFORE, {})
        refused[state] = {name: why for name, why in found.refused.items() if same.get(name) != why}
        cosines = unit("report", vectors[known], known) @ inputs.direction.basis[0]
        projection[state] = dict(zip(known, cosines.tolist(), strict=True))
        for path in analogies:
            total = next(
                score for score in evaluate(vectors, [path], restrict=restrict) if score.name == "total"
            )
            utility.append({"state": state, **total.to_json(), "name": path.stem})
        if similarities:
            scores = evaluate(vectors, [], similarities, restrict=restrict)
            utility += [{"state": state, **score.to_json()} for score in scores]
    unseen = any(isinstance(eraser, BiasMethod) and not _lists(eraser) for eraser in erasers.values())
    about = _about(inputs) | {"held_out": len(inputs.tested) if unseen else 0}
    return Report(about, rows, projection, utility, _lost(inputs), {s: r for s, r in refused.items() if r})


def _fitted(inputs: Inputs, eraser: BiasMethod | Erase) -> Erase:
    if not isinstance(eraser, BiasMethod):
        return eraser
    return eraser.fit(inputs.original if _lists(eraser) else inputs.learnable, inputs.words)


def _lists(method: BiasMethod) -> bool:
    """Whether it learns from named lists."""
    return bool(getattr(method, "lists", ()))


def _row(state: str, score: BiasScore) -> dict[str, Any]:
    return {"state": state, **score.to_json(), "claimed": claimed(score)}


def _about(inputs: Inputs) -> dict[str, Any]:
    words, direction = inputs.words, inputs.direction
    return {
        "words": words.name,
        "sha256": words.checksum,
        "source": words.source,
        "licence": words.licence,
        "positive": words.classes[0] if words.classes else "first column",
        "direction": direction.method,
        "explained": list(direction.explained),
        "sets": direction.sets,
        "vocabulary": len(inputs.original),
        "dim": inputs.original.dim,
        "backend": backend(gpu(inputs.original.device)),
        "case": inputs.case,
        "seed": inputs.options.seed,
    }


def _lost(inputs: Inputs) -> dict[str, list[str]]:
    words = inputs.words
    parts = {"definitional": [word for row in words.definitional for word in row], **words.lists}
    gone = {name: [word for word in part if word not in inputs.spelling] for name, part in parts.items()}
    return {name: words for name, words in gone.items() if words}
