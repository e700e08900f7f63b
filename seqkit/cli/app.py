"""The tree of commands."""

from typing import Annotated

import typer

from seqkit import __version__
from seqkit.cli import bias, classify, common, corpus, diagnose, embed, generate, lm, tag, translate, tune
from seqkit.cli.demo import demo
from seqkit.cli.doctor import doctor
from seqkit.cli.phrases import phrases

app = common.group(
    "seqkit: from a text file to word vectors and language models. Every command has --help with an example; --debug: tracebacks."
)
app.add_typer(corpus.app, name="corpus")
app.add_typer(embed.app, name="embed")
app.add_typer(lm.app, name="lm")
app.add_typer(classify.app, name="classify")
app.add_typer(tag.app, name="tag")
app.add_typer(translate.app, name="translate")
app.add_typer(generate.app, name="generate")
app.add_typer(bias.app, name="bias")
app.add_typer(tune.app, name="tune")
app.add_typer(diagnose.app, name="diagnose")
app.command("phrases")(phrases)
app.command("demo")(demo)
app.command("doctor")(doctor)


def _version(asked: bool) -> None:
    if asked:
        print(f"seqkit {__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """From a text file to word vectors and language models."""
    common.plain_warnings()
