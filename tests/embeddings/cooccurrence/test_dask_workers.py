"""Counting through Dask: the bytes of one machine whatever dies on the way, or one sentence that says what is missing.

All of it in processes of their own: Dask pickles what it sends, which nothing in the process of the tests may do.
"""

import subprocess
import sys
from importlib.util import find_spec

import pytest
from shell import TEXT, run

from seqkit.core.errors import BackendError, OptionError
from seqkit.embeddings.cooccurrence import dask_workers
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.text.corpus.corpus import Corpus

needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="needs the extra dask: pip install 'seqkit[dask]'"
)
SCRIPT = """
import logging, os, shutil, subprocess, sys, threading, time
from seqkit.core.errors import SeqkitError
from seqkit.embeddings.cooccurrence import dask_workers

counted = dask_workers.count_part

def slow(low, high, job):
    time.sleep(4)
    return counted(low, high, job)

def deadly(low, high, job):
    os._exit(3)

def elsewhere(low, high, job):
    return counted(low, high, ("/elsewhere", *job[1:]))

def older(low, high, job):
    return counted(low, high, (*job[:3], "0.0.1", job[4]))

def later(seconds, call):
    threading.Timer(seconds, call).start()

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
        (folder / "script.py").write_text(SCRIPT + "\n".join(f"    {line}" for line in lines))
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
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
            "    pid = min(client.run(os.getpid).values())",
            "    later(2, lambda: os.kill(pid, 9))",
            "    attempt(client, slow)",
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
                "    later(2, lambda: cluster.scale(0))",
                "    attempt(client, slow, patience=3)",
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
                "while not os.path.exists('address.json'):",
                "    time.sleep(0.1)",
                "time.sleep(1)",
                "import json",
                "address = json.load(open('address.json'))['address']",
                "worker = subprocess.Popen([sys.executable, '-m', 'distributed.cli.dask_worker', address, '--no-dashboard', '--no-nanny'],",
                "    stderr=subprocess.DEVNULL, env=os.environ | {'PYTHONPATH': os.getcwd()})",
                "from distributed import Client",
                "with Client(address) as client:",
                "    client.wait_for_workers(1, timeout=60)",
                "later(2, server.kill)",
                "attempt(address, slow)",
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
