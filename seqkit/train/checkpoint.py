"""The state of a run on disk: the learner's arrays, the place in the data, history, fixed settings."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import ModelFileError, OptionError
from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.train.progress import Epoch, Place


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

    def load(self, signature: dict[str, Any]) -> tuple[Arrays, Place]:
        """Read the run's state back.

        Raises:  OptionError if data or settings are not those of the checkpoint, naming the difference.
        """
        arrays, meta = files.load(self.folder, "checkpoint", verify=True)
        if not isinstance(before := meta.get("signature"), dict):
            raise ModelFileError(
                f"{self.folder}: got {before!r} as signature, expected dict. Train again without resuming."
            )
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
        try:
            place = dict(meta["place"])
            history = [Epoch(**(epoch | {"loss": Loss(**epoch["loss"])})) for epoch in place.pop("history")]
            return arrays, Place(**(place | {"loss": Loss(**place["loss"]), "history": history}))
        except (KeyError, TypeError) as error:
            raise ModelFileError(
                f"{self.folder}: the checkpoint lacks {error}. Train again without resuming."
            ) from error
