"""Documentation is true: every snippet runs, the command page is the generated one, links lead somewhere, doctests hold."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import seqkit

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def snippets(page):
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=lambda page: page.name)
def test_snippets_of_a_page_run_from_top_to_bottom(page, tmp_path):
    code = "\n".join(snippets(page))
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
        assert not re.search(r"\b(PLACEHOLDER|TODO|FIXME|DEMO)\b", page.read_text(encoding="utf-8")), page.name
