"""Laws of all JSON that is no manifest: whatever a file says, it is refused by one of our errors or used as it says.

Manifests have their own (test_hostile_laws). Diagnoses, word sets, tokenizers, logs, searches and tables here.
"""

import contextlib
import json
import shutil
import sqlite3

import hostile
import pytest
import test_saved_before as before

import seqkit as sk
from seqkit.core.errors import SeqkitError
from seqkit.diagnosis.saved import choose_file, draw_sheet
from seqkit.text.readers import conll, labelled, parallel, table
from seqkit.text.readers.text import read
from seqkit.text.tokenizers.subword import Subword
from seqkit.train.log import JsonLines

SCORE = {
    "name": "dev",
    "value": 0.5,
    "count": 2,
    "missing": 0,
    "signature": {"seed": 1},
    "interval": [0.1, 0.9],
}
FINDING = {"name": "variance", "value": None, "interval": None, "formula": "x", "named": True, "note": ""}
ROW = {
    "row": 1,
    "text": "a",
    "label": "x",
    "loss": 0.5,
    "predicted": "y",
    "probability": 0.5,
    "suspected": "",
}
DIAGNOSIS = {
    "kind": "seqkit-diagnosis",
    "faults": ["variance"],
    "about": {"model": "Linear"},
    "errors": [SCORE],
    "findings": [FINDING | {"explained_by": None, "actions": ["more data"], "fault": True}],
    "values": {"accuracy": 0.5, "ms": 1},
    "classes": {
        "accuracy": SCORE,
        "macro_f1": SCORE,
        "classes": ["x", "y"],
        "by_class": {"x": {"f1": None, "count": 2}},
        "confusion": [[0, 1], [1, 0]],
    },
    "confused": [],
    "slices": [],
    "examples": [ROW],
    "wrong": [ROW],
    "curve": {},
    "sizes": [],
    "copies": {},
    "labels": None,
    "baseline": [],
}
SETS = {
    "kind": "word-sets",
    "name": "n",
    "definitional": [["she", "he"]],
    "equalize": [["queen", "king"]],
    "specific": ["girl"],
    "lists": {"jobs": ["nurse"]},
    "classes": ["f", "m"],
}
PART = {"name": "P", "words": ["a"]}
TEST = {"first_target": PART, "second_target": {"name": "Q", "words": ["b"]}}
TEST |= {"first_attribute": {"name": "R", "words": ["c"]}, "second_attribute": {"name": "S", "words": ["d"]}}
TOKENIZER = json.loads(Subword.train(["aa ab a b"], vocab_size=300).definition)
TOKENIZER["model"]["vocab"] = dict(list(TOKENIZER["model"]["vocab"].items()))


MOST = 150  # changes of a file


def use_diagnosis(path):
    draw_sheet(path, path.with_name("sheet.csv"))
    choose_file([path])


def use_log(path):
    JsonLines(path).begin([], 5)


JSON = {  # name: what a file of it holds, and how it is read and used
    "diagnosis.json": (DIAGNOSIS, use_diagnosis),
    "sets.json": (SETS, sk.WordSets.load),
    "lists.json": ({"jobs": ["nurse"], "pets": ["cat"]}, sk.WordSets.load),
    "tests.json": ([TEST], sk.WordSets.load),
    "tokenizer.json": (TOKENIZER, lambda path: Subword(table.content(path)).encode("ab")),
    "log.jsonl": ({"event": "step", "done": 3, "loss": 0.5}, use_log),
    "labelled.jsonl": ({"text": "a", "label": "x"}, labelled.labelled),
    "tagged.jsonl": ({"words": ["a"], "tags": ["x"]}, lambda path: list(conll.sentences(path))),
    "pairs.jsonl": ({"source": "a", "target": "b"}, parallel.pairs),
    "text.jsonl": ({"text": "a"}, lambda path: list(read(path, column="text"))),
}


def outcome(name, text, tmp_path):
    """The error with which a file is refused; None: it is used."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        JSON[name][1](path)
    except SeqkitError as error:
        assert error.exit_code in (2, 3)  # 2: a metric that was not measured
        assert len(str(error)) < 600
        return str(error)
    return None


def lined(name, text):
    return text + "\n" if name.endswith("l") else text


@pytest.mark.parametrize("name", JSON)
def test_what_is_read_is_used(name, tmp_path):
    assert outcome(name, lined(name, json.dumps(JSON[name][0])), tmp_path) is None


@pytest.mark.parametrize("name", JSON)
def test_law_json_that_is_not_strict_is_refused(name, tmp_path):
    good = json.dumps(JSON[name][0])
    first = good[1:].partition(":")[0].lstrip("[{")  # a key
    for bad in (
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "9" * 5000,
        "1" + "0" * 30,
        "1e999",
        "NaN",
        "-Infinity",
        '{"a": 1, "a": 1}',
        '"\\ud800"',
    ):
        text = f"[{bad}, {good[1:]}" if good.startswith("[") else f'{{"zz": {bad}, {good[1:]}'
        assert outcome(name, lined(name, text), tmp_path) is not None, bad[:20]
    twice = good.replace("{", "{" + first + ": 0, ", 1)
    assert "twice" in outcome(name, lined(name, twice), tmp_path)
    for end in range(0, len(good) - 1, max(1, len(good) // 40)):
        assert end == 0 or outcome(name, lined(name, good[:end]), tmp_path) is not None
    assert outcome(name, lined(name, good).encode().replace(b'"', b'"\xff', 1), tmp_path) is not None


@pytest.mark.parametrize("name", JSON)
def test_law_value_of_another_type_is_refused_or_harmless(name, tmp_path):
    every = list(hostile.told(JSON[name][0]))
    few = every[:: max(1, len(every) // MOST)]
    told = [outcome(name, lined(name, json.dumps(new)), tmp_path) for _, new in few]
    assert len([one for one in told if one]) > len(told) / 4


def changed(folder, table, column, change):
    """Change a column of all rows of a search."""
    with contextlib.closing(sqlite3.connect(folder / "search.sqlite")) as base, base:
        for row, value in base.execute(f"select rowid, {column} from {table}").fetchall():
            base.execute(f"update {table} set {column} = ? where rowid = ?", (change(value), row))


def use_search(folder):
    found = sk.tuning.tune.Found.load(folder)
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("study_user_attributes", "value_json"),
        ("trial_user_attributes", "value_json"),
        ("trial_params", "distribution_json"),
    ],
)
def test_law_search_of_another_type_is_refused_or_harmless(table, column, tmp_path):
    pytest.importorskip("optuna")
    folder = tmp_path / "search"
    shutil.copytree(before.FOLDER / "search", folder)
    with contextlib.closing(sqlite3.connect(folder / "search.sqlite")) as base:
        good = json.loads(base.execute(f"select {column} from {table} limit 1").fetchone()[0])
    if "space" in good:  # of its settings each is compared with those of the run
        good = {"space": good["space"]}
    bad = [json.dumps(new) for _, new in hostile.told(good)]
    refused = 0
    few = bad[:: max(1, len(bad) // 12)]
    for text in ["[" * 100_000, "9" * 5000, "NaN", '{"a":', "", *few]:
        changed(folder, table, column, lambda _, text=text: text)
        try:
            use_search(folder)
        except SeqkitError as error:
            refused += 1
            assert error.exit_code == 3
            assert "search.sqlite" in str(error)
    assert refused > len(few) / 3


def test_search_of_other_settings_than_it_says_is_refused(tmp_path):
    pytest.importorskip("optuna")
    folder = tmp_path / "search"
    shutil.copytree(before.FOLDER / "search", folder)
    use_search(folder)
    changed(folder, "trial_params", "param_name", lambda name: name.upper())
    with pytest.raises(SeqkitError, match="search.sqlite: trial 0: got .*expected a trial of lr, cell"):
        use_search(folder)
