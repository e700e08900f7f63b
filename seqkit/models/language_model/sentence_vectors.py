"""Vectors of sentences: the top layer of a language model after each of them, or its mean.

Not handled: training for it; a text longer than memory.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import torch

from seqkit.core.device import upload
from seqkit.core.errors import FormatError, OptionError, VocabularyError
from seqkit.core.types import Array
from seqkit.models.language_model.model import LanguageModel
from seqkit.models.language_model.scoring import first_context
from seqkit.nn.resources import at_once
from seqkit.text.batches.streams import padded

Pooling = Literal["last", "mean"]


@torch.no_grad()
def sentence_vectors(
    model: LanguageModel, texts: Sequence[str], *, pooling: Pooling = "last"
) -> Annotated[Array, "N H"]:
    """The top layer's output after the last token of each text ("last"), or its mean ("mean"); float64.

    Each text is read by itself from a fresh state, after the start token, which is not in the mean.
    Raises:  OptionError for another pooling; FormatError for a text without a token; VocabularyError for an
             unknown token if the vocabulary has no unk.
    """
    if pooling not in ("last", "mean"):
        raise OptionError(f"sentence_vectors: got pooling {pooling!r}, expected 'last' or 'mean'.")
    network, start = model.network.eval(), first_context(model.codec)
    before = [] if start is None else [start]
    device, found = network.embedding.device, []
    most = at_once("sentences", device)
    for first in range(0, len(texts), most):
        rows = [
            np.concatenate([before, model.codec.encode(text)]).astype(np.int32)
            for text in texts[first : first + most]
        ]
        if any(len(row) == len(before) for row in rows):
            raise FormatError(
                "sentence_vectors: got a text without a token, expected at least one. Leave empty texts out."
            )
        ids, lengths = padded(rows)
        y, _ = network.hidden(upload(ids, device, torch.int64), None, torch.from_numpy(lengths))
        if pooling == "last":
            last = upload(lengths - 1, device)[:, None, None].expand(-1, 1, y.shape[2])
            found += list(y.gather(1, last)[:, 0].double().cpu().numpy())
            continue
        for row, n in zip(y.double().cpu().numpy(), lengths.tolist(), strict=True):
            found.append(row[len(before) : n].mean(0))
    return np.array(found)


def reads(model: LanguageModel, text: str) -> bool:
    """Whether the model knows every token of a text."""
    try:
        ids = model.codec.encode(text)
    except VocabularyError:  # it has no unk
        return False
    return len(ids) > 0 and model.codec.vocab.unk not in ids.tolist()
