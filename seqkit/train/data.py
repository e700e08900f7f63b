"""What a training run is trained on, whatever the task."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqkit.core.errors import SeqkitError


def save_model(model: Any, made: Any, out: Path) -> None:
    """Write the model itself.  made: what its `fit` gave."""
    model.save(out)


@dataclass(frozen=True)
class Data:
    """What a model is trained on, as a task's `read` gives it.

    args, given: of `fit`, by place and by name. unit: what is counted in an epoch, as "tokens".
    about: of run.json, known before training; after: the rest, of the trained model and what its fit gave.
    place: where in the files what an error is about stands, if that can be known.
    save: what is written to the folder.
    """

    args: tuple[Any, ...]
    unit: str
    given: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    after: Callable[[Any, Any], Mapping[str, Any]] = lambda _, __: {}
    place: Callable[[SeqkitError], str | None] = lambda _: None
    save: Callable[[Any, Any, Path], None] = save_model

    @contextlib.contextmanager
    def placed(self) -> Iterator[None]:
        """Within the block errors say where in the files they come from."""
        try:
            yield
        except SeqkitError as error:
            if where := self.place(error):
                raise error.at(where) from error
            raise
