"""One process of a distributed run, for test_distributed: trains the toy module and writes what it saw.

python worker.py FOLDER SETTINGS-JSON
"""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from train.toy_module import Streams, Tiny

from seqkit.train import distributed
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient.learner import GradientLearner
from seqkit.train.gradient.options import GradientOptions
from seqkit.train.log import JsonLines
from seqkit.train.loop import fit
from seqkit.train.schedule import plateau


def main(folder, settings):
    torch.set_num_threads(1)
    rank = os.environ.get("RANK", "0")
    with distributed.world("cpu") as world:
        module = Tiny(dropout=0.3, seed=3 + world.rank)  # only process 0's weights count
        streams = Streams(rows=settings.get("rows", 5), world=world, ragged=True)
        options = GradientOptions(clip=0.3, accumulate=settings.get("accumulate", 1))
        learner = GradientLearner(module, options, world=world)
        losses, step = [], learner.step

        def counted(batch, lr):
            loss = step(batch, lr)
            losses.append([loss.total, loss.count])
            if str(settings.get("kill")) == rank and len(losses) == 7:
                os.kill(os.getpid(), signal.SIGINT)  # one process alone hears it
            return loss

        learner.step = counted
        stopped = False
        try:
            history = fit(
                learner,
                streams,
                epochs=3,
                schedule=plateau(0.05),
                validate=lambda: losses[-1][0] + world.rank,
                keep_best=True,
                checkpoint=Checkpoint(Path(folder) / "run"),
                resume=settings.get("resume", False),
                logs=[JsonLines(Path(folder) / "log.jsonl")],
            )
        except KeyboardInterrupt:
            stopped, history = True, []
        weights = hashlib.sha256(
            b"".join(p.detach().numpy().tobytes() for p in module.parameters())
        ).hexdigest()
        carry = None if learner.carry is None else list(learner.carry[0].shape)
        found = {
            "losses": losses,
            "weights": weights,
            "carry": carry,
            "stopped": stopped,
            "history": [[e.loss.total, e.loss.count, e.validation] for e in history],
            "first": module.cell.weight.flatten().tolist(),
        }
        (Path(folder) / f"rank{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
