"""Documentation is true: every snippet runs, the command page is the generated one, links lead somewhere, doctests hold."""

import doctest
import gzip
import importlib
import json
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from shell import python, run

import seqkit

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def snippets(page):
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=lambda page: page.name)
def test_snippets_of_a_page_run_from_top_to_bottom(page, tmp_path):
    code = "\n".join(snippets(page))
    python(code, cwd=tmp_path)


def commands(page):
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line.split("  #")[0]) for block in blocks for line in block.split("\n")]
    return [line for line in lines if line and line[0] == "seqkit"]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "cli.md" and commands(page)], ids=lambda page: page.name
)
def test_commands_of_a_page_run_one_after_the_other(page, tmp_path):
    planted = seqkit.shipped("planted")
    text = (planted / "text.txt").read_bytes()
    (tmp_path / "text.txt").write_bytes(text)
    (tmp_path / "wiki.txt.gz").write_bytes(gzip.compress(text))
    lines = text.decode().split("\n")
    for name, part in {"shakespeare.txt": lines[:80], "valid.txt": lines[80:90]}.items():
        (tmp_path / name).write_text("\n".join(part), encoding="utf-8")
    (tmp_path / "pairs.tsv").write_bytes((planted / "homophones.tsv").read_bytes())
    (tmp_path / "questions-words.txt").write_bytes((planted / "analogies.txt").read_bytes())
    kinds = {
        row[0]: "B-CITY"
        for row in json.loads((planted / "truths.json").read_text())["relations"]["capital-country"]
    }
    for name, part in {
        "train.conll": lines[:200],
        "dev.conll": lines[200:250],
        "eng.train": lines[:200],
        "eng.testa": lines[200:250],
    }.items():
        rows = ("".join(f"{word} {kinds.get(word, 'O')}\n" for word in line.split()) for line in part)
        (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")
    film = (planted / "sentiment.tsv").read_text(encoding="utf-8").split("\n")
    for name, part in {"film.tsv": film[:240], "dev.tsv": film[600:640], "test.tsv": film[800:840]}.items():
        (tmp_path / name).write_text("\n".join(part) + "\n", encoding="utf-8")
    rows = [
        line.split("\t") for line in (planted / "pairs.tsv").read_text(encoding="utf-8").split("\n")[:120]
    ]
    for name, part in {"train": rows[:100], "val": rows[100:]}.items():
        for side, language in enumerate(("de", "en")):
            (tmp_path / f"{name}.{language}").write_text(
                "".join(f"{row[side]}\n" for row in part), encoding="utf-8"
            )
    lists = {"career": "engineer plumber mechanic", "family": "nurse receptionist librarian"}
    pairs = [
        ["woman", "man"],
        ["queen", "king"],
        ["mother", "father"],
        ["sister", "brother"],
        ["girl", "boy"],
    ]
    sets = {
        "definitional": pairs,
        "lists": {name: words.split() for name, words in lists.items()},
        "classes": ["female", "male"],
    }
    (tmp_path / "planted.json").write_text(
        json.dumps({"kind": "word-sets", "name": "planted", **sets}), encoding="utf-8"
    )
    for command in commands(page):
        run(*command[1:], cwd=tmp_path)


def test_command_page_is_the_generated_one():
    from seqkit.cli.reference import page

    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_files_exist(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("https://") or (page.parent / target).exists(), target
    for name in re.findall(r"`((?:seqkit|tests|corpora|benchmarks)/[\w/.]+\.\w+)`", text):
        assert (ROOT / name).exists(), name


MODULES = [m.name for m in pkgutil.walk_packages(seqkit.__path__, "seqkit.")]


@pytest.mark.parametrize("name", MODULES)
def test_doctests_hold(name, monkeypatch):
    import numpy as np

    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, extraglobs={"np": np}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_no_page_leaves_a_place_to_fill():
    for page in PAGES:
        assert not re.search(r"\b(PLACEHOLDER|TODO|FIXME|DEMO)\b", page.read_text(encoding="utf-8")), (
            page.name
        )
