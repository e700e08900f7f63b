"""Files of word sets as plain parts: seqkit's own JSON, published WEAT lists and tests, files of debiaswe.

Not handled: checking the words (WordSets does).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from seqkit.core import files, schema
from seqkit.core.errors import FormatError

KIND = "word-sets"
_HINT = "Correct the file, or take one that ships."


class _Sets(TypedDict):
    kind: str
    sha256: NotRequired[str]
    name: str
    definitional: NotRequired[list[list[str]]]
    equalize: NotRequired[list[list[str]]]
    specific: NotRequired[list[str]]
    lists: NotRequired[dict[str, list[str]]]
    classes: NotRequired[list[str]]
    language: NotRequired[str]
    source: NotRequired[str]
    licence: NotRequired[str]


class _List(TypedDict):
    name: str
    words: list[str]
    remove: NotRequired[list[str]]


class _Test(TypedDict):
    first_target: _List
    second_target: _List
    first_attribute: _List
    second_attribute: _List


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
        return {name: part for name, part in _formed(path, found, _Sets).items() if name != "kind"}
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


def _json(path: Path) -> Any:  # Any: what JSON holds
    if not path.is_file():
        raise FormatError(f"{path}: no such file.")
    return files.read_json(path)


def _formed(path: Path, found: Any, form: Any) -> Any:  # Any: what `form` says
    return schema.check(f"{path}: not word sets", found, form, FormatError, _HINT)


def _parts(path: Path, found: Any) -> dict[str, Any]:
    """The part of word sets that a published file holds."""
    if isinstance(found, dict):
        return {"lists": _formed(path, found, dict[str, list[str]])}
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
    return {"lists": _lists(_formed(path, found, list[_Test]))}


def _lists(tests: list[Any]) -> dict[str, list[str]]:  # Any: _Test, by computed keys
    """The four lists of each test, less the words that its authors took out."""
    parts = [(i, test[part]) for i, test in enumerate(tests, 1) for part in _Test.__annotations__]
    return {
        f"{i}:{part['name'].lower()}": [w for w in part["words"] if w not in part.get("remove", ())]
        for i, part in parts
    }
