"""What the formats share: rows collected with their checks, words that can be written, the header line."""

import warnings
from pathlib import Path

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Floats
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.text.vocab import Vocab


class Collector:
    """Collects words and rows: keeps the first of duplicates, refuses or drops rows with nan or inf."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path, self.reading = path, reading
        self.words: dict[str, None] = {}
        self.blocks: list[Floats] = []
        self.duplicates: list[str] = []
        self.dropped = self.replaced = 0

    def add(self, words: list[bytes], rows: Floats, unit: str, first: int) -> None:
        """Take a block of rows; the first one is `unit` (row or line) number `first` of the file."""
        texts = self._texts(words, unit, first)
        fresh = dict.fromkeys(texts)
        if (
            _all_finite(rows)
            and len(fresh) == len(texts)
            and (not self.words or self.words.keys().isdisjoint(fresh))
        ):
            self.words.update(fresh)
            self.blocks.append(rows)
            return
        keep = np.asarray(np.isfinite(rows).all(1))
        if not keep.all():
            if not self.reading.drop_nonfinite:
                bad = int(np.argmin(keep))
                raise FormatError(
                    f"{self.path}: {unit} {first + bad:,}: the vector of {texts[bad]!r} holds nan, inf or a "
                    "number beyond float32. Correct the file, or pass drop_nonfinite=True."
                )
            self.dropped += int((~keep).sum())
        for i, text in enumerate(texts):
            if keep[i] and text in self.words:
                self.duplicates.append(text)
                keep[i] = False
            elif keep[i]:
                self.words[text] = None
        self.blocks.append(rows if keep.all() else rows[keep])

    def _texts(self, words: list[bytes], unit: str, first: int) -> list[str]:
        try:
            texts = b"\0".join(words).decode().split("\0")  # far faster than one by one
            if len(texts) == len(words) and all(texts):
                return texts
        except UnicodeDecodeError:
            pass
        return [self._text(word, f"{unit} {first + i:,}") for i, word in enumerate(words)]

    def _text(self, word: bytes, where: str) -> str:
        if b"\0" in word or not word:
            raise FormatError(
                f"{self.path}: {where}: {'a NUL byte in' if word else 'no'} word. Is the file of this format?"
            )
        try:
            return word.decode()
        except UnicodeDecodeError as error:
            if self.reading.errors == "strict":
                raise FormatError(
                    f"{self.path}: {where}: byte {error.start:,} of the word {word[:40]!r} is not "
                    "valid UTF-8. "
                    'Correct the file, or pass errors="replace".'
                ) from error
            self.replaced += 1
            return word.decode(errors="replace")

    def contents(self, dim: int) -> Contents:
        """All that was read; warns of what was left out or changed."""
        notes = [
            f"{len(self.duplicates):,} duplicate words, the first kept ({self.duplicates[0]!r}, …)"
            if self.duplicates
            else "",
            f"{self.dropped:,} rows with nan or inf left out" if self.dropped else "",
            f"{self.replaced:,} words with invalid UTF-8 changed" if self.replaced else "",
        ]
        if any(notes):
            warnings.warn(f"{self.path}: {'; '.join(filter(None, notes))}.", stacklevel=5)
        whole = self.blocks[0].base if self.blocks else None
        if (
            whole is None
            or len(whole) != len(self.words)
            or any(block.base is not whole for block in self.blocks)
        ):
            whole = np.concatenate([np.zeros((0, dim), np.float32), *self.blocks])
        matrix: Floats = whole  # no copy where the blocks were written side by side
        return Contents(Vocab(list(self.words), np.zeros(len(matrix), np.int64)), matrix)


def _all_finite(rows: Floats) -> bool:
    """True only if no number is nan or inf. Fast, by the sum of squares; False too if that overflows."""
    flat = rows.ravel()
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(flat @ flat))


def words_to_write(contents: Contents, space_as: str | None) -> list[str]:
    """The words as a text or binary file can hold them, with `space_as` for spaces.

    Raises:  FormatError for a word that could not be read again: empty, with white space, or invalid Unicode.
    """
    words = contents.vocab.tokens
    if space_as is not None:
        words = [word.replace(" ", space_as) for word in words]
        if len(set(words)) < len(words):
            raise FormatError(
                f"save: with {space_as!r} for spaces two words become one. Choose another character."
            )
    for word in words:
        if not word or any(mark in word for mark in " \n\r\t\0") or not _encodes(word):
            raise FormatError(
                f"save: the word {word!r} cannot be told apart from what stands around it in this format. "
                'Save as "native", or put another character for spaces with space_as="_".'
            )
    return words


def _encodes(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def header(line: bytes, path: Path) -> tuple[int, int] | None:
    """(rows, numbers) if the line is a word2vec header: two decimal numbers; None if it is not."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 19 for field in fields):
        return None
    rows, dim = map(int, fields)
    if dim == 0 or dim > 1_000_000:
        raise FormatError(f"{path}: line 1: got {dim:,} numbers a vector, expected 1 to 1,000,000.")
    return rows, dim
