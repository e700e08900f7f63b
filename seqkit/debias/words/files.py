"""Files of word sets as plain parts: seqkit's own JSON, published WEAT lists and tests, files of debiaswe.

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

    A folder is one of debiaswe's files. One of these alone gives the part that its form and name say: pairs
    are definitional or, with "equalize" in the name, equalize sets; words are a list, or specific words.
    Raises:  FormatError for another kind of JSON.
    """
    if path.is_dir():
        return read_debiaswe(path)
    found = _json(path)
    if isinstance(found, dict) and found.get("kind") == KIND:
        return {name: part for name, part in found.items() if name != "kind"}
    return {"name": path.stem, **_parts(path, found), "source": path.name}


def read_debiaswe(folder: Path) -> dict[str, Any]:
    """The parts of the published gender sets of debiaswe; of the specific words the full list, else the seed.

    Raises:  FormatError naming the file that is missing or not as published.
    """
    there = [file for file in folder.glob("*.json") if file.is_file()]
    if any(file.stem == "gender_specific_full" for file in there):
        there = [file for file in there if file.stem != "gender_specific_seed"]
    if not (pairs := folder / "definitional_pairs.json").is_file():
        raise FormatError(f"{pairs}: no such file.")
    parts: dict[str, Any] = {"lists": {}}
    for file in sorted(there):
        own = _parts(file, _json(file))
        parts["lists"] |= own.pop("lists", {})
        parts |= own
    return parts | {
        "name": "debiaswe",
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


def _parts(path: Path, found: Any) -> dict[str, Any]:
    """The part of word sets that a published file holds."""
    if isinstance(found, dict):
        return {"lists": found}
    if not isinstance(found, list):
        raise FormatError(
            f"{path}: got a {type(found).__name__}, expected word sets, an object of lists, a list of words, "
            "of pairs, or of WEAT tests."
        )
    kinds = {type(each) for each in found}
    if kinds <= {str}:
        return {"specific": found} if "specific" in path.stem else {"lists": {path.stem: found}}
    if kinds <= {list} and all(each and isinstance(each[0], str) for each in found):
        if all(isinstance(word, str) for row in found for word in row):
            return {"equalize" if "equalize" in path.stem else "definitional": found}
        return {"lists": {path.stem: [word for word, *_ in found]}}  # words with ratings
    return {"lists": _tests(path, found)}


def _tests(path: Path, tests: list[Any]) -> dict[str, Any]:
    """The four lists of each test, less the words that its authors took out."""
    try:
        return {
            f"{i}:{test[part]['name'].lower()}": [
                word for word in test[part]["words"] if word not in test[part].get("remove", ())
            ]
            for i, test in enumerate(tests, 1)
            for part in _TEST
        }
    except (TypeError, KeyError, AttributeError) as error:
        raise FormatError(
            f"{path}: not word sets ({error}). Expected an object of lists, a list of words, of pairs, or of "
            "WEAT tests."
        ) from error
