"""What a metric is: statistics of single items that add up, a number made of their sum, and so a score with
its interval.
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
    """

    def value(self, total: Annotated[Array, "S"]) -> float:
        """The metric from summed statistics; nan for none."""


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
    """The score of N items with its 95 % bootstrap interval.  count: what is counted, if not the items
    resampled.
    """
    bounds = interval(lambda i: metric.value(stats[i].sum(0)), len(stats), seed=seed)
    return Score(
        name,
        metric.value(stats.sum(0)),
        len(stats) if count is None else count,
        missing,
        dict(signature),
        bounds,
    )


def metrics_of(what: str) -> list[str]:
    """The names of the metrics of `what`, such as texts."""
    return [name for name in metrics.names() if getattr(metrics.load(name), "of", None) == what]
