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


CHECKED = {"--minutes", "--high", "--beam"}  # against 0, --low, the fields of BeamOptions
ANY = {"phrases --threshold"}  # npmi may be below 0


def test_every_number_has_a_least_value():
    """Of flags that are made from settings (they show no default of their own) test_flags tells."""
    free = [
        f"{' '.join(words)} {option.opts[0]}"
        for words, command in COMMANDS.items()
        for option in command.params
        if option.opts[0].startswith("--") and option.bare_type() in ("int", "float")
        if option.show_default and option.min is None and option.opts[0] not in CHECKED
    ]
    assert set(free) == ANY
