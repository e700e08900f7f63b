"""A training run on pairs in a folder: texts in; model, checkpoint, log, curve and run.json out.

For models with fit(firsts, seconds, valid=...): Translator and Generator.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.models.run import nothing_half_written, outcome
from seqkit.report.curves import learning_curve
from seqkit.report.figure import check_picture
from seqkit.text.readers import parallel
from seqkit.train.log import JsonLines, Log
from seqkit.train.progress import Progress
from seqkit.train.world import World

Files = tuple[str, str | None]  # of both sides, or of the pairs


class PairRun:
    """One model, one set of pairs, one folder."""

    def __init__(
        self,
        model: Any,
        source: Files,
        out: Path,
        *,
        valid: Files | None = None,
        names: Sequence[str] = parallel.NAMES,
        curve: Path | None = None,
    ) -> None:
        """names: of both sides, for JSON lines and messages. curve: picture of the losses."""
        if curve is not None:
            check_picture(curve)  # before the work, not after it
        self.model, self.source, self.out, self.valid, self.names, self.curve = (
            model,
            source,
            out,
            valid,
            names,
            curve,
        )

    def train(
        self,
        *,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> dict[str, Any]:
        """Train, write model and run.json to the folder, and return what run.json holds."""
        first = world is None or world.rank == 0
        pairs = parallel.pairs(*self.source, names=self.names)
        valid = None if self.valid is None else parallel.pairs(*self.valid, names=self.names)
        with nothing_half_written(self.out):
            self.model.fit(
                *pairs,
                valid=valid,
                checkpoint=self.out / "checkpoint",
                resume=resume,
                report=report,
                logs=[JsonLines(self.out / "log.jsonl"), *logs] if first else (),
                world=world,
            )
        count = {"source": self.valid, "count": None if valid is None else len(valid[0])}
        result = outcome(
            self.model,
            self.model.network,
            "pairs",
            pairs={"source": self.source, "count": len(pairs[0])},
            valid=count,
            vocabulary=self.model.sizes,
        )
        if first:
            self.model.save(self.out)
            files.write_json(self.out / "run.json", result)
            if self.curve is not None:
                history = self.model.history
                learning_curve(self.curve, [e.loss.mean for e in history], [e.validation for e in history])
        return result
