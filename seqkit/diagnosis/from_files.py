"""Diagnosis from files to files: read the parts or cut them out, diagnose, write page, picture and sheet.

Not handled: several labels for one text; formats other than TSV for the parts of a split.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core import files
from seqkit.core.errors import FormatError, OptionError
from seqkit.diagnosis.diagnose import diagnose, save
from seqkit.diagnosis.options import DiagnoseOptions, OtherParts, Source, Written
from seqkit.diagnosis.parts import Part, check_parts, take
from seqkit.diagnosis.result import Diagnosis
from seqkit.diagnosis.saved import check_sheet, drawn
from seqkit.diagnosis.sheet import write_rows, write_sheet
from seqkit.evaluate.choice import Limit
from seqkit.report.figure import check_picture
from seqkit.report.matrix import matrix as draw_matrix
from seqkit.report.pages.out import check_out
from seqkit.text.duplicates import duplicates
from seqkit.text.readers.labelled import labelled
from seqkit.text.splits import split

SUSPECT = ("where", "label", "suggested", "probability", "text")  # columns of a .csv
COPY = ("where", "text", "of_where", "of_text", "similarity")


@dataclass(frozen=True)
class DiagnosisRun:
    """Texts to train on, and the other parts, which are cut out of `train` where they are no files."""

    train: str
    others: OtherParts
    source: Source
    seed: int

    def parts(self) -> dict[str, Part]:
        """Read the files and cut the rest out of `train`, whole groups together."""
        others = self.others
        asked = {"train-dev": others.train_dev, "dev": others.dev, "test": others.test}
        if others.train_dev is None and _share(others.dev) is None:
            asked["train-dev"] = "0.1"
        shares = {
            name: share
            for name, text in asked.items()
            if text is not None and (share := _share(text)) is not None
        }
        own = read(self.source, self.train)
        if "dev" in shares and shares["dev"] == 0:
            raise OptionError("dev: got a share of 0, expected one above 0, or a file.")
        shares = {name: share for name, share in shares.items() if share}
        if sum(shares.values()) >= 1:
            raise OptionError(
                f"shares: {', '.join(f'{n} {s:g}' for n, s in shares.items())} leave nothing to train on."
            )
        rows = split(
            own.labels, {"train": 1 - sum(shares.values()), **shares}, groups=own.groups, seed=self.seed
        )
        parts = {name: take(own, which.tolist()) for name, which in rows.items()}
        known = set(own.labels)
        return parts | {
            name: read(self.source, text, known)
            for name, text in asked.items()
            if text and _share(text) is None
        }

    def diagnose(
        self,
        model: Any,
        options: DiagnoseOptions,
        out: Path,
        written: Written,
        *,
        limits: Sequence[str] = (),
        report: Callable[[str], None] | None = None,
    ) -> Diagnosis:
        """Diagnose `model` on the parts; write the page or tables to `out`, and what else is asked for."""
        check_files(out, written)
        asked = [Limit.parse(text) for text in limits]
        parts = self.parts()
        check_parts(parts)
        found = diagnose(model, parts, options=options, limits=asked, report=report)
        save(found, out)
        if (file := written.matrix) is not None:
            confusion, classes = np.array(found.classes["confusion"]), found.classes["classes"]
            draw_matrix(confusion, classes, Path(file), title="dev")
        if (file := written.sheet) is not None and found.wrong:
            write_sheet(drawn(found, 100, self.seed), Path(file))
        elif file is not None:
            warnings.warn(f"{file}: not written, as there is no error of dev to look at.", stacklevel=2)
        if (file := written.suspects) is not None:
            write_rows((found.labels or {"rows": []})["rows"], Path(file), SUSPECT)
        return found


def check_files(out: Path, written: Written) -> None:
    """Raise OptionError for file names of a wrong kind, before anything is trained."""
    check_out("diagnose", out)
    if written.matrix is not None:
        check_picture(Path(written.matrix), "matrix")
    for sheet in (written.sheet, written.suspects):
        if sheet is not None:
            check_sheet(Path(sheet))


def read(source: Source, path: str | Path, known: Collection[str] | None = None) -> Part:
    """The texts of a file with their labels.

    Raises:  FormatError naming file and line, also for a missing label, and one not among those known (if
             given).
    """
    columns = [source.label, *([source.group] if source.group else []), *source.slices]
    rows = labelled(path, format=source.format, text=source.text, label=columns, encoding=source.encoding)
    for row in rows:
        if any(isinstance(label, frozenset) for label in row.labels):
            raise FormatError(f"{row.where}: got several labels, expected one for each text in a diagnosis.")
        if row.labels[0] is None or (source.group and row.labels[1] is None):
            what = "label" if row.labels[0] is None else f"group in {source.group!r}"
            raise FormatError(
                f"{row.where}: no {what}, expected one for each text. Fill it in, or leave the row out."
            )
        if known is not None and row.labels[0] not in known:
            names = ", ".join(sorted(known)[:20])
            raise FormatError(
                f"{row.where}: got the label {row.labels[0]!r}, expected one of training: {names}."
            )
    groups = [str(row.labels[1]) for row in rows] if source.group else None
    first = 1 + bool(source.group)
    values = {
        name: [str(row.labels[first + i] or "") for row in rows] for i, name in enumerate(source.slices)
    }
    places = [row.where for row in rows]
    return Part([row.text for row in rows], [str(row.labels[0]) for row in rows], groups, values, places)


def split_file(
    path: str, shares: Sequence[str], out: Path, source: Source, *, seed: int = 1
) -> list[dict[str, Any]]:
    """Write a TSV file (label, text, group) for each part=share, and split.json, which says how."""
    wanted: dict[str, float] = {}
    for text in shares:
        name, _, value = text.partition("=")
        share = _share(value)
        if share is None or not name.replace("-", "").isalnum():
            raise OptionError(f"share: got {text!r}, expected part=share, such as dev=0.1.")
        wanted[name] = share
    part = read(source, path)
    made = []
    for name, rows in split(part.labels, wanted, groups=part.groups, seed=seed).items():
        own = take(part, rows.tolist())
        made.append((out / f"{name}.tsv", name, own, _tsv(own, source)))
    found = [
        {
            "part": name,
            "rows": len(own.texts),
            "labels": dict(sorted(Counter(own.labels).items())),
            "file": str(target),
        }
        for target, name, own, _ in made
    ]
    # first, so that the folder of a killed split is known as one
    files.write_json(out / "split.json", {"source": path, "seed": seed, "shares": wanted, "parts": found})
    for target, _, _, content in made:
        with files.write_atomic(target) as file:
            file.write(content)
    return found


def _tsv(part: Part, source: Source) -> bytes:
    columns = [
        part.labels,
        [" ".join(text.split()) for text in part.texts],
        *([part.groups] if part.groups else []),
    ]
    head = [source.label, source.text, *([str(source.group)] if part.groups else [])]
    for column in columns:
        odd = next((cell for cell in column if "\t" in cell or "\n" in cell or "\r" in cell), None)
        if odd is not None:
            raise FormatError(
                f"split: got {odd!r}, expected no tab and no line end in a column of TSV. Rename it."
            )
    lines = ["\t".join(row) for row in zip(*columns, strict=True)]
    return "\n".join(["\t".join(head), *lines, ""]).encode()


def file_duplicates(
    paths: Sequence[str], source: Source, *, threshold: float = 0.8, out: Path | None = None
) -> dict[str, Any]:
    """Copies in files, each file a part; rows are counted from 1.  out: a .csv of all copies."""
    if out is not None:
        check_sheet(out)
    if len(set(paths)) < len(paths):
        raise OptionError(
            "duplicates: got a file twice, expected each once. Copies within one file are found too."
        )
    parts = {path: read(source, path) for path in paths}
    found = duplicates(
        {name: part.texts for name, part in parts.items()},
        threshold=threshold,
        labels={name: part.labels for name, part in parts.items()},
    ).to_json()
    copies = [
        copy
        | {
            "row": copy["row"] + 1,
            "of_row": copy["of_row"] + 1,
            "text": parts[copy["part"]].texts[copy["row"]],
            "of_text": parts[copy["of"]].texts[copy["of_row"]],
            "where": parts[copy["part"]].where(copy["row"]),
            "of_where": parts[copy["of"]].where(copy["of_row"]),
        }
        for copy in found["copies"]
    ]
    if out is not None:
        write_rows(copies, out, COPY)
    return found | {"copies": copies}


def _share(text: str) -> float | None:
    """The number that a text is, if it is one; else it names a file."""
    try:
        return float(text)
    except ValueError:
        return None
