"""The labels of a tagger: their numbers, the scheme they are learnt in, and the one they are returned in.

Not handled: several labels a word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array, Ids
from seqkit.text import bioes

Tags = Sequence[str | None]
SCHEMES = ("auto", "plain", *bioes.SCHEMES)


@dataclass(frozen=True)
class Labels:
    """Names of the classes, sorted.

    scheme: in which spans are learnt, None: unchanged. given: in which they were read, None: no spans.
    """

    names: list[str]
    scheme: str | None = None
    given: str | None = None

    @staticmethod
    def learn(rows: Sequence[Tags], scheme: str = "auto") -> "Labels":
        """From the tags of a training text; None among them is a missing one.

        scheme: auto finds out whether these are spans, and learns them as BIOES; plain takes labels as they
        are.
        Raises:  FormatError without a label, or if one is not of the scheme.
        """
        if scheme not in SCHEMES:
            raise OptionError(f"scheme: got {scheme!r}, expected one of {', '.join(SCHEMES)}.")
        names = {tag for tags in rows for tag in tags if tag is not None}
        if not names:
            raise FormatError("tagger: got no label, expected at least one.")
        given = (
            None
            if scheme == "plain"
            else bioes.detect([tag for tag in tags if tag is not None] for tags in rows)
        )
        if given is None:
            if scheme not in ("auto", "plain"):
                bioes.spans(sorted(names))  # raises, naming the wrong tag
                raise FormatError(
                    f"tagger: got only the label O, expected spans ({scheme}). Is it the right column?"
                )
            return Labels(sorted(names))
        missing = any(tag is None for tags in rows for tag in tags)
        # where a tag is missing, a span's end cannot be known: tags are taken as they are, and all may follow
        if missing:
            return Labels(sorted(names), None, given)
        wanted = "bioes" if scheme == "auto" else scheme
        return Labels(
            sorted({tag for tags in rows for tag in bioes.convert(_whole(tags), wanted)}), wanted, given
        )

    def encode(self, rows: Iterable[Tags]) -> list[Annotated[Ids, "T"]]:
        """The classes of tags; -1 for a missing one and for one that is not known."""
        index = {name: i for i, name in enumerate(self.names)}
        found = []
        for tags in rows:
            own = (
                bioes.convert(_whole(tags), self.scheme) if self.scheme else tags
            )  # which also repairs ill-formed ones
            found.append(np.array([-1 if tag is None else index.get(tag, -1) for tag in own], np.int32))
        return found

    def decode(self, classes: Annotated[Array, "T"]) -> list[str]:
        """The tags of classes, in the scheme in which they were read."""
        tags = [self.names[i] for i in classes.tolist()]
        return tags if self.given is None else bioes.convert(tags, self.given)

    def allowed(self) -> tuple[Array, Array, Array] | None:
        """What may begin, follow and end, or None where all may."""
        return None if self.scheme is None else bioes.allowed(self.names, self.scheme)


def _whole(tags: Tags) -> list[str]:
    return [tag for tag in tags if tag is not None]
