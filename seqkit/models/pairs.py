"""What models of pairs of texts share: how text is cut, the checks of pairs, and texts as numbered rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqkit.core import options
from seqkit.core.errors import FormatError, ShapeError
from seqkit.core.options import option
from seqkit.core.types import Ids
from seqkit.text.codec import Codec
from seqkit.text.tokenizer import tokenizers


@dataclass(frozen=True)
class TextOptions:
    """How texts are cut into tokens; vocabularies are learnt from the training texts alone."""

    unit: str = option("word", help="word, whitespace (tokenised text), character or subword[:MODEL]")
    lower: bool = option(False, help="lower-case all texts")
    min_count: int = option(1, low=1, help="tokens read less often become unknown")
    max_size: int | None = option(
        None, low=8, help="most tokens in a vocabulary; subwords: 8,000 if not given"
    )

    def __post_init__(self) -> None:
        options.check(self)
        tokenizers.load(self.unit.partition(":")[0])

    def learn(self, texts: Sequence[str], *, bos: bool = True) -> Codec:
        """The codec of texts, with an end token and, for texts that are written, a beginning."""
        specials = ("pad", "unk", *(["bos"] if bos else []), "eos")
        settings: dict[str, Any] = options.to_json(self)
        return Codec.learn(texts, specials=specials, **settings)


def check_pairs(
    where: str, firsts: Any, seconds: Sequence[str], names: Sequence[str] = ("sources", "targets")
) -> None:
    """Raise if there are not as many of both sides, or none, or one text in the place of a list.  firsts:
    texts or an array.
    """
    for name, texts in zip(names, (firsts, seconds), strict=True):
        if isinstance(texts, str):
            raise ShapeError(f"{where}: one text came as {name}, expected a list of texts.")
    if len(firsts) != len(seconds):
        raise ShapeError(
            f"{where}: {len(firsts):,} {names[0]} and {len(seconds):,} {names[1]} came, expected as many."
        )
    if not len(firsts):
        raise FormatError(
            f"{where}: no {names[0]} with {names[1]} came, expected at least one. Is the file empty?"
        )


def numbered(codec: Codec, where: str, side: str, texts: Sequence[str]) -> list[Ids]:
    """The ids of texts, each ended by eos.

    Raises:  FormatError for a text without a token, or with a special one other than unk; VocabularyError
             without unk.
    """
    if isinstance(texts, str):
        raise ShapeError(f"{where}: one text came, expected a list of texts.")
    specials, vocab = codec.vocab.specials, codec.vocab
    reserved, eos = (
        [i for name, i in specials.items() if name != "unk"],
        np.array([specials["eos"]], np.int32),
    )
    found = []
    for number, text in enumerate(texts, 1):
        ids = codec.encode(text)
        if not len(ids):
            raise FormatError(
                f"{where}: {side} {number:,} has no token, expected at least one. Leave empty texts out."
            )
        if (taken := np.isin(ids, reserved)).any():
            word = vocab.words(ids[taken])[0]
            raise FormatError(
                f"{where}: {side} {number:,} holds {word!r}, which has a meaning of its own. Take it out."
            )
        found.append(np.concatenate([ids, eos]).astype(np.int32))
    return found


def shifted(rows: Sequence[Ids], bos: int) -> list[Ids]:
    """What is read where `rows` are predicted: bos and all but the last token.

    >>> shifted([np.array([5, 6, 3])], bos=2)
    [array([2, 5, 6])]
    """
    return [np.concatenate([np.array([bos], ids.dtype), ids[:-1]]) for ids in rows]
