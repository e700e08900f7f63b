"""The trainer of word vectors that the names of a loss and a context ask for."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from seqkit.core.errors import OptionError, did_you_mean
from seqkit.embeddings.training.objectives import objectives
from seqkit.embeddings.training.trainer import CONTEXTS, OWN, Trainer


def trainer_of(loss: str, context: str) -> type[Trainer]:
    """The class that trains `loss`: the one that fixes it, or else that of the context.

    Raises:  OptionError for an unknown context, or one given to a loss that learns from counts.
    """
    if context not in CONTEXTS:
        raise OptionError(
            f"unknown context {context!r}; known: {', '.join(CONTEXTS)}.{did_you_mean(context, CONTEXTS)}"
        )
    if objectives.load(loss).learns_from == "counts" and context != "skipgram":
        raise OptionError(
            f"{loss}: got context {context!r}, expected none, as it learns from counts. Leave it out."
        )
    owners = [face for face in Trainer.__subclasses__() if face.fixed.get("loss") == loss]
    return owners[0] if owners else CONTEXTS[context]


def make(
    *,
    loss: str = "negative-sampling",
    context: str = "skipgram",
    device: str = "auto",
    threads: int | None = None,
    **settings: Any,
) -> Trainer:
    """A trainer by the names of its loss and context.

    Raises:  OptionError for an unknown one, a setting that the loss does not have, or a device on which it is
             not trained.
    """
    kind = trainer_of(loss, context)
    if objectives.load(loss).learns_from == "counts":
        settings.pop("deterministic", None)  # it always is
    _check_names(loss, settings)
    if "loss" not in kind.fixed:
        settings = {"loss": loss, **settings}
    return kind(device=device, threads=threads, **{name: v for name, v in settings.items() if v is not None})


def _check_names(loss: str, settings: Iterable[str]) -> None:
    """Raise OptionError for a setting that this loss lacks and another has."""
    having = {
        name: {field.name for field in dataclasses.fields(objectives.load(name).Options)}
        for name in objectives.names()
    }
    for name in settings:
        others = [other for other, own in having.items() if name in own]
        if others and loss not in others and name not in OWN:
            raise OptionError(
                f"{name}: got a value, expected none: a setting of {', '.join(others)}, not of {loss}. "
                "Leave it out, or choose another loss."
            )
