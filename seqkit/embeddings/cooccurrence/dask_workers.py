"""Counting one corpus on many machines through Dask: workers count parts, this process adds them up.

    dask scheduler                                                                        on one machine
    dask worker tcp://scheduler:8786                              on each of the others
    seqkit embed count corpus --dask tcp://scheduler:8786 --out /shared/corpus.counts     anywhere

Corpus and counts pass through a disk that all machines see; Dask carries paths and numbers alone. The bytes
are those of one machine. A scheduler must be trusted: who can talk to it can run code on its workers and in
this process. Not handled: machines without a common disk, reading and tokenising the text on many machines.
"""

import logging
import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core import options
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import BackendError, FormatError, OptionError, ResourceError, SeqkitError
from seqkit.core.interrupt import deaf
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence, kept_counts
from seqkit.embeddings.cooccurrence.options import MEMORY, CountOptions
from seqkit.embeddings.cooccurrence.preparation import count_key, select_words, working_folder
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

PARTS = 2  # parts a thread of the workers: fewer even out worse, each more is written, read and added up
PATIENCE = 30.0  # seconds
POLL = 1.0  # seconds


def count(
    corpus: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    cluster: Any = "local",
    parts: int | None = None,
    vocab: Vocab | None = None,
    memory: int = MEMORY,
    threads: int | None = None,
    patience: float = PATIENCE,
    report: Callable[[float], None] | None = None,
    **settings: Any,
) -> Cooccurrence:
    """Count the corpus folder `corpus` by the workers of a Dask cluster; the same as Cooccurrence.count.

    cluster: a scheduler's address, "local" for `threads` processes of this machine, or a distributed.Client.
    parts: how many pieces the text is cut into; two a thread of the workers unless given. memory: bytes for
    each part. threads: of this machine, for adding up. patience: seconds to wait for a scheduler, and for a
    worker when there is none.
    Raises:  BackendError if dask is not installed, no scheduler or worker is there or they were lost;
             FormatError if a worker does not see the corpus; else as Cooccurrence.count.
    """
    chosen = options.from_json(CountOptions, settings)
    text, out = Corpus.load(corpus), Path(out).absolute()
    if parts is not None and parts < 1:
        raise OptionError(f"dask: got parts {parts}, expected at least 1.")
    key = count_key(text, chosen, vocab)
    if (kept := kept_counts(out, key)) is not None:
        return kept
    words = select_words(text.vocab, chosen) if vocab is None else vocab
    empty = np.zeros(0, np.int32), np.zeros(0)
    with working_folder(out) as folder, _client(cluster, count_threads(threads), patience) as client:
        assert folder is not None  # as `out` is given
        Cooccurrence(np.zeros(len(words) + 1, np.int64), *empty, words, chosen).save(folder / "words")
        size = parts or PARTS * _threads(client, patience)
        edges = np.linspace(0, text.num_tokens, min(size, max(text.num_tokens, 1)) + 1).astype(int).tolist()
        job = str(Path(corpus).absolute()), text.fingerprint, str(folder), version("seqkit"), memory
        with _named():
            futures = client.map(count_part, edges[:-1], edges[1:], job=job, pure=False)
            paths = _results(client, futures, patience, report)
        shards = [Cooccurrence.load(path) for path in paths]
        meta = {
            "key": key,
            "tokens": text.num_tokens,
            "sources": [text.fingerprint],
            "given": vocab is not None,
        }
        return Cooccurrence.merge(shards, threads=threads, out=out, meta=meta)


def count_part(low: int, high: int, job: tuple[str, str, str, str, int]) -> str:
    """The worker's part: count the tokens [low, high) with their windows; return the folder of the counts."""
    corpus, fingerprint, folder, ours, memory = job
    if version("seqkit") != ours:
        raise BackendError(
            f"dask: a worker has seqkit {version('seqkit')}, this machine {ours}. Install the same one."
        )
    for path in (corpus, f"{folder}/words"):
        if not (Path(path) / "manifest.json").is_file():
            raise FormatError(
                f"dask: a worker does not see {path}. Put corpus and --out on a disk that all machines see, "
                "under the same path."
            )
    text = Corpus.load(corpus)
    if text.fingerprint != fingerprint:
        raise FormatError(
            f"dask: a worker sees another text in {corpus}. Let all machines see the same disk under "
            "that path."
        )
    words = Cooccurrence.load(f"{folder}/words")
    # a part may be counted again while a lost worker still writes
    out = f"{folder}/part-{low}-{uuid.uuid4().hex}"
    Cooccurrence.count(
        text,
        vocab=words.vocab,
        part=(low, high),
        memory=memory,
        threads=1,
        device="cpu",
        out=out,
        **options.to_json(words.options),
    )
    return out


@contextmanager
def _client(cluster: Any, threads: int, patience: float) -> Iterator[Any]:  # Any: distributed has no types
    try:
        from distributed import Client
    except ImportError as error:
        raise BackendError("dask: it is not installed. pip install 'seqkit[dask]'.") from error
    if isinstance(cluster, Client):
        with cluster.as_current():
            yield cluster
        return
    if cluster != "local" and not re.fullmatch(r"(\w+://)?[^\s/]+:\d+", cluster):
        raise OptionError(
            f"dask: got {cluster!r}, expected local or a scheduler's address such as tcp://10.0.0.1:8786."
        )
    with ExitStack() as stack:
        logger = logging.getLogger("distributed.client")  # its tracebacks: what fails is raised here too
        stack.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL)
        if cluster == "local":
            cluster = stack.enter_context(_local(threads))
            stack.push(partial(_end_at_once, cluster))
        try:
            client = stack.enter_context(Client(cluster, timeout=patience, set_as_default=False))
        except OSError as error:
            raise BackendError(
                f"dask: no scheduler answered at {cluster} within {patience:g} s. Start one with `dask "
                "scheduler`, and give the "
                "address that it prints, or give local."
            ) from error
        stack.enter_context(client.as_current())
        yield client


def _local(workers: int) -> Any:
    """A cluster of processes of this machine, which hear no signals."""
    from distributed import LocalCluster

    with deaf():
        resource_tracker.ensure_running()  # which makes this thread hear signals again
    with deaf():
        quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
        return LocalCluster(n_workers=workers, threads_per_worker=1, **quiet)


def _end_at_once(cluster: Any, kind: type[BaseException] | None, *_: Any) -> None:
    """After an interruption, end the workers without waiting for the parts they are at."""
    if kind is None or not issubclass(kind, KeyboardInterrupt):
        return
    for nanny in cluster.workers.values():
        nanny.close_gracefully()  # it starts no other worker then
        if nanny.pid:
            os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _threads(client: Any, patience: float) -> int:
    """The threads of all workers, once there is one."""
    from distributed import TimeoutError as LateError

    try:
        client.wait_for_workers(1, timeout=patience)
    except LateError as error:
        raise _no_worker(client, patience) from error
    return max(1, sum(int(n) for n in client.nthreads().values()))


def _results(
    client: Any, futures: list[Any], patience: float, report: Callable[[float], None] | None
) -> list[str]:
    """The result of each part, in order; raises as soon as one has failed for good."""
    from distributed import TimeoutError as LateError
    from distributed import wait

    waiting, alive = list(futures), time.monotonic()
    try:
        while waiting:
            try:
                done, left = wait(waiting, timeout=POLL, return_when="FIRST_COMPLETED")
                for future in done:
                    future.result()
                waiting = list(left)
            except LateError:
                pass
            if report:
                report(1 - len(waiting) / len(futures))
            if client.scheduler_info()["workers"]:
                alive = time.monotonic()
            elif time.monotonic() - alive > patience:
                raise _no_worker(client, patience)
        return list(client.gather(futures))
    except BaseException:
        client.cancel(futures)
        raise


@contextmanager
def _named() -> Iterator[None]:
    """Give what Dask raises the names of our errors."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    try:
        yield
    except SeqkitError:
        raise
    except KilledWorker as error:
        raise ResourceError(
            "dask: the workers that counted one part died, one after the other. If memory ran out, lower "
            "--memory, give more "
            "--parts, or run fewer threads a worker; a worker's log may tell."
        ) from error
    except (CancelledError, OSError) as error:
        raise BackendError(
            "dask: the scheduler was lost on the way. Start it again and count again."
        ) from error
    except (ImportError, RuntimeError) as error:
        raise BackendError(
            f"dask: scheduler or workers cannot run seqkit ({error}). Install the same version of seqkit on "
            "all of them."
        ) from error


def _no_worker(client: Any, patience: float) -> BackendError:
    return BackendError(
        f"dask: the scheduler {client.scheduler.address} has had no worker for {patience:g} s. Start "
        "some with "
        "`dask worker ADDRESS` and count again."
    )
