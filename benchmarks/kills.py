"""Kill -9 at random moments of every command that writes: does it end as if nobody had killed it?

A chain is a command that is started, killed, started again (with --resume where it has it, else with --force
or as it is) and killed again, until it may come to its end. It must then have written the bytes of an
uninterrupted run, and nothing may be left of the killed ones. Half of the kills come before a step on the disk
(faults), half after a time. Bar: 1,000 kills, all chains equal. The seed decides commands, lengths and moments.
"""

import argparse
import random
import time

from benchmarks._trust.commands import chosen
from benchmarks._trust.faults import Steps
from benchmarks._trust.processes import Enter, Ground, Running, ground
from benchmarks._trust.tally import Tally

LONGEST_CHAIN = 6


class Chain:
    """One command, killed again and again."""

    def __init__(self, place: Ground, name: str, draw: random.Random) -> None:
        self.ground, self.name, self.draw = place, name, draw
        self.work = place.new()
        self.told = list[str]()

    def run(self, kills: int) -> tuple[int, list[str]]:
        """Start and kill it so often, then let it end; the kills that met it, and what is wrong then."""
        met = 0
        for _ in range(kills):
            met += self._killed(begun=bool(self.told))
        ended = self._start(bool(self.told), None).wait()
        faults = [f"exit code {ended.code}: {ended.err.strip()}"] if ended.code else []
        return met, faults or self.ground.faults(self.name, self.work)

    def _killed(self, *, begun: bool) -> bool:
        """Start it and kill it at a moment drawn; whether it was not at its end already."""
        typical, steps = self.ground.typical(self.name), Steps(self.ground.root)
        if self.draw.random() < 0.5:
            number = self.draw.randint(1, typical.steps)
            self.told.append(f"step {number}")
            running = self._start(begun, lambda: steps.killed_at(number))
        else:
            seconds = self.draw.random() * typical.seconds
            self.told.append(f"{seconds:.3f} s")
            running = self._start(begun, None)
            running.wait_for_start()
            time.sleep(seconds)
            running.kill()
        return running.wait().killed

    def _start(self, begun: bool, enter: Enter) -> Running:
        return self.ground.start(self.name, self.work, begun=begun, enter=enter)


def main(args: list[str]) -> None:
    """Kill until there were enough, and print a row a command."""
    parser = argparse.ArgumentParser("kills", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="kills that met a running command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="commands whose name begins so")
    asked = parser.parse_args(args)
    names, draw, tally = chosen(asked.only), random.Random(asked.seed), Tally("kills")
    with ground(names) as place:
        while tally.met.total() < asked.count:
            chain = Chain(place, names[tally.chains.total() % len(names)], draw)
            tally.add(chain, *chain.run(draw.randint(1, LONGEST_CHAIN)))
    tally.end(names, asked.seed)
