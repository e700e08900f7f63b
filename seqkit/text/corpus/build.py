"""From pieces of text to a corpus: encode on several processes, merge their vocabularies, renumber.

The result is the same for any number of processes: tokens are met in the order of the text, and the
vocabulary is sorted by count, ties in that order.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core import strict_json
from seqkit.core.errors import FormatError, ResourceError, SeqkitError
from seqkit.core.interrupt import deaf
from seqkit.core.types import Array
from seqkit.text.corpus.lossy_counter import LossyCounter
from seqkit.text.corpus.worker import END, Encoder, Recipe, Spool, send
from seqkit.text.vocab import SPECIALS, Vocab

GROUP = 1 << 19  # characters in a piece that is worth a call
PARALLEL_FROM = 8 << 20  # characters; below it processes cost more than they save


@dataclass(frozen=True)
class Built:
    """The finished arrays (ids may be memory-mapped in the working folder), vocabulary and amount read."""

    ids: Array
    starts: Array
    vocab: Vocab
    characters: int
    key: str


@dataclass(frozen=True)
class Limits:
    """Which tokens become the vocabulary.

    epsilon: read the text once before, to find the words above this share of it in bounded memory
    (LossyCounter).
    """

    min_count: int = 1
    max_size: int | None = None
    specials: tuple[str, ...] = ("unk",)
    epsilon: float | None = None


def build(
    pieces: Iterable[str],
    recipe: Recipe,
    limits: Limits,
    folder: Path,
    *,
    threads: int,
    report: Callable[[int], None] | None = None,
) -> Built:
    """Encode `pieces` within the working `folder`, telling `report` the characters read.

    Raises:  FormatError if there is no token, or none frequent enough.
    """
    digest = hashlib.sha256(settings_key(recipe, limits))
    known = None if limits.epsilon is None else _frequent(pieces, recipe, limits.epsilon)
    spools, characters = _encode(pieces, recipe, folder, threads, digest, known, report)
    tokens, numbers, places = _merge(spools)
    total = int(numbers.sum())
    if not total:
        source = getattr(pieces, "source", "corpus")
        where = "stdin" if source == "-" else source
        raise FormatError(f"{where}: no token in {characters:,} characters of text. Is the input empty?")
    vocab = _vocabulary(dict(zip(tokens, numbers.tolist(), strict=True)), recipe, limits)
    unk = -1 if vocab.unk is None else vocab.unk
    table = np.fromiter((vocab.index.get(token, unk) for token in tokens), np.int32, len(tokens))
    if (table[numbers > 0] < 0).any():
        raise FormatError(
            f'corpus: rare tokens are not in the vocabulary and there is no {SPECIALS["unk"]}. Keep "unk" '
            f"in specials."
        )
    ids, starts = _renumber(spools, [table[place] for place in places], folder, total)
    return Built(ids, starts, vocab, characters, digest.hexdigest())


def _vocabulary(counts: dict[str, int], recipe: Recipe, limits: Limits) -> Vocab:
    """The tokenizer's own vocabulary with these counts, or, if it has none, one of the frequent tokens."""
    own = recipe.tokenizer.vocab
    if own is not None:
        names, specials = own.tokens, own.specials
        if recipe.add_eos and "eos" not in specials:  # a learnt tokenizer has none: its own ids stay
            names, specials = [*names, SPECIALS["eos"]], specials | {"eos": len(names)}
        return Vocab(names, [counts.get(token, 0) for token in names], specials)
    wanted = (*limits.specials, "eos") if recipe.add_eos else limits.specials
    vocab = Vocab.from_counts(counts, min_count=limits.min_count, max_size=limits.max_size, specials=wanted)
    if len(vocab) == len(vocab.specials):
        raise FormatError(
            f"corpus: none of the {len(counts):,} tokens was read {limits.min_count:,} times or more, the "
            f"most common one {max(counts.values()):,} times. Give more text or lower min_count."
        )
    return vocab


def settings_key(recipe: Recipe, limits: Limits) -> bytes:
    """The settings that decide the corpus, as bytes to be hashed before the text."""
    return json.dumps([2, recipe.to_json(), *astuple(limits)], sort_keys=True).encode()


def _frequent(pieces: Iterable[str], recipe: Recipe, epsilon: float) -> list[str]:
    counter, encoder = LossyCounter(epsilon), Encoder(recipe)
    for piece in _grouped(iter(pieces)):
        counter.update(encoder.cut(piece)[0])
    return list(counter.counts)


def _encode(
    pieces: Iterable[str],
    recipe: Recipe,
    folder: Path,
    threads: int,
    digest: Any,
    known: list[str] | None,
    report: Callable[[int], None] | None,
) -> tuple[list["_Spooled"], int]:
    """Spool every piece; from PARALLEL_FROM characters on, piece i goes to process i modulo `threads`."""
    characters, few, source = 0, [], iter(pieces)

    def read() -> Iterator[str]:
        nonlocal characters
        for piece in _grouped(source):
            characters += len(piece)
            digest.update(piece.encode())
            if report:
                report(characters)
            yield piece

    counted = read()
    for piece in counted:
        few.append(piece)
        if characters >= PARALLEL_FROM:
            break
    alone = threads == 1 or characters < PARALLEL_FROM
    parts = [folder] if alone else [folder / str(i) for i in range(threads)]
    encode = _encode_here if alone else _encode_on_processes
    encode(chain(few, counted), recipe, parts, known)
    return [_Spooled(part) for part in parts], characters


def _encode_here(pieces: Iterable[str], recipe: Recipe, parts: list[Path], known: list[str] | None) -> None:
    """Spool every piece to the one part."""
    with Spool(parts[0], recipe, known) as spool:
        for piece in pieces:
            spool.add(piece)


def _encode_on_processes(
    pieces: Iterable[str], recipe: Recipe, parts: list[Path], known: list[str] | None
) -> None:
    """Spool piece i to part i modulo the number of parts, one process each."""
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(part, recipe, known)) for part in parts]
        for number, piece in enumerate(pieces):
            _give(workers[number % len(workers)], piece.encode())
        for worker in workers:
            _give(worker, END)
            if worker.wait():
                raise _failed(worker)


def _grouped(pieces: Iterator[str]) -> Iterator[str]:
    """Small pieces (single lines, say) put together."""
    group, size = [], 0
    for piece in pieces:
        group.append(piece)
        size += len(piece)
        if size >= GROUP:
            yield "".join(group)
            group, size = [], 0
    if group:
        yield "".join(group)


@contextmanager
def _worker(part: Path, recipe: Recipe, known: list[str] | None) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that spools to `part`; it ends with the block at the latest."""
    part.mkdir()
    command = [sys.executable, "-m", "seqkit.text.corpus.worker"]
    with deaf():
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        settings = {"folder": str(part), "recipe": recipe.to_json(), "known": known}
        _give(worker, json.dumps(settings).encode())
        yield worker
    finally:
        worker.kill()
        with suppress(OSError):
            worker.communicate()


def _give(worker: "subprocess.Popen[bytes]", message: bytes) -> None:
    assert worker.stdin is not None  # it was opened as a pipe
    try:
        send(worker.stdin, [message])
        worker.stdin.flush()
    except BrokenPipeError as error:
        raise _failed(worker) from error


def _failed(worker: "subprocess.Popen[bytes]") -> SeqkitError:
    """What a worker said before it ended, or its code."""
    said, _ = worker.communicate()
    kind = ResourceError if worker.returncode == ResourceError.exit_code else SeqkitError
    return kind(said.decode() or f"corpus: a worker process ended early, with code {worker.returncode}.")


class _Spooled:
    """What one encoder found, read back."""

    def __init__(self, folder: Path) -> None:
        table = strict_json.parse((folder / "table.json").read_bytes())
        self.pieces: list[tuple[int, int, int]] = table["pieces"]
        self.tokens: list[str] = table["tokens"]
        self.counts = np.fromfile(folder / "counts", np.int64)
        self.ids_file, self.ends_file = folder / "ids", folder / "ends"


def _interleaved(spools: list[_Spooled]) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """(spool, its next piece) in the order of the text."""
    for number in range(sum(len(spool.pieces) for spool in spools)):
        yield number % len(spools), spools[number % len(spools)].pieces[number // len(spools)]


def _merge(spools: list[_Spooled]) -> tuple[list[str], Array, list[Array]]:
    """All tokens in the order of first occurrence, their counts, and where each spool's tokens are there."""
    known = [0] * len(spools)
    order: dict[str, None] = {}
    for which, (_, _, after) in _interleaved(spools):
        order.update(dict.fromkeys(spools[which].tokens[known[which] : after]))
        known[which] = after
    for spool in spools:  # a tokenizer's own tokens, where there was no piece
        order.update(dict.fromkeys(spool.tokens))
    place = {token: i for i, token in enumerate(order)}
    counts, places = np.zeros(len(order), np.int64), []
    for spool in spools:
        places.append(np.fromiter(map(place.__getitem__, spool.tokens), np.int64, len(spool.tokens)))
        counts[places[-1]] += spool.counts
    return list(order), counts, places


def _renumber(spools: list[_Spooled], tables: list[Array], folder: Path, total: int) -> tuple[Array, Array]:
    """Final ids (memory-mapped) and sentence starts; sentences without a token are left out."""
    with ExitStack() as stack:
        ids_in = [stack.enter_context(spool.ids_file.open("rb")) for spool in spools]
        ends_in = [stack.enter_context(spool.ends_file.open("rb")) for spool in spools]
        out = stack.enter_context((folder / "final").open("wb"))
        starts, done = [np.zeros(1, np.int64)], 0
        for which, (n_ids, n_ends, _) in _interleaved(spools):
            tables[which][np.fromfile(ids_in[which], np.int32, n_ids)].tofile(out)
            starts.append(done + np.fromfile(ends_in[which], np.int64, n_ends))
            done += n_ids
    whole = np.unique(np.append(np.concatenate(starts), total))
    return np.memmap(folder / "final", np.int32, "r"), whole
