"""Kills, full disks, races and changed files, in short; in full when slow (python -m benchmarks kills, full, races, fuzz)."""

import pytest
import shell

CHEAP = ("embed convert text", "embed merge", "phrases", "diagnose split", "embed train corpus")
PROGRAM = """
import sys, warnings
import benchmarks._trust
from benchmarks import {name}
warnings.simplefilter("default")
{name}.main(sys.argv[1:])
"""
READ = """
import random, sys, warnings
from benchmarks import fuzz
warnings.simplefilter("ignore")
wrong, refused = [], 0
with fuzz.prepared() as (readers, folder):
    for name, reader in readers.items():
        fuzzer = fuzz.Fuzzer(name, reader, 1, folder)
        for number in range(6):
            told = fuzzer.outcome(fuzzer.file(number))
            refused += told == "refused"
            wrong += [f"{name}, file {number}: {told}"] if told not in ("read", "refused") else []
assert len(readers) > 120 and 200 < refused < 6 * len(readers), refused
sys.exit("; ".join(wrong) or 0)
"""


def run(name, *words):
    """The last line of a benchmark that found nothing wrong."""
    done = shell.start(PROGRAM.format(name=name), *map(str, words)).end(timeout=40_000)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def only(*names):
    return [word for name in names for word in ("--only", name)]


def test_chains_of_killed_commands_end_as_if_nobody_had_killed_them():
    assert "0 wrong" in run("kills", "--count", 10, *only(*CHEAP))


def test_full_disk_is_told_and_leaves_what_stood_there():
    assert "0 wrong" in run("full", "--every", 5, *only("embed convert text", "diagnose sheet"))


def test_two_writers_and_a_reader_of_one_place():
    assert "0 wrong" in run("races", "--count", 5, *only(*CHEAP))


def test_changed_files_are_read_or_refused():
    done = shell.start(READ).end()
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    {
        "kills": ("--count", 1000),
        "full": (),
        "races": ("--count", 1000),
        "fuzz": ("--count", 5_000_000),
    }.items(),
)
def test_all_of_it(name, words):
    last = run(name, *words)
    assert "0 wrong" in last or " 0 findings" in last
