"""The errors seqkit raises on purpose, each class with an exit code, and the hint "Did you mean".

Text of every error: where: got X, expected Y. Do Z. What a caller may need to say more stands in attributes.
"""

import difflib
import errno
import re
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Self

_MANY = 20_000  # names from which difflib alone takes seconds


class SeqkitError(Exception):
    """Base of all errors raised on purpose. `exit_code` is what the command line ends with.

    reason: the message without its place, the whole message if not given. row: number of the wrong item,
    from 0. value: the wrong item itself. kind: one word for the cause, where callers tell causes apart.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str = "",
        *,
        reason: str | None = None,
        row: int | None = None,
        value: object = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = message if reason is None else reason
        self.row, self.value, self.kind = row, value, kind

    def at(self, place: str) -> Self:
        """The same error about another place.

        >>> str(FormatError("label 3: got 'x'.", reason="got 'x'.").at("a.tsv: line 9"))
        "a.tsv: line 9: got 'x'."
        """
        return type(self)(
            f"{place}: {self.reason}", reason=self.reason, row=self.row, value=self.value, kind=self.kind
        )


class TrainingError(SeqkitError):
    """A run cannot continue or changes nothing: the loss is not finite, no update was made."""


class NoPredictionError(TrainingError):
    """Training data of which nothing can be predicted."""

    exit_code = 3


class BackendError(SeqkitError):
    """The requested device or kernel backend is not available."""

    exit_code = 2


class OptionError(SeqkitError):
    """A setting is unknown, of the wrong type or out of range."""

    exit_code = 2


class ShapeError(SeqkitError):
    """An array has another shape, dtype or size than the function takes."""

    exit_code = 2


class FormatError(SeqkitError):
    """A data file or text does not have the expected form."""

    exit_code = 3


class ModelFileError(SeqkitError):
    """A file written by seqkit is damaged, cut short, of another kind or of a newer version."""

    exit_code = 4


class VocabularyError(SeqkitError):
    """A token is not in the vocabulary."""

    exit_code = 5


class ResourceError(SeqkitError):
    """Memory or disk ran out."""

    exit_code = 6


def resource_error(path: Path | str, error: OSError) -> SeqkitError:
    """The ResourceError that says what an OSError while writing `path` means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError(
            f"{path}: no space left on the disk; nothing was written. Free some space or choose "
            "another folder."
        )
    return ResourceError(
        f"{path}: cannot be written ({error.strerror or error}). Check the folder and its permissions."
    )


def os_error(error: OSError) -> SeqkitError:
    """What an OSError means that nobody told of where it was raised.

    Writers tell of theirs (resource_error), so one about a file is of reading it or of looking at it, unless
    its number, or numpy's sentence, says that the disk is full.
    """
    name, said = error.filename, error.strerror or str(error)
    if error.errno == errno.ENOMEM:
        return ResourceError(f"{name or 'memory'}: got too little memory. Free some, or use less at once.")
    if error.errno is None and re.search(r"\d+ requested and \d+ written", said):
        return resource_error("output", OSError(errno.ENOSPC, said))
    if name is None or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return resource_error(name or "output", error)
    return FormatError(f"{name}: cannot be read ({said}). Check the path and its permissions.")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, of torch or of a GPU's driver means that memory ran out."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "column"), counted(2, "column")
    ('1 column', '2 columns')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def did_you_mean(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """Return " Did you mean 'a' or 'b'?" for the near spellings of `name`, or "" when nothing is near.

    >>> did_you_mean("kign", ["king", "queen"])
    " Did you mean 'king'?"
    """
    known = list(known)
    if len(known) > _MANY:
        known = [k for k in known if k[:1].lower() == name[:1].lower() and abs(len(k) - len(name)) < 3]
    near = difflib.get_close_matches(name, known, n=limit, cutoff=0.7)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
