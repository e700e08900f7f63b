"""Numbers that are sums until they are printed: Loss and Score."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Loss:
    """Sum of negative log-likelihoods and the number of predictions it sums over.

    Units: total in nats. `+` adds both parts; divide only to print.

    >>> (Loss(2.0, 1) + Loss(4.0, 2)).mean
    2.0
    """

    total: float
    count: int

    def __add__(self, other: "Loss") -> "Loss":
        return Loss(self.total + other.total, self.count + other.count)

    @property
    def mean(self) -> float:
        """Nats a prediction; nan when nothing was predicted."""
        return self.total / self.count if self.count else math.nan

    @property
    def bits(self) -> float:
        """Bits a prediction."""
        return self.mean / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(mean), inf where that is beyond a float."""
        return math.exp(self.mean) if self.mean < 700 else math.inf


@dataclass(frozen=True)
class Score:
    """A measured number with all that is needed to interpret it.

    `count` items were measured, `missing` were left out (unknown words, say), `signature` holds the settings,
    `interval` is a 95 % bootstrap interval or None.
    """

    name: str
    value: float
    count: int
    missing: int = 0
    signature: dict[str, Any] = field(default_factory=dict)
    interval: tuple[float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """The score as plain JSON values; a value that is not a number becomes null."""
        plain = asdict(self)
        plain["interval"] = self.interval and list(self.interval)
        if math.isnan(self.value):
            plain["value"] = None
        return plain

    def __str__(self) -> str:
        low_high = f" [{self.interval[0]:.4f}, {self.interval[1]:.4f}]" if self.interval else ""
        settings = ", ".join(f"{key}={value}" for key, value in self.signature.items())
        return (
            f"{self.name} {self.value:.4f}{low_high} (n={self.count:,}, missing={self.missing:,}; {settings})"
        )


def p_text(found: Mapping[str, Any]) -> str:
    """The p of a permutation test in print, never 0: where no permutation drawn is as large, less than one of
    them; nothing where there is no p.

    >>> p_text({"p": 0.03}), p_text({"p": 7.4e-07}), p_text({"p": 1e-5, "splits": 99_999, "exact": False})
    ('0.0300', '7.4e-07', '< 1.0e-05')
    """
    if "p" not in found:
        return ""
    p, drawn = found["p"], 0 if found.get("exact", True) else found["splits"]
    if drawn and p * (drawn + 1) < 1.5:
        return f"< {1 / drawn:.1e}"
    return f"{p:.4f}" if p >= 0.001 else f"{p:.1e}"
