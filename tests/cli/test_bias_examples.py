"""The examples in the help of every bias command run as they are printed, on the vectors of the demo."""

import json
import re
import shlex
from pathlib import Path

import pytest
import shell

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
EXAMPLES = {
    name: shlex.split(example)
    for name, example in re.findall(
        r"^## seqkit (bias \w+)\n.*?^```sh\nseqkit (.*?)\n```", PAGE, re.DOTALL | re.MULTILINE
    )
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder in which `seqkit demo` has left its vectors."""
    folder = tmp_path_factory.mktemp("demo")
    shell.run("demo", "--out", "demo.vectors", "--threads", 1, "--quiet", cwd=folder)
    return folder


def test_every_bias_command_is_here():
    assert set(EXAMPLES) == {"bias measure", "bias remove", "bias report", "bias words"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_a_bias_command_runs_as_printed(demo, name):
    before = {path.name for path in demo.iterdir()}
    assert shell.run(*EXAMPLES[name], cwd=demo).stdout
    made = {path.name for path in demo.iterdir()} - before
    assert made == {
        "bias remove": {"fair.vectors", "hard.eraser"},
        "bias report": {"report.html"},
    }.get(name, set())


def test_the_bias_that_was_planted_is_found_in_the_demo(demo):
    told = json.loads(shell.run(*EXAMPLES["bias measure"], "--json", cwd=demo).stdout)
    named = {score["name"]: score for score in told["scores"]}
    assert named["weat male_jobs/female_jobs"]["claimed"] is True
    assert named["weat male_jobs/female_jobs"]["missing"] == 0
