"""Where the lines of a corpus come from, and whether they can be read twice.

Not handled: files and their formats (text.readers).
"""

from collections.abc import Callable, Iterable, Iterator

from seqkit.core.errors import OptionError
from seqkit.text.normalize import Normalizer
from seqkit.text.readers.text import Text


class Lines:
    """Lines from memory, each with its end; read as often as what they come from can be."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = lines

    def __iter__(self) -> Iterator[str]:
        return (line if line.endswith("\n") else line + "\n" for line in self.lines)


def check_again(pieces: Text | Lines) -> None:
    """Raise OptionError unless the text can be read a second time."""
    if pieces.source == "-" if isinstance(pieces, Text) else iter(pieces.lines) is pieces.lines:
        raise OptionError(
            "corpus: this text can be read only once, and these settings read it twice. Give a file "
            "or a list."
        )


def twice(
    pieces: Text | Lines, normalizer: Normalizer, report: Callable[[int], None] | None = None
) -> Iterator[str]:
    """The lines for a tokenizer to learn from.  report: called with the characters read so far."""
    check_again(pieces)
    characters = 0
    for piece in pieces:
        characters += len(piece)
        if report:
            report(characters)
        yield from map(normalizer, piece.split("\n"))
