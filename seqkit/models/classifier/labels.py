"""Labels and their numbers: the classes of one task or of several, whose missing labels are None.

Texts with any number of labels have sets of them; each label is then a task of two classes, no and yes, whose
softmax is the logistic function of the difference. Not handled: labels with an order; regression.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.core.types import Array, Floats, Ids

Label = str | int | bool


@dataclass(frozen=True)
class Targets:
    """The classes of each task, sorted. single: labels are one flat array, not columns.

    names: where a text has a set of labels, all of them, sorted; task k says whether it has names[k].
    """

    classes: list[list[Label]]
    single: bool
    names: list[str] | None = None

    @staticmethod
    def learn(y: Any) -> "Targets":
        """The classes of the labels of training: a sequence, sets, or rows with a column for each task.

        Raises:  FormatError if a task has fewer than two classes, or a label is neither str, int nor bool.
        """
        if _are_sets(y):
            names = sorted({label for row in _sets(y) for label in row or ()})
            if not names:
                raise FormatError("labels: got no label in any set, expected one or more.")
            return Targets([[False, True] for _ in names], False, names)
        columns, single = _columns(y)
        classes = []
        for k, column in enumerate(columns):
            for i, label in enumerate(column):
                if label is not None and not isinstance(label, str | int | bool):
                    raise FormatError(
                        f"labels: label {i + 1:,} is {label!r} ({type(label).__name__}), expected str, int, "
                        "bool or None.",
                        row=i,
                        value=label,
                    )
            found = {label for label in column if label is not None}
            if len(found) < 2:
                got = f"only the label {next(iter(found))!r}" if found else "no label"
                where = "" if single else f" of task {k + 1}"
                raise FormatError(f"labels{where}: got {got}, expected two or more different ones (classes).")
            if len({isinstance(label, str) for label in found}) > 1:
                raise FormatError("labels: got some str and some numbers, expected only one of the two.")
            classes.append(sorted(found))
        return Targets(classes, single)

    def check(self) -> None:
        """Raise FormatError unless each task has two different labels or more, of one kind."""
        if self.names is not None:
            alike = self.single or self.classes != [[False, True]] * len(self.names)
            if alike or not self.names or sorted(set(self.names)) != self.names:
                raise FormatError("labels: got names that do not fit the tasks, expected one each, sorted.")
        if not self.classes or (self.single and len(self.classes) > 1):
            raise FormatError(f"labels: got {len(self.classes)} tasks, expected one, or more in columns.")
        for labels in self.classes:
            texts = {isinstance(label, str) for label in labels}
            if len(set(labels)) != len(labels) or len(labels) < 2 or len(texts) > 1:
                raise FormatError("labels: got equal ones, or of two kinds, expected two or more classes.")

    @property
    def heads(self) -> Annotated[Array, "K"]:
        """Where the classes of each task begin, and how many there are in all."""
        return np.concatenate([[0], np.cumsum([len(c) for c in self.classes])])

    def ids(self, y: Any, texts: int) -> Annotated[Ids, "N K"]:
        """The numbers of labels; -1 for None.

        Raises:  FormatError for a label that training did not have (kind "label", its row and value);
                 OptionError if there is not one for each text.
        """
        columns, _ = _columns(y if self.names is None else self._flags(y))
        if len(columns) != len(self.classes) or any(len(column) != texts for column in columns):
            raise OptionError(
                f"labels: got {len(columns[0]) if columns else 0:,} in {len(columns)} columns for {texts:,} "
                f"texts and {len(self.classes)} tasks, expected one for each."
            )
        found = np.full((texts, len(columns)), -1, np.int32)
        for k, (column, classes) in enumerate(zip(columns, self.classes, strict=True)):
            index: dict[Any, int] = {label: c for c, label in enumerate(classes)}
            index[None] = -1
            for i, label in enumerate(column):
                if label not in index:
                    raise _unknown(i, label, [str(c) for c in classes])
                found[i, k] = index[label]
        return found

    def labels(self, ids: Annotated[Array, "N K"]) -> Array:
        """The labels of numbers: (N,) for one task, or of frozensets; (N, K) of objects for several."""
        if self.names is not None:
            found, names = np.empty(len(ids), object), np.array(self.names)
            found[:] = [frozenset(names[row].tolist()) for row in ids > 0]
            return found
        columns = [np.array(classes)[ids[:, k]] for k, classes in enumerate(self.classes)]
        return columns[0] if self.single else np.stack([c.astype(object) for c in columns], 1)

    def right(self, found: Annotated[Ids, "N K"], truth: Annotated[Ids, "N K"]) -> Annotated[Array, "M"]:
        """Which labels were found of those there are; of sets: which whole sets."""
        there = truth >= 0
        return (found == truth)[there] if self.names is None else (found == truth).all(1)[there.all(1)]

    def weights(
        self, given: str | dict[str, float] | None, ids: Annotated[Array, "N K"]
    ) -> Annotated[Floats, "C"]:
        """The weight of each class: n / (classes · n of the class) if balanced, else the one given, or 1."""
        flat: list[Label | None] = [label for classes in self.classes for label in classes]
        if self.names is not None:
            flat = [label for name in self.names for label in (None, name)]
        if isinstance(given, dict):
            given = {str(name): weight for name, weight in given.items()}
            for name in given:
                if name not in (known := [str(label) for label in flat if label is not None]):
                    raise OptionError(
                        f"class_weight: no label {name!r}; known: "
                        f"{', '.join(known)}.{did_you_mean(name, known)}"
                    )
            return np.array([given.get(str(label), 1.0) for label in flat], np.float32)
        if given is None:
            return np.ones(len(flat), np.float32)
        counts = [
            np.bincount(column[column >= 0], minlength=len(c))
            for column, c in zip(ids.T, self.classes, strict=True)
        ]
        return np.concatenate([n.sum() / (len(n) * np.maximum(n, 1)) for n in counts]).astype(np.float32)

    def _flags(self, y: Any) -> list[list[bool | None]]:
        """A row for each text, whether it has each of the names; one label stands for the set of it."""
        assert self.names is not None, "asked for with sets alone"
        rows, known = [], set(self.names)
        for i, row in enumerate(_sets(y)):
            if odd := sorted((row or frozenset()) - known):
                raise _unknown(i, odd[0], self.names)
            rows.append([None if row is None else name in row for name in self.names])
        return rows


def check_texts(texts: Any, where: str, *, empty: bool = True) -> list[str]:
    """The texts as a list.

    Raises:  OptionError if they are one str or not str; FormatError if there is none or, where they may not
             be, one is empty.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise OptionError(f"{where}: got {type(texts).__name__}, expected a sequence of texts (str).")
    found = list(texts)
    for i, text in enumerate(found):
        if not isinstance(text, str):
            raise OptionError(f"{where}: text {i + 1:,} is of type {type(text).__name__}, expected str.")
        if not empty and not text.strip():
            raise FormatError(f"{where}: text {i + 1:,} of {len(found):,} is empty. Leave it out.")
    if not found and not empty:
        raise FormatError(f"{where}: got no text, expected at least one.")
    return found


def _unknown(row: int, label: Any, known: list[str]) -> FormatError:
    more = ", ..." if len(known) > 20 else ""
    reason = (
        f"{label!r}, which did not come in training; known: {', '.join(known[:20])}{more}."
        f"{did_you_mean(str(label), known)}"
    )
    return FormatError(
        f"labels: label {row + 1:,} is {reason}", reason=reason, row=row, value=label, kind="label"
    )


def _are_sets(y: Any) -> bool:
    return any(isinstance(row, set | frozenset) for row in y)


def _sets(y: Any) -> Iterator[frozenset[str] | None]:
    """The labels of each text.  Raises:  FormatError for one that is neither a set of str, a str nor None."""
    for i, row in enumerate(y):
        labels = row if isinstance(row, set | frozenset) else {row}
        if row is not None and not all(isinstance(label, str) for label in labels):
            raise FormatError(
                f"labels: label {i + 1:,} is {row!r}, expected a set of str, as other texts have it.",
                row=i,
                value=row,
            )
        yield None if row is None else frozenset(map(str, labels))


def _columns(y: Any) -> tuple[list[Sequence[Any]], bool]:
    """The labels of each task, as plain Python values."""
    rows = y.tolist() if hasattr(y, "tolist") else list(y)
    if rows and isinstance(rows[0], list | tuple):
        if any(len(row) != len(rows[0]) for row in rows):
            raise OptionError(
                "labels: the rows have different numbers of columns, expected one for each task."
            )
        return [[_plain(row[k]) for row in rows] for k in range(len(rows[0]))], False
    return [[_plain(label) for label in rows]], True


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
