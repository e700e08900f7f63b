"""Artefacts that a command keeps only to save work later, such as the corpus of a text."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from seqkit.core import files
from seqkit.core.errors import ModelFileError

Opened = TypeVar("Opened")


def load_kept(folder: Path, kind: str, load: Callable[[Path], Opened]) -> Opened | None:
    """What `load` opens of the artefact in `folder`; None if there is none of this kind, or a damaged one.

    Of a damaged one a warning says that it is made again.
    """
    try:
        return load(folder) if files.kind_of(folder) == kind else None
    except ModelFileError as error:
        warnings.warn(f"{error} It was kept to save work, and is made again now.", stacklevel=4)
        return None
