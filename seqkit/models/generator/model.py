"""Generator: one to many, texts drawn for a label or a vector, such as names for a language.

Not handled: a text as the condition (Translator); several labels for a text (give a vector).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypedDict, Unpack

import numpy as np
import torch

from seqkit.core import schema
from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError, did_you_mean
from seqkit.core.schema import Count, Size
from seqkit.core.score import Loss, Score
from seqkit.core.types import Array, Arrays, Ids, part, prefixed
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.kernels.decode import reference
from seqkit.kernels.decode.rules import Rows, row_seeds
from seqkit.models.base import Options, Run, TextModel
from seqkit.models.decoding.sampling import Continuation, Sample, rules_of, write
from seqkit.models.generator.network import ConditionBatch, GeneratorNetwork
from seqkit.models.generator.options import SAMPLING, SETTINGS
from seqkit.models.pairs import check_pairs, learn_codec, need_specials, numbered, shifted
from seqkit.nn.resources import at_once
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec
from seqkit.train.world import World

NAMES = ("conditions", "texts")
Conditions = Sequence[str] | Annotated[Array, "N C"]


class _Meta(TypedDict):
    codec: dict[str, Any]
    labels: list[str]
    counts: list[Count]
    condition: Size


@dataclass(frozen=True)
class Fitted:
    """How text becomes ids and back, and what a condition is.

    labels: in order of the alphabet; empty where conditions are vectors. counts: texts of each in training.
    """

    codec: Codec
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    condition_size: int

    @staticmethod
    def learn(codec: Codec, conditions: Conditions) -> "Fitted":
        """The labels of training, or the size of its vectors."""
        if isinstance(conditions, np.ndarray) and conditions.dtype.kind in "fiub":
            return Fitted(codec, (), (), conditions.shape[1] if conditions.ndim == 2 else 0)
        names, counts = np.unique(list(map(str, conditions)), return_counts=True)
        return Fitted(codec, tuple(names.tolist()), tuple(counts.tolist()), len(names))

    def vectors(self, where: str, conditions: Conditions) -> Annotated[Array, "N C"]:
        """Conditions as vectors, a label as one-hot.

        Raises:  ShapeError for arrays of another size; VocabularyError for an unknown label.
        """
        if not self.labels:
            x = np.asarray(conditions)
            fits = x.dtype.kind in "fiub" and x.ndim == 2 and x.shape[1] == self.condition_size
            if not fits or not np.isfinite(x).all():
                raise ShapeError(
                    f"{where}: got conditions of shape {x.shape} and dtype {x.dtype}, expected "
                    f"(N, {self.condition_size}) of finite numbers."
                )
            return x.astype(np.float32)
        place = {label: i for i, label in enumerate(self.labels)}
        for label in map(str, conditions):
            if label not in place:
                known = ", ".join(self.labels[:20]) + (", ..." if len(self.labels) > 20 else "")
                raise VocabularyError(
                    f"{where}: unknown label {label!r}; known: {known}.{did_you_mean(label, self.labels)}"
                )
        return np.eye(len(place), dtype=np.float32)[[place[str(label)] for label in conditions]]

    def network(self, o: Options) -> GeneratorNetwork:
        """The untrained network."""
        return GeneratorNetwork(self.condition_size, len(self.codec.vocab), o["recurrent"], o["condition"])

    def to_arrays(self) -> Arrays:
        """The vocabulary."""
        return prefixed("text.", self.codec.to_arrays())

    def to_json(self) -> dict[str, Any]:
        """The recipe and the labels."""
        own = {"labels": self.labels, "counts": self.counts, "condition": self.condition_size}
        return {"codec": self.codec.to_json(), **own}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        schema.check("generator", meta, _Meta)
        codec = Codec.load(part(arrays, "text."), meta["codec"])
        need_specials(codec, "text", "pad", "unk", "bos", "eos")
        labels, counts, size = tuple(meta["labels"]), tuple(meta["counts"]), meta["condition"]
        if len(set(labels)) != len(labels) or len(counts) != len(labels) or (labels and size != len(labels)):
            raise FormatError(
                f"labels: got {len(labels)} with {len(counts)} counts for conditions of {size} numbers, "
                "expected different ones, a count and a number for each."
            )
        return cls(codec, labels, counts, size)


class Generator(TextModel[Fitted]):
    """A language model with a condition, a label or a vector; settings as in models.generator.options.

    >>> Generator(unit="character", condition_dim=8).get_params()["condition_dim"]
    8
    """

    kind = "generator"
    settings = SETTINGS
    record = Fitted

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in order of the alphabet; empty where conditions are vectors, and before `fit`."""
        return () if self._fitted is None else self._fitted.labels

    @property
    def sizes(self) -> dict[str, int]:
        """Numbers of a condition (one a label), tokens in the vocabulary."""
        return {"condition": self.fitted.condition_size, "text": len(self.codec.vocab)}

    def fit(
        self,
        conditions: Conditions,
        texts: Sequence[str],
        *,
        valid: tuple[Conditions, Sequence[str]] | None = None,
        **run: Unpack[Run],
    ) -> Self:
        """Train on texts and the condition of each: a label (str), or a row of an array (N, C).

        valid: the same; the epoch with the lowest loss on it is kept. run: see models.base.Run.
        Raises:  ShapeError for conditions that do not fit the texts; FormatError for a text without a token,
                 or none.
        """
        check_pairs("fit", conditions, texts, NAMES)
        shared = run.get("world") or World()
        fitted = Fitted.learn(learn_codec(self.options["text"], texts), conditions)
        x, rows = _encode(fitted, "fit", conditions, texts)
        validation = None if valid is None else _encode(fitted, "valid", *valid)
        network = self._build(fitted)
        batches = Buckets(
            np.array([len(ids) for ids in rows]),
            self.fit_options.batch,
            lambda which, part: _batch(fitted, x, rows, which, part),
            self._signature(x, rows),
            seed=self.options["recurrent"].seed,
            part=(shared.rank, shared.size),
        )

        def validate() -> float:
            assert validation is not None, "asked for with validation texts alone"
            return float(_losses(network, fitted, *validation).sum()) / sum(map(len, validation[1]))

        self._learn(fitted, network, batches, validate=validate if validation else None, **run)
        return self

    @torch.no_grad()
    def sample(
        self, conditions: Conditions | str, *, seeds: Iterable[int] = (1,), **settings: Any
    ) -> list[Sample]:
        """For each condition one text for each seed, condition after condition.

        settings: as in models.decoding.options.SamplingOptions. Texts end at their end token, or at
        `length`. A text depends on its condition and seed alone.
        Raises:  VocabularyError for an unknown label; OptionError for settings that do not fit.
        """
        network, fitted = self.network.eval(), self.fitted
        x = fitted.vectors("sample", [conditions] if isinstance(conditions, str) else conditions)
        chosen = SAMPLING.make("sample", settings)["sampling"]
        rules, banned = rules_of(chosen, fitted.codec)
        seeds, bos = list(seeds), fitted.codec.vocab.specials["bos"]
        start = network.start(torch.from_numpy(np.repeat(x, len(seeds), 0)).to(network.embedding))
        decoder = reference.Decoder(network, start)
        first = np.full(len(x) * len(seeds), bos, np.int64)
        rows = Rows.start(first, row_seeds(seeds * len(x)), chosen.length)
        pages = [Continuation(fitted.codec, [], rules.eos if rules.stop else None) for _ in first]
        write(decoder, rows, rules, banned, True, pages)
        return [
            page.sample(rows.written(r), float(rows.log_probs[r]), decoder.backend)
            for r, page in enumerate(pages)
        ]

    def log_probs(self, texts: Sequence[str]) -> Annotated[Array, "N C"]:
        """log p(text | label) in nats, ends included, of each text under each of `labels`."""
        rows, C = numbered(self.codec, "log_probs", "text", texts), self._need_labels("log_probs")
        x = np.tile(np.eye(C, dtype=np.float32), (len(rows), 1))
        losses = _losses(self.network, self.fitted, x, [ids for ids in rows for _ in range(C)])
        return -losses.reshape(len(rows), C)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text by Bayes' rule: p(text | label) · p(label)."""
        prior = np.log(np.array(self.fitted.counts) / sum(self.fitted.counts))
        return [self.labels[i] for i in (self.log_probs(texts) + prior).argmax(1)]

    def score(self, conditions: Conditions, texts: Sequence[str]) -> Score:
        """Perplexity for each token of texts under their conditions, ends included."""
        x, rows = _encode(self.fitted, "score", conditions, texts)
        loss = Loss(float(_losses(self.network, self.fitted, x, rows).sum()), sum(map(len, rows)))
        unk = self.codec.vocab.unk
        unknown = sum(int((ids == unk).sum()) for ids in rows)
        told = {
            "unit": self.options["text"].unit,
            "vocabulary": len(self.codec.vocab),
            "texts": len(texts),
            "unknown": unknown,
        }
        return Score("perplexity", loss.perplexity, loss.count, 0, told)

    def accuracy(self, labels: Sequence[str], texts: Sequence[str]) -> Score:
        """How often `predict` gives the label: whether the model tells the texts of the labels apart."""
        check_pairs("accuracy", labels, texts, NAMES)
        right = Accuracy().stats(np.array(self.predict(texts)), np.array(labels))
        return measured("accuracy", Accuracy(), right, 0, {"labels": len(self.labels), "by": "Bayes"})

    def _need_labels(self, where: str) -> int:
        if not self.fitted.labels:
            raise OptionError(
                f"{where}: got a model whose conditions are vectors, expected labels. Use score."
            )
        return len(self.labels)


def _encode(
    fitted: Fitted, where: str, conditions: Conditions, texts: Sequence[str]
) -> tuple[Array, list[Ids]]:
    check_pairs(where, conditions, texts, NAMES)
    return fitted.vectors(where, conditions), numbered(fitted.codec, where, "text", texts)


def _batch(
    fitted: Fitted, x: Array, rows: Sequence[Ids], which: Array, part: tuple[int, int] | None
) -> ConditionBatch:
    mine = [rows[i] for i in which.tolist()]
    given, _ = padded(shifted(mine, fitted.codec.vocab.specials["bos"]))
    target, counts = padded(mine, fill=-1)
    return ConditionBatch(x[which], given, target, int(counts.sum()), part)


def _losses(
    network: GeneratorNetwork, fitted: Fitted, x: Array, rows: Sequence[Ids]
) -> Annotated[Array, "N"]:
    """-log p of each text."""
    network.eval()
    found = np.zeros(len(rows))
    for which in by_length(np.array([len(ids) for ids in rows]), at_once("score", network.embedding.device)):
        found[which] = network.losses(_batch(fitted, x, rows, which, None)).cpu().numpy()
    return found
