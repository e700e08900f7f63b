"""How text is drawn, and how the likeliest is searched for; readable without torch."""

from dataclasses import dataclass

from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.core.options import option


@dataclass(frozen=True)
class SamplingOptions:
    """How tokens are chosen; kernels.decode.reference.choose has the exact rules."""

    length: int = option(200, low=1, unit="tokens", help="longest text")
    temperature: float = option(
        1.0, low=0, help="0: always the likeliest token; below 1: more predictable; above 1: more random"
    )
    top_k: int | None = option(None, low=1, help="draw among the k likeliest tokens")
    top_p: float | None = option(
        None, low=0, high=1, help="draw among the likeliest tokens that have this probability together"
    )
    ban_unk: bool = option(True, help="never write the unknown token")
    stop_at_eos: bool = option(False, alias="stop", help="end a text at its first </s>")
    min_length: int = option(0, low=0, unit="tokens", help="no end of a sentence before so many tokens")
    repetition_penalty: float = option(
        1.0, low=0.01, help="above 1: tokens already written become less likely"
    )
    no_repeat_ngram: int = option(
        0, low=0, unit="tokens", help="never write a sequence of so many tokens twice"
    )

    def __post_init__(self) -> None:
        options.check(self)
        if 0 < self.temperature < 1e-6:
            raise OptionError(f"sample: got temperature {self.temperature!r}, expected 0 or at least 1e-6.")
        if self.top_p == 0:
            raise OptionError(
                "sample: got top_p 0, expected above 0 and at most 1. Use temperature=0 for the "
                "likeliest token."
            )


@dataclass(frozen=True)
class BeamOptions:
    """How far and how wide to search."""

    width: int = option(
        5, low=1, alias="beam", help="how many texts are followed at once; 1: always the likeliest token"
    )
    length: int | None = option(
        50,
        low=1,
        unit="tokens",
        alias="max_length",
        help="longest text, its end included; 2 · source + 10 if not set",
    )
    length_penalty: float = option(
        0.0,
        low=0,
        high=10,
        help="how texts are compared: by log p / ((5 + tokens) / 6)^this, their end included",
    )
    ban_unk: bool = option(True, help="never write the unknown token")
    top: int = option(1, low=1, help="how many texts to return, at most width")

    def __post_init__(self) -> None:
        options.check(self)
        if self.top > self.width:
            raise OptionError(
                f"beam: got top {self.top} with width {self.width}, expected at most the width."
            )

    def limit(self, source: int) -> int:
        """The longest text for a source of so many tokens: 2 · source + 10 where no length is set."""
        return self.length or 2 * source + 10

    def normal(self, log_prob: float, tokens: int) -> float:
        """The value by which texts are compared (Wu et al. 2016, arXiv:1609.08144, eq. 14)."""
        return log_prob / self.norm(tokens)

    def norm(self, tokens: int) -> float:
        """What log p of a text of so many tokens is divided by."""
        return float(((5 + tokens) / 6) ** self.length_penalty)
