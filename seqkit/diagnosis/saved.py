"""What is done with saved diagnoses: the sheet of errors, written and read, and the choice among models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqkit.core import rng
from seqkit.core.errors import FormatError, OptionError
from seqkit.diagnosis.result import Diagnosis
from seqkit.diagnosis.sheet import CATEGORIES, read_sheet, write_sheet
from seqkit.evaluate.choice import Limit, choose


def check_sheet(path: Path) -> None:
    """Raise OptionError if the name of a sheet does not end in .csv."""
    if path.suffix.lower() != ".csv":
        raise OptionError(f"sheet: got {path.name!r}, expected a name that ends in .csv.")


def drawn(found: Diagnosis, most: int, seed: int) -> list[dict[str, Any]]:
    """At most `most` errors of dev, drawn at random, in the order of their rows."""
    order = rng.permutation(rng.stream(seed, 2), len(found.wrong))[:most]
    return sorted((found.wrong[i] for i in order.tolist()), key=lambda row: row["row"])


def draw_sheet(
    path: Path, out: Path | None, categories: Sequence[str] = CATEGORIES, most: int = 100, seed: int = 1
) -> dict[str, Any]:
    """Write the sheet of a saved diagnosis."""
    if out is None:
        raise OptionError(
            "sheet: got no file, expected --out with a name that ends in .csv, or --read with a filled sheet."
        )
    check_sheet(out)
    if most < 1:
        raise OptionError(f"sheet: got {most} rows, expected at least 1.")
    found = Diagnosis.load(path)
    return {
        "file": str(out),
        "rows": write_sheet(drawn(found, most, seed), out, categories=categories),
        "wrong": len(found.wrong),
    }


def filled_sheet(path: Path, filled: Path, seed: int = 1) -> dict[str, Any]:
    """The shares of a filled sheet, and the error of dev that would be left with each category solved."""
    error = next((s["value"] for s in Diagnosis.load(path).errors if s["name"] == "dev"), None)
    if error is None:
        raise FormatError(f"{path}: got no error of dev, expected one. Make it with seqkit diagnose run.")
    analysis = read_sheet(filled, seed=seed)
    missing = analysis.shares[0].missing if analysis.shares else 0
    return {
        "dev_error": error,
        "categories": analysis.table(error),
        "missing": missing,
        "comments": analysis.comments,
    }


def choose_file(
    paths: Sequence[Path], optimise: str = "accuracy", limits: Sequence[str] = ()
) -> dict[str, Any]:
    """Choose among saved diagnoses by their values."""
    values = {path.stem: Diagnosis.load(path).values for path in paths}
    if len(values) < len(paths):
        raise OptionError("choose: got two files of one name, expected a name for each model. Rename one.")
    return {
        "values": values,
        **choose(values, optimise=optimise, limits=[Limit.parse(text) for text in limits]).to_json(),
    }
