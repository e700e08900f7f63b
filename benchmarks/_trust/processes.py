"""Commands in processes forked from this one, and what they leave behind.

The process that forks has imported everything, and has loaded every kernel by running the commands once, so
that a start costs milliseconds. Not handled: which commands (commands), which faults (faults).
"""

import atexit
import contextlib
import hashlib
import importlib
import json
import mmap
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._fixed.table import VARYING
from benchmarks._trust import commands
from benchmarks._trust.commands import COMMANDS
from benchmarks._trust.faults import Steps
from tests import in_process

Enter = Callable[[], object] | None
LONGEST = 120  # seconds after which a command counts as hanging


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or minus the signal; what it printed; seconds of wall time."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether it was killed before its end."""
        return self.code == -signal.SIGKILL


class Running:
    """A command in a process of its own, working in `cwd`.  enter: called in it before the command."""

    def __init__(self, words: list[str], cwd: Path, enter: Enter = None) -> None:
        self.streams = Path(tempfile.mkdtemp(dir=cwd.parent / "tmp", prefix="streams-"))
        self._entered, self.status = mmap.mmap(-1, 8), None
        self.begun = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _command(words, cwd, self.streams, enter, self._entered)

    def wait_for_start(self) -> None:
        """Return when the command itself begins: the process is made and knows where it is."""
        while not self._entered[0] and time.monotonic() - self.begun < LONGEST:
            time.sleep(0.0002)

    def kill(self, sent: int = signal.SIGKILL) -> None:
        """End it at once, or send it another signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, sent)

    def done(self) -> bool:
        """Whether it has ended; `wait` says how."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def wait(self, seconds: float = LONGEST) -> Ended:
        """Wait for its end; one that hangs is killed, and has the code of SIGALRM."""
        hung = False
        while not self.done():
            time.sleep(0.002)
            if not hung and time.monotonic() - self.begun > seconds:
                hung = True
                self.kill()
        out, err = ((self.streams / name).read_text("utf-8", "replace") for name in ("out", "err"))
        shutil.rmtree(self.streams)
        code = -signal.SIGALRM if hung else os.waitstatus_to_exitcode(self.status)
        return Ended(code, out, err, time.monotonic() - self.begun)


def _command(words: list[str], cwd: Path, streams: Path, enter: Enter, entered: mmap.mmap) -> None:
    """What the new process does; it never returns."""
    code = 1
    try:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(streams / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.chdir(cwd)
        tempfile.tempdir = str(cwd.parent / "tmp")
        sys.argv = ["seqkit", *words]
        from seqkit.cli import main

        try:
            if enter:
                enter()
            entered[0] = 1
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            import traceback

            traceback.print_exc()
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    finally:
        os._exit(code)


@dataclass(frozen=True)
class Typical:
    """What an uninterrupted run takes."""

    steps: int
    seconds: float


class Ground:
    """A folder with two sets of inputs, `in` and `other`, in which commands are run, each in a folder of its own.

    names: the commands that will be run: they are run once here, so that no process that is forked loads
    a kernel again, and what they write is kept to compare with.
    """

    def __init__(self, root: Path, names: Iterable[str], places: Iterable[str] = ("in",)) -> None:
        self.root, self.made = root, 0
        self.results = dict[tuple[str, str], dict[str, str]]()
        self.measured = dict[tuple[str, str], Typical]()
        (root / "tmp").mkdir()
        for number, place in enumerate(places):
            commands.inputs(root, _run_here, place, 100 * number)
        for name in names:
            for place in places:
                work = self.new()
                _run_here(COMMANDS[name].reading(place).words, work)
                self.results[name, place] = contents(work)
                shutil.rmtree(work)
        self.inputs = {place: contents(root / place) for place in places}

    def typical(self, name: str, place: str = "in") -> "Typical":
        """What an uninterrupted run takes: its steps on the disk and its seconds."""
        if (name, place) not in self.measured:
            work, steps = self.new(), Steps(self.root)
            running = self.start(name, work, place=place, enter=steps.watch)
            running.wait_for_start()
            begun = time.monotonic()
            ended = running.wait()
            if faults := self.faults(name, work, place) if not ended.code else [ended.err]:
                raise RuntimeError(f"{name}: two runs are not alike: {'; '.join(faults)}")
            shutil.rmtree(work)
            self.measured[name, place] = Typical(steps.count, time.monotonic() - begun)
        return self.measured[name, place]

    def new(self) -> Path:
        """A new folder to work in."""
        self.made += 1
        work = self.root / f"work-{self.made}"
        work.mkdir()
        return work

    def start(
        self, name: str, cwd: Path, *, begun: bool = False, place: str = "in", enter: Enter = None
    ) -> Running:
        """Start a command of the list.  begun: it was started there before."""
        command = COMMANDS[name].reading(place)
        return Running([*command.words, *shlex.split(command.again if begun else "")], cwd, enter)

    def faults(self, name: str, cwd: Path, place: str = "in") -> list[str]:
        """What is wrong after a command came to its end in `cwd`: other results, anything else, other inputs."""
        return [
            *differences(contents(cwd), self.results[name, place]),
            *(f"tmp/{path.name} is left" for path in (self.root / "tmp").iterdir()),
            *(
                each
                for of, before in self.inputs.items()
                for each in differences(contents(self.root / of), before)
            ),
        ]


@contextlib.contextmanager
def ground(names: Iterable[str], places: Iterable[str] = ("in",)) -> Iterator[Ground]:
    """A Ground among the system's temporary files, for the time of a block."""
    importlib.import_module("benchmarks._trust.preloaded")
    root = Path(
        tempfile.mkdtemp(prefix="seqkit-trust-")
    )  # a TemporaryDirectory would go with the first process
    try:
        made = Ground(root, [*names], [*places])
        with commands.small_known(root):
            yield made
    finally:
        shutil.rmtree(root)


def _run_here(words: list[str], cwd: Path) -> None:
    with commands.small_known(cwd.parent):
        in_process.run(*words, cwd=cwd)


def contents(folder: Path) -> dict[str, str]:
    """What a folder holds: the hash of each file by its path; of JSON without times and versions."""
    return {
        str(path.relative_to(folder)): _hash(path) for path in sorted(folder.rglob("*")) if not path.is_dir()
    }


def _hash(path: Path) -> str:
    raw = path.read_bytes()
    if path.suffix == ".sqlite":  # it holds times; what is in it stands in search.json too
        return "SQLite"
    if path.suffix in (".json", ".jsonl"):
        lines = raw.splitlines() if path.suffix == ".jsonl" else [raw]
        with contextlib.suppress(ValueError, AttributeError):
            values = [steady(json.loads(line)) for line in lines]
            values = [
                value for value in values if value.get("event") != "step"
            ]  # in a log, every ten seconds
            raw = json.dumps(values, sort_keys=True).encode()
    return hashlib.sha256(raw).hexdigest()


def steady(value: Any) -> Any:
    """JSON without what differs from run to run."""
    if isinstance(value, dict):
        return {name: steady(part) for name, part in value.items() if name not in (*VARYING, "checksum")}
    return [steady(part) for part in value] if isinstance(value, list) else value


def differences(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """What is missing, left over or different."""
    return [
        f"{path} {'is left' if path not in expected else 'is missing' if path not in found else 'differs'}"
        for path in sorted(found.keys() | expected.keys())
        if found.get(path) != expected.get(path)
    ]
