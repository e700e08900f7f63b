"""A diagnosis: errors of the parts, faults, what to do next, and the tables to check it with.

Not handled: making it (diagnosis.diagnose), drawing it (report.pages.diagnosis_page).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from seqkit.core import files, schema
from seqkit.core.errors import FormatError
from seqkit.core.schema import Count, Size

KIND = "seqkit-diagnosis"


_MAKE = "Make one with seqkit diagnose run --out diagnosis.json."


class _Score(TypedDict):
    name: str
    value: float | None
    count: Count
    missing: Count
    signature: dict[str, Any]
    interval: list[float] | None


class _Finding(TypedDict):
    name: str
    value: float | None
    interval: list[float] | None
    formula: str
    named: bool
    note: str
    explained_by: str | None
    actions: list[str]
    fault: bool


class _Wrong(TypedDict):
    row: Size
    text: str
    label: str
    loss: float
    predicted: str
    probability: schema.Share
    suspected: str


class _Classes(TypedDict):
    accuracy: _Score
    macro_f1: _Score
    classes: list[str]
    by_class: dict[str, dict[str, float | None]]
    confusion: list[list[Count]]


class _Tables(TypedDict):
    """The form of the file."""

    kind: str
    faults: list[str]
    about: dict[str, Any]
    errors: list[_Score]
    findings: list[_Finding]
    values: dict[str, float]
    classes: _Classes
    confused: list[dict[str, Any]]
    slices: list[dict[str, Any]]
    examples: list[_Wrong]
    wrong: list[_Wrong]
    curve: dict[str, Any]
    sizes: list[dict[str, Any]]
    copies: dict[str, Any]
    labels: dict[str, Any] | None
    baseline: list[_Score]
    limits: NotRequired[list[dict[str, Any]]]


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
        if not path.is_file():
            raise FormatError(f"{path}: no such file. {_MAKE}")
        plain = files.read_json(path)
        if not isinstance(plain, dict) or plain.get("kind") != KIND:
            raise FormatError(f"{path}: not a diagnosis. {_MAKE}")
        if unknown := plain.keys() - _Tables.__annotations__.keys():
            raise FormatError(f"{path}: got {min(unknown)!r}, which no diagnosis has. {_MAKE}")
        return Diagnosis.from_json(schema.check(str(path), plain, _Tables, FormatError, _MAKE))
