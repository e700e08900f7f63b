"""How a text classifier reads: texts to batches for its network, the network's logits to labels.

Not handled: training (models.classifier.model).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import torch
from torch import nn

from seqkit.core import options
from seqkit.core.types import Array, Arrays, Ids
from seqkit.models.classifier.bag import AveragedNetwork, Texts
from seqkit.models.classifier.features import WordRows
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.recurrent import ClassifierOptions, RecurrentNetwork, Rows
from seqkit.models.encoder import EncoderOptions
from seqkit.models.language_model.network import Network, NetworkOptions
from seqkit.text.batches.buckets import by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec

STEPS = 16384  # words, with padding, that are classified at once


@dataclass(frozen=True)
class Reading:
    """The rows of words, the classes of tasks, and the language model's own vocabulary and settings, if there
    is one.
    """

    rows: WordRows
    targets: Targets
    encoder: EncoderOptions
    lm: tuple[Codec, NetworkOptions] | None

    @property
    def options(self) -> ClassifierOptions:
        """How a text becomes one vector."""
        return self.rows.options

    @property
    def fixed(self) -> int:
        """Words that only the vectors had."""
        return len(self.rows.codec.vocab) - self.rows.words

    def network(self, lm: Network | None = None) -> AveragedNetwork | RecurrentNetwork:
        """A network, untrained but for the language model's weights, if they are given."""
        heads = self.targets.heads
        if not self.options.recurrent:
            return AveragedNetwork(self.rows.size, self.encoder.embed_dim, int(heads[-1]), self.encoder.seed)
        own = None
        if self.lm is not None:
            own = Network(len(self.lm[0].vocab), self.lm[1])
            if lm is not None:
                own.load_state_dict(lm.state_dict())
        return RecurrentNetwork(self.rows.words, self.fixed, self.encoder, self.options.pooling, heads, own)

    def batch(self, ids: Sequence[Ids], which: Annotated[Array, "B"]) -> Rows:
        """Some texts, padded, for the recurrent network."""
        own, lengths = padded([ids[i] for i in which])
        return Rows(own, None if self.lm is None else self._to_lm[own], lengths)

    def logits(self, network: nn.Module, texts: Sequence[str]) -> Annotated[Array, "N C"]:
        """The logits of each text, whatever stands beside it."""
        ids = self.rows.ids(texts)
        found = np.zeros((len(texts), int(self.targets.heads[-1])))
        network.eval()
        with torch.no_grad():
            if isinstance(network, AveragedNetwork):
                for start in range(0, len(ids), STEPS):
                    bags: Texts = self.rows.bags(ids[start : start + STEPS])
                    found[start : start + STEPS] = network(bags).double().cpu().numpy()
                return found
            for which in by_length(np.array([len(row) for row in ids], np.int64), STEPS):
                found[which] = network(self.batch(ids, which)).double().cpu().numpy()
        return found

    def best(self, logits: Annotated[Array, "N C"]) -> Annotated[Ids, "N K"]:
        """The number of each task's likeliest class."""
        return np.stack(
            [logits[:, a:b].argmax(1) for a, b in pairwise(self.targets.heads.tolist())], 1
        ).astype(np.int32)

    def probabilities(self, logits: Annotated[Array, "N C"]) -> list[Annotated[Array, "N C"]]:
        """p of the classes of each task."""
        found = []
        for a, b in pairwise(self.targets.heads.tolist()):
            p = np.exp(logits[:, a:b] - logits[:, a:b].max(1, initial=-np.inf, keepdims=True))
            found.append(p / p.sum(1, keepdims=True))
        return found

    def save(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and JSON values for a model's file."""
        arrays, meta = self.rows.to_arrays(), {"codec": self.rows.codec.to_json(), "words": self.rows.words}
        meta |= {
            "classes": self.targets.classes,
            "single": self.targets.single,
            "encoder": options.to_json(self.encoder),
        }
        if self.lm is not None:
            arrays |= {f"lm.{name}": array for name, array in self.lm[0].to_arrays().items()}
            meta["lm"] = {"codec": self.lm[0].to_json(), "network": options.to_json(self.lm[1])}
        return arrays, meta

    @staticmethod
    def load(arrays: Arrays, meta: dict[str, Any], o: ClassifierOptions) -> "Reading":
        """What `save` gave."""
        lm = None
        if meta.get("lm") is not None:
            own = {
                name.removeprefix("lm."): array for name, array in arrays.items() if name.startswith("lm.")
            }
            lm = (
                Codec.load(own, meta["lm"]["codec"]),
                options.from_json(NetworkOptions, meta["lm"]["network"]),
            )
        encoder = options.from_json(EncoderOptions, meta["encoder"])
        return Reading(WordRows.load(arrays, meta, o), Targets(meta["classes"], meta["single"]), encoder, lm)

    @cached_property
    def _to_lm(self) -> Annotated[Ids, "V"]:
        """The language model's number of each word of ours: text is cut alike for both."""
        assert self.lm is not None, "asked for with a language model alone"
        return self.lm[0].vocab.ids(self.rows.codec.vocab.tokens)
