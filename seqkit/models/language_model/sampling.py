"""Text drawn from a recurrent language model: many rows at once, each from its own seed.

A row's tokens depend on the model, its prompt, its seed and the settings alone: not on the rows beside it,
nor on threads. Stacks that kernels.decode has compiled (float32, softmax head; on a GPU not all cells and
sizes) run there; all others step by step in torch.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from seqkit.core import device, options
from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Array
from seqkit.kernels.decode import compiled, persistent, plan, reference
from seqkit.kernels.decode.rules import Rows, Rules, row_seeds, uniform
from seqkit.models.decoding.options import SamplingOptions
from seqkit.models.decoding.sampling import Continuation, OnTokens, Sample, rules_of, write
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.scoring import first_context
from seqkit.nn.heads.softmax import Softmax
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec


@torch.no_grad()
def sample(
    network: Network,
    codec: Codec,
    *,
    prompt: str | Sequence[str] = "",
    seeds: Sequence[int] = (1,),
    scores: bool = False,
    threads: int | None = None,
    on_tokens: OnTokens | None = None,
    **settings: Any,
) -> list[Sample]:
    """Draw one text for each seed, after its prompt: one for all, or as many as seeds.

    A text begins where a sentence begins: bos, if the vocabulary has one, else eos stands before the prompt.
    If it has neither, nothing does; an empty prompt then gets its first token by how often tokens were read
    in training (by the same rules), which does not count in log_prob. Line ends of a prompt are eos tokens if
    the model was trained with them.

    settings: as SamplingOptions has them. scores: give log_prob. threads: for the compiled loop. on_tokens:
    called every few steps with each row's new text; what may still change (half a character, a last word) is
    held back. Joined they are the texts of the samples.
    Raises:  OptionError for settings that do not fit; VocabularyError for an unknown token in a prompt if
             there is no unk (else a warning tells how many); TrainingError if the model's logits are not
             finite.
    """
    chosen = options.from_json(SamplingOptions, settings)
    rules, banned = rules_of(chosen, codec)
    given = [prompt] * len(seeds) if isinstance(prompt, str) else list(prompt)
    if len(given) != len(seeds):
        raise OptionError(
            f"sample: got {len(given)} prompts and {len(seeds)} seeds, expected equal numbers or one prompt."
        )
    if not given:
        return []
    texts = list(dict.fromkeys(given))
    prompts = [encode_prompt(codec, text) for text in texts]
    last, decoder = begin(network, codec, prompts, threads)
    which = [texts.index(text) for text in given]
    decoder.select(np.array(which))
    rows = Rows.start(last[which], row_seeds(list(seeds)), chosen.length)
    _draw_first(codec, rows, rules, banned)
    pages = [Continuation(codec, prompts[i], rules.eos if rules.stop else None) for i in which]
    write(decoder, rows, rules, banned, scores, pages, on_tokens)
    return [
        page.sample(rows.written(r), float(rows.log_probs[r]) if scores else None, decoder.backend)
        for r, page in enumerate(pages)
    ]


def encode_prompt(codec: Codec, text: str) -> list[int]:
    """The ids of a prompt; line ends become eos if the model was trained so."""
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
    """Each prompt's last token (-1: none), and a decoder that has read all before it, from the beginning."""
    if len(network.embedding) != len(codec.vocab):
        raise ShapeError(
            f"sample: got a network of {len(network.embedding):,} classes and {codec.vocab!r}, expected "
            "equal sizes. Use the codec of the corpus it was trained on."
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
    """Rows of a network in their first state, compiled or in one launch of a GPU where that can be.

    Raises:  OptionError for threads below 1.
    """
    threads = None if threads is None else device.threads(threads)
    state, stack, head = network.stack.zero_state(rows), network.stack, network.head
    place, float32 = network.embedding.device, all(p.dtype == torch.float32 for p in network.parameters())
    if not (float32 and isinstance(head, Softmax) and not stack.feed_forward):
        return reference.Decoder(network, state)
    size = place, stack.cell_name, stack.hidden_size, len(stack.cells), len(head.weight)
    if place.type == "cpu" and plan.handles(stack.cell_name):
        layers, top, narrow = _weights(network, head, lambda tensor: tensor.detach().numpy())
        made = plan.make(
            network.embedding.detach().numpy(),
            [plan.Layer(stack.cell_name, *layer) for layer in layers],
            top,
            narrow,
            residual=stack.residual,
        )
        return compiled.Decoder(made, [s.detach().numpy() for s in state], threads=threads)
    if not stack.residual and persistent.handles(*size):
        layers, top, narrow = _weights(network, head, lambda tensor: tensor.detach())
        parts = [persistent.Layer(*layer) for layer in layers]
        packed = persistent.pack(stack.cell_name, parts, network.embedding.detach(), top, narrow)
        return persistent.Decoder(network, state, packed)
    return reference.Decoder(network, state)


def _weights(
    network: Network, head: Softmax, convert: Callable[[Tensor], Any]
) -> tuple[list[list[Any]], Any, Any]:
    """W, b, U and what else each layer has; weight and bias of the head, and of the projection, if any."""
    layers = [[c.weight_input, c.bias, c.weight_hidden, *c.extra()] for c in network.stack.layers]
    narrow = network.projection
    return (
        [[convert(tensor) for tensor in layer] for layer in layers],
        (convert(head.weight), convert(head.bias)),
        None if narrow is None else (convert(narrow.weight), convert(narrow.bias)),
    )


def _draw_first(codec: Codec, rows: Rows, rules: Rules, banned: list[int]) -> None:
    """Rows that have nothing to read draw their first token by the counts of the vocabulary, or evenly."""
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
