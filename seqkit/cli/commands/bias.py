"""seqkit bias: measure bias in word vectors, remove it, compare before and after, show the word lists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Asked, asked
from seqkit.core.family import Family
from seqkit.core.options import Settings, option
from seqkit.debias.measuring.measures import measures
from seqkit.debias.measuring.options import Options
from seqkit.debias.removal.methods import methods

__all__ = ["app"]

app = group("Measure bias in word vectors and remove it: measure, remove, report, words.")
METHODS = ", ".join(methods.names())
FORMATS = ", ".join(Family("seqkit.embeddings.vectors.formats", "format").names())

Sets = Annotated[
    str,
    typer.Option(
        "--sets",
        help="Word sets: a name that seqkit bias words shows, a JSON file, or the folder of debiaswe.",
    ),
]
Classes = Annotated[
    str | None, typer.Option(help="Two classes or more of the word sets, such as jewish,christian.")
]
Case = Annotated[
    str, typer.Option(help="How words are looked up: exact, lower, or any (every spelling: She, SHE).")
]
MostLost = Annotated[
    float, typer.Option(min=0, max=1, help="Largest share of a set that may be unknown; more is refused.")
]
Measures = Annotated[
    list[str],
    typer.Option(
        "--measure", help=f"Only this measure, of {', '.join(measures.names())}; may be given again."
    ),
]
SetMethod = Annotated[
    list[str], typer.Option("--set", help="A setting of the method, such as name=value; may be given again.")
]


@dataclass(frozen=True)
class Words:
    """Which words are measured, and how they are looked up."""

    sets: str = option(
        "gender",
        help="word sets: a name that seqkit bias words shows, a JSON file, or the folder of debiaswe",
    )
    neutral: str = option(
        "professions", help="the list that should be neutral; all lists if no list has that name"
    )
    anchor: str | None = option(None, help="a word for the measure of indirect bias, such as softball")
    case: str = option(
        "exact", help="how words are looked up: exact, lower, or any (every spelling: She, SHE)"
    )
    test: tuple[str, ...] = option(
        (),
        help="only this association test: its label, number, or lists as X/Y or X/Y/A/B; may be given again",
    )
    classes: str | None = option(None, help="two or more classes of the word sets, such as jewish,christian")
    sided: Literal["two", "one"] = option("two", help="p of association tests; one-sided as published")


MEASURING = Settings({"words": Words, "options": Options})


def _words(sets: str, classes: str | None = None) -> Any:
    from seqkit.debias.words.sets import WordSets

    is_file = Path(sets).suffix == ".json" or Path(sets).is_dir()
    found = WordSets.load(sets) if is_file else WordSets.shipped(sets)
    return found if classes is None else found.choose(*(name.strip() for name in classes.split(",")))


def _inputs(path: Path, words: Any, options: Options, device: str) -> Any:
    from seqkit.debias.measuring.inputs import Inputs

    vectors = seqkit.Vectors.load(path, device=device)
    sets = _words(words.sets, words.classes)
    return Inputs(
        vectors, sets, words.neutral, words.anchor, words.case, options, tuple(words.test), words.sided
    )


def _method(text: str, settings: list[str], case: str, most_lost: float) -> Any:
    """A method from its name, or name:setting=value,setting=value."""
    from seqkit.core.options import from_json, parse_settings

    name, _, own = text.partition(":")
    values = {"case": case, "limit": most_lost, **parse_settings([*filter(None, own.split(",")), *settings])}
    return from_json(methods.load(name), values)


def _seat(path: Path, names: list[str], words: Any, device: str, **settings: Any) -> Any:
    from seqkit.core.errors import OptionError
    from seqkit.debias.measuring.sentence_tests import sentence_tests

    if names != ["seat"]:
        raise OptionError(
            f"measure: got {', '.join(names)}, expected seat alone, because it is of language models. "
            "Give the others without it."
        )
    from seqkit.models.language_model.sentence_vectors import reads, sentence_vectors

    model = seqkit.LanguageModel.load(path, device=device)
    return sentence_tests(
        lambda texts: sentence_vectors(model, texts, pooling=settings["pooling"]),
        model.codec.vocab,
        lambda text: reads(model, text),
        words,
        **settings,
    )


@app.command()
@asked(MEASURING)
def measure(
    asked: Asked,
    vectors: Annotated[
        Path, typer.Argument(help="Vectors in any format; for seat, a language model's folder.")
    ],
    *,
    names: Measures = [],
    template: Annotated[
        list[str], typer.Option(help="seat: a sentence with {} for the word; may be given again.")
    ] = [],
    pooling: Annotated[
        str, typer.Option(help="seat: the vector of a sentence: last (state) or mean (of all states).")
    ] = "last",
    each: Annotated[
        str, typer.Option(help="seat: what is counted: word (the mean of its sentences) or sentence.")
    ] = "word",
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Measure bias: each number with its interval, the range of random word sets, and a verdict.

    Measures that need other words or vectors are left out, and the reason is shown; if a measure was given
    by name, that is an error.

    seat measures a language model instead: it puts the words into short sentences and compares the model's
    states. Give it alone.

    --device is where the two long searches run, gonen-neighbours and analogies, and seat's model; the other
    measures take a few hundred words and classifiers of the CPU.

    Example: seqkit bias measure demo.vectors --sets planted --measure weat --measure direct-bias
    """
    from seqkit.debias.measuring.assess import assess, table

    made = MEASURING.make("bias measure", asked.settings)  # checked before anything is read
    words, options = made["words"], made["options"]
    if "seat" in names:
        more = {"templates": template, "pooling": pooling, "each": each, "options": options}
        more |= {"chosen": words.test, "sided": words.sided}
        found = _seat(vectors, names, _words(words.sets, words.classes), device, **more)
    else:
        found = assess(_inputs(vectors, words, options, device), names=names or None)
    head = ["measure", "value", "95 % interval", "random word sets", "p", "biased", "count", "missing"]
    for name, reason in found.refused.items():
        common.note(f"not measured: {name}: {reason}")
    common.show(found.to_json(), common.table(table(found.scores), head), json)


@app.command()
def remove(
    vectors: common.VectorsPath,
    *,
    out: common.Out,
    method: Annotated[str, typer.Option(help=f"One of {METHODS}.")] = "hard",
    sets: Sets = "gender",
    case: Case = "exact",
    most_lost: MostLost = 0.2,
    classes: Classes = None,
    setting: SetMethod = [],
    device: common.Device = "auto",
    eraser: Annotated[Path | None, typer.Option(help="Also write the fitted eraser to this folder.")] = None,
    to: Annotated[str, typer.Option(help=f"Format of --out: {FORMATS}.")] = "native",
    json: common.AsJson = False,
) -> None:
    """Remove a bias from vectors and write the new ones.

    A removed direction does not prove that the bias is gone: see seqkit bias report.

    --device is where soft, leace, double-hard and transport move large vectors by a matrix, and sum their
    products; projections alone (hard, inlp) are the CPU's, since reading and writing takes longer.

    Example: seqkit bias remove demo.vectors --method hard --sets planted --out fair.vectors --eraser
    hard.eraser
    """
    from seqkit.core.device import backend

    before = seqkit.Vectors.load(vectors, device=device)
    fitted = _method(method, setting, case, most_lost).fit(before, _words(sets, classes))
    if to == "native":
        fitted.write(before, out)
    else:
        fitted(before).save(out, to)
    if eraser is not None:
        fitted.save(eraser)
    sizes = f"{len(fitted.basis)} directions, {len(fitted.protected):,} words protected"
    text = f"{out}: {len(before):,} words, {method}, {sizes}"
    ran = backend(fitted.place(before))
    common.show({"out": out, "method": method, "backend": ran, **fitted.report}, text, json)


@app.command()
@asked(MEASURING)
def report(
    asked: Asked,
    vectors: common.VectorsPath,
    *,
    out: common.Page,
    method: Annotated[
        list[str], typer.Option(help=f"One of {METHODS}, or method:setting=value,…; may be given again.")
    ] = ["hard"],
    names: Measures = [],
    analogies: Annotated[
        list[Path], typer.Option(help="Questions in Google's form; may be given again.")
    ] = [],
    similarity: Annotated[list[Path], typer.Option(help="A file of rated pairs; may be given again.")] = [],
    restrict: common.Restrict = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Write one page that compares bias and quality before and after each method.

    It shows all measures, what can still be found, projections, test sets, and lost words. The methods never
    see the words by which the page tests what can still be found.

    --device: as in measure and remove, and for the analogy questions.

    Example: seqkit bias report demo.vectors --sets planted --method hard --measure weat --out report.html
    """
    from seqkit.debias.report import compare
    from seqkit.report.pages.out import check_out

    check_out("report", out)
    made = MEASURING.make("bias report", asked.settings)  # checked before anything is read
    words, options = made["words"], made["options"]
    chosen = {text: _method(text, [], words.case, options.most_lost) for text in method}
    inputs = _inputs(vectors, words, options, device)
    found = compare(
        inputs, chosen, names=names or None, analogies=analogies, similarities=similarity, restrict=restrict
    )
    found.save(out)
    common.show(
        found.to_json(), f"{out}: {len(found.measures)} numbers, {', '.join(['before', *method])}", json
    )


@app.command()
def words(
    sets: Annotated[
        str | None,
        typer.Argument(help="A name that ships with seqkit or a JSON file; if not given, all that ship."),
    ] = None,
    *,
    vectors: Annotated[Path | None, typer.Option(help="Vectors to look for the words in.")] = None,
    case: Case = "exact",
    json: common.AsJson = False,
) -> None:
    """Show word sets: lists, source, licence, checksum, and the words that vectors lack.

    Example: seqkit bias words planted --vectors demo.vectors
    """
    from seqkit.debias.words.description import describe
    from seqkit.debias.words.sets import WordSets

    opened = None if vectors is None else seqkit.Vectors.load(vectors)
    spelt: Any = case  # checked there
    found = [describe(_words(name), opened, spelt) for name in ([sets] if sets else WordSets.names())]
    lines = []
    for each in found:
        lines.append(
            f"{each['name']} ({each['source']}, {each['licence']}; language {each['language']}; sha256 "
            f"{each['sha256']})"
        )
        table = [[part["list"], part["count"], part["missing"], part["text"]] for part in each["parts"]]
        lines.append(common.table(table, ["list", "count", "missing", "words"]) + "\n")
    common.show(found, "\n".join(lines).rstrip(), json)
