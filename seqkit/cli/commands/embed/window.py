"""seqkit embed train-window."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from seqkit.cli import common
from seqkit.cli.options import Training, flags
from seqkit.models.window.options import SETTINGS


@flags(SETTINGS)
def train(
    run: Training,
    input: common.Text,
    *,
    out: common.Out,
    tokenizer: common.Tokenizer = "whitespace",
    lower: common.Lower = False,
    initial: common.Initial = None,
    valid: common.Questions = None,
) -> None:
    """Train word vectors by a neural language model of a fixed window, and write them to the folder --out.

    The folder OUT/model holds the model itself. Ctrl-C finishes the current step and saves; --resume
    continues. Under torchrun the processes share each batch.

    Example: seqkit embed train-window wiki.txt.gz --context both --window 3 --out window.vectors
    """
    from seqkit.embeddings.training.data import read
    from seqkit.models.window.model import WindowModel

    more: Any = {"tokenizer": tokenizer, "lower": lower, "initial": initial, "valid": valid}

    def data(model: WindowModel, folder: Path | None, world: Any) -> Any:
        found = read(model, input, folder, reading=common.reading(run.quiet), **more)

        def save(trained: WindowModel, vectors: Any, where: Path) -> None:
            vectors.save(where)
            trained.save(where / "model")

        return replace(found, save=save)

    def told(result: Any) -> str:
        sizes = f"{result['words']:,} words, {result['settings']['dim']} numbers each"
        return sizes + common.losses(result, "a word")

    run.run(WindowModel, data, out, "tokens", told)
