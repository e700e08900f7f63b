"""seqkit embed: train, query, test and convert word vectors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import choices

app = group("Turn words into vectors and use them: train, query, test, align, draw, convert.")
FORMATS = choices("seqkit.embeddings.vectors.formats")

Words = Annotated[list[str], typer.Argument(help="Words.")]
Top = Annotated[int, typer.Option("--top", min=1, help="How many to show.")]
Missing = Annotated[
    Literal["error", "skip", "unk"], typer.Option(help="What an unknown word does: error, skip or unk.")
]


@app.command()
def nearest(
    vectors: common.VectorsPath,
    words: Words,
    *,
    top: Top = 10,
    restrict: common.Restrict = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show the nearest words of each word, by cosine.

    Example: seqkit embed nearest demo.vectors king paris --top 5
    """
    opened = seqkit.Vectors.load(vectors, device=device)
    found = opened.nearest(words, top, restrict=restrict)
    common.ran(opened.space.backend)
    rows = [[word, other, score] for word, pairs in zip(words, found, strict=True) for other, score in pairs]
    common.show(
        dict(zip(words, found, strict=True)), common.table(rows, ["word", "neighbour", "cosine"]), json
    )


@app.command()
def analogy(
    vectors: common.VectorsPath,
    words: Annotated[list[str], typer.Argument(help="Three words a b c: a is to b as c is to …")],
    *,
    method: Annotated[
        Literal["3cosadd", "3cosmul", "euclidean"], typer.Option(help="3cosadd, 3cosmul or euclidean.")
    ] = "3cosadd",
    top: Top = 5,
    restrict: common.Restrict = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Solve "a is to b as c is to …"; a, b and c themselves are never the answer.

    Example: seqkit embed analogy demo.vectors man king woman
    """
    from seqkit.core.errors import OptionError

    if len(words) != 3:
        raise OptionError(f"analogy: got {len(words)} words, expected three: a b c.")
    opened = seqkit.Vectors.load(vectors, device=device)
    found = opened.analogy(*words, method=method, topn=top, restrict=restrict)
    result = {"question": words, "method": method, "excluded": words, "answers": found}
    result["backend"] = opened.space.backend
    common.ran(opened.space.backend)
    common.show(result, common.table([list(pair) for pair in found], ["answer", "score"]), json)


@app.command("odd-one-out")
def odd_one_out(
    vectors: common.VectorsPath, words: Words, *, missing: Missing = "error", json: common.AsJson = False
) -> None:
    """Name the word that fits least with the others.

    Example: seqkit embed odd-one-out demo.vectors king queen prince banana
    """
    odd = seqkit.Vectors.load(vectors).doesnt_match(words, missing=missing)
    common.show({"words": words, "odd": odd}, odd, json)


@app.command("eval")
def evaluate(
    vectors: common.VectorsPath,
    *,
    analogies: Annotated[
        list[Path],
        typer.Option(help="Questions (Google, MSR), or BATS folders; may be given again."),
    ] = [],
    similarity: Annotated[
        list[Path],
        typer.Option(help="Rated pairs (SimLex, WordSim, ...); may be given again."),
    ] = [],
    method: Annotated[
        Literal["3cosadd", "3cosmul", "3cosavg", "euclidean"],
        typer.Option(help="3cosadd, 3cosmul, 3cosavg or euclidean."),
    ] = "3cosadd",
    restrict: common.Restrict = None,
    keep_case: Annotated[bool, typer.Option("--keep-case", help="Do not lower-case the test sets.")] = False,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Measure vectors on analogies and on word similarity, with counts, missing words and 95 % intervals.

    --device is where analogies are answered; a few hundred rated pairs are the CPU's.

    Example: seqkit embed eval wiki.vectors --analogies questions-words.txt --similarity EN-WS-353-ALL.txt
    --restrict 30000
    """
    from seqkit.embeddings.testsets.testsets import evaluate as run

    scores = run(
        seqkit.Vectors.load(vectors, device=device),
        analogies,
        similarity,
        method=method,
        restrict=restrict,
        lower=not keep_case,
    )
    rows = [[s.name, s.value, s.count, s.missing, common.ends(s.interval)] for s in scores]
    text = common.table(rows, ["test", "score", "count", "missing", "95 % interval"])
    common.show([score.to_json() for score in scores], text, json)


@app.command()
def convert(
    vectors: common.VectorsPath,
    *,
    out: common.Out,
    to: Annotated[str, typer.Option(help=f"Format to write: {FORMATS}.")] = "native",
    restrict: common.Restrict = None,
    space_as: Annotated[str | None, typer.Option(help="Write this instead of a space within a word.")] = None,
    lenient: Annotated[bool, typer.Option("--lenient", help="Accept a header with a wrong count.")] = False,
    drop_nonfinite: Annotated[
        bool, typer.Option("--drop-nonfinite", help="Leave out rows with nan or inf.")
    ] = False,
    errors: Annotated[str, typer.Option(help="strict or replace, for invalid UTF-8.")] = "strict",
) -> None:
    """Write vectors in another format; every number stays exact.

    Example: seqkit embed convert glove.6B.100d.txt --to native --out glove.vectors
    """
    opened = seqkit.Vectors.load(
        vectors, lenient=lenient, drop_nonfinite=drop_nonfinite, errors=errors, limit=restrict
    )
    opened.save(out, to, **({} if space_as is None else {"space_as": space_as}))
    common.note(f"{out}: {len(opened):,} words, {opened.dim} numbers each")


@app.command()
def info(
    vectors: common.VectorsPath,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Check every byte.")] = False,
    json: common.AsJson = False,
) -> None:
    """Show what a file of vectors holds.

    Example: seqkit embed info demo.vectors --verify
    """
    from seqkit.embeddings.testsets.testsets import describe

    result = describe(vectors, verify=verify)
    common.show(result, "\n".join(f"{name:10} {value}" for name, value in result.items()), json)
