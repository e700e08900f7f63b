"""Causes that make gaps misleading: copies of training rows, a learning rate too high, wrong labels.

Not handled: finding the copies (text.duplicates), training at another rate (diagnosis.diagnose).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from seqkit.core.types import Array
from seqkit.diagnosis.gaps import Finding
from seqkit.diagnosis.labels.confident_learning import LabelErrors
from seqkit.evaluate.bootstrap import ends, interval, mean_of, resampled


def leak(
    part: str, copied: Annotated[Array, "N"], wrong: Annotated[Array, "N"], *, of: str, least: float = 0.02
) -> Finding:
    """The share of rows of `part` that are also in the part `of` (flags), and the error of both kinds."""
    share, size = float(copied.mean()), len(copied)
    low_high = interval(mean_of(copied), size)
    note = ""
    if copied.any() and not copied.all():
        fresh, kept = wrong[~copied], wrong[copied]
        note = (
            f"error {kept.mean():.3f} on the {len(kept):,} copies, "
            f"{fresh.mean():.3f} on the {len(fresh):,} other rows"
        )
    return Finding(
        f"leaked {part}",
        share,
        low_high,
        f"rows of {part} that stand in {of}",
        bool(low_high and low_high[0] > least),
        note,
        None,
        (
            f"take the copies out of {part} and measure again (seqkit diagnose duplicates lists them)",
            "split anew with whole groups, so that copies fall on one side (seqkit diagnose split --group)",
        ),
    )


def label_noise(
    found: LabelErrors, *, human: float | None = None, least: float = 0.02, worse: float = 0.0
) -> Finding:
    """The estimated share of wrong labels; named if doubt does not explain the contradicted labels.

    Doubt does not explain them if the more certain half of the rows is contradicted nearly as often as all.
    worse: how much higher the error of the linear judge is on dev than the model's; above `least` it is
    ignored.
    """
    beyond = max(human or 0.0, least)
    heard = found.judged and worse <= least
    high = found.interval and found.interval[0] > beyond and found.sure_error > beyond
    named = bool(heard and found.plateau and high)
    note = (
        f"out of fold, {found.error:.3f} of all rows are contradicted, "
        f"{found.sure_error:.3f} of the surer half"
    )
    if not heard:
        note += "; the linear judge does not know this task well enough to tell wrong labels from hard texts"
    elif not named and found.share > beyond:
        note += "; the surer half is right far more often, so most of this is hard text, not wrong labels"
    return Finding(
        "label noise",
        found.share,
        found.interval,
        "rows whose label the other folds contradict",
        named,
        note,
        None,
        (
            "look at the suspected rows and correct their labels, in dev and test alike",
            "write down how to label what the suspects have in common",
            "drop the rows that nobody can decide",
        ),
    )


def high_rate(
    losses: Annotated[Array, "N"],
    slower: Annotated[Array, "B"],
    lr: float,
    signs: Sequence[str],
    *,
    guessing: float,
    seed: int = 1,
) -> Finding:
    """How much lower the training loss of the last epoch is at a tenth of the learning rate.

    losses, slower: nats for each row, by step of the last epoch; empty if the run failed, which is always
    named. Named if the whole interval lies above a tenth of `guessing`, the loss of knowing only how
    frequent each label is.
    """
    if len(losses):
        value = float(losses.mean() - slower.mean())
        draws = [resampled(mean_of(v), len(v), seed=seed + place) for place, v in enumerate((losses, slower))]
        low_high = ends(draws[0] - draws[1])
    else:
        value, low_high = float("nan"), None
    named = low_high is None or low_high[0] > guessing / 10
    return Finding(
        "learning rate too high",
        value,
        low_high,
        f"loss in nats at lr {lr:g} − at lr {lr / 10:g}",
        named,
        "; ".join(signs),
        None,
        (
            f"lower lr: {lr / 10:g} did better" if named else f"keep lr {lr:g}",
            "search it on a log scale",
            "clip the gradient; warm up",
        ),
    )


def explain(
    findings: Sequence[Finding], scores: Mapping[str, float], *, human: float | None, least: float
) -> list[Finding]:
    """The findings, causes first, a gap marked where a named cause accounts for it.

    A bias means nothing until the learning rate is right; wrong labels raise the error by up to their share.
    """
    named = {finding.name: finding for finding in findings if finding.named}
    marked = []
    for finding in findings:
        cause = None
        if (
            finding.name != "learning rate too high"
            and "learning rate too high" in named
            and finding.name in _UNTRAINED
        ):
            cause = "learning rate too high"
        elif "label noise" in named and finding.name == "avoidable bias":
            noise = named["label noise"]
            top = noise.interval[1] if noise.interval else noise.value
            if scores["train"] - (human or 0.0) - top <= least:
                cause = "label noise"
        marked.append(replace(finding, explained_by=cause) if cause and finding.named else finding)
    return sorted(marked, key=lambda finding: (not finding.fault, finding.name in _GAPS))


_UNTRAINED = ("avoidable bias", "label noise")
_GAPS = ("avoidable bias", "variance", "data mismatch", "overfitting to dev")


def entropy(labels: Annotated[Array, "N"]) -> float:
    """Nats a row: the loss of a model that knows only how frequent each label is.

    >>> entropy(np.array([0, 1, 0, 1])).__round__(4)
    0.6931
    """
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return float(-(shares * np.log(shares)).sum())


def signs(steps: Sequence[float], epochs: Sequence[float], guessing: float) -> list[str]:
    """Signs of a rate too high in the mean losses of steps and epochs, in nats.  guessing: entropy of labels.

    >>> signs([0.7, 0.5, 0.4, 0.3], [0.6, 0.35], 0.69)
    []
    >>> signs([0.7, 4.0, 5.0, 6.0], [2.3, 5.5], 0.69)
    ['the loss rose from 2.3 to 5.5 nats after epoch 1', 'the loss ended at 5.5 nats, guessing gives 0.69']
    """
    found = []
    best = int(np.argmin(epochs)) if len(epochs) else 0
    if len(epochs) > best + 1 and epochs[-1] > 1.1 * epochs[best] + 0.02 * guessing:
        found.append(f"the loss rose from {epochs[best]:.3g} to {epochs[-1]:.3g} nats after epoch {best + 1}")
    if len(epochs) and epochs[-1] > 0.9 * guessing:
        found.append(f"the loss ended at {epochs[-1]:.3g} nats, guessing gives {guessing:.3g}")
    late = np.asarray(steps[len(steps) // 4 :])
    if len(late) >= 8:
        spikes = int((late > 2 * max(guessing, float(np.median(late)))).sum())
        if spikes:
            found.append(
                f"the loss of {spikes:,} of the last {len(late):,} steps was more than twice that of guessing"
            )
    return found
