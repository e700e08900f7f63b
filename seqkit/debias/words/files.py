"""Files of word sets as plain parts: seqkit's own JSON, published WEAT lists and tests, debiaswe.

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


class _Named(TypedDict):
    name: str
    words: list[str]


class _Test(TypedDict):
    first_target: _Named
    second_target: _Named
    first_attribute: _Named
    second_attribute: _Named


def read(path: Path) -> dict[str, Any]:
    """The parts of the word sets in a file by name; of seqkit's own files also `sha256`, if it is there.

    Raises:  FormatError for another kind of JSON.
    """
    found = _json(path, object)
    if isinstance(found, dict) and found.get("kind") == KIND:
        return {name: part for name, part in _formed(path, found, _Sets).items() if name != "kind"}
    if isinstance(found, dict):
        return {"name": path.stem, "lists": _formed(path, found, dict[str, list[str]]), "source": path.name}
    if isinstance(found, list):
        return {"name": path.stem, "lists": _lists(_formed(path, found, list[_Test])), "source": path.name}
    raise FormatError(
        f"{path}: got a {type(found).__name__}, expected word sets, an object of lists, or a list of WEAT "
        "tests."
    )


def read_debiaswe(folder: Path) -> dict[str, Any]:
    """The parts of the published gender sets of debiaswe.

    Raises:  FormatError naming the file that is missing or not as published.
    """
    names = ("definitional_pairs", "equalize_pairs", "gender_specific_full", "professions")
    forms = (list[list[str]], list[list[str]], list[str], list[list[str | float]])
    pairs, equalize, specific, professions = (
        _json(folder / f"{name}.json", form) for name, form in zip(names, forms, strict=True)
    )
    return {
        "name": "debiaswe",
        "definitional": pairs,
        "equalize": equalize,
        "specific": specific,
        "lists": {"professions": [row[0] if row else "" for row in professions]},
        "classes": ("female", "male"),
        "source": "tolga-b/debiaswe (Bolukbasi et al. 2016)",
        "licence": "MIT",
    }


def write(path: Path, parts: Mapping[str, Any]) -> None:
    """Write the parts (plain JSON values) as seqkit's own file."""
    files.write_json(path, {"kind": KIND} | dict(parts))


def _json(path: Path, form: Any) -> Any:  # Any: what `form` says
    if not path.is_file():
        raise FormatError(f"{path}: no such file.")
    found = files.read_json(path)
    return found if form is object else _formed(path, found, form)


def _formed(path: Path, found: Any, form: Any) -> Any:  # Any: what `form` says
    return schema.check(f"{path}: not word sets", found, form, FormatError, _HINT)


def _lists(tests: list[Any]) -> dict[str, list[str]]:  # Any: _Test, by computed keys
    parts = [(i, test[part]) for i, test in enumerate(tests, 1) for part in _Test.__annotations__]
    return {f"{i}:{part['name'].lower()}": part["words"] for i, part in parts}
