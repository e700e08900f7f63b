"""Programs in processes of their own that may use so much processor time and memory, whatever else the machine does.

For what would take hours or gigabytes if it were wrong, and takes seconds if it is right. Not handled: Windows.
"""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def python(source, *words, cwd, seconds=60):
    """What a program printed; seconds: of processor time, after which it is killed."""
    return command([sys.executable, "-c", source, *map(str, words)], cwd=cwd, seconds=seconds)


def command(words, *, cwd, seconds=60, code=0):
    """What a command printed, as `python`."""
    resource = pytest.importorskip("resource", reason="needs limits of processor time and memory")
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])},
        preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_CPU, (seconds, seconds)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, (done.returncode, done.stderr[-2000:])
    return done.stdout


def hold(more):
    """From here on this process gets at most so many bytes of memory more than it has; call it after imports."""
    import resource

    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))
