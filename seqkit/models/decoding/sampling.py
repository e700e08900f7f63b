"""Text drawn from a recurrent language model: many rows at once, each from its own seed.

A row's tokens depend on the model, its prompt, its seed and the settings alone: not on the rows beside it,
nor on threads. Stacks that kernels.decode has compiled (float32, CPU, softmax head) run there; all others
step by step in torch.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from seqkit.core import device, options
from seqkit.core.errors import OptionError, ShapeError, TrainingError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.kernels.decode import compiled, plan, reference
from seqkit.kernels.decode.rules import BROKEN, Rows, Rules, row_seeds, uniform
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.scoring import first_context
from seqkit.nn.cell import State
from seqkit.nn.heads.softmax import Softmax
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec

STREAMED, STOPPING = (
    16,
    64,
)  # steps between two looks at what was written, if someone watches, if rows may end early
OnTokens = Callable[[list[str]], None]


@dataclass(frozen=True)
class Sample:
    """A drawn text.  ids, text: without the prompt; an eos that ended it stands in ids, not in text.

    log_prob: Σ log p of the ids in nats as the model has it, nothing banned, at temperature 1; None if it was
    not asked for. backend: compiled or reference, which of kernels.decode ran.
    """

    ids: tuple[int, ...]
    text: str
    stopped: Literal["eos", "length"]
    log_prob: float | None = None
    backend: str = ""


@dataclass(frozen=True)
class SamplingOptions:
    """How tokens are chosen; kernels.decode.reference.choose has the exact rules."""

    length: int = option(200, low=1, unit="tokens", help="the most tokens a row may have")
    temperature: float = option(1.0, low=0, help="0: always the likeliest; below 1 safer, above 1 wilder")
    top_k: int | None = option(None, low=1, help="choose among the k likeliest")
    top_p: float | None = option(
        None, low=0, high=1, help="choose among the likeliest that have this share together"
    )
    ban_unk: bool = option(True, help="never write the unknown token")
    stop_at_eos: bool = option(False, help="end at the end of a sentence")
    min_length: int = option(0, low=0, unit="tokens", help="no end of a sentence before that many")
    repetition_penalty: float = option(
        1.0, low=0.01, help="above 1: tokens that were written are less likely"
    )
    no_repeat_ngram: int = option(
        0, low=0, unit="tokens", help="never write a sequence of so many tokens twice"
    )

    def __post_init__(self) -> None:
        options.check(self)
        if 0 < self.temperature < 1e-6:
            raise OptionError(
                f"sample: temperature {self.temperature!r} came, allowed is 0 or at least 1e-6."
            )
        if self.top_p == 0:
            raise OptionError(
                "sample: top_p 0 came, allowed is above 0 and at most 1. Use temperature=0 for the "
                "likeliest token."
            )

    def rules(self, codec: Codec) -> tuple[Rules, list[int]]:
        """The rules, and the tokens that are never written: pad, bos and, unless wanted, unk.

        Raises:  OptionError if a row shall end at a token that does not exist, or nothing may be written.
        """
        specials = codec.vocab.specials
        banned = [
            specials[name] for name in ("pad", "bos", *(["unk"] if self.ban_unk else [])) if name in specials
        ]
        eos = specials.get("eos", -1)
        if self.stop_at_eos and eos < 0:
            raise OptionError(
                f"sample: stop_at_eos came, but {codec.vocab!r} has no eos. Leave it out and set length."
            )
        if len(codec.vocab) - len({*banned, *([eos] if eos >= 0 and self.min_length else [])}) < 1:
            raise OptionError(
                f"sample: of {codec.vocab!r} no token may be written. Use ban_unk=False or min_length=0."
            )
        return Rules(
            float(self.temperature),
            self.top_k or 0,
            1.0 if self.top_p is None else float(self.top_p),
            eos,
            self.stop_at_eos,
            self.min_length,
            float(self.repetition_penalty),
            self.no_repeat_ngram,
        ), banned


@torch.no_grad()
def sample(
    network: Network,
    codec: Codec,
    *,
    prompt: str | Sequence[str] = "",
    seeds: Sequence[int] = (1,),
    length: int = 200,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    ban_unk: bool = True,
    stop_at_eos: bool = False,
    min_length: int = 0,
    repetition_penalty: float = 1.0,
    no_repeat_ngram: int = 0,
    scores: bool = False,
    threads: int | None = None,
    on_tokens: OnTokens | None = None,
) -> list[Sample]:
    """Draw one text for each seed, after its prompt: one for all, or as many as seeds. SamplingOptions
    explains the settings.

    A text begins where a sentence begins: bos, if the vocabulary has one, else eos stands before the prompt.
    If it has neither, nothing does; an empty prompt then gets its first token by how often tokens were read
    in training (by the same rules), which does not count in log_prob. Line ends of a prompt are eos tokens if
    the model was trained with them.

    scores: give log_prob. threads: for the compiled loop. on_tokens: called every few steps with the text
    that each row got since; what may still change, as half a character or a last word, is held back. Joined
    they are the samples' texts.
    Raises:  OptionError for settings that do not fit; VocabularyError for an unknown token in a prompt if
             there is no unk (else a warning tells how many); TrainingError if the model's logits are not
             finite.
    """
    chosen = SamplingOptions(
        length,
        temperature,
        top_k,
        top_p,
        ban_unk,
        stop_at_eos,
        min_length,
        repetition_penalty,
        no_repeat_ngram,
    )
    rules, banned = chosen.rules(codec)
    given = [prompt] * len(seeds) if isinstance(prompt, str) else list(prompt)
    if len(given) != len(seeds):
        raise OptionError(
            f"sample: {len(given)} prompts and {len(seeds)} seeds came, expected as many, or one prompt."
        )
    if not given:
        return []
    texts = list(dict.fromkeys(given))
    prompts = [encode_prompt(codec, text) for text in texts]
    last, decoder = begin(network, codec, prompts, threads)
    which = [texts.index(text) for text in given]
    decoder.select(np.array(which))
    rows = Rows.start(last[which], row_seeds(list(seeds)), length)
    _draw_first(codec, rows, rules, banned)
    pages = [Page(codec, prompts[i], rules.eos if rules.stop else None) for i in which]
    _write(decoder, rows, rules, banned, scores, pages, on_tokens)
    return [
        page.sample(rows.written(r), float(rows.log_probs[r]) if scores else None, decoder.backend)
        for r, page in enumerate(pages)
    ]


def encode_prompt(codec: Codec, text: str) -> list[int]:
    """The ids of a prompt; line ends become eos if the model was trained so, else they count as in its
    training.
    """
    lines = text.split("\n")
    if not codec.recipe.add_eos and "\n" in codec.vocab:
        lines = [text]
    eos = [codec.vocab.specials["eos"]] if codec.recipe.add_eos and "eos" in codec.vocab.specials else []
    parts = [codec.encode(line).tolist() for line in lines]
    ids = [token_id for n, part in enumerate(parts) for token_id in ([*eos, *part] if n else part)]
    if unknown := ids.count(codec.vocab.unk):
        warnings.warn(
            f"prompt {text[:40]!r}: {unknown:,} of {len(ids):,} tokens are not in the vocabulary and are "
            f"read as unknown.",
            stacklevel=3,
        )
    return ids


def begin(
    network: Network, codec: Codec, prompts: Sequence[Sequence[int]], threads: int | None
) -> tuple[Annotated[Array, "B"], reference.Decoder | compiled.Decoder]:
    """Each prompt's last token (-1: it has none), and a decoder that has read all before it, from the
    sentence's beginning.
    """
    if len(network.embedding) != len(codec.vocab):
        raise ShapeError(
            f"sample: a network of {len(network.embedding):,} classes and {codec.vocab!r} came, expected as "
            "many. Use the codec "
            "of the corpus it was trained on."
        )
    context = first_context(codec)
    ids = [[*([] if context is None else [context]), *prompt] for prompt in prompts]
    decoder = make_decoder(network, len(ids), threads)
    before, lengths = padded([np.array(row[:-1], np.int64) for row in ids])
    decoder.read(before.astype(np.int64), lengths)
    return np.array([row[-1] if row else -1 for row in ids]), decoder


def make_decoder(
    network: Network, rows: int, threads: int | None = None
) -> reference.Decoder | compiled.Decoder:
    """Rows of a network in their first state, compiled where that can be.

    Raises:  OptionError for threads below 1.
    """
    threads = None if threads is None else device.threads(threads)
    state, stack, head = network.stack.zero_state(rows), network.stack, network.head
    plain = all(p.dtype == torch.float32 and p.device.type == "cpu" for p in network.parameters())
    if not (plain and isinstance(head, Softmax) and plan.handles(stack.cell_name)):
        return reference.Decoder(_Steps(network), state)

    def numpy(tensor: Tensor) -> Array:
        array: Array = tensor.detach().numpy()
        return array

    layers = [
        plan.Layer(
            stack.cell_name,
            numpy(c.weight_input),
            numpy(c.bias),
            numpy(c.weight_hidden),
            *map(numpy, c.extra()),
        )
        for c in stack.layers
    ]
    narrow = network.projection
    made = plan.make(
        numpy(network.embedding),
        layers,
        (numpy(head.weight), numpy(head.bias)),
        None if narrow is None else (numpy(narrow.weight), numpy(narrow.bias)),
        residual=stack.residual,
    )
    return compiled.Decoder(made, [numpy(s) for s in state], threads=threads)


class _Steps:
    """A network as kernels.decode.reference reads it: logits of a softmax head, log-probabilities of any
    other.
    """

    def __init__(self, network: Network) -> None:
        self.network = network

    def step(self, tokens: Annotated[Tensor, "B"], state: State) -> tuple[Annotated[Tensor, "B V"], State]:
        """The cells' own steps: torch's whole-sequence kernels are slow for one step."""
        network, after = self.network, []  # type: tuple[Network, list[Tensor]]
        stack, x = network.stack, network.embedding[tokens]
        S = stack.states_a_cell
        for i, cell in enumerate(stack.layers):
            new = cell.step(cell.project(x[:, None])[:, 0], state[i * S : i * S + S])
            after.extend(new)
            x = x + new[0] if stack.residual and x.shape == new[0].shape else new[0]
        y, head = x if network.projection is None else network.projection(x), network.head
        return linear(y, head.weight, head.bias) if isinstance(head, Softmax) else head.log_probs(y), tuple(
            after
        )

    def read(self, ids: Annotated[Tensor, "B T"], lengths: Annotated[Tensor, "B"], state: State) -> State:
        """The whole sequences at once."""
        return self.network.hidden(ids, state, lengths)[1]


def _draw_first(codec: Codec, rows: Rows, rules: Rules, banned: list[int]) -> None:
    """Rows that have nothing to read write their first token by the counts of the vocabulary, evenly if these
    are 0.
    """
    empty = np.flatnonzero(rows.tokens < 0)
    if not len(empty):
        return
    counts = codec.vocab.counts.astype(np.float64)
    if not np.delete(counts, banned).any():
        counts[:] = 1
    with np.errstate(divide="ignore"):
        logits = torch.from_numpy(np.log(counts)).expand(len(empty), -1)
    index = rows.index[empty]
    draws = torch.from_numpy(uniform(rows.seeds[empty], index[:, None])[:, 0])
    token = reference.choose(logits, draws, rules, torch.from_numpy(index), banned).numpy()
    rows.tokens[empty] = rows.out[empty, 0] = token
    rows.index[empty] = 1
    rows.done[empty] = rows.out.shape[1] == 1


def _write(
    decoder: reference.Decoder | compiled.Decoder,
    rows: Rows,
    rules: Rules,
    banned: list[int],
    scores: bool,
    pages: "list[Page]",
    on_tokens: OnTokens | None,
) -> None:
    """Until all rows have ended; those that have are left out after each chunk."""
    live, part = np.arange(len(pages)), rows.select(np.arange(len(pages)))
    while not part.done.all():
        if part.done.any():
            keep = np.flatnonzero(~part.done)
            decoder.select(keep)
            live, part = live[keep], part.select(keep)
        steps = STREAMED if on_tokens else min(STOPPING, decoder.chunk) if rules.stop else decoder.chunk
        steps = min(steps, rows.out.shape[1] - int(part.index.min()))
        decoder.write(part, rules, banned, steps, scores=scores)
        rows.put(live, part)
        if (part.out == BROKEN).any():
            r, t = np.argwhere(rows.out == BROKEN)[0]
            raise TrainingError(
                f"sample: the logits of row {r} at token {t} are nan or infinite, expected finite ones. The "
                "weights are broken: "
                "go back to an earlier checkpoint, train with a lower lr."
            )
        if on_tokens:
            on_tokens([page.more(rows.written(r), bool(rows.done[r])) for r, page in enumerate(pages)])


class Page:
    """What a row has written, as text."""

    def __init__(self, codec: Codec, prompt: Sequence[int], stop: int | None) -> None:
        self.codec, self.prompt, self.stop, self.sent = codec, list(prompt), stop, ""
        self.before = codec.decode(prompt)

    def text(self, ids: Sequence[int]) -> str:
        """How the text goes on after the prompt, if its end does not change by that; else the text of ids
        alone.
        """
        mine = list(ids[:-1] if self.ended(ids) else ids)
        whole = self.codec.decode([*self.prompt, *mine])
        return whole[len(self.before) :] if whole.startswith(self.before) else self.codec.decode(mine)

    def ended(self, ids: Sequence[int]) -> bool:
        """Whether the last of ids ended the text."""
        return self.stop is not None and len(ids) > 0 and ids[-1] == self.stop

    def more(self, ids: Sequence[int], last: bool) -> str:
        """What came since, without what may still change unless it is the last."""
        text = self.text(ids)
        if not last and self.codec.recipe.tokenizer.lossless:
            text = text.rstrip("\N{REPLACEMENT CHARACTER}")  # bytes of a character that is not whole yet
        elif not last:
            text = text[: max(text.rfind(" "), text.rfind("\n"), 0)]
        added = text[len(self.sent) :] if text.startswith(self.sent) or last else ""
        self.sent += added
        return added

    def sample(self, ids: tuple[int, ...], log_prob: float | None, backend: str) -> Sample:
        """The whole of it."""
        return Sample(ids, self.text(ids), "eos" if self.ended(ids) else "length", log_prob, backend)
