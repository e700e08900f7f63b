"""Translator: texts in one language to texts in another, by an encoder, attention and a decoder; train,
write, score, look.

Not handled: several target languages, transformers, texts longer than a row of memory (cut them into
sentences first).
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.device import device as find_device
from seqkit.core.errors import OptionError
from seqkit.core.family import Family
from seqkit.core.score import Loss, Score
from seqkit.core.types import Array, Arrays, Ids
from seqkit.evaluate.metric import measured
from seqkit.models.base import FitOptions, Model
from seqkit.models.encoder import EncoderOptions
from seqkit.models.pairs import TextOptions, check_pairs, numbered, shifted
from seqkit.models.translator.network import DecoderOptions, PairBatch, TranslatorNetwork
from seqkit.models.translator.search import TranslatingOptions, Translation, translate
from seqkit.nn.cell import cells
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.log import Log
from seqkit.train.progress import Progress
from seqkit.train.world import World

METRICS = ("bleu", "chrf")  # those of texts
STEPS = 8192  # of pairs whose loss is taken at once, with padding


@dataclass(frozen=True)
class Alignment:
    """How much each token of a target looked at each token of its source: weights[t, s], a row sums to 1."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: Annotated[Array, "T S"]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"source": list(self.source), "target": list(self.target), "weights": self.weights.tolist()}


class Translator(Model):
    """Settings are those of EncoderOptions, DecoderOptions, TextOptions, FitOptions and GradientOptions, by
    name.

    >>> Translator(attention="bahdanau", cell="gru").get_params()["attention"]
    'bahdanau'
    """

    kind = "translator"
    groups: ClassVar[dict[str, Any]] = {
        "encoder": EncoderOptions,
        "decoder": DecoderOptions,
        "text": TextOptions,
        "fit": FitOptions,
        "gradient": GradientOptions,
    }
    defaults: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw",
        "clip": 1.0,
        "batch": 64,
        "lr": 0.002,
        "hidden_size": 256,
        "embed_dim": 256,
    }
    encoder_options: EncoderOptions
    decoder_options: DecoderOptions
    text_options: TextOptions
    fit_options: FitOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        super().__init__(device=device, threads=threads, **settings)
        self._codecs: tuple[Codec, Codec] | None = None

    @property
    def codecs(self) -> tuple[Codec, Codec]:
        """How sources and targets become ids and back.  Raises:  OptionError before `fit`."""
        found: tuple[Codec, Codec] = self._trained(self._codecs)
        return found

    @property
    def network(self) -> TranslatorNetwork:
        """The torch module.  Raises:  OptionError before `fit`."""
        found: TranslatorNetwork = self._trained(self._network)
        return found

    @property
    def sizes(self) -> dict[str, int]:
        """Tokens in the vocabularies."""
        return {side: len(codec.vocab) for side, codec in zip(("source", "target"), self.codecs, strict=True)}

    def fit(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        valid: tuple[Sequence[str], Sequence[str]] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> Self:
        """Train on pairs of texts; with `valid` (sources, targets) keep the weights of the epoch with the
        lowest loss there.

        checkpoint, resume, report, logs, world: as in LanguageModel.fit.
        Raises:  ShapeError for another number of targets; FormatError for a text without a token, or no pair;
                 TrainingError if the loss is not finite; OptionError if a resumed run differs.
        """
        check_pairs("fit", sources, targets)
        t, o, shared = self.text_options, self.fit_options, world or World()
        self._codecs = t.learn(sources, bos=False), t.learn(targets)
        pairs = self._encode("fit", sources, targets)
        validation = None if valid is None else self._encode("valid", *valid)
        network = self._make()
        network.total_steps = -(-len(sources) // o.batch) * o.epochs
        lengths = np.array([[len(y), len(x)] for x, y in zip(*pairs, strict=True)], np.int64)
        chosen = (self.encoder_options, self.decoder_options, t, o)
        settings = {
            name: value
            for group in chosen
            for name, value in options.to_json(group).items()
            if name != "epochs"
        }
        settings["pairs"] = hashlib.sha256(
            b"\0".join(ids.tobytes() for side in pairs for ids in side)
        ).hexdigest()
        batches = Buckets(
            lengths[:, 0] * (lengths[:, 1].max() + 1)
            + lengths[:, 1],  # by the target's length, then the source's
            o.batch,
            lambda rows, part: self._batch(pairs, rows, part),
            settings,
            seed=self.encoder_options.seed,
            part=(shared.rank, shared.size),
        )
        self._learn(
            network,
            batches,
            checkpoint=checkpoint,
            resume=resume,
            report=report,
            logs=logs,
            world=shared,
            validate=None if validation is None else lambda: self._loss(network, validation).mean,
        )
        return self

    def predict(self, sources: Sequence[str], **settings: Any) -> list[str]:
        """The best translation of each source; settings as in models.translator.search.TranslatingOptions."""
        return [found[0].text for found in self.translate(sources, **settings)]

    def translate(self, sources: Sequence[str], **settings: Any) -> list[list[Translation]]:
        """The `top` best translations of each source, best first, with their log-probabilities."""
        chosen = options.from_json(TranslatingOptions, settings)
        own, other = self.codecs
        return translate(
            self.network, other, numbered(own, "translate", "source", sources), chosen, own.vocab.unk
        )

    def loss(self, sources: Sequence[str], targets: Sequence[str]) -> Loss:
        """Σ -log p(target | source) in nats and the tokens it sums over, ends included: exact for each
        pair.
        """
        check_pairs("loss", sources, targets)
        return self._loss(self.network, self._encode("loss", sources, targets))

    def score(
        self, sources: Sequence[str], references: Sequence[str], *, tokenize: str = "13a", **settings: Any
    ) -> Score:
        """BLEU of the best translations, as sacrebleu has it, its signature within the score's; settings as
        in `translate`.
        """
        return self.measure(sources, references, metrics=("bleu",), tokenize=tokenize, **settings)[0]

    def measure(
        self,
        sources: Sequence[str],
        references: Sequence[str],
        *,
        metrics: Sequence[str] = METRICS,
        tokenize: str = "13a",
        **settings: Any,
    ) -> list[Score]:
        """Metrics of the best translations against references.

        tokenize: how BLEU cuts texts: 13a, none (for text that is tokenised already), intl, char, ... as in
        sacrebleu.
        """
        check_pairs("score", sources, references)
        best = [found[0] for found in self.translate(sources, **settings)]
        chosen = options.to_json(options.from_json(TranslatingOptions, settings))
        told = {name: chosen[name] for name in ("beam", "length_penalty", "ban_unk")}
        told["cut_at_max_length"] = sum(one.stopped == "length" for one in best)
        scores = []
        for metric in metrics:
            own = {"tokenize": tokenize} if metric == "bleu" else {}
            found = score_texts([one.text for one in best], references, metric, **own)
            scores.append(replace(found, signature=found.signature | told))
        return scores

    @torch.no_grad()
    def align(self, source: str, target: str | None = None, **settings: Any) -> Alignment:
        """What attention looked at while `target` was written; if none is given, the best translation, by
        `settings`.

        Raises:  OptionError if the model has no attention.
        """
        network, (own, other) = self.network.eval(), self.codecs
        if network.attention is None:
            raise OptionError(
                "align: attention 'none' came, expected luong or bahdanau. Train the model with one of them."
            )
        x = numbered(own, "align", "source", [source])
        if target is None:
            found = self.translate([source], **settings)[0][0]
            y = [np.append(other.vocab.ids(found.tokens), other.vocab.specials["eos"]).astype(np.int32)]
        else:
            y = numbered(other, "align", "target", [target])
        batch, device = self._batch((x, y), np.zeros(1, np.int64), None), network.embedding.device
        ids, lengths, read = (
            torch.from_numpy(a).to(device, torch.int64) for a in (batch.source, batch.lengths, batch.input)
        )
        looked = network(read, network.read(ids, lengths))[1]
        words, written = tuple(own.vocab.words(x[0])), tuple(other.vocab.words(y[0]))
        return Alignment(words, written, looked[0].double().cpu().numpy())

    def _encode(
        self, where: str, sources: Sequence[str], targets: Sequence[str]
    ) -> tuple[list[Ids], list[Ids]]:
        check_pairs(where, sources, targets)
        own, other = self.codecs
        return numbered(own, where, "source", sources), numbered(other, where, "target", targets)

    def _batch(
        self, pairs: tuple[list[Ids], list[Ids]], rows: Array, part: tuple[int, int] | None
    ) -> PairBatch:
        """A batch of some pairs; the decoder reads bos and all but the last token."""
        sources, targets = ([side[i] for i in rows.tolist()] for side in pairs)
        source, lengths = padded(sources)
        given, _ = padded(shifted(targets, self.codecs[1].vocab.specials["bos"]))
        target, counts = padded(targets, fill=-1)
        return PairBatch(source, lengths, given, target, int(counts.sum()), part)

    @torch.no_grad()
    def _loss(self, network: TranslatorNetwork, pairs: tuple[list[Ids], list[Ids]]) -> Loss:
        network.eval()
        total = Loss(0.0, 0)
        for rows in by_length(np.array([max(len(x), len(y)) for x, y in zip(*pairs, strict=True)]), STEPS):
            nats, count, _ = network.loss(self._batch(pairs, rows, None), None, 0)
            total += Loss(float(nats), count)
        return total

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        sides = dict(zip(("source", "target"), self.codecs, strict=True))
        arrays = {
            f"{side}.{name}": a for side, codec in sides.items() for name, a in codec.to_arrays().items()
        }
        return arrays, {"codecs": {side: codec.to_json() for side, codec in sides.items()}}

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> TranslatorNetwork:
        def side(name: str) -> Codec:
            own = {key.removeprefix(f"{name}."): a for key, a in arrays.items() if key.startswith(f"{name}.")}
            return Codec.load(own, meta["codecs"][name])

        self._codecs = side("source"), side("target")
        return self._make()

    def _make(self) -> TranslatorNetwork:
        sources, targets = self.sizes.values()
        e, d = self.encoder_options, self.decoder_options
        size = d.decoder_size or e.hidden_size
        gates = cells.load(e.cell).gates
        encoder = (
            e.num_layers
            * gates
            * e.hidden_size
            * (1 + e.bidirectional)
            * (max(e.embed_dim, e.output_size) + e.hidden_size)
        )
        decoder = (d.decoder_layers or e.num_layers) * gates * size * (e.embed_dim + e.output_size + size)
        self._check_memory(
            (sources + targets) * e.embed_dim + (0 if d.tie else targets * size) + encoder + decoder
        )
        return TranslatorNetwork(sources, targets, e, d).to(find_device(self.device))


def score_texts(
    texts: Sequence[str], references: Sequence[str], metric: str = "bleu", **settings: Any
) -> Score:
    """A metric of texts that stand already, with a 95 % bootstrap interval over texts.

    metric: bleu or chrf; settings: the metric's own, as tokenize="13a".
    """
    check_pairs("score", texts, references)
    if metric not in METRICS:
        raise OptionError(f"score: metric {metric!r} came, allowed are {' and '.join(METRICS)}.")
    chosen = Family("seqkit.evaluate.metrics", "metric").load(metric)(**settings)
    stats = chosen.stats(texts, references)
    return measured(chosen.name, chosen, stats, 0, {"signature": chosen.signature()})
