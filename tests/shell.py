"""The command line from outside, for the tests of commands.

Each command is a process of its own, forked from one that has imported the libraries already: that takes a tenth of the time.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

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
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["torch", "torch._dynamo", "numba", "nltk", "typer", "seqkit.cli.app"])


def run(*args, code=0, timeout=300, input="", cwd=None, package=None):
    """What a command printed.  package: the folder of another copy of seqkit to run."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(input, encoding="utf-8")
        process = _FORKS.Process(target=_enter, args=([*map(str, args)], streams, cwd, package))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{args}: not ready after {timeout} s")
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
    assert process.exitcode == code, err
    assert "Traceback" not in err
    return subprocess.CompletedProcess(args, code, out, err)


def _enter(args, streams, cwd, package):
    if package is not None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "seqkit"]:
            del sys.modules[name]
        sys.path.insert(0, str(package))
    for number, stream in enumerate(streams):
        os.dup2(os.open(stream, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.chdir(cwd or ".")
    sys.argv = ["seqkit", *args]
    from seqkit.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()
