"""What every debiasing method is: settings, and `fit`, which gives an Eraser.

A new method is one file in methods/: a frozen dataclass that extends this. Not handled: erasing (Eraser).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from seqkit.core import options
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.core.options import option
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.words.sets import Lost, WordSets
from seqkit.embeddings.vectors.vectors import Vectors


@dataclass(frozen=True)
class BiasMethod(ABC):
    """Settings of a method and its `fit`; scikit-learn's get_params and set_params.

    promises: what the method guarantees, which the tests hold every method to.
        orthogonal    words that are not protected have no part in the subspace
        equidistant   the words of an equalize set are equally far from every such word
        unit          all results have length one
        idempotent    erasing twice changes nothing more
        blind         a linear classifier can no longer tell the classes
        keeps         specific words are only made unit
    """

    promises: ClassVar[frozenset[str]] = frozenset()
    case: Literal["exact", "lower", "any"] = option(
        "exact",
        help="look for words as written, in lower case, or in any spelling: She, SHE; fiancee, fiancée",
    )
    limit: float = option(
        0.2,
        low=0,
        high=1,
        help="share of the definitional sets, or of a list to learn from, that may be lost",
    )

    def __post_init__(self) -> None:
        options.check(self)

    @abstractmethod
    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find what to take out of `vectors`; `words` says what the concept is."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name."""
        return options.to_json(self)

    def set_params(self, **params: Any) -> Self:
        """The method with some settings changed (a new one: methods are frozen)."""
        known = self.get_params()
        for name in params:
            if name not in known:
                raise OptionError(
                    f"{type(self).__name__}: unknown setting {name!r}.{did_you_mean(name, known)}"
                )
        return replace(self, **params)

    def known(self, vectors: Vectors, words: WordSets, lists: tuple[str, ...] = ()) -> tuple[WordSets, Lost]:
        """The words that the vectors have; few of the definitional sets, or of the named lists, may be lost.

        Raises:  OptionError if there are neither; VocabularyError if too many are lost.
        """
        if not (lists or words.definitional):
            raise OptionError(
                f"{type(self).__name__}: {words.name} has no definitional sets. Add some, as (woman, man)."
            )
        return words.known(vectors, case=self.case, limit=self.limit, need=lists or ("definitional",))

    def reported(self, words: WordSets, lost: Lost, **more: Any) -> dict[str, Any]:
        """What every report holds: settings, words, lost words, and which side is positive."""
        shown = {part: list(gone) for part, gone in lost.items() if part not in words.lists}
        origin = {
            "name": words.name,
            "source": words.source,
            "licence": words.licence,
            "sha256": words.checksum,
        }
        positive = words.classes[0] if words.classes else "first column"
        return {"settings": self.get_params(), "words": origin, "lost": shown, "positive": positive, **more}
