"""The state of a run on disk: the learner's arrays, the place in the data, history, fixed settings."""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from seqkit.core import files, schema
from seqkit.core.checks import check_form
from seqkit.core.errors import ModelFileError, OptionError, ShapeError
from seqkit.core.types import Arrays
from seqkit.train.progress import Place, PlaceJson, read_history, read_loss


def take_state(own: Arrays, given: Arrays) -> None:
    """Put the arrays of a checkpoint into those of their names.

    Raises:  ModelFileError for other names, shapes or dtypes; nothing is changed then.
    """
    try:
        if other := own.keys() ^ given.keys():
            raise ShapeError(f"{min(other)}: got {', '.join(given) or 'none'}, expected {', '.join(own)}.")
        for name, array in own.items():
            check_form(name, given[name], array.dtype.name, array.shape)
    except ShapeError as error:
        raise ModelFileError(f"checkpoint: {error} It is of another run; train without resuming.") from error
    for name, array in own.items():
        array[:] = given[name]


class _Meta(TypedDict):
    place: PlaceJson
    signature: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """Saves to `folder` every `seconds`, at the end of each epoch, and when interrupted."""

    folder: Path
    seconds: float = 60.0

    @property
    def best(self) -> "Checkpoint":
        """The checkpoint of the best validation, in a folder within this one."""
        return Checkpoint(self.folder / "best", self.seconds)

    def save(self, arrays: Arrays, place: Place, signature: dict[str, Any]) -> None:
        """Write the run's state; the one before it stays whole until this one is."""
        files.save(
            self.folder, "checkpoint", arrays, {"place": dataclasses.asdict(place), "signature": signature}
        )

    def exists(self) -> bool:
        """Whether there is a checkpoint to resume from."""
        return (self.folder / "manifest.json").is_file()

    def reached(self) -> str:
        """How far it goes, in words.

        Raises:  ModelFileError if it is damaged.
        """
        _, meta = files.load(self.folder, "checkpoint", _Meta)
        epoch, batches = meta["place"]["epoch"], meta["place"]["batches"]
        at = f"in epoch {epoch + 1}" if batches else f"after epoch {epoch}"
        return f"{at} of {meta['signature'].get('epochs')}"

    def load(self, signature: dict[str, Any], size: float = math.inf) -> tuple[Arrays, Place]:
        """Read the run's state back.  size: units in an epoch.

        Raises:  OptionError if data or settings are not those of the checkpoint, naming the difference.
        """
        arrays, meta = files.load(self.folder, "checkpoint", _Meta, verify=True)
        before = meta["signature"]
        names = before.keys() | signature.keys()
        if ("data" in before) != (
            "data" in signature
        ):  # 0.1.0 hashed data, and named some settings, otherwise
            names = before.keys() & signature.keys()
        for name in sorted(names):
            then, now = before.get(name), signature.get(name)
            if then != now:
                raise OptionError(
                    f"resume: got {name} {now!r}, expected {then!r} as in {self.folder}. Use the old value, "
                    "or train again without resuming."
                )
        place = meta["place"]
        try:
            told = {"loss": read_loss(place["loss"]), "history": read_history(place["history"])}
        except ModelFileError as error:
            raise ModelFileError(f"{self.folder}: {error} Train again without resuming.") from error
        found = Place(**(schema.known(place, PlaceJson) | told))
        units = [epoch.units for epoch in found.history]
        units.append(found.units - sum(units))  # of the epoch at hand
        if len(found.history) != found.epoch or units[-1] < 0 or max(units) > size:
            raise ModelFileError(
                f"{self.folder}: got {found.units:,} units in {found.epoch:,} epochs and results of "
                f"{len(found.history):,}, expected those of each. Train again without resuming."
            )
        return arrays, found
