"""Files of word sets as plain parts: seqkit's own JSON, published WEAT lists and tests, debiaswe.

Not handled: checking the words (WordSets does).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import FormatError

KIND = "word-sets"
_TEST = ("first_target", "second_target", "first_attribute", "second_attribute")


def read(path: Path) -> dict[str, Any]:
    """The parts of the word sets in a file by name; of seqkit's own files also `sha256`, if it is there.

    Raises:  FormatError for another kind of JSON.
    """
    found = _json(path)
    if isinstance(found, dict) and found.get("kind") == KIND:
        return {name: part for name, part in found.items() if name != "kind"}
    if isinstance(found, dict):
        return {"name": path.stem, "lists": found, "source": path.name}
    if isinstance(found, list):
        return {"name": path.stem, "lists": _tests(path, found), "source": path.name}
    raise FormatError(
        f"{path}: got a {type(found).__name__}, expected word sets, an object of lists, or a list of WEAT "
        "tests."
    )


def read_debiaswe(folder: Path) -> dict[str, Any]:
    """The parts of the published gender sets of debiaswe.

    Raises:  FormatError naming the file that is missing or not as published.
    """
    names = ("definitional_pairs", "equalize_pairs", "gender_specific_full", "professions")
    pairs, equalize, specific, professions = (_json(folder / f"{name}.json") for name in names)
    try:
        jobs = tuple(row[0] for row in professions)
    except (TypeError, KeyError, IndexError) as error:
        raise FormatError(f"{folder}: not the published files ({error}).") from error
    return {
        "name": "debiaswe",
        "definitional": pairs,
        "equalize": equalize,
        "specific": specific,
        "lists": {"professions": jobs},
        "classes": ("female", "male"),
        "source": "tolga-b/debiaswe (Bolukbasi et al. 2016)",
        "licence": "MIT",
    }


def write(path: Path, parts: Mapping[str, Any]) -> None:
    """Write the parts (plain JSON values) as seqkit's own file."""
    files.write_json(path, {"kind": KIND} | dict(parts))


def _json(path: Path) -> Any:
    if not path.is_file():
        raise FormatError(f"{path}: no such file.")
    return files.read_json(path)


def _tests(path: Path, tests: list[Any]) -> dict[str, Any]:
    try:
        return {
            f"{i}:{test[part]['name'].lower()}": test[part]["words"]
            for i, test in enumerate(tests, 1)
            for part in _TEST
        }
    except (TypeError, KeyError, AttributeError) as error:
        raise FormatError(f"{path}: not word sets ({error}).") from error
