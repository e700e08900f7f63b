"""Fuzzing of every reader and loader: whatever a file holds, it is read, or refused by an error of ours.

Files are changed at random (_trust/mutation) and read in a process of their own; the seed and a number give the
same file again. Anything else than a SeqkitError is a finding: another exception, a signal, more than 2 GiB of
memory, more than 20 seconds of the CPU. Findings are made shorter and written to --found; those of before are
read again by tests/trust. The time, or the count, is shared out evenly among the readers. --data: a folder of
files that were read wrongly once; each is a seed of the readers of such files. Bar: no finding.
"""

import argparse
import contextlib
import hashlib
import mmap
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks._trust.artefacts import Reader
from benchmarks._trust.mutation import minimised, mutated
from benchmarks._trust.readers import readers
from seqkit.core.errors import SeqkitError

MEMORY, SECONDS = 2 << 30, 20
ENDS = {  # of names of the files of --data, by the first word of a reader
    "vectors": (".vec", ".bin"),
    "similarity": (".tab", ".txt"),
    "labelled": (".csv", ".tsv", ".txt", ".json"),
    "tagged": (".conll", ".csv", ".jsonl", ".tsv"),
    "text": (".txt", ".zip"),
    "pairs": (".de", ".en", ".txt"),
}
FINDINGS = 20  # of one reader, after which it is left


@dataclass(frozen=True)
class Fuzzed:
    """What came of one reader: files read, refused, and by its cause a file that neither was."""

    read: int
    refused: int
    found: dict[str, bytes]
    seconds: float


class Fuzzer:
    """One reader, in a folder that is emptied for every file."""

    def __init__(self, name: str, reader: Reader, seed: int, folder: Path) -> None:
        self.name, self.reader, self.seed, self.folder = name, reader, seed, folder
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for raw in reader.seeds:  # so that all it needs is loaded before a process is forked
                self.outcome(raw)
        signal.setitimer(signal.ITIMER_PROF, 0)

    def file(self, number: int) -> bytes:
        """The file of this number."""
        return mutated(self.reader.seeds, random.Random(f"{self.seed} {self.name} {number}"))

    def outcome(self, raw: bytes) -> str:
        """read, refused, or the exception and where it was raised."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        path = self.reader.put(self.folder, raw)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # whose signal ends the process
        try:
            self.reader.read(path)
        except SeqkitError:
            return "refused"
        except BaseException as error:
            return f"{type(error).__name__} at {_place(error)}"
        return "read"

    def run(self, count: float, seconds: float) -> Fuzzed:
        """Read so many files, or for so long."""
        begun, number, found = time.monotonic(), mmap.mmap(-1, 24), dict[str, bytes]()

        def read(pipe: int) -> None:
            while (i := _get(number, 0)) < count and time.monotonic() - begun < seconds:
                told = self.outcome(self.file(i))
                if told in ("read", "refused"):
                    _add(number, 1 + (told == "refused"))
                else:
                    os.write(pipe, f"{i} {told}\n".encode())
                _add(number, 0)

        while _get(number, 0) < count and time.monotonic() - begun < seconds and len(found) < FINDINGS:
            code, told = forked(read)
            for line in told.splitlines():
                i, _, cause = line.partition(" ")
                found.setdefault(cause, self.file(int(i)))
            if code:
                found.setdefault(_signal(code), self.file(_get(number, 0)))
                _add(number, 0)
        found = {cause: self.shorter(cause, raw) for cause, raw in found.items()}
        return Fuzzed(_get(number, 1), _get(number, 2), found, time.monotonic() - begun)

    def shorter(self, cause: str, raw: bytes) -> bytes:
        """A shorter file with the same outcome."""

        def fails(shorter: bytes) -> bool:
            code, told = forked(lambda pipe: os.write(pipe, self.outcome(shorter).encode()))
            return (_signal(code) if code else told) == cause

        if " at " not in cause:  # it ends the process
            return minimised(raw, fails, tries=60)
        kept = self.folder.parent / "shorter"
        forked(lambda _: kept.write_bytes(minimised(raw, lambda shorter: self.outcome(shorter) == cause)))
        return kept.read_bytes() if kept.exists() else raw


def forked(act: Callable[[int], object]) -> tuple[int, str]:
    """Run this in a new process with little memory; its exit code, or minus its signal, and what it wrote."""
    ours, its = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(ours)
            for number in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            warnings.simplefilter("ignore")
            act(its)
            code = 0
        finally:
            os._exit(code)
    os.close(its)
    with open(ours, "rb") as told:  # noqa: PTH123
        said = told.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def _place(error: BaseException) -> str:
    """The last line of seqkit that an exception came through."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/seqkit/" in each.filename]
    last = (frames or traceback.extract_tb(error.__traceback__))[-1]
    return f"{last.filename.rpartition('/seqkit/')[2]}:{last.lineno}"


def _signal(code: int) -> str:
    named = {-signal.SIGPROF: f"more than {SECONDS} seconds"}
    return named.get(code, f"exit code {code}" if code > 0 else signal.Signals(-code).name)


def _get(numbers: mmap.mmap, place: int) -> int:
    return int.from_bytes(numbers[8 * place : 8 * place + 8], "little")


def _add(numbers: mmap.mmap, place: int) -> None:
    numbers[8 * place : 8 * place + 8] = (_get(numbers, place) + 1).to_bytes(8, "little")


def with_data(found: dict[str, Reader], folder: Path | None) -> dict[str, Reader]:
    """The readers with files of a folder as more seeds, by the ends of their names."""
    if folder is None:
        return found
    more: dict[str, list[bytes]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != "README.md":
            more.setdefault(path.suffix, []).append(path.read_bytes())
    found = dict(found)
    for name, reader in found.items():
        own = [raw for end in ENDS.get(name.split()[0], ()) for raw in more.get(end, ())]
        found[name] = replace(reader, seeds=(*reader.seeds, *own))
    return found


@contextlib.contextmanager
def prepared(data: Path | None = None) -> Iterator[tuple[dict[str, Reader], Path]]:
    """The readers, and a folder in memory to read in."""
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="seqkit-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    try:
        for name in ("seeds", "read"):
            (root / name).mkdir()
        yield with_data(readers(root / "seeds"), data), root / "read"
    finally:
        shutil.rmtree(root)


def main(args: list[str]) -> None:
    """Fuzz, and print a row a reader."""
    parser = argparse.ArgumentParser("fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="for all readers together")
    parser.add_argument("--count", type=int, help="files for all readers together")
    parser.add_argument("--only", action="append", default=[], help="readers whose name begins so")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path, help="write the files of findings to this folder")
    parser.add_argument("--data", type=Path, help="folder of more seeds")
    asked = parser.parse_args(args)
    if asked.minutes is None and asked.count is None:
        asked.minutes = 10.0
    bad, total, refused, started = 0, 0, 0, time.monotonic()
    with prepared(asked.data) as (every, folder):
        chosen = {name: each for name, each in every.items() if name.startswith(tuple(asked.only) or "")}
        if not chosen:
            sys.exit(f"--only: no reader begins with {' or '.join(asked.only)}; known: {', '.join(every)}")
        share = len(chosen)
        seconds = float("inf") if asked.minutes is None else 60 * asked.minutes / share
        count = float("inf") if asked.count is None else asked.count / share
        for name, reader in chosen.items():
            done = Fuzzer(name, reader, asked.seed, folder).run(count, seconds)
            total += done.read + done.refused + len(done.found)
            refused += done.refused
            speed = (done.read + done.refused) / done.seconds
            print(f"{name:34} {done.read:9,} read {done.refused:9,} refused {speed:8,.0f}/s", flush=True)
            for cause, raw in done.found.items():
                bad += 1
                print(f"    {cause}: {raw if len(raw) < 400 else raw[:400] + b'...'!r}", flush=True)
                if asked.found:
                    place = asked.found / name.replace(" ", "-")
                    place.mkdir(parents=True, exist_ok=True)
                    (place / hashlib.sha256(raw).hexdigest()[:12]).write_bytes(raw)
    seconds = time.monotonic() - started
    print(
        f"{total:,} files, {refused:,} refused, {bad} findings, {share} readers, seed {asked.seed}, {seconds:,.0f} s"
    )
    sys.exit(bool(bad))
