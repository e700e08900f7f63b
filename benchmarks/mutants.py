"""Mutation score: the share of small faults in a module that its tests notice.  Modules and tests: pyproject.toml.

mutmut changes one thing of a function, runs the tests that call it, and sees whether one fails. Here it leaves
the wording of errors as it is, and makes two more kinds, which matter for files: a statement that is only a call
is left out, and functions below @contextmanager, @property and @cache are changed, too. Mutants that change nothing a test could see stand
with the reason in _mutants/equivalent.toml and do not count.
"""

import argparse
import contextlib
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).parent / "_mutants" / "equivalent.toml"
LEAST = 0.95
TIMEOUT = -24  # exit code: it took far longer than the tests do
SURVIVED = (0, 5, 33, None)  # exit codes: all tests passed, none calls the function, not judged


def main(arguments: list[str]) -> None:
    """Make the mutants of each module, judge them, list those that survive; exit 1 if a score is below 95 %."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutants"]
    made = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").partition("\n")[0])
    made.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(table)}; else all")
    made.add_argument("--work", type=Path, default=ROOT / "build" / "mutants", help="folder of the mutants")
    made.add_argument("--again", action="store_true", help="only those that survived last time")
    made.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at once")
    options = made.parse_args(arguments)
    low = []
    for name in options.modules or table:
        folder = options.work.absolute() / name.replace("/", "-")
        judge(folder, table[name], again=options.again, jobs=options.jobs)
        if not score(name, folder):
            low.append(name)
    sys.exit(f"below {LEAST:.0%}: {', '.join(low)}" if low else 0)


def judge(folder: Path, module: dict[str, list[str]], *, again: bool, jobs: int) -> None:
    """Run mutmut in a folder of its own, with this module's sources and tests."""
    if again:
        forget_survivors(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("seqkit", "tests", "corpora"):
        (folder / part).unlink(missing_ok=True)
        (folder / part).symlink_to(ROOT / part)
    settings: dict[str, Any] = {
        "source_paths": ["seqkit"],
        "only_mutate": module["sources"],
        "also_copy": ["corpora"],
        "process_isolation": "forkserver",
        "pytest_add_cli_args_test_selection": module["tests"],
        "timeout_constant": 10.0,
        "timeout_multiplier": 4.0,
    }
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    own = [f"{key} = {json.dumps(value)}" for key, value in tables["ini_options"].items()]
    text = "\n".join(["[tool.mutmut]", *lines, "[tool.pytest.ini_options]", *own, ""])
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        command = [sys.executable, "-c", "from benchmarks.mutants import mutmut; mutmut()", "run"]
        command += ["--max-children", str(jobs)]
        own_places = {"PYTHONPATH": str(ROOT), "SEQKIT_DATA": str(folder / "no real data")}
        environment = os.environ | own_places | {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        sys.exit(f"mutmut failed; {log.name} ends:\n{Path(log.name).read_text()[-2000:]}")


def forget_survivors(folder: Path) -> None:
    """Let mutmut judge them again, and those that ran out of time; it does so for functions that were changed.

    Which test calls what is looked at anew, too.
    """
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for meta in (folder / "mutants").rglob("*.meta"):
        told = json.loads(meta.read_text())
        codes = told["exit_code_by_key"]
        codes.update({name: None for name, code in codes.items() if code in (*SURVIVED, TIMEOUT)})
        meta.write_text(json.dumps(told))


def results(folder: Path) -> Iterator[tuple[str, Path, bool]]:
    """Name of each mutant, its source, and whether a test noticed it."""
    for meta in sorted((folder / "mutants").rglob("*.meta")):
        source = meta.relative_to(folder / "mutants").with_suffix("")
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            yield name, source, code not in SURVIVED


def score(name: str, folder: Path) -> bool:
    """Print the score and the survivors; whether it is high enough."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    groups = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["same"]
    known = {text for group in groups for text in group.get("as", ())}
    like = re.compile("|".join(text for group in groups for text in group.get("like", ())) or "$.")
    found, killed = [], 0
    with contextlib.chdir(folder):
        for mutant, source, noticed in results(folder):
            killed += noticed
            if not noticed:
                found.append(change(mutant, get_diff_for_mutant(mutant, path=source)))
    left = [text for text in found if text not in known and not like.search(text)]
    share = killed / (killed + len(left))
    print(
        f"{name}: {killed} of {killed + len(left)} mutants noticed, {share:.1%}; {len(found) - len(left)} more "
        "change nothing"
    )
    print(*(f"  {text}" for text in left), sep="\n", end="\n" if left else "", flush=True)
    return share >= LEAST


def change(mutant: str, diff: str) -> str:
    """A mutant in words that outlive other changes of its file: function, old lines, new lines."""
    where = mutant.partition("__mutmut_")[0].replace("x_", "").replace("xǁ", "").replace("ǁ", ".")
    lines = diff.split("\n")[2:]
    parts = [" ".join(line[1:].split()) for mark in "-+" for line in lines if line.startswith(mark)]
    return f"{where}: {' → '.join(parts)}"


def mutmut() -> None:
    """mutmut's own command, with the kinds of mutants said above."""
    import libcst as cst
    import libcst.matchers as m
    from mutmut.__main__ import cli
    from mutmut.mutation import file_mutation, mutators
    from mutmut.runners.harness import PytestRunner

    warm_up = PytestRunner.warm_up
    visitor, arrange = file_mutation.MutationVisitor, file_mutation.function_trampoline_arrangement
    skip = visitor._skip_node_and_children
    plain = m.FunctionDef(
        decorators=[
            m.Decorator(
                m.Name("property")
                | m.Name("lru_cache")
                | m.Attribute(attr=m.Name("contextmanager") | m.Name("cache"))
            )
        ]
    )
    worded = m.Raise() | m.ConcatenatedString()

    def warmed(self: Any) -> None:
        warm_up(self)
        gc.freeze()  # else each mutant's process copies all modules to look for garbage: 1 s

    def removed(line: Any) -> Iterator[Any]:
        if m.matches(line, m.SimpleStatementLine(body=[m.Expr(m.Call())])):
            yield line.with_changes(body=[cst.Pass()])

    def skipped(self: Any, node: Any) -> bool:
        if m.matches(node, worded):
            self.words = [*getattr(self, "words", []), *m.findall(node, m.SimpleString())]
        if isinstance(node, cst.SimpleString) and any(node is each for each in getattr(self, "words", [])):
            return True
        return not m.matches(node, plain) and skip(self, node)

    def arranged(function: Any, mutants: Any, class_name: str | None) -> Any:
        if not m.matches(function, plain):
            return arrange(function, mutants, class_name)
        empty, (first, *copies), filled, names = arrange(
            function.with_changes(decorators=()), mutants, class_name
        )
        first = first.with_changes(decorators=[*function.decorators, *first.decorators])
        return empty, [first, *copies], filled, names

    PytestRunner.warm_up = warmed
    mutators.mutation_operators.append((cst.SimpleStatementLine, removed))
    visitor._skip_node_and_children, file_mutation.function_trampoline_arrangement = skipped, arranged
    cli()
