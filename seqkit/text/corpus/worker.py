"""Pieces of text to numbers in one pass: each new token takes the next number; final ids are given later.

Run as a program it is a worker: it reads settings and pieces from stdin, each after its length, and writes
what it found to a folder. Nothing is pickled.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from seqkit.core import options, schema, strict_json
from seqkit.core.errors import SeqkitError, os_error
from seqkit.text import sentence_split
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import Tokenizer, from_json
from seqkit.text.vocab import SPECIALS

END = b""  # the message after the last piece


@dataclass(frozen=True)
class Recipe:
    """How text becomes tokens: normaliser, sentences, tokenizer, end-of-sentence token."""

    tokenizer: Tokenizer
    normalizer: Normalizer
    sentences: Literal["line", "punkt"] = "line"
    add_eos: bool = False

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values, recorded with the corpus and sent to workers."""
        return {
            "tokenizer": self.tokenizer.settings(),
            "normalizer": options.to_json(self.normalizer),
            "sentences": self.sentences,
            "add_eos": self.add_eos,
        }

    @staticmethod
    def from_json(values: dict[str, Any]) -> "Recipe":
        """The recipe that `to_json` wrote."""
        schema.check("recipe", values, _Recipe)
        normalizer = options.from_json(Normalizer, values["normalizer"])
        return Recipe(from_json(values["tokenizer"]), normalizer, values["sentences"], values["add_eos"])


class _Recipe(TypedDict):
    tokenizer: dict[str, Any]
    normalizer: dict[str, Any]
    sentences: Literal["line", "punkt"]
    add_eos: bool


class _Index(dict[str, int]):
    """Gives each new token the next number."""

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self)
        return number


class _Known(dict[str, int]):
    """Gives every token that was not known from the start the number of the unknown token."""

    def __missing__(self, token: str) -> int:
        return self[SPECIALS["unk"]]


class Encoder:
    """Numbers tokens in the order they are first met; given `known` ones, all others are one unknown token.

    index: number of each token; counts: how often each was met (as of the last piece).
    """

    def __init__(self, recipe: Recipe, known: Iterable[str] | None = None) -> None:
        self.recipe = recipe
        fixed = recipe.tokenizer.vocab  # a subword tokenizer numbers its own tokens
        self.index: dict[str, int] = _Index() if fixed is None else _Index(fixed.index)
        if known is not None and fixed is None:
            self.index = _Known(
                (token, i) for i, token in enumerate(dict.fromkeys([*known, SPECIALS["unk"]]))
            )
        self.counts: NDArray[np.int64] = np.zeros(len(self.index), np.int64)

    def cut(self, piece: str) -> tuple[list[str], list[int]]:
        """A piece's tokens, and the places among them where sentences end."""
        recipe = self.recipe
        *lines, rest = piece.split("\n")
        ends: list[int] = []
        tokens: list[str] = []
        for line in lines:
            for sentence in sentence_split.split(line) if recipe.sentences == "punkt" else [line]:
                tokens += recipe.tokenizer.tokens(recipe.normalizer(sentence))
                if recipe.add_eos:
                    tokens.append(SPECIALS["eos"])
                ends.append(len(tokens))
        if rest:  # the line continues in the next piece
            tokens += recipe.tokenizer.tokens(recipe.normalizer(rest))
        return tokens, ends

    def __call__(self, piece: str) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The numbers of a piece's tokens, and the places in it where sentences end."""
        tokens, ends = self.cut(piece)
        ids = np.fromiter(map(self.index.__getitem__, tokens), np.int32, len(tokens))
        self.counts = np.concatenate([self.counts, np.zeros(len(self.index) - len(self.counts), np.int64)])
        self.counts += np.bincount(ids, minlength=len(self.index))
        return ids, np.array(ends, np.int64)


class Spool:
    """What an encoder found, kept on disk: ids and sentence ends of each piece, then tokens and counts."""

    def __init__(self, folder: Path, recipe: Recipe, known: Iterable[str] | None = None) -> None:
        self.folder, self.encoder = folder, Encoder(recipe, known)
        self.pieces: list[tuple[int, int, int]] = []  # ids, sentence ends, tokens known after it
        self._ids, self._ends = (folder / "ids").open("wb"), (folder / "ends").open("wb")

    def add(self, piece: str) -> None:
        """Encode one piece."""
        ids, ends = self.encoder(piece)
        ids.tofile(self._ids)
        ends.tofile(self._ends)
        self.pieces.append((len(ids), len(ends), len(self.encoder.index)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the files; unless something went wrong, write the tokens and the table of pieces."""
        for file in (self._ids, self._ends):
            file.close()
        if kind is None:
            self._finish()

    def _finish(self) -> None:
        self.encoder.counts.tofile(self.folder / "counts")
        table = {"pieces": self.pieces, "tokens": list(self.encoder.index)}
        (self.folder / "table.json").write_text(json.dumps(table), encoding="utf-8")


def send(file: IO[bytes], messages: Iterable[bytes]) -> None:
    """Write messages, each after its length in eight bytes."""
    for message in messages:
        file.write(len(message).to_bytes(8, "little"))
        file.write(message)


def _work(source: IO[bytes]) -> None:
    """Encode what comes until END.  Raises:  EOFError if the process that sends is gone."""

    def receive() -> bytes:
        length = int.from_bytes(_exactly(source, 8), "little")
        return _exactly(source, length)

    settings = strict_json.parse(receive())
    with Spool(Path(settings["folder"]), Recipe.from_json(settings["recipe"]), settings["known"]) as spool:
        while (piece := receive()) != END:
            spool.add(piece.decode())


def _exactly(source: IO[bytes], size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise EOFError
    return found


def _main() -> int:
    """The exit code; what went wrong is written to stdout for the process that started this one."""
    try:
        _work(sys.stdin.buffer)
    except (EOFError, KeyboardInterrupt):
        return 1
    except (SeqkitError, OSError) as error:
        known = os_error(error) if isinstance(error, OSError) else error
        sys.stdout.write(str(known))
        return known.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main())
