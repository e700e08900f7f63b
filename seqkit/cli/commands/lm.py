"""seqkit lm: train language models, score and compare text, sample from them, look inside."""

from pathlib import Path
from typing import Annotated, Any

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Asked, Training, asked, flags
from seqkit.core.options import Settings
from seqkit.models.decoding.options import SamplingOptions
from seqkit.models.language_model.options import SETTINGS
from seqkit.models.options import Text

__all__ = ["app"]

app = group("Model the probability of text: train, score, eval, compare, sample, show, export.")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit lm train wrote.")]
Valid = Annotated[
    str | None, typer.Option(help="Text to validate on after each epoch; the best epoch is kept.")
]


@app.command()
@flags(SETTINGS, Settings({"text": Text}))
def train(
    run: Training,
    input: common.Text,
    *,
    out: common.Out,
    valid: Valid = None,
    vectors: common.Vectors = None,
    freeze: Annotated[bool, typer.Option("--freeze", help="Do not train the embedding.")] = False,
) -> None:
    """Train a language model and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Ctrl-C finishes the current step and saves; --resume continues, on a CPU to the same bytes. Under torchrun
    the processes share each batch.

    Example: seqkit lm train shakespeare.txt --unit character --hidden 256 --epochs 10 --out shakespeare.lm
    """
    from seqkit.models.language_model.data import read

    more: Any = {"text": Text(**run.reading), "valid": valid, "vectors": vectors, "freeze": freeze}
    more |= {"threads": run.threads, "reading": common.reading(run.quiet)}

    def told(result: Any) -> str:
        sizes = f"{result['parameters']:,} parameters, {result['vocabulary']:,} tokens"
        return sizes + common.losses(result, "a token")

    run.run(seqkit.LanguageModel, lambda _, folder, __: read(input, folder, **more), out, "tokens", told)


@app.command()
def score(
    model: ModelPath,
    texts: Annotated[list[str] | None, typer.Argument(help="Sentences; each is scored by itself.")] = None,
    *,
    file: Annotated[str | None, typer.Option(help='A file of sentences, one a line ("-": stdin).')] = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show how likely sentences are: log-probability, perplexity, bits a character and a byte, all counts.

    Each is read from a fresh state and, if the model was trained so, ends with </s>. The scores of a sentence
    do not depend on the others.

    Example: seqkit lm score shakespeare.lm "To be, or not to be" "To bee, or knot to bee"
    """
    from seqkit.text.readers.text import lines

    sentences = common.given(texts, None if file is None else lines(file))
    scores = seqkit.LanguageModel.load(model, device=device).score(sentences)
    values = [{"text": text, **s.to_json()} for text, s in zip(sentences, scores, strict=True)]
    head = ["log p", "perplexity", "bits/char", "bits/byte", "tokens", "</s>", "unknown", "text"]
    rows = [
        [
            s.log_prob,
            s.loss.perplexity,
            *(s.bits_per_character, s.bits_per_byte, s.loss.count, s.eos, s.unknown),
            text,
        ]
        for text, s in zip(sentences, scores, strict=True)
    ]
    common.show(values, common.table(rows, head), json)


@app.command("eval")
def evaluate(
    model: ModelPath,
    source: Annotated[str, typer.Argument(help='A text (file, folder, glob, "-" for stdin).')],
    *,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Score a whole text as one stream, every token of it; count line ends and unknown tokens.

    Example: seqkit lm eval ptb.lm ptb.test.txt.gz
    """
    found = seqkit.LanguageModel.load(model, device=device).score_file(source)
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
    *,
    good: Annotated[
        str | None,
        typer.Option(help="Column of the sentence that should be likelier; the usual names are found."),
    ] = None,
    bad: Annotated[str | None, typer.Option(help="Column of the other sentence.")] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out pairs with a word that the model does not know.")
    ] = False,
    split: Annotated[
        bool, typer.Option("--split", help="Cut sentences into words, for a model of tokenised text.")
    ] = False,
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the sentences.")] = False,
    bare: Annotated[
        bool, typer.Option("--bare", help="Leave out punctuation, for a model of text without it.")
    ] = False,
    baseline: Annotated[
        str | None, typer.Option(help="A text to train an n-gram model on, for comparison.")
    ] = None,
    order: Annotated[int, typer.Option(min=1, help="Length of the baseline's n-grams.")] = 3,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show how often the right one of two sentences is the likelier one, with 95 % intervals.

    A tie counts as wrong. Many ties and unknown words mean that the sentences are cut into words in another
    way than the text of training: see --split.

    Example: seqkit lm compare ptb.lm brown_pairs.tsv --skip-unknown
    """
    from seqkit.models.language_model.minimal_pairs import measure

    cut: Any = {"split": split, "lower": lower, "bare": bare}
    other: Any = {"good": good, "bad": bad, "baseline": baseline, "order": order}
    scores = measure(
        seqkit.LanguageModel.load(model, device=device), pairs, skip_unknown=skip_unknown, **cut, **other
    )
    rows = [
        [
            x["model"],
            s.name,
            s.value,
            s.count,
            s.missing,
            x["with_unknown"],
            x["ties"],
            common.ends(s.interval),
        ]
        for s, x in ((score, score.signature) for score in scores)
    ]
    head = ["model", "pairs", "accuracy", "count", "missing", "with unknown", "ties", "95 % interval"]
    common.show([s.to_json() for s in scores], common.table(rows, head), json)


@app.command()
@asked(Settings({"sampling": SamplingOptions}))
def sample(
    asked: Asked,
    model: ModelPath,
    *,
    prompt: Annotated[str, typer.Option(help="Text to continue.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many texts.")] = 1,
    ban_unk: common.BanUnk = True,
    width: Annotated[
        int | None,
        typer.Option("--beam", help="Do not draw; search for the likeliest text with a beam of this width."),
    ] = None,
    seed: common.Seed = 1,
    device: common.Device = "auto",
    threads: common.Threads = None,
    json: common.AsJson = False,
) -> None:
    """Draw texts from a model; text i is the one of seed --seed + i, however many are drawn.

    Example: seqkit lm sample shakespeare.lm --prompt "KING:" --length 300 --temperature 0.8
    """
    from seqkit.core.errors import OptionError

    opened, sampling = seqkit.LanguageModel.load(model, device=device, threads=threads), asked.settings
    if width is not None:
        drawn = [*(sampling.keys() - {"length"}), *(["seed"] if seed != 1 else [])]
        if drawn:
            raise OptionError(
                f"beam: got --{drawn[0].replace('_', '-')}, which beam search does not use, because it draws "
                "nothing. Leave one out."
            )
        length = sampling.get("length", SamplingOptions.length)
        found = opened.beam(prompt, width=width, length=length, ban_unk=ban_unk, top=count)
    else:
        stream = common.streaming(prompt) if count == 1 and not json else None
        seeds = range(seed, seed + count)
        found = opened.sample(prompt, seeds=seeds, ban_unk=ban_unk, on_tokens=stream, scores=json, **sampling)
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
    *,
    what: Annotated[
        str, typer.Option(help="surprise, a state (h, c), or a gate of the cell (such as i, f, o or r, z).")
    ] = "surprise",
    layer: Annotated[int, typer.Option(min=1, help="Layer to look into, from 1.")] = 1,
    neuron: Annotated[list[int], typer.Option(help="Neurons to show, from 0; may be given again.")] = [],
    out: Annotated[Path | None, typer.Option(help="An .html, .png or .svg file for the heat strip.")] = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show along a text the surprise of each token in nats, or the activations of neurons and gates.

    Example: seqkit lm show shakespeare.lm "To be, or not to be" --out surprise.html
    """
    from seqkit.models.language_model.activations import look

    found = look(
        seqkit.LanguageModel.load(model, device=device), text, what=what, layer=layer, neurons=neuron
    )
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
    *,
    out: common.Out,
    what: Annotated[
        str, typer.Option(help="step: one token and a state; sequence: whole sequences.")
    ] = "step",
    form: Annotated[str, typer.Option("--format", help="torch (torch.export, .pt2) or onnx.")] = "torch",
) -> None:
    """Write a model as a program for other software: one step, or sequences of any length.

    Example: seqkit lm export shakespeare.lm --what step --out shakespeare.pt2
    """
    from seqkit.models.language_model.export import export

    asked: Any = {"what": what, "form": form}  # checked there
    export(seqkit.LanguageModel.load(model, device="cpu").network, Path(out), **asked)
    common.note(f"{out}: {what} program")
