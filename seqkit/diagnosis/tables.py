"""Tables of a diagnosis that a person reads: rows of dev, slices, copies, values to choose models by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core.types import Array
from seqkit.diagnosis.labels.confident_learning import find_label_errors
from seqkit.diagnosis.parts import Part
from seqkit.diagnosis.slices import bands
from seqkit.diagnosis.trainings import Trainings
from seqkit.text.duplicates import Duplicates, plain

_MANY = 20  # values of a slice, most frequent first


def dev_rows(
    dev: Part,
    probs: Annotated[Array, "N C"],
    given: Annotated[Array, "N"],
    classes: Sequence[str],
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """The rows of dev, highest loss first; suspected: the model itself contradicts the label."""
    suspected = np.zeros(len(given), bool)
    there = np.unique(given)
    if len(there) > 1:
        own = probs[:, there] / np.maximum(probs[:, there].sum(1, keepdims=True), 1e-30)
        suspected[find_label_errors(own, np.searchsorted(there, given), seed=seed).suspects] = True
    losses = -np.log(np.maximum(probs[np.arange(len(given)), given], 1e-30))
    return [
        {
            "row": i + 1,
            "where": dev.where(i),
            "text": dev.texts[i],
            "label": dev.labels[i],
            "loss": float(losses[i]),
            "predicted": classes[probs[i].argmax()],
            "probability": float(probs[i].max()),
            "suspected": "label?" if suspected[i] else "",
        }
        for i in np.argsort(-losses, kind="stable").tolist()
    ]


def dev_slices(train: Part, dev: Part) -> dict[str, Annotated[Array, "N"]]:
    """The flags of the rows of each slice: by length, new words, label, and the columns given."""
    words = [plain(text).split() for text in dev.texts]
    known = {word for text in train.texts for word in plain(text).split()}
    unknown = np.array([sum(word not in known for word in row) for row in words])
    found = bands(np.array([len(row) for row in words]), "words")
    found |= {"no new word": unknown == 0, "1 new word": unknown == 1, "2 or more new words": unknown > 1}
    for name, values in {"label": dev.labels, **dev.slices}.items():
        for value, _ in Counter(values).most_common(_MANY):
            found[f"{name} = {value}"] = np.array([v == value for v in values])
    return found


def measured_values(
    trained: Trainings, texts: Sequence[str], timed: int, classes: Mapping[str, Any]
) -> dict[str, float]:
    """What models are chosen by."""
    alone, together = trained.milliseconds(texts, timed)
    values = {
        "accuracy": classes["accuracy"]["value"],
        "macro_f1": classes["macro_f1"]["value"] or 0.0,
        "ms": alone,
        "ms_batched": together,
    }
    parameters = getattr(trained.best, "num_parameters", None)
    return values if parameters is None else values | {"parameters": parameters}


def shown_copies(copies: Duplicates, parts: Mapping[str, Part], shown: int) -> dict[str, Any]:
    """The copies as plain values, the first ones with their texts."""
    found = copies.to_json()
    first = [
        copy
        | {
            "text": parts[copy["part"]].texts[copy["row"]],
            "of_text": parts[copy["of"]].texts[copy["of_row"]],
            "where": parts[copy["part"]].where(copy["row"]),
            "of_where": parts[copy["of"]].where(copy["of_row"]),
        }
        for copy in found["copies"][:shown]
    ]
    return found | {"copies": first}
