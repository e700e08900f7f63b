"""What kills and signals count of their chains, and how they tell it."""

import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Protocol


class Chain(Protocol):
    """A command that is ended again and again.  told: at which moments; work: the folder it writes to."""

    name: str
    told: list[str]
    work: Path


class Tally:
    """Counts chains, and what ended them, by command.  what: ends them, "kills"."""

    def __init__(self, what: str) -> None:
        self.what, self.started = what, time.monotonic()
        self.met, self.chains, self.wrong = Counter[str](), Counter[str](), 0

    def add(self, chain: Chain, met: int, faults: Sequence[str]) -> None:
        """Count a chain; tell what is wrong with it, or remove its folder."""
        self.met[chain.name] += met
        self.chains[chain.name] += 1
        if faults:
            self.wrong += 1
            print(f"{chain.name}, {', '.join(chain.told)}: {'; '.join(faults)}", flush=True)
        else:
            shutil.rmtree(chain.work)

    def end(self, names: Sequence[str], seed: int) -> NoReturn:
        """Print a row a command, and end with 1 if a chain was wrong."""
        print(f"{'command':26} {self.what:>7} chains")
        for name in names:
            print(f"{name:26} {self.met[name]:7} {self.chains[name]:6}")
        print(
            f"{self.met.total():,} {self.what}, {self.chains.total():,} chains, {self.wrong} wrong, seed {seed}, "
            f"{time.monotonic() - self.started:,.0f} s"
        )
        sys.exit(bool(self.wrong))
