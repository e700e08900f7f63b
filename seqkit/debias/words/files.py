"""Reading word sets: seqkit's own JSON, the published WEAT lists and tests, the published files of
debiaswe.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.debias.words.sets import KIND, WordSets


def load(path: Path) -> WordSets:
    """What WordSets.load reads."""
    found = _read(path)
    try:
        if isinstance(found, dict) and found.get("kind") == KIND:
            return _own(path, found)
        if isinstance(found, dict):
            return WordSets(path.stem, lists=found, source=path.name)
        if isinstance(found, list):
            return WordSets(path.stem, lists=_tests(found), source=path.name)
    except (OptionError, TypeError, KeyError, AttributeError) as error:
        raise FormatError(f"{path}: not word sets ({error}).") from error
    raise FormatError(
        f"{path}: a {type(found).__name__} came, expected word sets, an object of lists or a list of "
        "WEAT tests."
    )


def load_debiaswe(folder: Path) -> WordSets:
    """What WordSets.load_debiaswe reads."""
    names = ("definitional_pairs", "equalize_pairs", "gender_specific_full", "professions")
    pairs, equalize, specific, professions = (_read(folder / f"{name}.json") for name in names)
    try:
        return WordSets(
            "debiaswe",
            pairs,
            equalize,
            specific,
            {"professions": tuple(row[0] for row in professions)},
            classes=("female", "male"),
            source="tolga-b/debiaswe (Bolukbasi et al. 2016)",
            licence="MIT",
        )
    except (OptionError, TypeError, KeyError, IndexError) as error:
        raise FormatError(f"{folder}: not the published files ({error}).") from error


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FormatError(f"{path}: no such file.")
    return files.read_json(path)


def _own(path: Path, found: dict[str, Any]) -> WordSets:
    names = {f.name for f in fields(WordSets)}
    for key in found:
        if key not in names | {"kind", "sha256"}:
            raise FormatError(
                f"{path}: unknown key {key!r}; known: {', '.join(sorted(names))}.{did_you_mean(key, names)}"
            )
    words = WordSets(**{name: value for name, value in found.items() if name in names})
    if found.get("sha256", words.checksum) != words.checksum:
        raise FormatError(
            f"{path}: its words have sha256 {words.checksum}, the file says {found['sha256']}. Restore the "
            "file, or "
            "take the line out if the words were changed on purpose."
        )
    return words


def _tests(tests: list[Any]) -> dict[str, tuple[str, ...]]:
    parts = ("first_target", "second_target", "first_attribute", "second_attribute")
    return {
        f"{i}:{test[part]['name'].lower()}": test[part]["words"]
        for i, test in enumerate(tests, 1)
        for part in parts
    }
