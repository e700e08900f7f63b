"""A diagnosis: errors of the parts, faults, what to do next, and the tables to check it with.

Not handled: making it (diagnosis.diagnose), drawing it (report.pages.diagnosis_page).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

from seqkit.core import files, schema
from seqkit.core.errors import FormatError, SeqkitError
from seqkit.core.schema import Count

KIND = "seqkit-diagnosis"


class _Value(TypedDict):
    name: str
    value: float


class _Wrong(TypedDict):
    row: Count


class _Saved(TypedDict):
    """What is used of a saved diagnosis; a page shows the rest as it is."""

    kind: Literal["seqkit-diagnosis"]
    errors: list[_Value]
    values: dict[str, float]
    wrong: list[_Wrong]


@dataclass(frozen=True)
class Diagnosis:
    """Tables of plain values.

    about: model, settings, parts, seed.   errors: a Score for each part.
    findings: gaps and causes, faults first.
    values: what models are chosen by, of dev (accuracy, macro_f1, ms for one text alone, ms_batched,
    parameters).
    classes: precision, recall, F1 and the confusion matrix of dev.   slices, examples, wrong: rows of dev.
    curve: loss by step and by epoch.   sizes: errors by the share of training rows.   copies: between parts.
    labels: suspected label errors of training.   baseline: errors of a linear model, by part.
    """

    about: dict[str, Any]
    errors: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    values: dict[str, float]
    classes: dict[str, Any]
    confused: list[dict[str, Any]]
    slices: list[dict[str, Any]]
    examples: list[dict[str, Any]]
    wrong: list[dict[str, Any]]
    curve: dict[str, Any]
    sizes: list[dict[str, Any]]
    copies: dict[str, Any]
    labels: dict[str, Any] | None
    baseline: list[dict[str, Any]]
    limits: list[dict[str, Any]] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Names of the faults; correct the first one first."""
        return [finding["name"] for finding in self.findings if finding["fault"]]

    def to_json(self) -> dict[str, Any]:
        """All tables as plain JSON values."""
        return {"kind": KIND, "faults": self.faults, **vars(self)}

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> "Diagnosis":
        """What to_json gave."""
        return Diagnosis(**{name: value for name, value in plain.items() if name not in ("kind", "faults")})

    @staticmethod
    def load(path: Path) -> "Diagnosis":
        """Read a diagnosis saved as JSON.

        Raises:  FormatError if the file is none.
        """
        try:
            return Diagnosis.from_json(schema.check(str(path), files.read_json(path), _Saved))
        except (OSError, SeqkitError, TypeError) as error:
            why = "no such file" if isinstance(error, FileNotFoundError) else f"not a diagnosis ({error})"
            raise FormatError(
                f"{path}: {why}. Make one with seqkit diagnose run --out {path.stem}.json."
            ) from error
