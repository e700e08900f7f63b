"""Beam search for language models: the likeliest texts after a prompt."""

from collections.abc import Sequence
from typing import Any

import torch

from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.models.decoding.beam import search
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.decoding.sampling import Continuation, Sample, banned_tokens
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sampling import begin, encode_prompt
from seqkit.text.codec import Codec


@torch.no_grad()
def beam(
    network: Network,
    codec: Codec,
    *,
    prompt: str | Sequence[str],
    threads: int | None = None,
    **settings: Any,
) -> list[Sample]:
    """The `top` likeliest texts found after each prompt, best first, prompt after prompt.

    Each ends at eos or at `length`. The value of a text is its log p by the model (the probability of banned
    tokens is lost), eos included, over ((5 + tokens) / 6)^length_penalty. The search ends when no followed
    text can still win. There are fewer than `top` texts only if there are no more. Prompts do not depend on
    each other.

    settings: as BeamOptions has them.
    Raises:  OptionError for settings that do not fit, or an empty prompt where the vocabulary has neither bos
             nor eos; VocabularyError for an unknown token in a prompt if there is no unk; TrainingError if
             logits are not finite.
    """
    chosen = options.from_json(BeamOptions, settings)
    specials, banned = codec.vocab.specials, banned_tokens("beam", codec, chosen.ban_unk)
    prompts = [encode_prompt(codec, text) for text in ([prompt] if isinstance(prompt, str) else prompt)]
    if not prompts:
        return []
    tokens, decoder = begin(network, codec, prompts, threads)
    if (tokens < 0).any():
        raise OptionError(
            "beam: got an empty prompt, but the vocabulary has neither bos nor eos to begin with. Give "
            "a prompt."
        )
    limits = [chosen.limit(0)] * len(prompts)
    found = search(decoder, tokens, chosen, limits, banned, specials.get("eos", -1))
    pages = [Continuation(codec, ids, specials.get("eos")) for ids in prompts]
    return [
        page.sample(ids, log_prob, decoder.backend)
        for page, texts in zip(pages, found, strict=True)
        for log_prob, ids in texts
    ]
