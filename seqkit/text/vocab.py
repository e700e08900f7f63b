"""The vocabulary: tokens by falling count, their numbers, and the special ones.

Not handled: counting (text.corpus.corpus and text.corpus.lossy_counter), tokenising.
"""

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from seqkit.core.checks import check_ends, need
from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError, did_you_mean
from seqkit.core.types import Array, Arrays, Ids

_SEARCH_FROM, _PIECE = 1 << 19, 1 << 16  # words
_BYTES = 1 << 20  # decoded at once
_MOST = 2.0**62  # of all counts together
_PLAIN = str.maketrans("‘’“”", "''\"\"")
_QUOTED = {'"': ("``", "''")}
SPECIALS = {"pad": "<pad>", "unk": "<unk>", "bos": "<s>", "eos": "</s>"}


class Vocab:
    """Tokens and their counts; `specials` says which id is pad, unk, bos and eos (absent: none).

    Shapes:  counts (V,) int64, the times each token was read; for unk the number of tokens it replaced.
    Immutable. A vocabulary opened from a file decodes its tokens when they are first asked for.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        counts: NDArray[np.int64] | Sequence[int],
        specials: Mapping[str, int] | None = None,
    ) -> None:
        self.__dict__["tokens"] = list(tokens)
        self._fill(len(tokens), np.asarray(counts, np.int64), dict(specials or {}))

    def _fill(self, size: int, counts: NDArray[np.int64], specials: dict[str, int]) -> None:
        if len(counts) != size:
            raise FormatError(
                f"Vocab: got {size:,} tokens and {len(counts):,} counts, expected one count a token."
            )
        for name, token_id in specials.items():
            if name not in SPECIALS or type(token_id) is not int or not 0 <= token_id < size:
                raise OptionError(
                    f"Vocab: got special {name!r} at id {token_id}, expected one of {', '.join(SPECIALS)} "
                    f"at an id below {size:,}."
                )
        if len(set(specials.values())) < len(specials):
            raise OptionError(f"Vocab: got specials {specials}, expected an id of its own for each.")
        self._size, self.counts, self.specials = size, counts, specials

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        specials: Iterable[str] = ("unk",),
        unread: int = 0,
    ) -> "Vocab":
        """The special tokens, then the most common tokens by falling count, ties in the order of occurrence.

        Units:  max_size counts the special tokens too. `unread` tokens, met but not in `counts`, are added to
                unk.
        Raises:  OptionError for an unknown special, or a max_size with no room for one token.

        >>> Vocab.from_counts({"a": 1, "b": 3}, min_count=2).tokens
        ['<unk>', 'b']
        """
        names = [name for name in SPECIALS if name in (wanted := set(specials))]
        if unknown := wanted - set(names):
            raise OptionError(f"unknown special {sorted(unknown)[0]!r}; known: {', '.join(SPECIALS)}.")
        if max_size is not None and max_size <= len(names):
            raise OptionError(
                f"max_size: got {max_size}, expected more than the {len(names)} special tokens."
            )
        texts = [SPECIALS[name] for name in names]
        met = list(counts)
        numbers = np.fromiter(counts.values(), np.int64, len(met))
        own = np.array(
            [counts.get(text, 0) for text in texts], np.int64
        )  # a text that spells a special token means it
        usual = numbers >= min_count
        if own.any():
            usual &= np.fromiter((token not in texts for token in met), bool, len(met))
        kept = np.flatnonzero(usual)
        kept = kept[np.argsort(-numbers[kept], kind="stable")][
            : None if max_size is None else max_size - len(names)
        ]
        if "unk" in names:
            own[names.index("unk")] += numbers.sum() + unread - numbers[kept].sum() - own.sum()
        tokens = texts + [met[i] for i in kept.tolist()]
        return cls(tokens, np.concatenate([own, numbers[kept]]), {name: i for i, name in enumerate(names)})

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.index

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocab):
            return NotImplemented
        return (
            self.tokens == other.tokens
            and self.specials == other.specials
            and bool((self.counts == other.counts).all())
        )

    __hash__ = None  # type: ignore[assignment]  # equal by value, so not hashable

    def __repr__(self) -> str:
        return f"Vocab({len(self):,} tokens, specials {self.specials})"

    @cached_property
    def tokens(self) -> list[str]:
        """Token of each id."""
        blob, ends = self._packed[0].tobytes(), self._packed[1].tolist()
        return [blob[start:end].decode() for start, end in zip([0, *ends], ends, strict=False)]

    @cached_property
    def index(self) -> dict[str, int]:
        """Id of each token."""
        return {token: token_id for token_id, token in enumerate(self.tokens)}

    @property
    def unk(self) -> int | None:
        """Id of the unknown token, or None."""
        return self.specials.get("unk")

    def find(self, token: str) -> int:
        """The id of a token, else of it with plain quotes, else with those of the Penn Treebank, else -1."""
        plain = token.translate(_PLAIN)
        forms = (token, plain, *_QUOTED.get(plain, ()))
        return next((self.index[form] for form in forms if form in self.index), -1)

    def id(self, token: str) -> int:
        """The id of one token that must be there.

        Raises:  VocabularyError with near spellings.
        """
        found = self.index.get(token)
        if found is None:
            raise VocabularyError(
                f"{token!r} is not in the vocabulary ({len(self):,} "
                f"tokens).{did_you_mean(token, self.tokens)}"
            )
        return found

    def ids(self, tokens: Iterable[str]) -> Annotated[Ids, "T"]:
        """The ids of many tokens; an unseen one becomes unk.

        Raises:  VocabularyError if a token is unseen and there is no unk.
        """
        get, unk = self.index.get, self.unk
        if unk is None:
            return np.fromiter((self.id(token) for token in tokens), np.int32)
        return np.fromiter((get(token, unk) for token in tokens), np.int32)

    def words(self, ids: Iterable[int]) -> list[str]:
        """The tokens of many ids."""
        return [self.tokens[i] for i in ids]

    def frequent(self, min_count: int, where: str, *, eos: bool = True) -> NDArray[np.int64]:
        """The counts, 0 for rarer tokens and special ones; </s> counts as a word unless told otherwise.

        Raises:  FormatError if nothing is left.
        """
        counts = np.where(self.counts >= min_count, self.counts, 0)
        counts[[i for name, i in self.specials.items() if not (eos and name == "eos")]] = 0
        if not counts.any():
            raise FormatError(
                f"{where}: none of the {len(self):,} tokens was seen {min_count:,} times or more, the most "
                "common one "
                f"{max(self.counts, default=0):,} times. Give more text or lower min_count."
            )
        return counts

    def places(self, tokens: Iterable[str]) -> dict[str, int]:
        """Ids of those of the tokens that are there, in the order of `tokens`.

        A large vocabulary just opened from a file is searched in its bytes: its index alone would take some
        hundred megabytes.
        """
        wanted = dict.fromkeys(tokens)
        if len(self) < _SEARCH_FROM or "tokens" in vars(self):
            return {token: self.index[token] for token in wanted if token in self.index}
        found = _search(*self._packed, {token.encode("utf-8", "surrogatepass"): token for token in wanted})
        return {token: found[token] for token in wanted if token in found}

    def to_arrays(self) -> Arrays:
        """The vocabulary as arrays for a file: the tokens' UTF-8 bytes, where each ends, the counts."""
        if "tokens" not in vars(self):  # just opened from a file: passed on unread
            return {"tokens": self._packed[0], "token_ends": self._packed[1], "counts": self.counts}
        encoded = [token.encode() for token in self.tokens]
        ends = np.cumsum([len(token) for token in encoded], dtype=np.int64)
        return {
            "tokens": np.frombuffer(b"".join(encoded), np.uint8),
            "token_ends": ends,
            "counts": self.counts,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, specials: Mapping[str, int]) -> "Vocab":
        """The vocabulary that `to_arrays` wrote; tokens are decoded when first asked for.

        Raises:  ShapeError, FormatError or OptionError for what `to_arrays` does not give.
        """
        vocab = cls.__new__(cls)
        blob = need(arrays, "tokens", "uint8", (None,))
        ends = need(arrays, "token_ends", "int64", (None,))
        counts = need(arrays, "counts", "int64", (len(ends),))
        check_ends("token_ends", ends, len(blob), first=None)
        _check_utf8(blob, ends)
        if len(counts) and (counts.min() < 0 or counts.sum(dtype=np.float64) > _MOST):
            raise ShapeError(f"counts: got {counts.min():,} to {counts.max():,}, expected at least 0 each.")
        vocab._packed = (blob, ends)
        vocab._fill(len(ends), counts, dict(specials))
        return vocab

    _packed: tuple[NDArray[np.uint8], NDArray[np.int64]]


def _check_utf8(blob: Array, ends: Array) -> None:
    """Raise FormatError unless each token is valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(blob), _BYTES):
            decoder.decode(blob[start : start + _BYTES].data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FormatError(f"tokens: got bytes that are not UTF-8 ({error.reason}), expected text.") from error
    inner = ends[ends < len(blob)]
    if ((blob[inner] & 0xC0) == 0x80).any():
        raise FormatError("token_ends: got an end within a character, expected whole ones.")


def _search(blob: Array, ends: Array, wanted: Mapping[bytes, str]) -> dict[str, int]:
    """Ids of the tokens in the bytes of a vocabulary: few words share length and outer bytes with one."""
    found: dict[str, int] = {}
    longest = max(map(len, wanted), default=0)
    heads, tails = np.zeros((2, longest + 2, 256), bool)
    for code in filter(None, wanted):
        heads[len(code), code[0]] = tails[len(code), code[-1]] = True
    start = 0
    for first in range(0, len(ends), _PIECE):
        stops = ends[first : first + _PIECE].astype(np.int64)
        begins = np.concatenate([[start], stops[:-1]])
        lengths = np.minimum(stops - begins, longest + 1)
        likely = (
            heads[lengths, blob[np.minimum(begins, len(blob) - 1)]]
            & tails[lengths, blob[np.maximum(stops - 1, 0)]]
        )
        for i in np.flatnonzero(likely).tolist():
            token = wanted.get(blob[begins[i] : stops[i]].tobytes())
            if token is not None:
                found.setdefault(token, first + i)
        start = int(stops[-1])
    return found
