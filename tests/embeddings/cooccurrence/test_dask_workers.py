"""Counting through Dask: the bytes of one machine whatever dies on the way, or one sentence that says what is missing.

All of it in processes of their own: Dask pickles what it sends, which nothing in the process of the tests may do.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from shell import TEXT, run

from seqkit.core.errors import BackendError, OptionError
from seqkit.embeddings.cooccurrence import dask_workers
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.text.corpus.corpus import Corpus

TESTS = Path(__file__).parents[2]
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="needs the extra dask: pip install 'seqkit[dask]'"
)
SCRIPT = """
import json, logging, os, subprocess, sys, threading
from contextlib import suppress
from pathlib import Path
from seqkit.core.errors import SeqkitError
from seqkit.embeddings.cooccurrence import dask_workers
from waiting import until

counted = dask_workers.count_part

def held(low, high, job):
    Path(f"begun-{os.getpid()}").touch()
    until(Path("go").exists, "go")
    return counted(low, high, job)

def deadly(low, high, job):
    os._exit(3)

def elsewhere(low, high, job):
    return counted(low, high, ("/elsewhere", *job[1:]))

def older(low, high, job):
    return counted(low, high, (*job[:3], "0.0.1", job[4]))

def begun():
    return [int(path.name.partition("-")[2]) for path in Path().glob("begun-*")]

def when_begun(call):
    # once a worker counts, and waits for the file go
    threading.Thread(target=lambda: call(until(begun, "a part")[0])).start()

def kill(pid):
    os.kill(pid, 9)
    Path("go").touch()

def address_of(file):
    with suppress(OSError, ValueError):
        return json.loads(Path(file).read_text())["address"]

def attempt(cluster, part=counted, **settings):
    dask_workers.count_part = part
    try:
        dask_workers.count("corpus", "counts", cluster=cluster, parts=3, **settings)
        print("counted")
    except SeqkitError as error:
        print(type(error).__name__, error)

def local(**settings):
    from distributed import LocalCluster
    return LocalCluster(threads_per_worker=2, dashboard_address=None, silence_logs=logging.CRITICAL, **settings)

if __name__ == "__main__":
    from distributed import Client
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("dask")
    Corpus.build(TEXT.split("\n"), out=made / "corpus", threads=1)
    Cooccurrence.count(Corpus.load(made / "corpus"), out=made / "one", threads=1)
    return made


@pytest.fixture
def script(folder):
    """Runs the lines in a process beside the corpus; what they print."""

    def start(lines):
        for path in (*folder.glob("begun-*"), folder / "go", folder / "address.json"):
            path.unlink(missing_ok=True)
        (folder / "script.py").write_text(SCRIPT + "\n".join(f"    {line}" for line in lines))
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return start


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@needs_dask
def test_two_local_workers_write_the_bytes_of_one_process(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    told = []
    for out, more in (("one", ()), ("two", ("--dask", "local", "--parts", 5))):
        told.append(
            run(
                "embed",
                "count",
                tmp_path / "text.txt",
                "--threads",
                2,
                "--quiet",
                "--out",
                tmp_path / out,
                *more,
            )
        )
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert told[0].stdout == told[1].stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "text.txt", "two"]


@needs_dask
@pytest.mark.slow
def test_a_worker_that_is_killed_costs_time_and_no_count(folder, script):
    told = script(
        [
            "with local(n_workers=2) as cluster, Client(cluster) as client:",
            "    when_begun(kill)",
            "    attempt(client, held)",
        ]
    )
    assert told == "counted"
    assert content(folder / "counts") == content(folder / "one")
    assert not list(folder.glob(".counting-*"))
    assert script(["attempt('tcp://127.0.0.1:9')"]) == "counted"  # it is there already, so nobody is asked
    for path in (folder / "counts").iterdir():
        path.unlink()


@needs_dask
@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["attempt('tcp://127.0.0.1:9', patience=2)"],
            "BackendError dask: no scheduler answered at tcp://127.0.0.1:9 within 2 s. Start one",
        ),
        (
            ["with local(n_workers=0) as cluster:", "    attempt(cluster.scheduler_address, patience=2)"],
            "has had no worker for 2 s. Start some with `dask worker",
        ),
        (
            [
                "with local(n_workers=1) as cluster, Client(cluster) as client:",
                "    when_begun(lambda _: cluster.scale(0))",
                "    attempt(client, held, patience=3)",
                "    Path('go').touch()",
            ],
            "has had no worker for 3 s",
        ),
        (
            ["with local(n_workers=1) as cluster, Client(cluster) as client:", "    attempt(client, deadly)"],
            "ResourceError dask: the workers that counted one part died, one after the other. If memory ran out, lower --memory",
        ),
        (
            [
                "with local(n_workers=1) as cluster, Client(cluster) as client:",
                "    attempt(client, elsewhere)",
                "    attempt(client, older)",
            ],
            "FormatError dask: a worker does not see /elsewhere. Put corpus and --out on a disk that all machines see, under the same path.\n"
            "BackendError dask: a worker has seqkit",
        ),
        (
            [
                "server = subprocess.Popen([sys.executable, '-m', 'distributed.cli.dask_scheduler', '--host', '127.0.0.1', '--port', '0',",
                "    '--no-dashboard', '--scheduler-file', 'address.json'], stderr=subprocess.DEVNULL)",
                "address = until(lambda: address_of('address.json'), 'the address of the scheduler')",
                "worker = subprocess.Popen([sys.executable, '-m', 'distributed.cli.dask_worker', address, '--no-dashboard', '--no-nanny'],",
                "    stderr=subprocess.DEVNULL, env=os.environ | {'PYTHONPATH': os.pathsep.join([os.getcwd(), os.environ['PYTHONPATH']])})",
                "from distributed import Client",
                "with Client(address) as client:",
                "    client.wait_for_workers(1, timeout=300)",
                "when_begun(lambda _: server.kill())",
                "attempt(address, held)",
                "worker.kill()",
            ],
            "BackendError dask: the scheduler was lost on the way. Start it again",
        ),
    ],
    ids=[
        "unreachable",
        "no worker",
        "workers gone",
        "workers die",
        "invisible, other version",
        "scheduler lost",
    ],
)
def test_what_is_lost_or_missing_is_one_sentence_with_the_way_out(script, lines, message):
    assert message in script(lines)


def test_what_cannot_be_asked_is_refused_before_anything_starts(folder, tmp_path, monkeypatch):
    failed = run(
        "embed", "count", folder / "corpus", "--dask", "local", "--dry-run", "--out", tmp_path / "c", code=2
    )
    assert "dry_run shows what one machine needs" in failed.stderr
    with pytest.raises(OptionError, match="dask: got parts 0"):
        dask_workers.count(folder / "corpus", tmp_path / "c", parts=0)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BackendError, match=r"dask: it is not installed. pip install 'seqkit\[dask\]'"):
        dask_workers.count(folder / "corpus", tmp_path / "c")


@needs_dask
def test_an_address_that_is_none_is_named(folder, tmp_path):
    failed = run(
        "embed", "count", folder / "corpus", "--dask", "scheduler", "--out", tmp_path / "c", "--quiet", code=2
    )
    assert (
        "dask: got 'scheduler', expected local or a scheduler's address such as tcp://10.0.0.1:8786."
        in failed.stderr
    )
