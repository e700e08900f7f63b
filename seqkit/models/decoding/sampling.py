"""Drawing text from any model that writes step by step: settings, samples, and the loop that writes.

A row depends on its first token, its seed and the settings alone, not on the rows beside it.
Not handled: where a text begins (the tasks), searching for the likeliest text (models.decoding.beam).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

import numpy as np

from seqkit.core.errors import OptionError, TrainingError
from seqkit.core.types import Array
from seqkit.kernels.decode.rules import BROKEN, Rows, Rules
from seqkit.models.decoding.options import SamplingOptions
from seqkit.text.codec import Codec

STREAMED = 16  # steps between two looks at what was written, if someone watches
STOPPING = {"cpu": 64, "cuda": 16}  # the same if rows may end early: a GPU goes on with those that have
OnTokens = Callable[[list[str]], None]


@dataclass(frozen=True)
class Sample:
    """A drawn text.  ids, text: without the prompt; an eos that ended it stands in ids, not in text.

    log_prob: Σ log p of the ids in nats by the model itself, nothing banned, at temperature 1; None if it was
    not requested. backend: compiled, persistent or reference, which of kernels.decode ran.
    """

    ids: tuple[int, ...]
    text: str
    stopped: Literal["eos", "length"]
    log_prob: float | None = None
    backend: str = ""


def banned_tokens(where: str, codec: Codec, ban_unk: bool) -> list[int]:
    """The tokens that are never written: pad, bos and, if requested, unk.

    Raises:  OptionError if no other token but eos is left.
    """
    specials = codec.vocab.specials
    banned = [specials[name] for name in ("pad", "bos", *(["unk"] if ban_unk else [])) if name in specials]
    if len(banned) == len(codec.vocab):
        raise OptionError(f"{where}: of {codec.vocab!r} no token may be written. Use ban_unk=False.")
    return banned


def rules_of(o: SamplingOptions, codec: Codec) -> tuple[Rules, list[int]]:
    """The rules, and the tokens that are never written: pad, bos and, unless wanted, unk.

    Raises:  OptionError if rows must end at a token that does not exist, or nothing may be written.
    """
    banned, eos = banned_tokens("sample", codec, o.ban_unk), codec.vocab.specials.get("eos", -1)
    if o.stop_at_eos and eos < 0:
        raise OptionError(
            f"sample: got stop_at_eos, but {codec.vocab!r} has no eos. Leave it out and set length."
        )
    if len(codec.vocab) - len({*banned, *([eos] if eos >= 0 and o.min_length else [])}) < 1:
        raise OptionError(
            f"sample: of {codec.vocab!r} no token may be written. Use ban_unk=False or min_length=0."
        )
    return Rules(
        float(o.temperature),
        o.top_k or 0,
        1.0 if o.top_p is None else float(o.top_p),
        eos,
        o.stop_at_eos,
        o.min_length,
        float(o.repetition_penalty),
        o.no_repeat_ngram,
    ), banned


class Writer(Protocol):
    """Rows of a model that write tokens, as the decoders of kernels.decode do."""

    @property
    def backend(self) -> str:
        """Which of kernels.decode it is."""

    @property
    def gpu(self) -> Any:  # Any: torch.device
        """The GPU that the rows are on; None on a CPU."""

    @property
    def chunk(self) -> int:
        """Steps between two looks at what was written."""

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Continue with these rows; one may be taken many times."""

    def write(
        self, rows: Rows, rules: Rules, banned: Sequence[int], steps: int, *, scores: bool = False
    ) -> None:
        """Write up to `steps` tokens in every row that has not ended."""


def write(
    decoder: Writer,
    rows: Rows,
    rules: Rules,
    banned: list[int],
    scores: bool,
    pages: "Sequence[Continuation]",
    on_tokens: OnTokens | None = None,
) -> None:
    """Let `decoder` write until all rows have ended; ended rows are left out after each chunk.

    Raises:  TrainingError if logits are not finite.
    """
    live, part = np.arange(len(pages)), rows.select(np.arange(len(pages)))
    stopping = STOPPING["cpu" if decoder.gpu is None else "cuda"]
    while not part.done.all():
        keep = np.flatnonzero(~part.done)
        # a GPU goes on with all rows as long as half of them are open: what it has recorded is for so many
        if len(keep) < len(live) and (decoder.gpu is None or 2 * len(keep) <= len(live)):
            decoder.select(keep)
            live, part = live[keep], part.select(keep)
        steps = STREAMED if on_tokens else min(stopping, decoder.chunk) if rules.stop else decoder.chunk
        steps = min(steps, rows.out.shape[1] - int(part.index[~part.done].min()))
        decoder.write(part, rules, banned, steps, scores=scores)
        rows.put(live, part)
        if (part.out == BROKEN).any():
            r, t = np.argwhere(rows.out == BROKEN)[0]
            raise TrainingError(
                f"sample: the logits of row {r} at token {t} are nan or infinite, expected finite ones. "
                "The weights are broken: go back to an earlier checkpoint, train with a lower lr."
            )
        if on_tokens:
            on_tokens([page.more(rows.written(r), bool(rows.done[r])) for r, page in enumerate(pages)])


class Continuation:
    """What a row has written, as text."""

    def __init__(self, codec: Codec, prompt: Sequence[int], stop: int | None) -> None:
        self.codec, self.prompt, self.stop, self.sent = codec, list(prompt), stop, ""
        self.before = codec.decode(prompt)

    def text(self, ids: Sequence[int]) -> str:
        """How the text continues after the prompt, if the prompt stays as it is; else the text of ids."""
        mine = list(ids[:-1] if self.ended(ids) else ids)
        whole = self.codec.decode([*self.prompt, *mine])
        return whole[len(self.before) :] if whole.startswith(self.before) else self.codec.decode(mine)

    def ended(self, ids: Sequence[int]) -> bool:
        """Whether the last of ids ended the text."""
        return self.stop is not None and len(ids) > 0 and ids[-1] == self.stop

    def more(self, ids: Sequence[int], last: bool) -> str:
        """The text since the last call, without what may still change unless it is the last."""
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
