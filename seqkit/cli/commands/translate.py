"""seqkit translate: train translators, translate texts, measure translations, draw attention."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Asked, Training, asked, flags
from seqkit.models.translator.options import SEARCH, SETTINGS

__all__ = ["app"]

app = group("Translate texts: train, predict, eval.")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit translate train wrote.")]
Sources = Annotated[
    str,
    typer.Argument(help='Source texts, one a line; or pairs as TSV, .csv, .jsonl or .parquet ("-": stdin).'),
]
Targets = Annotated[
    str | None, typer.Argument(help="Target texts, line n for line n; leave out if SOURCE holds pairs.")
]
Valid = Annotated[str | None, typer.Option(help="Sources or pairs to validate on; the best epoch is kept.")]
ValidTarget = Annotated[str | None, typer.Option(help="Targets of --valid, if that holds sources alone.")]
CHUNK = 512  # texts that are translated before any is printed


@app.command()
@flags(SETTINGS)
def train(
    run: Training,
    source: Sources,
    target: Targets = None,
    *,
    out: common.Out,
    valid: Valid = None,
    valid_target: ValidTarget = None,
) -> None:
    """Train a translator and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Ctrl-C finishes the current step and saves; --resume continues, on a CPU to the same bytes. Under torchrun
    the processes share each batch.

    Example: seqkit translate train train.de train.en --valid val.de --valid-target val.en --out de-en
    """
    from seqkit.models.pairs import read

    check = None if valid is None else (valid, valid_target)

    def told(result: Any) -> str:
        sizes = f"{result['parameters']:,} parameters, {result['pairs']['count']:,} pairs"
        return sizes + common.losses(result, "a token")

    run.run(seqkit.Translator, lambda *_: read((source, target), valid=check), out, "pairs", told)


@app.command()
@asked(SEARCH)
def predict(
    asked: Asked,
    model: ModelPath,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to translate.")] = None,
    *,
    file: Annotated[
        str | None, typer.Option(help='Texts, one a line, or .jsonl with "source" ("-": stdin).')
    ] = None,
    ban_unk: Annotated[
        bool,
        typer.Option("--ban-unk/--allow-unk", " /--unk", help="Whether never to write the unknown token."),
    ] = True,
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw the attention for one text to this .html, .svg or .png (extra: plot)."),
    ] = None,
    device: common.Device = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on each line, with log p.")
    ] = False,
) -> None:
    """Print a translation of each text, in order; a translation does not depend on the other texts.

    Example: seqkit translate predict de-en "ein hund rennt ." --picture attention.svg
    """
    from json import dumps

    from seqkit.report.attention import check_path
    from seqkit.text.readers.parallel import rows

    if picture is not None:
        check_path(picture, "picture")
    translator = seqkit.Translator.load(model, device=device)
    sources = common.given(texts, None if file is None else rows(file, empty=True))
    settings = {**asked.settings, "ban_unk": ban_unk}
    if picture is not None:
        _draw(translator, sources, picture, settings)
    for start in range(0, len(sources), CHUNK):
        part = sources[start : start + CHUNK]
        for source, found in zip(part, translator.translate(part, **settings), strict=True):
            for best in found:
                print(
                    dumps({"source": source, **best.to_json()}, ensure_ascii=False) if json else best.text,
                    flush=True,
                )


@app.command("eval")
@asked(replace(SEARCH, fixed={"top": 1}))
def evaluate(
    asked: Asked,
    model: ModelPath,
    source: Sources,
    target: Annotated[str | None, typer.Argument(help="Reference texts, line n belongs to line n.")] = None,
    *,
    tokenize: Annotated[
        str, typer.Option(help="How BLEU cuts texts: 13a, none (tokenised text), intl, char, ...")
    ] = "13a",
    ban_unk: common.BanUnk = True,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Translate, and measure BLEU and chrF against references by sacrebleu, with intervals (extra: bleu).

    Example: seqkit translate eval de-en test.de test.en
    """
    from seqkit.text.readers.parallel import pairs

    scores = seqkit.Translator.load(model, device=device).measure(
        *pairs(source, target), tokenize=tokenize, ban_unk=ban_unk, **asked.settings
    )
    common.show([score.to_json() for score in scores], "\n".join(map(str, scores)), json)


def _draw(translator: Any, sources: list[str], picture: Path, settings: dict[str, Any]) -> None:
    from seqkit.core.errors import OptionError
    from seqkit.report.attention import attention

    if len(sources) != 1:
        raise OptionError(f"picture: got {len(sources)} texts, expected one. Draw them one by one.")
    found = translator.align(sources[0], **settings)
    attention(found.source, found.target, found.weights, picture, title="what each word looked at")
    common.note(
        f"{picture}: {len(found.target)} words of the translation over {len(found.source)} of the source"
    )
