"""How many files a newcomer edits: each new member is put into a copy of the package, counted, and used from the shell.

The members are the files of new_members/, which are recipes too (see CONTRIBUTING.md).
"""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import shell
from conftest import ROOT
from test_structure import faults

from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

MEMBERS = ROOT / "tests" / "new_members"
TRAINED = ("--epochs", 1, "--quiet", "--out")
LM = ("lm", "train", "text.txt", "--hidden", 8, "--layers", 1, *TRAINED)
TRAIN_COMMANDS = ("lm train", "classify train", "tag train", "translate train", "generate train")
TRAIN_COMMANDS += ("embed train", "embed train-window")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package, with the code that numba compiled, the corpora beside it, and small data to work on."""
    top = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "seqkit", top / "seqkit")  # keeps mtimes, by which numba knows its code
    (top / "corpora").symlink_to(ROOT / "corpora")
    (top / "text.txt").write_text(shell.TEXT + "\n")
    (top / "pairs.tsv").write_text("a b c\tx y z\nb c\ty z\nc\tz\na b\tx y\n" * 2)
    (top / "tags.conll").write_text("the\tDET\ncat\tNOUN\nsat\tVERB\n\na\tDET\ndog\tNOUN\n\n" * 8)
    (top / "rated.txt").write_text("5\tvery good film\n1\tvery bad film\n4\tgood\n2\tbad\n" * 5)
    _planted().save(top / "v")
    return top


def _planted():
    """Vectors of the words of the gender sets, and others, in which women and men differ in the first number."""
    sets, random = WordSets.gender(), np.random.default_rng(0)
    listed = [*sets.protected, *(word for part in sets.lists.values() for word in part)]
    words = [*dict.fromkeys(listed), *(f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(500))]
    matrix, index = random.normal(size=(len(words), 12)), {word: i for i, word in enumerate(words)}
    for woman, man in sets.definitional:
        matrix[index[man]] = matrix[index[woman]]
        matrix[index[woman], 0] += 3
        matrix[index[man], 0] -= 3
    matrix[[index[job] for job in sets.lists["professions"]], 0] += 2
    return Vectors(Vocab(words, [0] * len(words)), matrix.astype(np.float32))


def _state(package):
    """A hash of each file of a package."""
    files = (file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(package): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture
def put(copy):
    """Put members at their places in the copy: new files, or edits of one; `put.touched` counts the files."""
    package, before = copy / "seqkit", _state(copy / "seqkit")
    old = {}

    def add(places):
        for name, place in places.items():
            (package / place).parent.mkdir(exist_ok=True)
            source = (MEMBERS / name).read_text()
            assert faults(Path(place), source) == []
            (package / place).write_text(source)

    def edit(name):
        recipe = {}
        exec(compile((MEMBERS / name).read_text(), name, "exec"), recipe)  # a file of this repository
        file = package / recipe["FILE"]
        old[file] = text = file.read_text()
        changes = {there: new + there for there, new in recipe["BEFORE"].items()} | recipe["INSTEAD"]
        for there, new in changes.items():
            assert text.count(there) == 1, f"{recipe['FILE']} has changed: correct {name}, {there!r}"
            text = text.replace(there, new)
        file.write_text(text)

    def touched():
        now = _state(package)
        return sum(before.get(file) != now.get(file) for file in before.keys() | now.keys())

    add.edit, add.touched = edit, touched
    yield add
    for file in _state(package).keys() - before.keys():
        (package / file).unlink()
    for file, text in old.items():
        file.write_text(text)
    assert _state(package) == before


def use(copy, *commands):
    """The output of commands of the copy, each in a process of its own."""
    return [shell.run(*command, cwd=copy, package=copy).stdout for command in commands]


def test_cell_is_one_file(copy, put):
    put({"cell.py": "nn/cells/mgu.py"})
    assert put.touched() == 1
    told, _, text, shown = use(
        copy,
        ("lm", "train", "--help"),
        (*LM, "cell.lm", "--cell", "mgu"),
        ("lm", "sample", "cell.lm", "--length", 5, "--json"),
        ("lm", "show", "cell.lm", "the king", "--what", "h"),
    )
    assert "mgu" in told
    assert json.loads(text)[0]["tokens"] == 5
    assert "h[0]" in shown


def test_loss_on_a_kernel_that_is_there_is_one_file(copy, put):
    put({"loss.py": "embeddings/training/objectives/log_noise.py"})
    assert put.touched() == 1
    told, _, near = use(
        copy,
        ("embed", "train", "--help"),
        (
            "embed",
            "train",
            "text.txt",
            "--loss",
            "log-noise",
            "--dim",
            8,
            "--negatives",
            2,
            *TRAINED,
            "loss.v",
        ),
        ("embed", "nearest", "loss.v", "king", "--json"),
    )
    assert "log-noise" in told
    assert len(json.loads(near)["king"]) == 10


def test_loss_that_learns_from_counts_is_one_file(copy, put):
    put({"loss_from_counts.py": "embeddings/training/objectives/ppmi.py"})
    assert put.touched() == 1
    train = (
        "embed",
        "train",
        "text.txt",
        "--loss",
        "ppmi",
        "--dim",
        4,
        "--epochs",
        6,
        "--window",
        2,
        "--quiet",
    )
    told, _, need, near = use(
        copy,
        ("embed", "train", "--help"),
        (*train, "--out", "ppmi.v"),
        (*train, "--dry-run", "--json", "--out", "none"),
        ("embed", "nearest", "ppmi.v", "king", "--top", 1, "--json"),
    )
    assert "ppmi" in told
    assert (copy / "ppmi.v" / "counts").is_dir()
    losses = [epoch["loss"] for epoch in json.loads((copy / "ppmi.v" / "run.json").read_text())["history"]]
    assert losses == sorted(losses, reverse=True)
    assert json.loads(need)["unit"] == "pairs"
    assert json.loads(near)["king"][0][0] == "queen"


def test_bias_measure_is_one_file(copy, put):
    put({"measure.py": "debias/measuring/measures/class_gap.py"})
    assert put.touched() == 1
    told, found = use(
        copy,
        ("bias", "measure", "--help"),
        ("bias", "measure", "v", "--measure", "class-gap", "--draws", 50, "--json"),
    )
    assert "class-gap" in told
    (score,) = json.loads(found)["scores"]
    assert score["name"] == "class-gap"
    assert score["value"] > 0.5


def test_removal_method_is_one_file(copy, put):
    put({"removal.py": "debias/removal/methods/means.py"})
    assert put.touched() == 1
    told, _, page = use(
        copy,
        ("bias", "remove", "--help"),
        (
            "bias",
            "remove",
            "v",
            "--method",
            "means",
            "--set",
            "unit=true",
            "--out",
            "fair.v",
            "--eraser",
            "e",
        ),
        ("bias", "measure", "fair.v", "--measure", "direct-bias", "--draws", 0, "--json"),
    )
    assert "means" in told
    assert json.loads((copy / "e" / "manifest.json").read_text())["meta"]["method"] == "means"
    assert json.loads(page)["scores"][0]["value"] < 0.4


def test_vector_format_is_one_file_and_is_detected_by_content(copy, put):
    put({"format.py": "embeddings/vectors/formats/tabs.py"})
    assert put.touched() == 1
    told, _, _, info = use(
        copy,
        ("embed", "convert", "--help"),
        ("embed", "convert", "v", "--to", "tabs", "--out", "table.txt"),
        ("embed", "convert", "table.txt", "--to", "native", "--out", "back.v"),
        ("embed", "info", "table.txt", "--json"),
    )
    assert "tabs" in told
    assert json.loads(info)["words"] == len(Vectors.load(copy / "v"))
    assert np.array_equal(Vectors.load(copy / "back.v").matrix, Vectors.load(copy / "v").matrix)


def test_text_metric_is_one_file(copy, put):
    put({"metric.py": "evaluate/metrics/word_errors.py"})
    assert put.touched() == 1
    _, scores = use(
        copy,
        ("translate", "train", "pairs.tsv", "--hidden", 8, *TRAINED, "x-y"),
        ("translate", "eval", "x-y", "pairs.tsv", "--json"),
    )
    assert [score["name"] for score in json.loads(scores)] == ["BLEU", "chrF", "WER"]
    assert json.loads(scores)[-1]["signature"]["signature"] == "WER|cut:whitespace"


def test_tokenizer_is_one_file(copy, put):
    put({"tokenizer.py": "text/tokenizers/letters.py"})
    assert put.touched() == 1
    told, _, scored = use(
        copy,
        ("lm", "train", "--help"),
        (*LM, "letters.lm", "--unit", "letters"),
        ("lm", "score", "letters.lm", "the king, 1984: the queen!", "--json"),
    )
    assert "letters" in told
    assert json.loads(scored)[0]["tokens"] == 4 + 1  # and </s>


def test_head_of_a_language_model_is_one_file(copy, put):
    put({"head.py": "nn/heads/cosine.py"})
    assert put.touched() == 1
    told, *_, text, scored = use(
        copy,
        ("lm", "train", "--help"),
        (*LM, "free.lm", "--head", "cosine", "--no-tie"),
        (*LM, "tied.lm", "--head", "cosine"),
        ("lm", "sample", "tied.lm", "--length", 5, "--json"),
        ("lm", "score", "free.lm", "the king", "--json"),
    )
    assert "cosine" in told
    assert json.loads(text)[0]["tokens"] == 5
    assert json.loads(scored)[0]["log_prob"] < 0


def test_search_method_is_one_file(copy, put):
    put({"search_method.py": "tuning/methods/halton.py"})
    assert put.touched() == 1
    search = ("tune", "lm", *LM[2:-1], "--valid", "text.txt", "--space", "lr=1e-3..1e-1:log", "--trials", 2)
    told, found = use(
        copy, ("tune", "lm", "--help"), (*search, "--method", "halton", "--out", "best.lm", "--json")
    )
    assert "halton" in told
    assert [trial["settings"]["lr"] for trial in json.loads(found)["trials"]] == [0.01, 0.00316227766017]


def test_schedule_is_one_file(copy, put):
    put.edit("schedule.py")
    assert put.touched() == 1
    use(copy, (*LM, "p.lm", "--schedule", "polynomial", "--set", 'schedule_settings={"power": 3}'))
    settings = json.loads((copy / "p.lm" / "run.json").read_text())["settings"]
    assert (settings["schedule"], settings["schedule_settings"]) == ("polynomial", {"power": 3})


def test_setting_of_tasks_is_one_file(copy, put):
    put.edit("setting.py")
    assert put.touched() == 1
    tag = ("--hidden", 8, "--embed-dim", 8, "--characters", "none", *TRAINED)
    search = ("tune", "tag", "tags.conll", "--valid", "tags.conll", "--space", "embed_share")
    helps = [("lm", "train", "--help"), ("tag", "train", "--help"), ("tune", "tag", "--help")]
    *told, _, _, found = use(
        copy,
        *helps,
        ("tag", "train", "tags.conll", "--embed-share", 0.5, *tag, "half.tagger"),
        ("tag", "train", "tags.conll", *tag, "whole.tagger"),
        (*search, "--trials", 1, *tag, "best.tagger", "--json"),
    )
    assert all("--embed-share" in text for text in told)
    half, whole = (json.loads((copy / f"{n}.tagger" / "run.json").read_text()) for n in ("half", "whole"))
    assert (half["settings"]["embed_share"], whole["settings"]["embed_share"]) == (0.5, 1.0)
    assert half["parameters"] < whole["parameters"]
    assert 0.25 <= json.loads(found)["trials"][0]["settings"]["embed_share"] <= 1


def test_flag_of_all_train_commands_is_one_file(copy, put):
    put.edit("flag.py")
    assert put.touched() == 1
    *told, _ = use(
        copy,
        *((*command.split(), "--help") for command in TRAIN_COMMANDS),
        (*LM, "flag.lm", "--summary", "summary.txt"),
    )
    assert all("--summary" in text for text in told)
    assert "parameters" in (copy / "summary.txt").read_text()


def test_task_is_five_files(copy, put):
    parts = {f"task/{name}.py": f"models/rater/{name}.py" for name in ("options", "network", "model", "data")}
    put(parts | {"task/command.py": "cli/commands/rate.py"})
    assert put.touched() == 5
    size = ("--hidden", 8, "--epochs", 20, "--batch", 4, "--lr", 0.05, "--quiet")
    rate = ("rated.txt", "--valid", "rated.txt", *size)
    told, tuned, _, rated, _, searched, best = use(
        copy,
        ("rate", "train", "--help"),
        ("tune", "rate", "--help"),
        ("rate", "train", *rate, "--out", "stars"),
        ("rate", "predict", "stars", "very good film", "very bad film"),
        ("rate", "train", *rate, "--out", "stars", "--resume"),
        ("tune", "rate", *rate, "--space", "pooling=mean,last", "--trials", 2, "--out", "best", "--json"),
        ("rate", "predict", "best", "very good film", "very bad film"),
    )
    for flag in ("--pooling", "--unit", "--cell", "--optimizer", "--epochs"):
        assert flag in told
        assert flag in tuned
    for numbers in (rated, best):
        good, bad = map(float, numbers.split())
        assert good > bad + 1
    run = json.loads((copy / "stars" / "run.json").read_text())
    assert (run["model"], run["settings"]["pooling"], run["data"]["texts"]) == ("Rater", "mean", 20)
    assert {trial["state"] for trial in json.loads(searched)["trials"]} == {"done"}


def test_guide_names_every_example():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = {f"`{path.name}{'/' * path.is_dir()}`" for path in MEMBERS.iterdir() if path.name[0] != "_"}
    assert {name for name in names if name not in guide} == set()
