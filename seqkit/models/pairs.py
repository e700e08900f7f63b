"""Pairs of texts, for the models that learn from them: reading, checks, texts as numbered rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqkit.core import options
from seqkit.core.errors import FormatError, ShapeError
from seqkit.core.types import Ids
from seqkit.models.options import Text
from seqkit.text.codec import Codec
from seqkit.text.readers import parallel
from seqkit.train.data import Data


def learn_codec(text: Text, texts: Sequence[str], *, bos: bool = True) -> Codec:
    """The codec of texts, with an end token; with a beginning token too where texts are written."""
    specials = ("pad", "unk", *(["bos"] if bos else []), "eos")
    return Codec.learn(texts, specials=specials, **options.to_json(text))


def need_specials(codec: Codec, side: str, *names: str) -> None:
    """Raise FormatError unless the vocabulary of a side has these special tokens."""
    if missing := [name for name in names if name not in codec.vocab.specials]:
        raise FormatError(f"{side}: got no special token {missing[0]}, expected {', '.join(names)}.")


def check_pairs(
    where: str, firsts: Any, seconds: Sequence[str], names: Sequence[str] = ("sources", "targets")
) -> None:
    """Raise if the sides differ in length, are empty, or one is a single text.  firsts: texts or an array."""
    for name, texts in zip(names, (firsts, seconds), strict=True):
        if isinstance(texts, str):
            raise ShapeError(f"{where}: got one text as {name}, expected a list of texts.")
    if len(firsts) != len(seconds):
        raise ShapeError(
            f"{where}: got {len(firsts):,} {names[0]} and {len(seconds):,} {names[1]}, "
            "expected equal numbers."
        )
    if not len(firsts):
        raise FormatError(
            f"{where}: got no {names[0]} with {names[1]}, expected at least one. Is the file empty?"
        )


def numbered(codec: Codec, where: str, side: str, texts: Sequence[str]) -> list[Ids]:
    """The ids of texts, each ended by eos.

    Raises:  FormatError for a text without a token, or with a special one other than unk; VocabularyError
             without unk.
    """
    if isinstance(texts, str):
        raise ShapeError(f"{where}: got one text, expected a list of texts.")
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
                f"{where}: {side} {number:,} holds {word!r}, which is a special token. Take it out."
            )
        found.append(np.concatenate([ids, eos]).astype(np.int32))
    return found


def shifted(rows: Sequence[Ids], bos: int) -> list[Ids]:
    """What is read where `rows` are predicted: bos and all but the last token.

    >>> shifted([np.array([5, 6, 3])], bos=2)
    [array([2, 5, 6])]
    """
    return [np.concatenate([np.array([bos], ids.dtype), ids[:-1]]) for ids in rows]


def read(
    source: tuple[str, str | None],
    *,
    valid: tuple[str, str | None] | None = None,
    names: Sequence[str] = parallel.NAMES,
) -> Data:
    """Pairs of texts, from a file for each side or one file of pairs.

    names: of both sides, for JSON lines and messages.
    """
    pairs = parallel.pairs(*source, names=names)
    check = None if valid is None else parallel.pairs(*valid, names=names)
    about = {
        "pairs": {"source": source, "count": len(pairs[0])},
        "valid": {"source": valid, "count": None if check is None else len(check[0])},
    }

    def after(model: Any, made: Any) -> dict[str, Any]:
        return {"parameters": model.num_parameters, "vocabulary": model.sizes}

    return Data(pairs, "pairs", {"valid": check}, about, after)
