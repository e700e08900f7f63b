"""seqkit corpus: build, look at, list and fetch texts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Asked, asked
from seqkit.cli.out import adds
from seqkit.core.options import Settings, option
from seqkit.text.normalize import Normalizer

__all__ = ["app"]

app = group("Turn a text into a corpus of numbers: build, stats; list and fetch public ones.")

Input = Annotated[
    str,
    typer.Argument(
        help='A text file (plain, gz, bz2, xz, zst), a folder, a glob, "-" for stdin, or nltk:brown.'
    ),
]
TokenizerName = Annotated[
    str,
    typer.Option(
        "--tokenizer",
        help="character, whitespace or word; subword:MODEL learnt from the text (byte-bpe, bpe, wordpiece, "
        "unigram); or the folder of a saved one.",
    ),
]
Column = Annotated[str | None, typer.Option(help="Field to read from .jsonl, .csv, .tsv or .parquet.")]
Sentences = Annotated[
    Literal["line", "punkt"],
    typer.Option(help="line: one a line; punkt: split lines into sentences (needs NLTK_DATA)."),
]
Errors = Annotated[
    Literal["strict", "replace"],
    typer.Option(help="strict: refuse invalid UTF-8; replace: write U+FFFD and count."),
]


@dataclass(frozen=True)
class Numbered:
    """Which words get a number of their own."""

    min_count: int = option(1, help="words that occur less often become unknown")
    max_size: int | None = option(None, help="largest size of the vocabulary; 8000 for subwords")
    epsilon: float | None = option(
        None, help="bounded memory: read the text twice; only words above this share of it surely stay"
    )


SETTINGS = Settings({"normal": Normalizer, "numbered": Numbered})


@app.command()
@asked(SETTINGS)
def build(
    asked: Asked,
    input: Input,
    *,
    out: common.Out,
    tokenizer: TokenizerName = "whitespace",
    sentences: Sentences = "line",
    column: Column = None,
    eos: Annotated[bool, typer.Option("--eos", help="Put </s> at the end of each sentence.")] = False,
    errors: Errors = "strict",
    threads: common.Threads = None,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Read a text, number its tokens, write a corpus folder.

    Example: seqkit corpus build wiki.txt.gz --tokenizer word --lower --min-count 5 --out wiki.corpus
    """
    from seqkit.text.readers.text import read

    made = SETTINGS.make("corpus build", asked.settings)
    corpus = seqkit.Corpus.build(
        read(input, column=column, errors=errors),
        tokenizer,
        normalizer=made["normal"],
        sentences=sentences,
        add_eos=eos,
        threads=threads,
        out=out,
        report=common.reading(quiet),
        **vars(made["numbered"]),
    )
    result, text = corpus.summary()
    common.show(result, text, json)


@app.command()
def stats(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    *,
    top: Annotated[int, typer.Option(min=1, help="How many of the most common words to show.")] = 10,
    json: common.AsJson = False,
) -> None:
    """Show what a corpus holds: tokens, sentences, vocabulary, unknown share, settings.

    Example: seqkit corpus stats wiki.corpus
    """
    result, text = seqkit.Corpus.load(corpus).summary(top)
    common.show(result, text, json)


@app.command("list")
def list_corpora(json: common.AsJson = False) -> None:
    """List the public texts and test sets that `fetch` knows, and the ones that ship.

    Example: seqkit corpus list
    """
    from seqkit.text.readers.catalogue import catalogue

    rows = [[e.name, e.kind, e.size or "?", e.licence, "yes" if e.sha256 else "no"] for e in catalogue()]
    text = common.table(rows, ["name", "kind", "bytes", "licence", "verified"])
    common.show([entry.to_json() for entry in catalogue()], text, json)


@app.command()
@adds
def fetch(
    name: Annotated[str, typer.Argument(help="A name that `seqkit corpus list` shows.")],
    *,
    out: common.Out = "data",
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Accept a file whose checksum is not known.")
    ] = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Download a public text, check it, unpack it safely.

    Example: seqkit corpus fetch text8 --out data
    """
    from seqkit.text.readers.catalogue import fetch as fetch_one

    files = fetch_one(
        name, Path(out), allow_unverified=allow_unverified, progress=None if quiet else common.note
    )
    common.show({"name": name, "files": [str(file) for file in files]}, "\n".join(map(str, files)), json)
