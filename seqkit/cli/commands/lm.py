"""seqkit lm: train language models, score and compare text, sample from them, look inside."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Training, flags
from seqkit.core.options import Settings
from seqkit.models.language_model.options import SETTINGS
from seqkit.models.options import Text

__all__ = ["app"]

app = group("Language models: train, score, compare, sample, look inside.")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit lm train wrote.")]


@app.command()
@flags(SETTINGS, Settings({"text": Text}))
def train(
    run: Training,
    input: Annotated[
        str, typer.Argument(help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a corpus folder.')
    ],
    out: common.Out,
    valid: Annotated[
        str | None, typer.Option(help="Text to validate on after each epoch; the best epoch is kept.")
    ] = None,
    vectors: common.Vectors = None,
    freeze: Annotated[bool, typer.Option("--freeze", help="Keep the embedding where it starts.")] = False,
) -> None:
    """Train a language model and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Ctrl-C finishes the step at hand and saves; --resume continues, on a CPU to the same bytes. Under torchrun
    the batch is shared out among the processes.

    Example: seqkit lm train shakespeare.txt --unit character --hidden 256 --epochs 10 --out shakespeare.lm
    """
    from seqkit.models.language_model.data import read
    from seqkit.models.language_model.model import LanguageModel

    more: Any = {"text": Text(**run.reading), "valid": valid, "vectors": vectors, "freeze": freeze}
    more |= {"threads": run.threads, "reading": common.reading(run.quiet)}

    def told(result: Any) -> str:
        sizes = f"{result['parameters']:,} parameters, {result['vocabulary']:,} tokens"
        return sizes + common.losses(result, "a token")

    run.run(LanguageModel, lambda _, folder, __: read(input, folder, **more), out, "tokens", told)


def _open(path: Path, device: str, threads: int | None = None) -> Any:
    from seqkit.models.language_model.model import LanguageModel

    return LanguageModel.load(path, device=device, threads=threads)


@app.command()
def score(
    model: ModelPath,
    texts: Annotated[list[str] | None, typer.Argument(help="Sentences, each scored by itself.")] = None,
    file: Annotated[str | None, typer.Option(help='A file of sentences, one a line ("-": stdin).')] = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show how likely sentences are: log-probability, perplexity, bits a character and a byte, with all
    counts.

    Each starts afresh and, if the model was trained so, ends with </s>; the numbers do not depend on what
    else is scored.

    Example: seqkit lm score shakespeare.lm "To be, or not to be" "To bee, or knot to bee"
    """
    from seqkit.text.readers.text import lines

    sentences = common.given(texts, None if file is None else lines(file))
    scores = _open(model, device).score(sentences)
    values = [{"text": text, **s.to_json()} for text, s in zip(sentences, scores, strict=True)]
    head = ["log p", "perplexity", "bits/char", "bits/byte", "tokens", "</s>", "unknown", "text"]
    rows = [
        [
            s.log_prob,
            s.loss.perplexity,
            s.bits_per_character,
            s.bits_per_byte,
            s.loss.count,
            s.eos,
            s.unknown,
            text,
        ]
        for text, s in zip(sentences, scores, strict=True)
    ]
    common.show(values, common.table(rows, head), json)


@app.command("eval")
def evaluate(
    model: ModelPath,
    source: Annotated[str, typer.Argument(help='A text (file, folder, glob, "-" for stdin).')],
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Score a whole text as one stream, every token of it, with its end-of-sentence and unknown tokens
    counted.

    Example: seqkit lm eval ptb.lm ptb.test.txt.gz
    """
    found = _open(model, device).score_file(source)
    text = (
        f"perplexity {found.loss.perplexity:.3f} ({found.loss.mean:.4f} nats a token) over "
        f"{found.loss.count:,} tokens, "
        f"{found.eos:,} of them </s>, {found.unknown:,} unknown\n"
        f"{found.bits_per_character:.4f} bits a character, {found.bits_per_byte:.4f} bits a byte "
        f"({found.characters:,} characters, {found.bytes:,} bytes)"
    )
    common.show(found.to_json(), text, json)


@app.command()
def compare(
    model: ModelPath,
    pairs: Annotated[
        list[Path], typer.Argument(help="Files of sentence pairs: TSV with a header, or JSON lines.")
    ],
    good: Annotated[
        str | None, typer.Option(help="Column of the sentence that should win; found by itself if usual.")
    ] = None,
    bad: Annotated[str | None, typer.Option(help="Column of the other one.")] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out pairs with a word the model lacks.")
    ] = False,
    split: Annotated[
        bool, typer.Option("--split", help="Cut sentences into words, for a model of tokenised text.")
    ] = False,
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the sentences.")] = False,
    bare: Annotated[
        bool, typer.Option("--bare", help="Leave out punctuation, for a model of text without.")
    ] = False,
    baseline: Annotated[
        str | None, typer.Option(help="A text to train an n-gram model on, shown beside.")
    ] = None,
    order: Annotated[int, typer.Option(help="Length of the baseline's n-grams.")] = 3,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Say how often the model finds the right one of two sentences likelier, with 95 % intervals.

    A tie counts as wrong; many ties and unknown words mean that the text is cut otherwise than the model's:
    see --split.

    Example: seqkit lm compare ptb.lm brown_pairs.tsv --skip-unknown
    """
    from seqkit.models.language_model.minimal_pairs import measure

    scores = measure(
        _open(model, device),
        pairs,
        good=good,
        bad=bad,
        skip_unknown=skip_unknown,
        baseline=baseline,
        order=order,
        split=split,
        lower=lower,
        bare=bare,
    )
    rows = [
        [
            s.signature["model"],
            s.name,
            s.value,
            s.count,
            s.missing,
            s.signature["with_unknown"],
            s.signature["ties"],
            s.interval and "{:.4f}–{:.4f}".format(*s.interval),
        ]
        for s in scores
    ]
    text = common.table(
        rows, ["model", "pairs", "accuracy", "count", "missing", "with unknown", "ties", "95 % interval"]
    )
    common.show([s.to_json() for s in scores], text, json)


@app.command()
def sample(
    model: ModelPath,
    prompt: Annotated[str, typer.Option(help="Text to go on from.")] = "",
    length: Annotated[int, typer.Option(help="Most tokens to draw.")] = 200,
    count: Annotated[int, typer.Option(help="How many texts.")] = 1,
    temperature: Annotated[
        float, typer.Option(help="0: always the likeliest token; 1: as the model has it.")
    ] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from this many likeliest tokens.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest tokens that reach this probability.")
    ] = None,
    allow_unk: Annotated[bool, typer.Option("--allow-unk", help="Let the unknown token be drawn.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End a text at its first </s>.")] = False,
    repetition_penalty: Annotated[
        float, typer.Option(help="Above 1: tokens drawn before become less likely.")
    ] = 1.0,
    no_repeat_ngram: Annotated[int, typer.Option(help="No n-gram of this length twice; 0: off.")] = 0,
    beam: Annotated[
        int | None, typer.Option(help="Search for the likeliest text with a beam of this width instead.")
    ] = None,
    seed: common.Seed = 1,
    device: common.Device = "auto",
    threads: common.Threads = None,
    json: common.AsJson = False,
) -> None:
    """Draw texts from a model; text i is that of seed --seed + i, however many are drawn together.

    Example: seqkit lm sample shakespeare.lm --prompt "KING:" --length 300 --temperature 0.8
    """
    from seqkit.core.errors import OptionError

    drawn = {
        "--temperature": temperature != 1.0,
        "--top-k": top_k,
        "--top-p": top_p,
        "--stop": stop,
        "--seed": seed != 1,
        "--repetition-penalty": repetition_penalty != 1.0,
        "--no-repeat-ngram": no_repeat_ngram,
    }
    if beam is not None and any(drawn.values()):
        raise OptionError(
            f"beam: {next(n for n, set_ in drawn.items() if set_)} is for drawing, and beam search draws "
            "nothing."
        )
    opened = _open(model, device, threads)
    if beam is not None:
        found = opened.beam(prompt, width=beam, length=length, ban_unk=not allow_unk, top=count)
    else:
        stream = common.streaming(prompt) if count == 1 and not json else None
        found = opened.sample(
            prompt,
            seeds=range(seed, seed + count),
            length=length,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            ban_unk=not allow_unk,
            stop_at_eos=stop,
            repetition_penalty=repetition_penalty,
            no_repeat_ngram=no_repeat_ngram,
            on_tokens=stream,
            scores=json,
        )
        if stream:
            stream(["\n"])
            return
    values = [
        {"prompt": prompt, "text": s.text, "log_prob": s.log_prob, "stopped": s.stopped, "tokens": len(s.ids)}
        for s in found
    ]
    common.show(values, "\n\n".join(prompt + s.text for s in found), json)


@app.command()
def show(
    model: ModelPath,
    text: Annotated[str, typer.Argument(help="A text to read.")],
    what: Annotated[
        str, typer.Option(help="surprise, a state (h, c), or a gate of the cell (as i, f, o or r, z).")
    ] = "surprise",
    layer: Annotated[int, typer.Option(help="Layer to look into, from 1.")] = 1,
    neuron: Annotated[list[int], typer.Option(help="Neurons to show, from 0; may be given again.")] = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(help="An .html, .png or .svg file for the heat strip.")] = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show what a model makes of each token: surprise in nats, or the activations of neurons and gates.

    Example: seqkit lm show shakespeare.lm "To be, or not to be" --out surprise.html
    """
    from seqkit.models.language_model.activations import look

    found = look(_open(model, device), text, what=what, layer=layer, neurons=neuron)
    if out is not None:
        from seqkit.report.heat import heat

        heat(found.tokens, found.values, found.names, out, title=found.title, unit=found.unit)
        common.note(f"{out}: {found.title}")
    rows = [
        [token, *row] for token, row in zip(map(repr, found.tokens), found.values.T.tolist(), strict=True)
    ]
    common.show(found.to_json(), common.table(rows, ["token", *found.names]), json)


@app.command("export")
def export_program(
    model: ModelPath,
    out: common.Out,
    what: Annotated[
        str, typer.Option(help="step: one token and a state; sequence: whole sequences.")
    ] = "step",
    form: Annotated[str, typer.Option("--format", help="torch (torch.export, .pt2) or onnx.")] = "torch",
) -> None:
    """Write a model's step or sequence program for other software; batch and length stay open.

    Example: seqkit lm export shakespeare.lm --what step --out shakespeare.pt2
    """
    from seqkit.models.language_model.export import export

    export(_open(model, "cpu").network, Path(out), what=what, form=form)  # type: ignore[arg-type]  # checked there
    common.note(f"{out}: {what} program")
