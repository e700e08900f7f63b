"""The command line from outside, for the tests of commands.

Each command is a process of its own, forked from one that has imported the libraries already: that takes a tenth of the time.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

TEXT = "\n".join(
    [
        "the king rules the old town",
        "the queen rules the new town",
        "a cat sat on a mat",
        "a dog sat on a rug",
    ]
    * 60
)
SHELL = [sys.executable, "-c", "from seqkit.cli import main; main()"]
HERE = Path(__file__).parent
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["benchmarks._trust.preloaded"])


def _serve():
    """Start the server that forks, if there is none; it looks for modules where PYTHONPATH says."""
    places = [str(HERE.parent), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(places)):
        forkserver.ensure_running()


def run(*args, code=0, input="", cwd=None, package=None):
    """What a command printed.  package: the folder of another copy of seqkit to run."""
    return _ended(_Fork(_command, [*map(str, args)], package, input=input, cwd=cwd), code)


def python(source, *, cwd):
    """What a program printed, in which warnings are errors."""
    return _ended(_Fork(_program, source, (), cwd=cwd))


def start(source, *words, cwd=None):
    """A program with these arguments that runs on, to be ended by .end(); warnings are errors in it."""
    return _Fork(_program, source, words, cwd=cwd)


def _ended(fork, code=0):
    done = fork.end()
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


class _Fork:
    """A process that calls enter(*given)."""

    def __init__(self, enter, *given, input="", cwd=None):
        _serve()
        self.given, self.folder = given, tempfile.TemporaryDirectory()
        self.streams = [Path(self.folder.name) / name for name in ("stdin", "stdout", "stderr")]
        self.streams[0].write_text(input, encoding="utf-8")
        self.process = _FORKS.Process(target=_enter, args=(self.streams, cwd, enter, *given))
        self.process.start()

    def end(self, timeout=300):
        """Wait for it; its exit code and what it printed."""
        with self.folder:
            self.process.join(timeout)
            code = self.process.exitcode
            if code is None:
                self.process.kill()
                raise TimeoutError(f"{self.given}: not ready after {timeout} s")
            out, err = (stream.read_text(encoding="utf-8") for stream in self.streams[1:])
        return subprocess.CompletedProcess(self.given, code, out, err)


def _enter(streams, cwd, enter, *given):
    for number, stream in enumerate(streams):
        os.dup2(os.open(stream, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.chdir(cwd or ".")
    try:
        enter(*given)
    finally:
        atexit._run_exitfuncs()


def _command(words, package):
    if package is not None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "seqkit"]:
            del sys.modules[name]
        sys.path.insert(0, str(package))
    sys.argv = ["seqkit", *words]
    from seqkit.cli import main

    main()


def _program(source, words):
    sys.argv = ["-c", *words]
    warnings.simplefilter("error")
    exec(compile(source, "<program>", "exec"), {"__name__": "__main__"})
