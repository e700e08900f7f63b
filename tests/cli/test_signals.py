"""A wish to stop, by real signals: every train command ends as it says and goes on to the same bytes; processes of a command are silent."""

import os
import pty
import shlex
import signal
import subprocess
import sys
import threading
from importlib.util import find_spec

import pytest
import shell
from conftest import ROOT

from seqkit.core.interrupt import SIGNALS, aside, polite_interrupts
from seqkit.train.probe import EnoughError

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def test_every_train_command_stops_as_it_says_and_goes_on_to_the_same_bytes():
    """Signals come before steps on the disk, which the seed draws: benchmarks/signals.py."""
    command = [sys.executable, "-m", "benchmarks", "signals", "--short"]
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False
    )
    *rows, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert len(rows) == 1 + 8
    assert all(int(row.split()[-2]) >= 1 for row in rows[1:])
    assert " 0 wrong" in last


PROGRAM = """
import importlib, os, signal, sys

os.setpgid(0, 0)  # a terminal sends Ctrl-C to all processes of a command
where, action, *words = sys.argv[1:]
module, names = where.split(":")
owner = importlib.import_module(module)
*path, name = names.split(".")
for part in path:
    owner = getattr(owner, part)
before = getattr(owner, name)


class Lost:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)


def now(*args, **given):
    setattr(owner, name, before)
    exec(action)
    return before(*args, **given)


setattr(owner, name, now)
sys.argv = ["seqkit", *words]
from seqkit.cli import main

main()
"""
GROUP = "os.killpg(0, signal.SIGINT)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signals")
    (folder / "text.txt").write_text(shell.TEXT)
    rows = ["pos\ta good film", "neg\ta bad film", "pos\tso good", "neg\tso bad"] * 10
    (folder / "film.tsv").write_text("\n".join(rows) + "\n")
    (folder / "pairs.tsv").write_text("good\tbad\nthe king\tking the\n" * 2)
    lm = ["--unit", "whitespace", "--hidden", 8, "--layers", 1, "--epochs", 1, "--device", "cpu", "--quiet"]
    shell.run("lm", "train", "text.txt", *lm, "--out", "lm", cwd=folder)
    shell.run("corpus", "build", "text.txt", "--out", "corpus", cwd=folder)
    return folder


def stopped(folder, line, where, action):
    """Run a command that does something at the first call of a function; its exit code and what it said."""
    there = sorted(folder.iterdir())
    fork = shell.start(PROGRAM, where, action, *shlex.split(line), cwd=folder)
    ended = fork.end()
    left = [path.name for path in sorted(folder.iterdir()) if path not in there]
    return ended.returncode, ended.stderr, left


PLACES = {
    "embed train reading": (
        "embed train text.txt --out new",
        "seqkit.text.corpus.build:_merge",
        "nothing was saved to new",
    ),
    "corpus build": (
        "corpus build text.txt --out new",
        "seqkit.text.corpus.build:_renumber",
        "nothing was saved to new",
    ),
    "corpus build subword": (
        "corpus build text.txt --tokenizer subword:bpe --max-size 60 --out new",
        "seqkit.text.tokenizers.subword:aside",
        "nothing was saved to new",
    ),
    "corpus build written": (
        "corpus build text.txt --out new",
        "seqkit.text.corpus.corpus:Corpus.summary",
        "new was written",
    ),
    "embed count": (
        "embed count text.txt --out new",
        "seqkit.embeddings.cooccurrence.counting:keep",
        "nothing was saved to new",
    ),
    "phrases": ("phrases corpus --out new", "seqkit.text.phrases:_count_pairs", "nothing was saved to new"),
    "n-gram baseline": (
        "lm compare lm pairs.tsv --baseline text.txt",
        "seqkit.text.ngram_lm:NGram.__init__",
        None,
    ),
    "lm eval": ("lm eval lm text.txt", "seqkit.models.language_model.model:LanguageModel.score_file", None),
    "duplicates": ("diagnose duplicates film.tsv", "seqkit.diagnosis.from_files:duplicates", None),
    "diagnose run": (
        "diagnose run film.tsv --dev film.tsv --set unit=whitespace --out new.html",
        "seqkit.diagnosis.diagnose:judge_labels",
        "nothing was saved to new.html",
    ),
    "tune lr": (
        "tune lr lm text.txt --unit whitespace --steps 20 --set hidden_size=8",
        "seqkit.tuning.lr_range_test:_Watch.step",
        None,
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_one_signal_outside_a_checkpointed_loop_ends_the_command_and_leaves_nothing(folder, place):
    line, where, saved = PLACES[place]
    number = SIGNALS[sum(map(ord, place)) % len(SIGNALS)]
    code, said, left = stopped(folder, line, where, f"os.kill(os.getpid(), {int(number)})")
    what = f"interrupted: {saved}." if saved else "interrupted."
    assert (code, said.splitlines()[-1]) == (130, f"error: {what}")
    assert "Traceback" not in said
    whole = saved is not None and saved.endswith("was written")
    assert left == (["new"] if whole else [])
    if whole:
        shell.run("corpus", "stats", "new", cwd=folder)
        subprocess.run(["rm", "-r", folder / "new"], check=True)


CLASSIFY = "classify train film.tsv --unit whitespace --epochs 2 --device cpu --quiet"


@pytest.mark.parametrize("where", ["baselines:_tfidf", "data:judge", "data:simple"])
def test_stop_after_the_training_names_its_last_epoch_and_goes_on_to_the_same_bytes(folder, tmp_path, where):
    whole = shell.run(*shlex.split(CLASSIFY), "--out", tmp_path / "whole", cwd=folder)
    line, place = f"{CLASSIFY} --out {tmp_path / 'new'}", f"seqkit.models.classifier.{where}"
    code, said, _ = stopped(folder, line, place, "os.kill(os.getpid(), signal.SIGHUP)")
    again = f"To go on: seqkit {line} --resume\n"
    assert (code, said) == (
        130,
        f"error: interrupted: {tmp_path / 'new'} holds the run after epoch 2 of 2. {again}",
    )
    done = shell.run(*shlex.split(line), "--resume", cwd=folder)
    assert done.stdout.splitlines()[0].split(": ")[1] == whole.stdout.splitlines()[0].split(": ")[1]
    (one,) = (tmp_path / "new").glob("arrays-*")
    assert one.read_bytes() == (tmp_path / "whole" / one.name).read_bytes()


MERGE = "seqkit.text.corpus.build:_merge"
EMBED = "embed train text.txt --dim 8 --min-count 1 --epochs 3 --deterministic --threads 1 --quiet --out"
STEP = "seqkit.embeddings.training.window_objective:WindowObjective.step"


def test_second_signal_in_a_step_ends_at_once_and_says_that_nothing_was_saved(folder):
    twice = "os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGTERM)"
    code, said, left = stopped(folder, f"{EMBED} new", STEP, twice)
    assert (code, said, left) == (130, "error: interrupted: nothing was saved to new.\n", [])


def test_second_signal_outside_a_loop_ends_without_cleaning_up_and_the_next_run_cleans(folder):
    twice = "\ntry: os.kill(os.getpid(), signal.SIGINT)\nfinally: os.kill(os.getpid(), signal.SIGINT)"
    code, said, _ = stopped(folder, "corpus build text.txt --out new", MERGE, twice)
    assert (code, said) == (130, "error: interrupted again, ended at once.\n")
    assert any(path.name.startswith(".") for path in folder.iterdir())
    shell.run("corpus", "build", "text.txt", "--out", "new", cwd=folder)
    assert not any(path.name.startswith(".") for path in folder.iterdir())
    subprocess.run(["rm", "-r", folder / "new"], check=True)


def test_hangup_that_nohup_ignores_stays_ignored_in_and_outside_the_loop(folder, tmp_path):
    ignored = PROGRAM.replace(
        "os.setpgid(0, 0)", "os.setpgid(0, 0); signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    )
    for number, where in enumerate((STEP, MERGE)):
        words = shlex.split(f"{EMBED} {tmp_path / str(number)}")
        ended = shell.start(ignored, where, "os.kill(os.getpid(), signal.SIGHUP)", *words, cwd=folder).end()
        assert (ended.returncode, ended.stderr) == (0, "")


def test_signal_that_python_cannot_raise_where_it_is_is_raised_later(folder):
    code, said, left = stopped(folder, "corpus build text.txt --out new", MERGE, "Lost(); signal.pause()")
    assert (code, said, left) == (130, "error: interrupted: nothing was saved to new.\n", [])


# processes of a command


def test_ctrl_c_for_the_whole_group_while_workers_read_gives_one_line(folder):
    small = "import seqkit.text.corpus.build as build; build.PARALLEL_FROM = 100; build.GROUP = 50"
    source = PROGRAM.replace("os.setpgid(0, 0)", f"os.setpgid(0, 0); {small}")
    words = shlex.split("corpus build text.txt --threads 3 --out new")
    for where in ("seqkit.text.corpus.build:_give", "seqkit.text.corpus.build:_Spooled"):
        for number in SIGNALS:
            ended = shell.start(source, where, f"os.killpg(0, {int(number)})", *words, cwd=folder).end()
            assert (ended.returncode, ended.stderr) == (
                130,
                "error: interrupted: nothing was saved to new.\n",
            )


STARTING = "distributed.nanny:WorkerProcess._wait_until_connected"
COUNTING = "seqkit.embeddings.cooccurrence.dask_workers:_results"


@pytest.mark.parametrize("place", [STARTING, COUNTING])
def test_ctrl_c_for_the_whole_group_while_dask_starts_or_counts_gives_one_line(folder, place):
    if not find_spec("distributed"):
        pytest.skip("needs dask")
    line = "embed count corpus --dask local --threads 2 --parts 4 --quiet --out new"
    command = [sys.executable, "-c", PROGRAM, place, GROUP, *shlex.split(line)]
    ended = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "error: interrupted: nothing was saved to new.\n")


def test_terminal_that_is_closed_stops_a_training_with_its_checkpoint(folder, tmp_path):
    words = shlex.split(EMBED.replace("--epochs 3", "--epochs 500").replace("--quiet ", ""))
    command, out = [*shell.SHELL, *words, str(tmp_path / "new")], tmp_path / "new"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(command[0], command, ENVIRONMENT)
    while not (out / "checkpoint" / "manifest.json").exists():
        os.read(terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    shell.run(
        *[word.replace("500", "501") for word in words], out, "--resume", code=2, cwd=folder
    )  # it is there


# the parts


def test_long_call_on_another_thread_lets_a_signal_be_heard():
    begun, over = threading.Event(), threading.Event()

    def send():
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=send)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        aside(lambda: (begun.set(), over.wait()))
    over.set()
    sender.join()
    assert aside(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 / 0)


def test_process_with_a_call_left_aside_ends_at_once_with_its_output_and_code(tmp_path):
    source = """
import threading
from importlib.util import find_spec
from seqkit.core.interrupt import aside, leave

def call():
    begun.set()
    threading.Event().wait()

begun = threading.Event()
threading.Thread(target=aside, args=(call,), daemon=True).start()
begun.wait()
print("said")
leave(7)
"""
    command = [sys.executable, "-c", source]
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "said\n", "")


def test_wish_outlives_a_run_that_ends_because_enough_was_seen():
    for sent, kind in ((True, KeyboardInterrupt), (False, EnoughError)):
        with pytest.raises(kind), polite_interrupts(EnoughError):
            if sent:
                os.kill(os.getpid(), signal.SIGTERM)
            raise EnoughError


@pytest.mark.parametrize("number", SIGNALS)
def test_loop_is_asked_by_each_signal_and_handlers_are_put_back(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), polite_interrupts() as asked:
        assert not asked()
        os.kill(os.getpid(), number)
        assert asked()
    assert signal.getsignal(number) is before
