"""seqkit tag: train taggers of words, label text, score."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Training, flags
from seqkit.models.options import tokenizers
from seqkit.models.tagger.options import SETTINGS

__all__ = ["app"]

PARTS = ("precision", "recall")
app = group("Give each word of a sentence a label: train, predict, eval.")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit tag train wrote.")]
Tagged = Annotated[str, typer.Argument(help='Tagged sentences: CoNLL, CoNLL-U or JSON lines ("-": stdin).')]
Valid = Annotated[
    str | None, typer.Option(help="Sentences to validate on after each epoch; the best epoch is kept.")
]
Vectors = Annotated[Path | None, typer.Option(help="Word vectors to read besides the trained embedding.")]
Format = Annotated[
    str | None,
    typer.Option(help="conll, conllu, csv, jsonl or text; by the name if not given (.conllu, .csv, ...)."),
]
Column = Annotated[
    str | None,
    typer.Option(
        help="Column of the tags: a number from 1 (the last if not given), a name of CoNLL-U (upos) or of a "
        "CSV (tag), or a JSON key (tags)."
    ),
]
WordColumn = Annotated[
    str | None,
    typer.Option(
        help="Column of the words: a number from 1 (the first if not given), a name, or a JSON key."
    ),
]
SentenceColumn = Annotated[
    str | None, typer.Option(help="Column of a CSV that changes where a sentence begins.")
]


@app.command()
@flags(SETTINGS)
def train(
    run: Training,
    input: Tagged,
    *,
    out: common.Out,
    valid: Valid = None,
    format: Format = None,
    column: Column = None,
    word_column: WordColumn = None,
    sentence_column: SentenceColumn = None,
    vectors: Vectors = None,
) -> None:
    """Train a tagger and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Tags of spans (B-PER, I-PER, O) are recognised, learnt as BIOES, and written in their own scheme. Ctrl-C
    finishes the current step and saves; --resume continues, on a CPU to the same bytes. Under torchrun the
    processes share each batch.

    Example: seqkit tag train eng.train --valid eng.testa --vectors wiki.vectors --out ner.tagger
    """
    from seqkit.models.tagger.data import read

    more: Any = {"valid": valid, "vectors": vectors, "format": format, "column": column}
    more |= {"word_column": word_column, "sentence_column": sentence_column}

    def told(result: Any) -> str:
        loss = result["history"][-1]["loss"]
        text = f"{result['parameters']:,} parameters, {len(result['labels'])} labels, loss {loss:.4f}"
        score = result["scores"][0] if result["scores"] else None
        return text + (f", {score['name']} {score['value']:.4f} on {valid}" if score else "")

    run.run(seqkit.Tagger, lambda _, folder, __: read(input, folder, **more), out, "sentences", told)


@app.command()
def predict(
    model: ModelPath,
    input: Annotated[
        str, typer.Argument(help='Sentences: CoNLL, CoNLL-U, JSON lines, or text, one a line ("-": stdin).')
    ] = "-",
    *,
    out: Annotated[Path | None, typer.Option(help="A file for the result; stdout if not given.")] = None,
    format: Format = None,
    word_column: WordColumn = None,
    sentence_column: SentenceColumn = None,
    unit: Annotated[str, typer.Option(help="How text is cut: word, or whitespace.")] = "word",
    scheme: Annotated[
        str | None, typer.Option(help="Write spans as iob1, bio or bioes; as in training if not given.")
    ] = None,
    output: Annotated[str, typer.Option(help="conll (word, tab, label) or jsonl.")] = "conll",
    device: common.Device = "auto",
    threads: common.Threads = None,
) -> None:
    """Label the words of sentences. Input from stdin is text unless --format says otherwise.

    Example: echo "Anna lives in Rome ." | seqkit tag predict ner.tagger
    """
    from seqkit.core.files import write_atomic
    from seqkit.models.tagger.data import predict

    tokenizers.check(unit, where="unit: ")
    opened = seqkit.Tagger.load(model, device=device, threads=threads)
    reading = {"format": format or ("text" if input == "-" else None), "unit": unit}
    reading |= {"word_column": word_column, "sentence_column": sentence_column}
    if out is None:
        predict(opened, input, sys.stdout.buffer, scheme=scheme, output=output, **reading)
        return
    with write_atomic(out) as file:
        count = predict(opened, input, file, scheme=scheme, output=output, **reading)
    common.note(f"{out}: {count:,} sentences")


@app.command("eval")
def evaluate(
    model: ModelPath,
    input: Tagged,
    *,
    format: Format = None,
    column: Column = None,
    word_column: WordColumn = None,
    sentence_column: SentenceColumn = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    json: common.AsJson = False,
) -> None:
    """Score a tagger: F1 of spans (over all, by type) or accuracy, with counts and 95 % intervals.

    Example: seqkit tag eval ner.tagger eng.testb
    """
    from seqkit.models.tagger.data import evaluate

    opened = seqkit.Tagger.load(model, device=device, threads=threads)
    columns = {"column": column, "word_column": word_column, "sentence_column": sentence_column}
    found = evaluate(opened, input, format=format, **columns)
    if unseen := found[0].signature["unseen"]:
        common.note(f"{input}: {unseen:,} labels are not in the training text and count as wrong")
    rows = [
        [s.name, s.value, common.ends(s.interval), *map(s.signature.get, PARTS), s.count, s.missing]
        for s in found
    ]
    head = ["score", "value", "95 % interval", *PARTS, "count", "missing"]
    common.show([s.to_json() for s in found], common.table(rows, head), json)
