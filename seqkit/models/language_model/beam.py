"""Beam search for language models: the likeliest texts that go on from a prompt."""

from collections.abc import Sequence
from typing import Any

import torch

from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.models.decoding.beam import BeamOptions, search
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
    """The `top` likeliest texts found after each prompt, best first, prompt after prompt; each ends at eos or
    at `length`.

    A text's worth is its log p as the model has it (banned tokens leave a gap, they are not shared out), eos
    included, over ((5 + tokens) / 6)^length_penalty. The search ends when no text that is followed can still
    win. There are fewer than `top` texts only if there are no more. A prompt's texts do not depend on other
    prompts.

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
    found = search(decoder, tokens, [chosen] * len(prompts), banned, specials.get("eos", -1))
    pages = [Continuation(codec, ids, specials.get("eos")) for ids in prompts]
    return [
        page.sample(ids, log_prob, decoder.backend)
        for page, texts in zip(pages, found, strict=True)
        for log_prob, ids in texts
    ]
