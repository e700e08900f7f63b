"""A full disk at every moment of every command that writes: is it told, and is what stood there still whole?

Each command replaces what it wrote of other inputs, and meets a full disk: from its k-th step on (faults), for
every k; in files that may not grow beyond a size, for every size at which one of its files would end; and on a
tmpfs of so many pages, if one can be mounted here (root, or a user's own namespace). It must end with exit
code 6 and one sentence; leave each artefact and file as it was or as it would be, and no temporary; and do its
work when there is room again. Bar: all.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks._trust.commands import COMMANDS, chosen
from benchmarks._trust.faults import Steps, short_files
from benchmarks._trust.processes import Ended, Enter, Ground, Running, contents, ground
from seqkit.core import files
from seqkit.core.errors import SeqkitError

PAGE = os.sysconf("SC_PAGE_SIZE")
SMALL = 600  # bytes; a limit below it would cut the sentence that is looked for


class Disk:
    """One command, on a disk that becomes full."""

    def __init__(self, place: Ground, name: str) -> None:
        self.ground, self.name = place, name
        self.replaces = COMMANDS[name].again in ("--force", "--resume")  # else it goes on with what is there
        self.old = place.new()
        if self.replaces and self._start(self.old, "other").wait().code:
            raise RuntimeError(f"{name}: cannot be run on the other inputs")
        self.before, self.after = contents(self.old), place.results[name, "in"]
        self.used = 1024 * int(subprocess.check_output(["du", "-sk", self.old]).split()[0])

    def _start(self, work: Path, inputs: str = "in", enter: Enter = None) -> Running:
        command = COMMANDS[self.name].reading(inputs)
        return Running([*command.words, *(["--force"] if self.replaces else [])], work, enter)

    def attempt(self, enter: Enter, work: Path | None = None) -> tuple[bool, list[str]]:
        """Run it with this fault, then without; whether it met the fault, and what is wrong."""
        here = work or self.ground.new()
        shutil.copytree(self.old, here, dirs_exist_ok=True)
        ended = self._start(here, enter=enter).wait()
        if ended.code == 0:
            return False, self._end(here, work is None)
        wrong = [*self._told(ended), *self._left(here)]
        if work is None:  # there is room again
            ended = self._start(here).wait()
            wrong += [f"then: {ended.err.strip()}"] if ended.code else []
        return True, wrong or self._end(here, work is None)

    def _end(self, work: Path, ours: bool) -> list[str]:
        faults = self.ground.faults(self.name, work) if ours else []
        if not faults:
            empty(work)
        return faults

    def _told(self, ended: Ended) -> Iterator[str]:
        last = ended.err.strip().rpartition("\n")[2]
        if ended.code != 6 or "Traceback" in ended.err or not last.startswith("error: "):
            yield f"exit code {ended.code}: {ended.err.strip()[-900:]}"

    def _left(self, work: Path) -> Iterator[str]:
        found = contents(work)
        for path, digest in found.items():
            known = {side[path] for side in (self.before, self.after) if path in side}
            if digest not in known and not _goes_on(path):
                yield f"{path} is {'neither old nor new' if known else 'left'}"
        for path in (self.before.keys() & self.after.keys()) - found.keys():
            yield f"{path} is gone"
        for manifest in work.rglob("manifest.json"):
            try:
                files.load(manifest.parent, files.kind_of(manifest.parent) or "", verify=True)
            except SeqkitError as error:
                yield str(error)
        yield from (f"tmp/{path.name} is left" for path in (self.ground.root / "tmp").iterdir())


def _goes_on(path: str) -> bool:
    """Whether a file is of what a stopped run leaves on purpose, to be gone on with."""
    parts = Path(path).parts
    hidden = any(part.startswith(".") for part in parts)
    return path == "out/.small.tar.gz.part" or (
        not hidden
        and (bool({"checkpoint", "trials", "log.jsonl"} & {*parts}) or parts[-1].startswith("search."))
    )


def steps(disk: Disk, every: int) -> Iterator[tuple[str, bool, list[str]]]:
    """The disk is full from step k on."""
    counted = Steps(disk.ground.root)
    disk.attempt(counted.watch)
    for number in range(1, counted.count + 1, every):
        watched = Steps(disk.ground.root)
        yield f"step {number}", *disk.attempt(lambda w=watched, n=number: w.full_from(n))


def sizes(disk: Disk, every: int) -> Iterator[tuple[str, bool, list[str]]]:
    """No file may become as large as one of those that the command writes."""
    work = disk.ground.new()
    disk._start(work).wait()
    found = sorted({path.stat().st_size for path in work.rglob("*") if path.is_file()} - {0})
    empty(work)
    for size in [size - 1 for size in found if size > SMALL][::every]:
        yield f"files of {size:,} bytes", *disk.attempt(lambda size=size: short_files(size))


def pages(disk: Disk, every: int) -> Iterator[tuple[str, bool, list[str]]]:
    """A tmpfs with room for k pages more than what stands there."""
    mounted = disk.ground.root / "disk"
    mounted.mkdir(exist_ok=True)
    size = disk.used + 64 * PAGE
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mounted], capture_output=True, check=False
    ).returncode:
        return
    try:
        for more in range(0, 4096, every):
            shutil.copytree(disk.old, mounted, dirs_exist_ok=True)
            free = os.statvfs(mounted)
            taken = (free.f_blocks - free.f_bfree) * free.f_frsize
            empty(mounted)
            subprocess.run(["mount", "-o", f"remount,size={taken + more * PAGE or 1}", mounted], check=True)
            met, wrong = disk.attempt(None, mounted)
            empty(mounted)
            subprocess.run(["mount", "-o", f"remount,size={size}", mounted], check=True)
            yield f"{more} free pages", met, wrong
            if not met:
                return
    finally:
        subprocess.run(["umount", mounted], check=True)


def empty(folder: Path) -> None:
    """Remove what is in a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


WAYS = {"steps": steps, "sizes": sizes, "pages": pages}


def main(args: list[str]) -> None:
    """Fill the disk, and print a row a command."""
    parser = argparse.ArgumentParser("full", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="commands whose name begins so")
    parser.add_argument("--way", action="append", choices=[*WAYS], help="how the disk is filled; all ways")
    parser.add_argument("--every", type=int, default=1, help="only every so many moments")
    asked = parser.parse_args(args)
    names, ways, started, bad = chosen(asked.only), asked.way or [*WAYS], time.monotonic(), 0
    total = Counter[str]()
    print(f"{'command':26} {' '.join(f'{way:>6}' for way in ways)}")
    with ground(names, ("in", "other")) as place:
        for name in names:
            disk, met = Disk(place, name), Counter[str]()
            for way in ways:
                for moment, full, wrong in WAYS[way](disk, asked.every):
                    met[way] += full
                    bad += bool(wrong)
                    for each in wrong:
                        print(f"{name}, {moment}: {each}")
            print(f"{name:26} {' '.join(f'{met[way]:6}' for way in ways)}", flush=True)
            total += met
    print(
        f"{total.total():,} full disks ({', '.join(f'{way} {n:,}' for way, n in total.items())}), {bad} wrong, "
        f"{time.monotonic() - started:,.0f} s"
    )
    sys.exit(bool(bad))
