"""SIGINT, SIGTERM and SIGHUP at random moments of every command that trains or searches: has it stopped as it says?

A chain is a command that is started, sent a signal, gone on with by the command that its message names, sent
another one, until it may come to its end. Each start must end with 130 and one line that is true, and the last
one in the bytes of an uninterrupted run, with nothing left over. Signals come before a step on the disk; with
--count half of them after a time. Bar: 200 signals, all chains right. The seed decides signals and moments.
"""

import argparse
import itertools
import mmap
import random
import re
import shlex
import signal
import time
from collections.abc import Iterator

from benchmarks._trust.commands import COMMANDS, chosen
from benchmarks._trust.faults import Steps
from benchmarks._trust.processes import Ended, Enter, Ground, Running, ground
from benchmarks._trust.tally import Tally
from seqkit import cli
from seqkit.core.interrupt import INTERRUPTED, SIGNALS

LONGEST_CHAIN = 3
SAID = re.compile(r"error: interrupted: (?P<saved>[^\n]+?)\.( To go on: seqkit (?P<again>[^\n]+))?\n")


class Chain:
    """One command, stopped again and again.  timed: signals may come after a time, too."""

    def __init__(self, place: Ground, name: str, draw: random.Random, *, timed: bool) -> None:
        self.ground, self.name, self.draw, self.timed = place, name, draw, timed
        self.work = place.new()
        self.words, self.told = COMMANDS[name].words, list[str]()

    def run(self, sent: list[signal.Signals]) -> tuple[int, list[str]]:
        """Send these, one a start, and let it end; how many met it, and what is wrong then."""
        for met, number in enumerate(sent):
            ended = self._stopped(number)
            if ended.code == 0:
                return met, self.ground.faults(self.name, self.work)
            if faults := self._faults(ended):
                return met, faults
        ended = Running(self.words, self.work).wait()
        faults = [f"exit code {ended.code}: {ended.err.strip()}"] if ended.code else []
        return len(sent), faults or self.ground.faults(self.name, self.work)

    def _stopped(self, number: signal.Signals) -> Ended:
        """Start it and send it a signal at a moment drawn."""
        typical, steps = self.ground.typical(self.name), Steps(self.ground.root)
        if not self.timed or self.draw.random() < 0.5:
            step = self.draw.randint(1, typical.steps)
            self.told.append(f"{number.name} before step {step}")
            return self._start(lambda: steps.killed_at(step, number)).wait()
        seconds = self.draw.random() * typical.seconds
        self.told.append(f"{number.name} after {seconds:.3f} s")
        heard = mmap.mmap(-1, 1)
        running = self._start(lambda: _tell_when_listening(heard))
        while not heard[0]:
            time.sleep(0.0002)
        time.sleep(seconds)
        running.kill(number)
        return running.wait()

    def _start(self, enter: Enter) -> Running:
        return Running(self.words, self.work, enter)

    def _faults(self, ended: Ended) -> list[str]:
        """What is wrong with a start that was stopped; sets the words that go on with it."""
        said = SAID.fullmatch(ended.err)
        if ended.code != INTERRUPTED or not said:
            return [f"exit code {ended.code}, said {ended.err!r}"]
        if said["again"]:
            self.words = shlex.split(said["again"])
        left = any(
            (self.work / "out" / name).exists() for name in ("checkpoint/manifest.json", "search.sqlite")
        )
        return (
            [] if left == bool(said["again"]) else [f"said {ended.err!r}, but there is {left or 'nothing'}"]
        )


def _tell_when_listening(heard: mmap.mmap) -> None:
    """Set a byte, seen by the process that forked this one, as soon as the command listens to signals."""
    listen = cli.listen

    def listening() -> cli.Wish:
        wish = listen()
        heard[0] = 1
        return wish

    cli.listen = listening


def chains(
    names: list[str], draw: random.Random, count: int | None
) -> Iterator[tuple[str, list[signal.Signals]]]:
    """The commands and the signals of each chain: every signal to each command once, or without end if counted."""
    if count is None:
        for name in names:
            yield name, draw.sample(SIGNALS, len(SIGNALS))
        return
    for name in itertools.cycle(names):
        yield name, [draw.choice(SIGNALS) for _ in range(draw.randint(1, LONGEST_CHAIN))]


def main(args: list[str]) -> None:
    """Send signals until there were enough, and print a row a command."""
    parser = argparse.ArgumentParser("signals", description=__doc__)
    parser.add_argument(
        "--count", type=int, help="signals that met a running command; else one chain a command"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="each train command once, and one search")
    parser.add_argument("--only", action="append", default=[], help="commands whose name begins so")
    asked = parser.parse_args(args)
    for number in SIGNALS:  # not ignored, as in a job in the background
        signal.signal(number, signal.default_int_handler)
    names = [name for name in chosen(asked.only) if COMMANDS[name].trains]
    if asked.short:
        plain = [name for name in names if name.split() == COMMANDS[name].words[:2]]
        names = [name for name in plain if name.split()[1].startswith("train") or name == "tune lm"]
    draw, tally = random.Random(asked.seed), Tally("signals")
    with ground(names) as place:
        for name, sent in chains(names, draw, asked.count):
            chain = Chain(place, name, draw, timed=asked.count is not None)
            tally.add(chain, *chain.run(sent))
            if asked.count is not None and tally.met.total() >= asked.count:
                break
    tally.end(names, asked.seed)
