"""Faults put into a forked command: it is killed at its n-th step on the disk, or finds the disk full from there on.

A step is what changes a folder, as Python tells it to an audit hook before it is done: a file opened to be
written, made, renamed or removed, a folder made, an fsync. Not handled: writes between two steps.
"""

import errno
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
REMOVING = ("os.remove", "os.rmdir")
CHANGES = ("os.rename", "os.mkdir", "os.truncate", "os.link", "os.symlink", *REMOVING)


class Steps:
    """Counts the steps of a forked process below some folder; what the process counts is seen here."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._count = str(folder), mmap.mmap(-1, 8)

    @property
    def count(self) -> int:
        """Steps so far."""
        return int.from_bytes(self._count[:], "little")

    def watch(self, act: Callable[[int, str], None] | None = None) -> None:
        """Count from now on, in the process this is called in.  act: called before step i, from 1, of some kind."""

        def step(kind: str) -> None:
            number = self.count + 1
            self._count[:] = number.to_bytes(8, "little")
            if act is not None:
                act(number, kind)

        def hook(event: str, given: tuple[Any, ...]) -> None:
            if (event == "open" and isinstance(given[2], int) and given[2] & WRITING) or event in CHANGES:
                path = given[0]
                if isinstance(path, str | bytes | os.PathLike) and self._within(path):
                    step(event)

        fsync = os.fsync

        def synced(file: Any) -> None:
            step("os.fsync")
            fsync(file)

        os.fsync = synced
        sys.addaudithook(hook)

    def _within(self, path: str | bytes | os.PathLike[Any]) -> bool:
        return os.path.abspath(os.fsdecode(path)).startswith(self.folder)  # noqa: PTH100

    def killed_at(self, number: int, sent: int = signal.SIGKILL) -> None:
        """From now on this process is killed before step `number`, or is sent another signal there."""

        def act(now: int, _: str) -> None:
            if now == number:
                os.kill(os.getpid(), sent)

        self.watch(act)

    def full_from(self, number: int) -> None:
        """From now on this process finds the disk full before step `number` and later ones; removing works."""

        def act(now: int, kind: str) -> None:
            if now >= number and kind not in REMOVING:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        self.watch(act)


def short_files(size: int) -> None:
    """No file of this process may grow beyond `size` bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
