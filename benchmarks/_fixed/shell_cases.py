"""Every train command: run.json, the model's arrays, the same by --resume; and the commands that use it.

Not handled: commands about text, vectors, bias and searches (with their cases); exported programs.
"""

import json
from pathlib import Path

from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, stored

ONE = "--threads 1 --quiet --json"
CPU = f"--device cpu {ONE}"


def run_file(folder: str) -> dict[str, object]:
    """What run.json holds."""
    found: dict[str, object] = json.loads(Path(folder, "run.json").read_text(encoding="utf-8"))
    return found


def trained(command: str, out: str, *used: str, model: str = "") -> Results:
    """What a train command printed; run.json and the model after --resume of the ended run; what came after.

    model: the folder within `out` that holds the model, where it is not `out` itself.
    """
    printed = data.shell(f"{command} --out {out}", f"{command} --out {out} --resume", *used)
    names = [f"{line.split()[1]}-{i}" for i, line in enumerate(used)]
    results = {
        "printed": printed[0],
        "resumed": printed[1],
        "run.json": run_file(out),
        "model": stored(f"{out}/{model}"),
    }
    return results | dict(zip(names, printed[2:], strict=True))


@case
def embed_train() -> Results:
    """Vectors of every loss."""
    data.write("text.txt", data.planted("text.txt", 0, 1200))
    data.write("more.txt", data.planted("text.txt", 1200, 2000))
    data.write("frozen.txt", ["the of"])
    small = f"embed train text.txt --dim 8 --epochs 2 --deterministic {ONE}"
    more = f"embed train more.txt --dim 8 --epochs 1 --deterministic {ONE}"
    count = "--window 4 --threads 1 --quiet --json"
    made = {
        "skipgram": [small],
        "cbow": [f"{small} --context cbow --loss hierarchical-softmax --set shrink=false"],
        "subwords": [f"{small} --subwords --buckets 300 --max-n 4"],
        "full": [f"{small} --loss full-softmax"],
        "extended": [f"{more} --initial skipgram --extend --frozen frozen.txt"],
        "glove": [
            f"embed train text.txt --loss glove --dim 8 --epochs 2 {ONE}",
            f"embed count text.txt {count} --out a.counts",
            f"embed count more.txt {count} --vocab a.counts --out b.counts",
            f"embed count text.txt {count} --vocab a.counts --out c.counts",
            "embed merge b.counts c.counts --out merged --json",
        ],
    }
    found: Results = {}
    for name, (command, *used) in made.items():
        found |= {f"{name}-{part}": value for part, value in trained(command, name, *used).items()}
    return found | {"merged": stored("merged")}


@case
def embed_window() -> Results:
    """The model of a fixed window."""
    data.write("text.txt", data.planted("text.txt", 0, 300))
    small = "--context both --window 2 --dim 8 --hidden 8 --epochs 2 --min-count 2"
    return trained(f"embed train-window text.txt {small} {CPU}", "made", model="model") | {
        "vectors": stored("made")
    }


@case
def lm() -> Results:
    """A language model, then all that is asked of it."""
    data.write("text.txt", data.planted("text.txt", 0, 120))
    data.write("valid.txt", data.planted("text.txt", 900, 930))
    data.write("pairs.tsv", data.planted("homophones.tsv", 0, 12))
    command = (
        "lm train text.txt --valid valid.txt --unit whitespace --layers 2 --hidden 10 --dropout 0.1 "
        f"--epochs 2 --batch 6 --bptt 10 --lr 0.01 --set weight_dropout=0.2 {CPU}"
    )
    return trained(
        command,
        "made",
        "lm score made 'the king rules' 'a nurse' --json",
        "lm eval made valid.txt --json",
        "lm compare made pairs.tsv --baseline text.txt --order 2 --json",
        "lm sample made --prompt the --count 2 --length 12 --top-k 9 --threads 1 --json",
        "lm sample made --prompt the --beam 3 --count 2 --length 6 --threads 1 --json",
        "lm sample made --prompt the --length 12 --stop --threads 1",
        "lm show made 'the king of france' --json",
        "lm show made 'the king of france' --what f --layer 2 --neuron 1 --out strip.html --json",
    ) | {"strip": Path("strip.html")}


@case
def classify() -> Results:
    """Classifiers by both readers, each with the ladder, then all that is asked of them."""
    for name, (low, high) in {"film": (0, 240), "test": (300, 360)}.items():
        data.write(f"{name}.tsv", [f"{y}\t{text}" for text, y in zip(*data.reviews(low, high), strict=True)])
    found: Results = {}
    for reader in ("averaged", "recurrent"):
        command = (
            f"classify train film.tsv --reader {reader} --unit whitespace --hidden 8 --embed-dim 8 "
            f"--ngrams 2 --epochs 1 --balanced {CPU}"
        )
        used = (
            f"classify eval {reader} test.tsv --json",
            f"classify predict {reader} 'a good film' bad --proba",
        )
        found |= {f"{reader}-{part}": value for part, value in trained(command, reader, *used).items()}
    return found


@case
def tag() -> Results:
    """A tagger, then all that is asked of it."""
    data.conll("train.conll", 0, 120)
    data.conll("dev.conll", 200, 230)
    command = (
        "tag train train.conll --valid dev.conll --hidden 8 --embed-dim 8 --epochs 2 --batch 16 "
        f"--set char_dim=5 --set char_size=6 {CPU}"
    )
    results = trained(
        command,
        "made",
        "tag eval made dev.conll --threads 1 --json",
        "tag predict made dev.conll --scheme iob1 --threads 1",
        "tag predict made dev.conll --output jsonl --out said.jsonl --threads 1",
    )
    return results | {"said": Path("said.jsonl")}


@case
def translate() -> Results:
    """A translator, then all that is asked of it."""
    for name, (low, high) in {"train": (0, 150), "valid": (400, 420)}.items():
        for side, lines in zip(("en", "to"), data.pairs(low, high), strict=True):
            data.write(f"{name}.{side}", lines)
    command = (
        "translate train train.en train.to --valid valid.en --valid-target valid.to --unit subword:bpe "
        f"--max-size 90 --hidden 8 --embed-dim 8 --batch 16 --epochs 2 --label-smoothing 0.1 {CPU}"
    )
    return trained(
        command,
        "made",
        "translate eval made valid.en valid.to --tokenize none --beam 2 --json",
        "translate predict made 'the cat likes the quiet kings' --beam 3 --top 2 --json --picture looked.svg",
        "translate predict made --file valid.en --beam 1",
    ) | {"looked": Path("looked.svg")}


@case
def generate() -> Results:
    """A generator, then all that is asked of it."""
    sources, targets = data.pairs(0, 60)
    lines = [*(f"english\t{text}" for text in sources), *(f"tolma\t{text}" for text in targets)]
    data.write("train.tsv", lines)
    data.write("test.tsv", lines[50:70])
    command = f"generate train train.tsv --valid test.tsv --hidden 10 --embed-dim 8 --epochs 2 {CPU}"
    return trained(
        command,
        "made",
        "generate sample made --count 2 --length 20 --json",
        "generate eval made test.tsv --json",
    )
