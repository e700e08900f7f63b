"""What a search and a range test share: the model and data of a train command, and how they are shown.

Not handled: what is done with them (search, lr).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqkit.cli import common
from seqkit.cli.options import Make, Read, in_panel


def search_flags(**own: Any) -> dict[str, Any]:
    """The flags of a Job: its own, then those of every job, in one panel of the help."""
    shared = {"device": common.Device, "threads": common.Threads}
    shared |= {"quiet": common.Quiet, "json": common.AsJson}
    return {name: in_panel(flag, "Search") for name, flag in (own | shared).items()}


@dataclass(frozen=True)
class Job:
    """What a train command receives instead of a Training, to try settings instead of training with some."""

    settings: dict[str, Any]
    reading: dict[str, Any]
    plot: Path | None = None
    device: str = "auto"
    threads: int | None = None
    quiet: bool = False
    json: bool = False

    def prepare(self, make: Make, read: Read) -> tuple[Any, Any, dict[str, Any]]:
        """The model, its data, and what else of the data `fit` takes, without the validation."""
        from seqkit.report.figure import check_picture

        if self.plot is not None:
            check_picture(self.plot, "plot")
        model = make(device=self.device, threads=self.threads, **self.settings)
        data = read(model, None, None)
        given = {name: value for name, value in data.given.items() if name != "valid" and value is not None}
        return model, data, given
