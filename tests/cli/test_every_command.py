"""What holds for every command, found in the tree: help, an example, a missing path."""

import pytest
from in_process import COMMANDS, refused, run

READS_NO_PATH = {("demo",), ("doctor",), ("bias", "words"), ("corpus", "list"), ("corpus", "fetch")}
MORE = {("embed", "analogy"): ["a", "b"], ("diagnose", "sheet"): ["--out", "sheet.csv"]}


def paths(words):
    """The least that a command asks for, with a path that is not there wherever one is due."""
    found = []
    for param in COMMANDS[words].params:
        if param.param_type_name == "argument":
            found.append("absent")
        elif param.required:
            found += [param.opts[0], ("page.html" if words[0] in ("bias", "diagnose") else "out")]
            found[-1] = found[-1] if param.name == "out" else "absent"
    return found + MORE.get(words, [])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_an_example(words, tmp_path):
    shown = " ".join(run(*words, "--help", cwd=tmp_path).stdout.split())
    assert f"seqkit {' '.join(words)} " in f"{shown.partition('Example: ')[2]} "


@pytest.mark.parametrize("words", sorted(COMMANDS.keys() - READS_NO_PATH), ids=" ".join)
def test_path_that_is_not_there_is_bad_data_everywhere(words, tmp_path):
    assert refused(*words, *paths(words), cwd=tmp_path, code=3).startswith("error: absent: no ")
