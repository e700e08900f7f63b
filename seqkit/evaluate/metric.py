"""What a metric is: statistics of items that add up, a value of their sum, and so a score with an interval.

A new metric is one file in metrics/. Not handled: numbers that are no sums (rank correlation).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from seqkit.core.family import Family
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.evaluate.bootstrap import interval

metrics = Family("seqkit.evaluate.metrics", "metric")


class Metric(Protocol):
    """Has `stats` too: one row of statistics for each item, of whatever the metric compares.

    The value of any subset is value(stats[subset].sum(0)), so slices and the bootstrap come for free.
    of: what it compares: "labels", "spans" or "texts".
    """

    of: str

    def value(self, total: Annotated[Array, "S"]) -> float:
        """The metric from summed statistics; nan for none."""


def metrics_of(what: str) -> list[str]:
    """Names of the metrics that compare `what`.

    >>> "bleu" in metrics_of("texts"), "bleu" in metrics_of("labels")
    (True, False)
    """
    return [name for name in metrics.names() if getattr(metrics.load(name), "of", None) == what]


def measured(
    name: str,
    metric: Metric,
    stats: Annotated[Array, "N S"],
    missing: int,
    signature: Mapping[str, Any],
    *,
    count: int | None = None,
    seed: int = 1,
) -> Score:
    """The score of N items with its 95 % bootstrap interval.  count: if not N."""
    bounds = interval(lambda i: metric.value(stats[i].sum(0)), len(stats), seed=seed)
    return Score(
        name,
        metric.value(stats.sum(0)),
        len(stats) if count is None else count,
        missing,
        dict(signature),
        bounds,
    )
