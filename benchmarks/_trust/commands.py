"""Every command that writes, with a small input: the one list for kills, full disks and races.

A command line is run in a folder beside the one of inputs: it reads ../in/..., and writes what `writes` names.
Not handled: running them (processes).
"""

import contextlib
import shlex
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from benchmarks._fixed import data
from benchmarks._fixed.bias_cases import planted
from seqkit.core import files
from seqkit.text.readers import catalogue
from seqkit.text.readers.catalogue import Entry

NET = "--hidden 6 --epochs 3 --device cpu"
WORDS = "--dim 6 --epochs 3 --deterministic"
SEARCH = "--space lr --trials 2 --set epochs=2 --set hidden_size=6 --device cpu"


@dataclass(frozen=True)
class Command:
    """One command line.  again: what a second start needs where the first was killed.

    writes: its files and folders. words: as they are typed after `seqkit`.
    """

    line: str
    writes: tuple[str, ...] = ("out",)
    again: str = "--force"

    @property
    def words(self) -> list[str]:
        """The words of the first start."""
        return shlex.split(self.line)

    def reading(self, place: str) -> "Command":
        """The same command on the inputs of another folder."""
        return replace(self, line=self.line.replace("../in/", f"../{place}/"))

    @property
    def trains(self) -> bool:
        """Whether it trains with a checkpoint, or searches."""
        return self.resumes or self.words[0] == "tune"

    @property
    def resumes(self) -> bool:
        """Whether it goes on from a checkpoint."""
        return self.again == "--resume"


def _train(line: str) -> Command:
    return Command(f"{line} --threads 1 --quiet --out out", again="--resume")


def _search(line: str) -> Command:
    return Command(f"tune {line} {SEARCH} --threads 1 --quiet --out out", again="")


def _write(line: str, *writes: str) -> Command:
    return Command(f"{line} --out {writes[0] if writes else 'out'}", writes or ("out",))


TEXT, VALID = "../in/text.txt", "../in/valid.txt"
LM = f"lm train {TEXT} --valid {VALID} --unit whitespace --layers 1 --batch 4 --bptt 10 {NET}"
PAIRS = "../in/train.en ../in/train.to --valid ../in/valid.en --valid-target ../in/valid.to"
COMMANDS: dict[str, Command] = {
    "corpus build": _write(f"corpus build {TEXT} --threads 1 --quiet"),
    "corpus build subword": _write(
        f"corpus build {TEXT} --tokenizer subword:bpe --max-size 60 --threads 1 --quiet"
    ),
    "corpus fetch": Command("corpus fetch small --quiet --out out", again=""),
    "phrases": _write("phrases ../in/corpus --threshold 3"),
    "embed train": _train(f"embed train {TEXT} {WORDS}"),
    "embed train subwords": _train(f"embed train {TEXT} {WORDS} --subwords --buckets 50"),
    "embed train corpus": _train(f"embed train ../in/corpus {WORDS} --loss hierarchical-softmax"),
    "embed train glove": _train(f"embed train {TEXT} --loss glove --dim 6 --epochs 3"),
    "embed train-window": _train(f"embed train-window {TEXT} --dim 6 --window 2 {NET}"),
    "embed count": _write(f"embed count {TEXT} --window 3 --threads 1 --quiet"),
    "embed count blocks": _write(f"embed count {TEXT} --window 3 --memory 1M --threads 1 --quiet"),
    "embed merge": _write("embed merge ../in/counts ../in/counts --threads 1"),
    "embed convert": _write("embed convert ../in/vectors --to native"),
    "embed convert text": _write("embed convert ../in/vectors --to word2vec", "out.vec"),
    "embed convert binary": _write("embed convert ../in/vectors --to word2vec-binary", "out.bin"),
    "embed quantise": _write("embed quantise ../in/vectors --to int8 --device cpu"),
    "embed align": _write("embed align ../in/vectors ../in/vectors --device cpu"),
    "embed map": _write("embed map ../in/vectors --method pca --top 20 --device cpu", "map.html"),
    "embed map table": Command(
        "embed map ../in/vectors --method pca --top 20 --device cpu --out map.tsv",
        ("map.vectors.tsv", "map.metadata.tsv"),
    ),
    "bias remove": Command(
        "bias remove ../in/planted --sets ../in/sets.json --device cpu --eraser eraser --out out",
        ("out", "eraser"),
    ),
    "bias report": _write(
        "bias report ../in/planted --sets ../in/sets.json --measure direct-bias --draws 20 --device cpu",
        "report.html",
    ),
    "lm train": Command(
        f"{LM} --curve curve.svg --threads 1 --quiet --out out", ("out", "curve.svg"), "--resume"
    ),
    "lm show": _write("lm show ../in/lm 'the king' --device cpu", "strip.html"),
    "lm export": _write("lm export ../in/lm --what step", "step.pt2"),
    "classify train": _train("classify train ../in/film.tsv --unit whitespace --epochs 3 --embed-dim 6"),
    "classify train recurrent": _train(
        f"classify train ../in/film.tsv --unit whitespace --reader recurrent --embed-dim 6 {NET}"
    ),
    "tag train": _train(f"tag train ../in/tags.conll --valid ../in/tags.conll --embed-dim 6 {NET}"),
    "tag predict": _write("tag predict ../in/tagger ../in/tags.conll --device cpu", "said.conll"),
    "translate train": _train(f"translate train {PAIRS} --unit whitespace --embed-dim 6 {NET}"),
    "translate train subword": _train(
        f"translate train {PAIRS} --unit subword:bpe --max-size 60 --embed-dim 6 {NET}"
    ),
    "translate predict": Command(
        "translate predict ../in/translator 'the cat' --device cpu --picture looked.svg", ("looked.svg",), ""
    ),
    "generate train": _train(f"generate train ../in/names.tsv --valid ../in/names.tsv --embed-dim 6 {NET}"),
    "diagnose run": Command(
        "diagnose run ../in/film.tsv --dev ../in/film.tsv --set unit=whitespace --set epochs=2 --device cpu "
        "--threads 1 --quiet --out film.json --sheet film.csv --matrix matrix.svg --suspects suspects.csv",
        ("film.json", "film.csv", "matrix.svg", "suspects.csv"),
    ),
    "diagnose duplicates": _write("diagnose duplicates ../in/film.tsv", "copies.csv"),
    "diagnose split": _write("diagnose split ../in/film.tsv", "parts"),
    "diagnose sheet": _write("diagnose sheet ../in/diagnosis.json --rows 5", "sheet.csv"),
    "tune lm": _search(f"lm {TEXT} --valid {VALID} --set num_layers=1 --set batch=4 --set bptt=10"),
    "tune embed": Command(
        f"tune embed {TEXT} --space lr --trials 2 --set epochs=2 --set dim=6 --set deterministic=true "
        "--valid ../in/questions.txt --threads 1 --quiet --out out",
        again="",
    ),
    "tune classify": _search("classify ../in/film.tsv --set unit=whitespace --set reader=recurrent"),
    "tune tag": _search("tag ../in/tags.conll --valid ../in/tags.conll"),
    "tune translate": _search(f"translate {PAIRS} --set unit=whitespace"),
    "tune generate": _search("generate ../in/names.tsv --valid ../in/names.tsv"),
    "tune embed-window": _search(f"embed-window {TEXT} --valid ../in/questions.txt --set window=2"),
    "demo": Command("demo --threads 1 --quiet --out out"),
}
MADE = {  # inputs that other commands of the list write: where they go, and what of them
    "corpus": ("corpus build", "out"),
    "counts": ("embed count", "out"),
    "vectors": ("embed train", "out"),
    "lm": ("lm train", "out"),
    "tagger": ("tag train", "out"),
    "translator": ("translate train", "out"),
    "diagnosis.json": ("diagnose run", "film.json"),
}


def chosen(only: Sequence[str]) -> list[str]:
    """The commands whose name begins with one of these; all if there are none."""
    found = [name for name in COMMANDS if name.startswith(tuple(only) or "")]
    if not found:
        raise SystemExit(f"--only: no command begins with {' or '.join(only)}; known: {', '.join(COMMANDS)}")
    return found


def inputs(root: Path, run: Callable[[list[str], Path], None], place: str = "in", skip: int = 0) -> None:
    """Write to root/place what the commands read.  run: runs a command line in a folder.

    skip: how many lines of the planted texts to leave out, for inputs that differ.
    """
    folder = root / place
    texts(folder, skip)
    vectors, sets = planted(dim=8, neutral=120 + skip)
    vectors.save(folder / "planted")
    sets.save(folder / "sets.json")
    for name, (command, made) in MADE.items():
        work = root / "making"
        work.mkdir()
        run(COMMANDS[command].reading(place).words, work)
        (work / made).rename(folder / name)
        shutil.rmtree(work)


@contextlib.contextmanager
def small_known(folder: Path) -> Iterator[None]:
    """Within the block `corpus fetch small` finds a packed text among the inputs, without a network."""
    path = folder / "in" / "small.tar.gz"
    found = Entry("small", "text", "CC0", path.as_uri(), path.stat().st_size, files.sha256(path))
    with mock.patch.object(catalogue, "catalogue", lambda: (found,)):
        yield


def texts(folder: Path, skip: int = 0) -> None:
    """Write the texts among the inputs."""
    folder.mkdir(parents=True)

    def after(low: int, high: int) -> tuple[int, int]:
        return skip + low, skip + high

    reviews = [f"{label}\t{text}" for text, label in zip(*data.reviews(*after(0, 90)), strict=True)]
    train, valid = data.pairs(*after(0, 24)), data.pairs(*after(24, 30))
    names = [
        f"{side}\t{text}"
        for side, texts in zip(("english", "tolma"), data.pairs(*after(0, 12)), strict=True)
        for text in texts
    ]
    blocks = zip(*data.tagged(*after(0, 20)), strict=True)
    tags = ["".join(f"{w} {t}\n" for w, t in zip(*block, strict=True)) for block in blocks]
    given = {
        "text.txt": data.planted("text.txt", *after(0, 60)),
        "valid.txt": data.planted("text.txt", *after(60, 70)),
        "film.tsv": reviews,
        "names.tsv": names,
        "tags.conll": tags,
        "train.en": train[0],
        "train.to": train[1],
        "valid.en": valid[0],
        "valid.to": valid[1],
    }
    for name, lines in given.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    common = Counter(" ".join(given["text.txt"]).split()).most_common(4)
    (folder / "questions.txt").write_text(
        f": few\n{' '.join(word for word, _ in common)}\n", encoding="utf-8"
    )
    with tarfile.open(folder / "small.tar.gz", "w:gz") as packed:
        packed.add(folder / "text.txt", "text.txt")
