"""Pairs of writers of one place, and a reader beside them: is what is read always whole, and no success a lie?

Two processes run one command at the same time on two sets of inputs, with --force, where a result of the first
set stands already; a reader looks at the place all the while. It must see a whole artefact, the old one or that
of a writer. Each writer ends with exit code 0, or is told who writes there; what stands at the end is whole, and
of a writer that ended with 0. Commands that share their place on purpose (searches) get the same inputs and must
both end well. Bar: 1,000 pairs. The seed decides commands and moments.
"""

import argparse
import hashlib
import json
import random
import re
import shutil
import sys
import time
from collections import Counter

from benchmarks._trust.commands import COMMANDS, chosen
from benchmarks._trust.processes import Ground, Running, contents, ground, steady
from seqkit.core import files
from seqkit.core.errors import SeqkitError

BUSY = re.compile(r"error: .*: is being written by process (\d+) on \S+ since ")


class Race:
    """One command against itself."""

    def __init__(self, place: Ground, name: str) -> None:
        self.ground, self.name = place, name
        self.shares = not COMMANDS[name].again
        self.sides = ("in", "in") if self.shares else ("in", "other")
        self.results = list[dict[str, str]]()
        self.known: dict[str, set[str]] = {}
        self.seconds, self.work = place.typical(name).seconds, place.new()
        for side in self.sides:
            if self._start(side).wait().code:
                raise RuntimeError(f"{name}: cannot be run")
            self.results.append(contents(self.work))
            for path in self.parts():
                self.known.setdefault(path, set()).add(self.look(path))

    def _start(self, side: str) -> Running:
        command = COMMANDS[self.name].reading(side)
        return Running([*command.words, *([] if self.shares else ["--force"])], self.work)

    def parts(self) -> list[str]:
        """The artefacts and single files of a result that no run in between changes."""
        found = [path.parent for path in self.work.rglob("manifest.json")]
        for place in map(self.work.joinpath, COMMANDS[self.name].writes):
            plain = not any(place.rglob("manifest.json"))
            found += [path for path in (place, *place.rglob("*")) if plain and path.is_file()]
        paths = [path.relative_to(self.work) for path in found]
        return [str(path) for path in paths if not {"checkpoint", "trials"} & {*path.parts}]

    def look(self, path: str) -> str:
        """The hash of what stands there, read as our loaders read it."""
        place = self.work / path
        if place.is_file():
            return hashlib.sha256(place.read_bytes()).hexdigest()
        kind = files.kind_of(place)
        arrays, meta = files.load(place, kind or "", verify=True)
        digest = hashlib.sha256(json.dumps(steady(meta), sort_keys=True).encode())
        for name in sorted(arrays):
            digest.update(arrays[name].tobytes())
        return digest.hexdigest()

    def run(self, draw: random.Random) -> tuple[int, int, list[str]]:
        """How many writers wrote, how often the place was read meanwhile, and what is wrong."""
        if self.shares:
            shutil.rmtree(self.work)
            self.work.mkdir()
        first = self._start(self.sides[0])
        first.wait_for_start()
        time.sleep(draw.choice((0, 0.1, 1)) * draw.random() * self.seconds)
        second = self._start(self.sides[1])
        reads, wrong = 0, list[str]()
        while not wrong and not (first.done() and second.done()):
            for path in self.known:
                wrong += self._read(path)
            reads += 1
        ends = (first.wait(), second.wait())
        for ended, other in zip(ends, (second, first), strict=True):
            if ended.code == 0:
                continue
            told = BUSY.search(ended.err)
            if ended.code != 2 or not told or int(told[1]) != other.pid or self.shares:
                wrong.append(f"exit code {ended.code}: {ended.err.strip()[-600:]}")
        of = [result for result, ended in zip(self.results, ends, strict=True) if ended.code == 0]
        if not any(contents(self.work) == result for result in of):
            wrong.append(f"the end is of no writer that ended well ({len(of)} did)")
        return len(of), reads, wrong

    def _read(self, path: str) -> list[str]:
        try:
            if self.look(path) not in self.known[path]:
                return [f"{path}: neither old nor new"]
        except (SeqkitError, FileNotFoundError) as error:
            if not self.shares or (self.work / path / "manifest.json").exists():
                return [f"{path}: {error}"]
        return []


def main(args: list[str]) -> None:
    """Race, and print a row a command."""
    parser = argparse.ArgumentParser("races", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="pairs of writers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="commands whose name begins so")
    asked = parser.parse_args(args)
    names, draw, started, bad = chosen(asked.only), random.Random(asked.seed), time.monotonic(), 0
    pairs, both, reads = Counter[str](), Counter[str](), Counter[str]()
    with ground(names, ("in", "other")) as place:
        races = {name: Race(place, name) for name in names}
        while pairs.total() < asked.count:
            name = names[pairs.total() % len(names)]
            wrote, read, wrong = races[name].run(draw)
            pairs[name] += 1
            both[name] += wrote == 2
            reads[name] += read
            bad += bool(wrong)
            for each in wrong:
                print(f"{name}: {each}", flush=True)
    print(f"{'command':26} pairs both wrote    reads")
    for name in names:
        print(f"{name:26} {pairs[name]:5} {both[name]:10} {reads[name]:8,}")
    seconds = time.monotonic() - started
    print(
        f"{pairs.total():,} pairs, {reads.total():,} reads, {bad} wrong, seed {asked.seed}, {seconds:,.0f} s"
    )
    sys.exit(bool(bad))
