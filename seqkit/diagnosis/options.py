"""The settings of a diagnosis, readable without numpy: reading, the parts, what is looked for.

Not handled: reading (from_files), diagnosing (diagnose).
"""

from dataclasses import dataclass

from seqkit.core import options
from seqkit.core.options import option


@dataclass(frozen=True)
class Source:
    """How labelled texts are read: format, encoding, and the columns of text, label, group and slices."""

    format: str | None = option(
        None, help="format: lines (label text), tsv, csv, jsonl or parquet; by default from the file name"
    )
    text: str = option("text", help="column of the text (csv, tsv, jsonl, parquet)")
    label: str = option("label", help="column of the label")
    group: str | None = option(None, help="column of groups: the rows of a group stay in one part")
    slices: tuple[str, ...] = option((), alias="slice", help="a column; its values become slices")
    encoding: str = option("utf-8", help="encoding of the files: utf-8, windows-1252, ...")


@dataclass(frozen=True)
class OtherParts:
    """Where the parts beside training come from: files, or shares of the training texts ("0.1").

    train_dev: None takes a tenth if dev is a file, to separate data mismatch from variance.
    """

    dev: str = option("0.1", help="labelled texts of dev, or a share of TRAIN")
    test: str | None = option(None, help="labelled texts of test, or a share of TRAIN")
    train_dev: str | None = option(
        None, help="share of TRAIN (0: none), or a file; 0.1 if not given and dev is a file"
    )


@dataclass(frozen=True)
class Written:
    """Files that are written beside the page or the tables."""

    matrix: str | None = option(None, help="draw the confusion matrix to this .svg or .png")
    sheet: str | None = option(None, help="also write the sheet of errors to this .csv")
    suspects: str | None = option(
        None, help="also write all training rows whose label is suspected to this .csv, with file and line"
    )


@dataclass(frozen=True)
class DiagnoseOptions:
    """What is looked for, and how finely."""

    human: float | None = option(None, low=0.0, high=1.0, help="error of people, or the best known")
    least: float = option(
        0.02, low=0.0, high=1.0, help="gaps and shares are named if their whole interval lies above this"
    )
    threshold: float = option(
        0.8, low=0.01, high=1.0, help="Jaccard similarity from which two texts are copies"
    )
    folds: int = option(5, low=2, help="parts that training is cut into, to judge each by the others")
    judged: int = option(20_000, low=2, help="most training rows whose labels are judged")
    sizes: bool = option(True, help="also train on 1/8, 1/4 and 1/2 of the rows")
    shown: int = option(30, low=0, help="rows of highest loss, suspected labels and copies that are shown")
    timed: int = option(50, low=1, help="rows that are predicted one by one to take the time")
    seed: int = option(1, low=0, high=2**63 - 1, help="seed of folds, sizes and the bootstrap")

    def __post_init__(self) -> None:
        options.check(self)
