"""What a text classifier knows beside its weights: texts to batches for its network, logits to labels.

Not handled: training (models.classifier.model).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, NotRequired, Self, TypedDict

import numpy as np
import torch
from torch import nn

from seqkit.core import options, schema
from seqkit.core.errors import OptionError
from seqkit.core.schema import Size
from seqkit.core.types import Array, Arrays, Ids, part, prefixed
from seqkit.models.base import Options
from seqkit.models.classifier.bag import AveragedNetwork, Texts
from seqkit.models.classifier.features import WordRows
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.recurrent import RecurrentNetwork, TextBatch
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.options import SETTINGS as LM
from seqkit.models.language_model.options import LanguageModelOptions
from seqkit.models.options import Recurrent
from seqkit.nn.resources import at_once
from seqkit.text.batches.buckets import by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec


class _LanguageModel(TypedDict):
    codec: dict[str, Any]
    network: dict[str, Any]


class _Meta(TypedDict):
    codec: dict[str, Any]
    words: Size
    classes: list[list[str | int | bool]]
    single: bool
    names: NotRequired[list[str]]
    encoder: dict[str, Any]
    coverage: Annotated[float, 0] | None  # more than 1 in files of 0.1.0 whose vectors had special words
    padding: schema.Share | None
    lm: NotRequired[_LanguageModel | None]


@dataclass(frozen=True)
class Fitted:
    """What is known beside the weights: rows of words, classes of tasks, the language model if any.

    coverage: share of the words of training that pretrained vectors had. padding: share of the steps of an
    epoch that is padding.
    """

    rows: WordRows
    targets: Targets
    encoder: Recurrent
    lm: tuple[Codec, Recurrent, LanguageModelOptions] | None = None
    coverage: float | None = None
    padding: float | None = None

    @property
    def fixed(self) -> int:
        """Words that only the vectors had."""
        return len(self.rows.codec.vocab) - self.rows.words

    def network(self, o: Options, lm: Network | None = None) -> AveragedNetwork | RecurrentNetwork:
        """A network, untrained but for the language model's weights, if they are given."""
        heads, own = self.targets.heads, o["classifier"]
        if not own.recurrent:
            return AveragedNetwork(self.rows.size, self.encoder.dim, int(heads[-1]), self.encoder.seed)
        read = None
        if self.lm is not None:
            read = Network(len(self.lm[0].vocab), *self.lm[1:])
            if lm is not None:
                read.load_state_dict(lm.state_dict())
        return RecurrentNetwork(self.rows.words, self.fixed, self.encoder, own.pooling, heads, read)

    def batch(self, ids: Sequence[Ids], which: Annotated[Array, "B"]) -> TextBatch:
        """Some texts, padded, for the recurrent network."""
        own, lengths = padded([ids[i] for i in which])
        return TextBatch(own, None if self.lm is None else self._to_lm[own], lengths)

    def logits(self, network: nn.Module, ids: Sequence[Ids]) -> Annotated[Array, "N C"]:
        """The logits of each text, read as `rows.ids` has it; they do not depend on the other texts."""
        found = np.zeros((len(ids), int(self.targets.heads[-1])))
        network.eval()
        most = at_once(
            "classify", next(network.parameters()).device
        )  # words, with padding, or averaged texts
        with torch.no_grad():
            if isinstance(network, AveragedNetwork):
                for start in range(0, len(ids), most):
                    bags: Texts = self.rows.bags(ids[start : start + most])
                    found[start : start + most] = network(bags).double().cpu().numpy()
                return found
            for which in by_length(np.array([len(row) for row in ids], np.int64), most):
                found[which] = network(self.batch(ids, which)).double().cpu().numpy()
        return found

    def best(self, logits: Annotated[Array, "N C"], threshold: float = 0.5) -> Annotated[Ids, "N K"]:
        """The number of each task's likeliest class; of sets: 1 for a label as likely as `threshold` or more.

        Raises:  OptionError for a threshold beyond 0 to 1, or another than 0.5 without sets.
        """
        if not 0 <= threshold <= 1 or (threshold != 0.5 and self.targets.names is None):
            wanted = "from 0 to 1" if self.targets.names is not None else "none: each text has one label"
            raise OptionError(f"threshold: got {threshold:g}, expected {wanted}.")
        if self.targets.names is not None:
            return (self.chances(logits) >= threshold).astype(np.int32)
        return np.stack(
            [logits[:, a:b].argmax(1) for a, b in pairwise(self.targets.heads.tolist())], 1
        ).astype(np.int32)

    def probabilities(self, logits: Annotated[Array, "N C"]) -> list[Annotated[Array, "N C"]]:
        """The probability of each class of each task."""
        found = []
        for a, b in pairwise(self.targets.heads.tolist()):
            p = np.exp(logits[:, a:b] - logits[:, a:b].max(1, initial=-np.inf, keepdims=True))
            found.append(p / p.sum(1, keepdims=True))
        return found

    def chances(self, logits: Annotated[Array, "N C"]) -> Annotated[Array, "N K"]:
        """The probability of each label of a set."""
        return np.stack([p[:, 1] for p in self.probabilities(logits)], 1)

    def to_arrays(self) -> Arrays:
        """The vocabularies."""
        lm = {} if self.lm is None else prefixed("lm.", self.lm[0].to_arrays())
        return self.rows.to_arrays() | lm

    def to_json(self) -> dict[str, Any]:
        """The recipes, classes and settings of the network."""
        meta: dict[str, Any] = {
            "codec": self.rows.codec.to_json(),
            "words": self.rows.words,
            "classes": self.targets.classes,
            "single": self.targets.single,
            "encoder": options.to_json(self.encoder),
            "coverage": self.coverage,
            "padding": self.padding,
        }
        if self.targets.names is not None:
            meta["names"] = self.targets.names
        if self.lm is not None:
            codec, recurrent, own = self.lm
            network = options.to_json(recurrent) | options.to_json(own)
            meta["lm"] = {"codec": codec.to_json(), "network": network}
        return meta

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        schema.check("classifier", meta, _Meta)
        lm = None
        if meta.get("lm") is not None:
            codec = Codec.load(part(arrays, "lm."), meta["lm"]["codec"])
            given = {name: v for name, v in meta["lm"]["network"].items() if name not in LM.fixed}
            made = LM.make("lm", given)
            lm = codec, made["recurrent"], made["language_model"]
        rows = WordRows.from_arrays(arrays, meta, o["classifier"])
        encoder = options.from_json(Recurrent, meta["encoder"])
        targets = Targets(meta["classes"], meta["single"], meta.get("names"))
        targets.check()
        return cls(rows, targets, encoder, lm, meta["coverage"], meta["padding"])

    @cached_property
    def _to_lm(self) -> Annotated[Ids, "V"]:
        """The language model's number of each word; text is cut in the same way for both."""
        assert self.lm is not None, "asked for with a language model alone"
        return self.lm[0].vocab.ids(self.rows.codec.vocab.tokens)
