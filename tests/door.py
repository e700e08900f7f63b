"""The command line from outside, for the tests of commands."""

import subprocess
import sys

TEXT = "\n".join(["the king rules the old town", "the queen rules the new town", "a cat sat on a mat", "a dog sat on a rug"] * 60)
DOOR = [sys.executable, "-c", "from seqkit.cli import main; main()"]


def run(*args, code=0, timeout=120, **settings):
    done = subprocess.run([*DOOR, *map(str, args)], check=False, capture_output=True, text=True, timeout=timeout, **settings)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done
