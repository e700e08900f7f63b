"""The parts of labelled data that a diagnosis compares: train, train-dev, dev, test.

Not handled: reading them (from_files), cutting them out of one file (text.splits).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.diagnosis.gaps import PARTS
from seqkit.text.splits import check_groups


@dataclass(frozen=True)
class Part:
    """One part of the data.

    groups: the group of each row; rows of one group belong together.
    slices: name -> a value for each row, to look at the rows of each value apart.
    places: where each row stands in its file, as "film.tsv: line 12".
    """

    texts: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str] | None = None
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    places: Sequence[str] | None = None

    def where(self, row: int) -> str:
        """The place of a row in its file, or its number in the part, from 1."""
        return f"row {row + 1:,}" if self.places is None else self.places[row]


def take(part: Part, rows: Sequence[int]) -> Part:
    """Some rows of a part."""

    def some(column: Sequence[str]) -> list[str]:
        return [column[i] for i in rows]

    return Part(
        some(part.texts),
        some(part.labels),
        None if part.groups is None else some(part.groups),
        {name: some(values) for name, values in part.slices.items()},
        None if part.places is None else some(part.places),
    )


def check_parts(parts: Mapping[str, Part]) -> list[str]:
    """The labels of training, sorted.  Raises:  FormatError and OptionError as `diagnose` does."""
    for name in ("train", "dev"):
        if name not in parts:
            raise OptionError(
                f"diagnose: got the parts {', '.join(parts) or 'none'}, expected {name} too. Add it."
            )
    for name, part in parts.items():
        if name not in PARTS:
            raise OptionError(
                f"diagnose: unknown part {name!r}; known: {', '.join(PARTS)}.{did_you_mean(name, PARTS)}"
            )
        if not len(part.texts) or len(part.texts) != len(part.labels):
            raise FormatError(
                f"{name}: got {len(part.texts):,} texts and {len(part.labels):,} labels, expected one or "
                "more, as many of each."
            )
    classes = sorted(set(parts["train"].labels))
    if len(classes) < 2:
        raise FormatError(
            f"train: got only the label {classes[0]!r}, expected at least two. Check the column and the file."
        )
    for name, part in parts.items():
        unseen = Counter(label for label in part.labels if label not in classes)
        for label, count in unseen.most_common(1):
            raise FormatError(
                f"{name}: the label {label!r} ({count:,} rows) is not among those of training "
                f"({', '.join(classes[:20])}). "
                f"Correct it, leave the rows out, or train on some.{did_you_mean(label, classes)}"
            )
    check_groups({name: part.groups for name, part in parts.items() if part.groups is not None})
    return classes
