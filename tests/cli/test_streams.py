"""What is printed where: closed streams, streams of few characters, terminals; and what errors of files are called."""

import errno
import json
import os
import pty
import subprocess

import pytest
from in_process import refused
from shell import SHELL

from seqkit.core.errors import os_error

VECTORS = "1 2\nfür—\x1b[2J\u202e 1 1\n".replace("1 2\n", "2 2\n") + "a 1 2\n"


@pytest.fixture
def vectors(tmp_path):
    (tmp_path / "v.txt").write_text(VECTORS, encoding="utf-8")
    return tmp_path / "v.txt"


def nearest(vectors, *more, env=None, **streams):
    words = [*SHELL, "embed", "nearest", str(vectors), "a", "--top", "1", *more]
    return subprocess.run(words, check=False, timeout=300, env=os.environ | (env or {}), **streams)


def test_closed_stdout_is_told_before_the_work(vectors):
    done = nearest(vectors, preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count(b"\n")) == (6, 1)
    assert done.stderr.startswith(b"error: stdout: is closed")


def test_closed_stderr_is_as_one_that_nobody_reads(vectors):
    done = nearest(vectors, preexec_fn=lambda: os.close(2), stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert "für—" in done.stdout.decode()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
def test_stdout_of_few_characters(vectors, encoding):
    env = {"PYTHONIOENCODING": encoding}
    done = nearest(vectors, env=env, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert ("—".encode(encoding, "backslashreplace")) in done.stdout
    done = nearest(vectors, "--json", env=env, stdout=subprocess.PIPE)
    assert json.loads(done.stdout.decode("ascii"))["a"][0][0] == "für—\x1b[2J\u202e"


def test_terminal_gets_escapes_and_a_pipe_the_text(vectors):
    ours, its = pty.openpty()
    assert nearest(vectors, stdout=its).returncode == 0
    os.close(its)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert rb"\x1b[2J\u202e" in shown
    assert b"\x1b" not in shown
    assert "\x1b[2J\u202e" in nearest(vectors, stdout=subprocess.PIPE).stdout.decode()


ERRORS = [
    (
        PermissionError(errno.EACCES, "Permission denied", "a.txt"),
        3,
        "a.txt: cannot be read (Permission denied)",
    ),
    (IsADirectoryError(errno.EISDIR, "Is a directory", "a"), 3, "a: cannot be read (Is a directory)"),
    (OSError(errno.EIO, "Input/output error", "a.txt"), 3, "a.txt: cannot be read (Input/output error)"),
    (OSError(errno.ENOSPC, "No space left on device", "out"), 6, "out: no space left on the disk"),
    (OSError("1024 requested and 0 written"), 6, "output: no space left on the disk"),
    (OSError(errno.EROFS, "Read-only file system", "out"), 6, "out: cannot be written (Read-only"),
    (OSError(errno.EIO, "Input/output error"), 6, "output: cannot be written (Input/output error)"),
    (OSError(errno.ENOMEM, "Cannot allocate memory", "a.txt"), 6, "a.txt: got too little memory"),
]


@pytest.mark.parametrize(("error", "code", "said"), ERRORS)
def test_error_of_a_file_says_what_was_tried(error, code, said):
    told = os_error(error)
    assert (told.exit_code, str(told)[: len(said)]) == (code, said)
    assert "None" not in str(told)


def test_what_cannot_be_looked_at_is_not_called_a_failed_write(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for name in ("loop", "x" * 300):
        said = refused("embed", "nearest", name, "a", cwd=tmp_path, code=3)
        assert "written" not in said
