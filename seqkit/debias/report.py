"""The tables of a debiasing report: the same measures, projections and test sets before and after, as plain
values.

Not handled: drawing them (seqkit.report.pages.bias_page takes the tables).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import OptionError
from seqkit.debias.measuring.assess import Roles, assess, claimed
from seqkit.debias.measuring.base import Measured, unit
from seqkit.debias.removal.base import BiasMethod
from seqkit.embeddings.testsets.testsets import evaluate
from seqkit.embeddings.vectors.vectors import Vectors

BEFORE = "before"


@dataclass(frozen=True)
class Report:
    """Tables of plain values.

    about: words, their checksum and licence, direction, sizes.
    measures: a row a measure and state ("before" or an eraser).
    projection: cosine of each neutral word with the direction, by state.
    utility: a row a test set and state.
    lost: the unknown words of each list.
    refused: measures that could not be taken, by state; the same reason once.
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
        if check_out(path) == ".json":
            files.write_json(Path(path), self.to_json())
        else:
            from seqkit.report.pages.bias_page import bias_page

            bias_page(self.to_json(), Path(path))


def check_out(path: Path | str) -> str:
    """The suffix of `path`.

    Raises:  OptionError if it is neither .html nor .json; before hours of measuring.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".html", ".json"):
        raise OptionError(f"report: {Path(path).name!r} ends in {suffix!r}, allowed are .html and .json.")
    return suffix


def compare(
    roles: Roles,
    erasers: Mapping[str, BiasMethod | Callable[[Vectors], Vectors]],
    *,
    names: Sequence[str] | None = None,
    analogies: Iterable[Path] = (),
    similarities: Iterable[Path] = (),
    restrict: int | None = None,
) -> Report:
    """Measure roles.original and what each eraser makes of it, in one go.

    Words are chosen, and the direction found, in the vectors before; so the states differ in nothing but the
    vectors. A method is fitted here, to roles.learnable: it never sees the words that the recovery tests tell
    apart. One that learns from named lists sees them all, and so did what came fitted.
    Raises:  as `assess` and the erasers do.
    """
    analogies, similarities = list(analogies), list(similarities)
    rows: list[dict[str, Any]] = []
    utility: list[dict[str, Any]] = []
    refused: dict[str, dict[str, str]] = {}
    projection = {}
    known = [word for word in roles.neutral if word in roles.original]
    fitted = {name: _fitted(roles, eraser) for name, eraser in erasers.items()}
    for state, make in {BEFORE: lambda vectors: vectors, **fitted}.items():
        vectors = make(roles.original)
        found = assess(roles, vectors, names)
        rows += [_row(state, score) for score in found.scores]
        same = refused.get(BEFORE, {})
        refused[state] = {name: why for name, why in found.refused.items() if same.get(name) != why}
        cosines = unit("report", vectors[known], known) @ roles.direction.basis[0]
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
    about = _about(roles) | {"held_out": len(roles.tested) if unseen else 0}
    return Report(about, rows, projection, utility, _lost(roles), {s: r for s, r in refused.items() if r})


def _fitted(roles: Roles, eraser: BiasMethod | Callable[[Vectors], Vectors]) -> Callable[[Vectors], Vectors]:
    if not isinstance(eraser, BiasMethod):
        return eraser
    return eraser.fit(roles.original if _lists(eraser) else roles.learnable, roles.words)


def _lists(method: BiasMethod) -> bool:
    """Whether it learns from named lists."""
    return bool(getattr(method, "lists", ()))


def _row(state: str, score: Measured) -> dict[str, Any]:
    return {"state": state, **score.to_json(), "claimed": claimed(score)}


def _about(roles: Roles) -> dict[str, Any]:
    words, direction = roles.words, roles.direction
    return {
        "words": words.name,
        "sha256": words.checksum,
        "source": words.source,
        "licence": words.licence,
        "positive": words.classes[0] if words.classes else "first column",
        "direction": direction.method,
        "explained": list(direction.explained),
        "sets": direction.sets,
        "vocabulary": len(roles.original),
        "dim": roles.original.dim,
        "case": roles.case,
        "seed": roles.options.seed,
    }


def _lost(roles: Roles) -> dict[str, list[str]]:
    parts = {"definitional": [word for row in roles.words.definitional for word in row], **roles.words.lists}
    gone = {name: [word for word in part if word not in roles.form] for name, part in parts.items()}
    return {name: words for name, words in gone.items() if words}
