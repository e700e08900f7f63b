"""Generator: one to many, texts drawn for a class or a vector: names by language, reviews by sentiment.

Not handled: a text as the condition (Translator); several labels a text (give a vector of zeros and ones).
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.device import device as find_device
from seqkit.core.errors import OptionError, ShapeError, TrainingError, VocabularyError, did_you_mean
from seqkit.core.score import Loss, Score
from seqkit.core.types import Array, Arrays, Ids
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.kernels.decode import reference
from seqkit.kernels.decode.rules import BROKEN, Rows, row_seeds
from seqkit.models.base import FitOptions, Model
from seqkit.models.decoding.sampling import Page, Sample, SamplingOptions
from seqkit.models.generator.network import ConditionBatch, GeneratorNetwork, GeneratorOptions
from seqkit.models.pairs import TextOptions, check_pairs, numbered, shifted
from seqkit.nn.cell import cells
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.log import Log
from seqkit.train.progress import Progress
from seqkit.train.world import World

STEPS = 8192  # of texts that are scored at once, with padding
NAMES = ("conditions", "texts")
Conditions = Sequence[str] | Annotated[Array, "N C"]


class Generator(Model):
    """A language model with a condition: a label each text, or a vector; settings of the groups below, by
    name.

    >>> Generator(unit="character", condition_dim=8).get_params()["condition_dim"]
    8
    """

    kind = "generator"
    groups: ClassVar[dict[str, Any]] = {
        "network": GeneratorOptions,
        "text": TextOptions,
        "fit": FitOptions,
        "gradient": GradientOptions,
    }
    defaults: ClassVar[dict[str, Any]] = {"optimizer": "adamw", "clip": 1.0, "unit": "character", "lr": 0.005}
    network_options: GeneratorOptions
    text_options: TextOptions
    fit_options: FitOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        super().__init__(device=device, threads=threads, **settings)
        self._codec: Codec | None = None
        self.labels: tuple[str, ...] = ()  # in order of the alphabet; empty where conditions are vectors
        self.counts: tuple[int, ...] = ()  # texts of each label in training
        self.condition_size = 0

    @property
    def codec(self) -> Codec:
        """How text becomes ids and back.  Raises:  OptionError before `fit`."""
        found: Codec = self._trained(self._codec)
        return found

    @property
    def network(self) -> GeneratorNetwork:
        """The torch module.  Raises:  OptionError before `fit`."""
        found: GeneratorNetwork = self._trained(self._network)
        return found

    @property
    def sizes(self) -> dict[str, int]:
        """Numbers of a condition (one a label), tokens in the vocabulary."""
        return {"condition": self.condition_size, "text": len(self.codec.vocab)}

    def fit(
        self,
        conditions: Conditions,
        texts: Sequence[str],
        *,
        valid: tuple[Conditions, Sequence[str]] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> Self:
        """Train on texts and the condition of each: a label (str), or a row of an array (N, C).

        valid, checkpoint, resume, report, logs, world: as in Translator.fit.
        Raises:  ShapeError for conditions that do not fit the texts; FormatError for a text without a token,
                 or none.
        """
        check_pairs("fit", conditions, texts, NAMES)
        o, shared = self.fit_options, world or World()
        self._codec = self.text_options.learn(texts)
        self._take_conditions(conditions)
        x, rows = self._encode("fit", conditions, texts)
        validation = None if valid is None else self._encode("valid", *valid)
        network = self._make()
        groups = (self.network_options, self.text_options, o)
        settings = {
            name: value
            for group in groups
            for name, value in options.to_json(group).items()
            if name != "epochs"
        }
        settings["texts"] = hashlib.sha256(
            b"\0".join([x.tobytes(), *(ids.tobytes() for ids in rows)])
        ).hexdigest()
        batches = Buckets(
            np.array([len(ids) for ids in rows]),
            o.batch,
            lambda which, part: self._batch(x, rows, which, part),
            settings,
            seed=self.network_options.seed,
            part=(shared.rank, shared.size),
        )

        def validate() -> float:
            losses, (_, texts) = self._losses(network, *validation), validation  # type: ignore[misc]  # then given
            return float(losses.sum()) / sum(map(len, texts))

        self._learn(
            network,
            batches,
            checkpoint=checkpoint,
            resume=resume,
            report=report,
            logs=logs,
            world=shared,
            validate=validate if validation else None,
        )
        return self

    @torch.no_grad()
    def sample(
        self, conditions: Conditions | str, *, seeds: Iterable[int] = (1,), **settings: Any
    ) -> list[Sample]:
        """For each condition one text for each seed, condition after condition; settings as in
        models.decoding.sampling.SamplingOptions.

        Texts end at their end token, or at `length`. What a row becomes depends on its condition and seed
        alone.
        Raises:  VocabularyError for an unknown label; OptionError for settings that do not fit.
        """
        network = self.network.eval()
        x = self._vectors("sample", [conditions] if isinstance(conditions, str) else conditions)
        chosen = options.from_json(SamplingOptions, {"stop_at_eos": True} | settings)
        rules, banned = chosen.rules(self.codec)
        seeds, specials = list(seeds), self.codec.vocab.specials
        state = network.start(torch.from_numpy(np.repeat(x, len(seeds), 0)).to(network.embedding))
        decoder = reference.Decoder(network, state)
        first = np.full(len(x) * len(seeds), specials["bos"], np.int64)
        rows = Rows.start(first, row_seeds(seeds * len(x)), chosen.length)
        while not rows.done.all():
            decoder.write(
                rows, rules, banned, min(decoder.chunk, chosen.length - int(rows.index.min())), scores=True
            )
            if (rows.out == BROKEN).any():
                raise TrainingError(
                    "sample: logits are nan or infinite, expected finite ones. The weights are broken."
                )
        page = Page(self.codec, [], rules.eos if rules.stop else None)
        return [
            page.sample(rows.written(r), float(rows.log_probs[r]), decoder.backend) for r in range(len(first))
        ]

    def log_probs(self, texts: Sequence[str]) -> Annotated[Array, "N C"]:
        """log p(text | label) in nats, ends included, of each text under each of `labels`."""
        rows, C = numbered(self.codec, "log_probs", "text", texts), self._need_labels("log_probs")
        x = np.tile(np.eye(C, dtype=np.float32), (len(rows), 1))
        losses = self._losses(self.network, x, [ids for ids in rows for _ in range(C)])
        return -losses.reshape(len(rows), C)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text by Bayes' rule: p(text | label) · p(label), that from the counts
        in training.
        """
        prior = np.log(np.array(self.counts) / sum(self.counts))
        return [self.labels[i] for i in (self.log_probs(texts) + prior).argmax(1)]

    def score(self, conditions: Conditions, texts: Sequence[str]) -> Score:
        """Perplexity of texts under their conditions, a token, ends included."""
        x, rows = self._encode("score", conditions, texts)
        loss = Loss(float(self._losses(self.network, x, rows).sum()), sum(map(len, rows)))
        unk = self.codec.vocab.unk
        unknown = sum(int((ids == unk).sum()) for ids in rows)
        told = {
            "unit": self.text_options.unit,
            "vocabulary": len(self.codec.vocab),
            "texts": len(texts),
            "unknown": unknown,
        }
        return Score("perplexity", loss.perplexity, loss.count, 0, told)

    def accuracy(self, labels: Sequence[str], texts: Sequence[str]) -> Score:
        """How often `predict` gives the label: whether the texts of one label differ from those of another
        for the model.
        """
        check_pairs("accuracy", labels, texts, NAMES)
        right = Accuracy().stats(np.array(self.predict(texts)), np.array(labels))
        return measured("accuracy", Accuracy(), right, 0, {"labels": len(self.labels), "by": "Bayes"})

    def _take_conditions(self, conditions: Conditions) -> None:
        if isinstance(conditions, np.ndarray) and conditions.dtype.kind in "fiub":
            self.labels, self.counts = (), ()
            self.condition_size = conditions.shape[1] if conditions.ndim == 2 else 0
            return
        names, counts = np.unique(list(map(str, conditions)), return_counts=True)
        self.labels, self.counts, self.condition_size = (
            tuple(names.tolist()),
            tuple(counts.tolist()),
            len(names),
        )

    def _vectors(self, where: str, conditions: Conditions) -> Annotated[Array, "N C"]:
        """Conditions as vectors, a label as one-hot."""
        if not self.labels:
            x = np.asarray(conditions)
            if (
                x.dtype.kind not in "fiub"
                or x.ndim != 2
                or x.shape[1] != self.condition_size
                or not np.isfinite(x).all()
            ):
                raise ShapeError(
                    f"{where}: conditions of shape {x.shape} and dtype {x.dtype} came, expected (N, "
                    f"{self.condition_size}) of "
                    "finite numbers."
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

    def _need_labels(self, where: str) -> int:
        self._trained(self._network)
        if not self.labels:
            raise OptionError(f"{where}: the model's conditions are vectors, expected labels. Use score.")
        return len(self.labels)

    def _encode(self, where: str, conditions: Conditions, texts: Sequence[str]) -> tuple[Array, list[Ids]]:
        check_pairs(where, conditions, texts, NAMES)
        return self._vectors(where, conditions), numbered(self.codec, where, "text", texts)

    def _batch(
        self, x: Array, rows: Sequence[Ids], which: Array, part: tuple[int, int] | None
    ) -> ConditionBatch:
        mine = [rows[i] for i in which.tolist()]
        given, _ = padded(shifted(mine, self.codec.vocab.specials["bos"]))
        target, counts = padded(mine, fill=-1)
        return ConditionBatch(x[which], given, target, int(counts.sum()), part)

    def _losses(self, network: GeneratorNetwork, x: Array, rows: Sequence[Ids]) -> Annotated[Array, "N"]:
        """-log p of each text."""
        network.eval()
        found = np.zeros(len(rows))
        for which in by_length(np.array([len(ids) for ids in rows]), STEPS):
            found[which] = network.losses(self._batch(x, rows, which, None)).cpu().numpy()
        return found

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        arrays = {f"text.{name}": a for name, a in self.codec.to_arrays().items()}
        meta = {
            "codec": self.codec.to_json(),
            "labels": self.labels,
            "counts": self.counts,
            "condition": self.condition_size,
        }
        return arrays, meta

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> GeneratorNetwork:
        own = {name.removeprefix("text."): a for name, a in arrays.items() if name.startswith("text.")}
        self._codec, self.condition_size = Codec.load(own, meta["codec"]), meta["condition"]
        self.labels, self.counts = tuple(meta["labels"]), tuple(meta["counts"])
        return self._make()

    def _make(self) -> GeneratorNetwork:
        s, classes = self.network_options, len(self.codec.vocab)
        row = max(s.embed_dim + s.condition_dim, s.hidden_size) + s.hidden_size
        cell = s.num_layers * cells.load(s.cell).gates * s.hidden_size * row
        self._check_memory(classes * (s.embed_dim + s.hidden_size) + cell)
        return GeneratorNetwork(self.condition_size, classes, s).to(find_device(self.device))
