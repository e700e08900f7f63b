"""seqkit embed train."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqkit.cli import common
from seqkit.cli.options import Training, flags
from seqkit.embeddings.training.options import SETTINGS

Frozen = Annotated[Path | None, typer.Option(help="A file of words whose vectors are not trained.")]


@flags(SETTINGS)
def train(
    run: Training,
    input: Annotated[
        str,
        typer.Argument(
            help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a folder of a corpus or '
            "of counts."
        ),
    ],
    *,
    out: common.Out,
    tokenizer: common.Tokenizer = "whitespace",
    lower: common.Lower = False,
    initial: common.Initial = None,
    extend: Annotated[
        bool, typer.Option("--extend", help="Keep all words of --initial, and add the new words of the text.")
    ] = False,
    frozen: Frozen = None,
    valid: common.Questions = None,
    subwords: Annotated[
        bool,
        typer.Option(
            "--subwords",
            help="Also learn character n-grams, so that unseen words have vectors (--loss subwords).",
        ),
    ] = False,
) -> None:
    """Train word vectors and write them, with run.json and a checkpoint, to the folder --out.

    Ctrl-C finishes the current block and saves; --resume continues, on a CPU with --deterministic (glove
    always) to the same bytes.

    Example: seqkit embed train wiki.txt.gz --dim 100 --epochs 5 --out wiki.vectors
    """
    from seqkit.core.errors import OptionError
    from seqkit.embeddings.training.choose import make
    from seqkit.embeddings.training.data import read

    if subwords:
        loss = run.settings.setdefault("loss", "subwords")
        if loss not in ("negative-sampling", "subwords"):
            raise OptionError(
                f"--subwords: got --loss {loss}, but n-grams are learnt by negative sampling only. Leave "
                f"one out."
            )
        run.settings["loss"] = "subwords"
    more: Any = {"tokenizer": tokenizer, "lower": lower, "initial": initial, "extend": extend}
    more |= {"frozen": frozen, "valid": valid, "reading": common.reading(run.quiet)}

    def told(result: Any) -> str:
        new = f" ({result['added']:,} new)" if extend else ""
        sizes = f"{result['words']:,} words{new}, {result['settings']['dim']} numbers each"
        on = f", on {result['gpu']}" if "gpu" in result else ""
        last = result["history"][-1]
        answered = "" if valid is None else f", {last['validation']:.4f} of the analogies right"
        return f"{sizes}, loss {last['loss']:.4f}{answered}{on}"

    run.run(make, lambda model, folder, _: read(model, input, folder, **more), out, "words", told, alone=True)
