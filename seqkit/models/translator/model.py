"""Translator: texts in one language to texts in another, by an encoder, attention and a decoder.

Not handled: several target languages, transformers, texts longer than a row of memory (cut them into
sentences first).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self, TypedDict, Unpack

import numpy as np
import torch

from seqkit.core import schema
from seqkit.core.device import upload
from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.score import Loss, Score
from seqkit.core.types import Array, Arrays, Ids, part, prefixed
from seqkit.evaluate.metric import measured, metrics, metrics_of
from seqkit.models.base import Model, Options, Run
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.pairs import check_pairs, learn_codec, need_specials, numbered, shifted
from seqkit.models.translator.network import PairBatch, TranslatorNetwork
from seqkit.models.translator.options import SEARCH, SETTINGS
from seqkit.models.translator.search import Translation, translate
from seqkit.nn.resources import at_once
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec
from seqkit.train.world import World

SIDES = ("source", "target")


class _Codecs(TypedDict):
    source: dict[str, Any]
    target: dict[str, Any]


class _Meta(TypedDict):
    codecs: _Codecs


@dataclass(frozen=True)
class Alignment:
    """Attention of each token of a target to each of its source: weights[t, s]; a row sums to 1."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: Annotated[Array, "T S"]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"source": list(self.source), "target": list(self.target), "weights": self.weights.tolist()}


@dataclass(frozen=True)
class Fitted:
    """How sources and targets become ids and back."""

    codecs: tuple[Codec, Codec]

    def network(self, o: Options) -> TranslatorNetwork:
        """The untrained network."""
        sources, targets = (len(codec.vocab) for codec in self.codecs)
        return TranslatorNetwork(sources, targets, o["recurrent"], o["decoder"])

    def to_arrays(self) -> Arrays:
        """The vocabularies."""
        own, other = (codec.to_arrays() for codec in self.codecs)
        return prefixed("source.", own) | prefixed("target.", other)

    def to_json(self) -> dict[str, Any]:
        """The recipes."""
        return {"codecs": {side: c.to_json() for side, c in zip(SIDES, self.codecs, strict=True)}}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        codecs = schema.check("translator", meta, _Meta)["codecs"]
        own = Codec.load(part(arrays, "source."), codecs["source"])
        other = Codec.load(part(arrays, "target."), codecs["target"])
        need_specials(own, "source", "pad", "unk", "eos")
        need_specials(other, "target", "pad", "unk", "bos", "eos")
        return cls((own, other))


class Translator(Model[Fitted]):
    """Texts in one language to texts in another; settings by name, as models.translator.options lists them.

    >>> Translator(attention="bahdanau", cell="gru").get_params()["attention"]
    'bahdanau'
    """

    kind = "translator"
    settings = SETTINGS
    record = Fitted

    @property
    def codecs(self) -> tuple[Codec, Codec]:
        """How sources and targets become ids and back.  Raises:  OptionError before `fit`."""
        return self.fitted.codecs

    @property
    def sizes(self) -> dict[str, int]:
        """Tokens in the vocabularies."""
        return {side: len(codec.vocab) for side, codec in zip(SIDES, self.codecs, strict=True)}

    def fit(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        valid: tuple[Sequence[str], Sequence[str]] | None = None,
        **run: Unpack[Run],
    ) -> Self:
        """Train on pairs of texts; with `valid` (sources, targets) keep the epoch with the lowest loss there.

        run: see models.base.Run.
        Raises:  ShapeError for another number of targets; FormatError for a text without a token, or no pair;
                 TrainingError if the loss is not finite; OptionError if a resumed run differs.
        """
        check_pairs("fit", sources, targets)
        text, o, shared = self.options["text"], self.fit_options, run.get("world") or World()
        fitted = Fitted((learn_codec(text, sources, bos=False), learn_codec(text, targets)))
        pairs = _encode(fitted, "fit", sources, targets)
        validation = None if valid is None else _encode(fitted, "valid", *valid)
        network = self._build(fitted)
        network.total_steps = -(-len(sources) // o.batch) * o.epochs
        lengths = np.array([[len(y), len(x)] for x, y in zip(*pairs, strict=True)], np.int64)
        batches = Buckets(
            # by the target's length, then the source's
            lengths[:, 0] * (lengths[:, 1].max() + 1) + lengths[:, 1],
            o.batch,
            lambda rows, part: _batch(fitted, pairs, rows, part),
            self._signature(*pairs),
            seed=self.options["recurrent"].seed,
            part=(shared.rank, shared.size),
        )

        def validate() -> float:
            assert validation is not None, "asked for with validation pairs alone"
            return _loss(network, fitted, validation).mean

        self._learn(fitted, network, batches, validate=validate if validation else None, **run)
        return self

    def predict(self, sources: Sequence[str], **settings: Any) -> list[str]:
        """The best translation of each source; settings as in models.decoding.options.BeamOptions."""
        return [found[0].text for found in self.translate(sources, **settings)]

    def translate(self, sources: Sequence[str], **settings: Any) -> list[list[Translation]]:
        """The `top` best translations of each source, best first, with their log-probabilities.

        A blank source has one, which is blank. Warns of sources that are mostly unknown words.
        """
        chosen = _searching(settings)
        if isinstance(sources, str):
            raise ShapeError("translate: got one text, expected a list of texts.")
        own, other = self.codecs
        ids = numbered(own, "translate", "source", [text for text in sources if text.strip()])
        own.warn_of_unknown("translate", [row[:-1] for row in ids])
        found = iter(translate(self.network, other, ids, chosen, own.vocab.unk))
        return [next(found) if text.strip() else [Translation("", (), 0.0, "eos", 0)] for text in sources]

    def loss(self, sources: Sequence[str], targets: Sequence[str]) -> Loss:
        """Σ -log p(target | source) in nats and the tokens it sums over, ends included: exact for each
        pair.
        """
        check_pairs("loss", sources, targets)
        return _loss(self.network, self.fitted, _encode(self.fitted, "loss", sources, targets))

    def score(
        self, sources: Sequence[str], references: Sequence[str], *, tokenize: str = "13a", **settings: Any
    ) -> Score:
        """BLEU of the best translations, with sacrebleu's signature.

        settings: as in `translate`.
        """
        return self.measure(sources, references, metrics=("bleu",), tokenize=tokenize, **settings)[0]

    def measure(
        self,
        sources: Sequence[str],
        references: Sequence[str],
        *,
        metrics: Sequence[str] | None = None,
        tokenize: str = "13a",
        **settings: Any,
    ) -> list[Score]:
        """Metrics of the best translations against references.

        tokenize: how BLEU cuts texts: 13a, none (for text that is tokenised already), intl, char, ... as in
        sacrebleu.
        """
        check_pairs("score", sources, references)
        best = [found[0] for found in self.translate(sources, **settings)]
        o = _searching(settings)
        told = {"beam": o.width, "length_penalty": o.length_penalty, "ban_unk": o.ban_unk}
        told["cut_at_max_length"] = sum(one.stopped == "length" for one in best)
        scores = []
        for metric in metrics_of("texts") if metrics is None else metrics:
            own = {"tokenize": tokenize} if metric == "bleu" else {}
            found = score_texts([one.text for one in best], references, metric, **own)
            scores.append(replace(found, signature=found.signature | told))
        return scores

    @torch.no_grad()
    def align(self, source: str, target: str | None = None, **settings: Any) -> Alignment:
        """Attention while `target` was written; if none is given, the best translation, by `settings`.

        Raises:  OptionError if the model has no attention.
        """
        network, (own, other) = self.network.eval(), self.codecs
        if network.attention is None:
            raise OptionError(
                "align: got a model with attention 'none', expected luong or bahdanau. Train the model with "
                "one of them."
            )
        x = numbered(own, "align", "source", [source])
        if target is None:
            found = self.translate([source], **settings)[0][0]
            y = [np.append(other.vocab.ids(found.tokens), other.vocab.specials["eos"]).astype(np.int32)]
        else:
            y = numbered(other, "align", "target", [target])
        batch, device = _batch(self.fitted, (x, y), np.zeros(1, np.int64), None), network.embedding.device
        ids, read = (upload(a, device, torch.int64) for a in (batch.source, batch.input))
        looked = network(read, network.read(ids, torch.from_numpy(batch.lengths)))[1]
        words = (*own.surfaces(source), *own.vocab.words(x[0][-1:]))
        written = tuple(other.vocab.words(y[0]))
        if target is not None:
            written = (*other.surfaces(target), *written[-1:])
        return Alignment(words, written, looked[0].double().cpu().numpy())


def _searching(settings: Mapping[str, Any]) -> BeamOptions:
    """The settings of a search; if no length is given, it depends on the source."""
    return SEARCH.make("translate", settings)["search"]


def _encode(
    fitted: Fitted, where: str, sources: Sequence[str], targets: Sequence[str]
) -> tuple[list[Ids], list[Ids]]:
    check_pairs(where, sources, targets)
    own, other = fitted.codecs
    return numbered(own, where, "source", sources), numbered(other, where, "target", targets)


def _batch(
    fitted: Fitted, pairs: tuple[list[Ids], list[Ids]], rows: Array, part: tuple[int, int] | None
) -> PairBatch:
    """A batch of some pairs; the decoder reads bos and all but the last token."""
    sources, targets = ([side[i] for i in rows.tolist()] for side in pairs)
    source, lengths = padded(sources)
    given, _ = padded(shifted(targets, fitted.codecs[1].vocab.specials["bos"]))
    target, counts = padded(targets, fill=-1)
    return PairBatch(source, lengths, given, target, int(counts.sum()), part)


@torch.no_grad()
def _loss(network: TranslatorNetwork, fitted: Fitted, pairs: tuple[list[Ids], list[Ids]]) -> Loss:
    network.eval()
    device, count = network.embedding.device, 0
    total = torch.zeros((), dtype=torch.float64, device=device)
    lengths = np.array([max(len(x), len(y)) for x, y in zip(*pairs, strict=True)])
    for rows in by_length(lengths, at_once("score", device)):
        nats, predictions, _ = network.loss(_batch(fitted, pairs, rows, None), None, 0)
        total, count = total + nats, count + predictions
    return Loss(float(total), count)


def score_texts(
    texts: Sequence[str], references: Sequence[str], metric: str = "bleu", **settings: Any
) -> Score:
    """A metric of texts that are already written, with a 95 % bootstrap interval over texts.

    metric: bleu or chrf; settings: the metric's own, as tokenize="13a".
    """
    check_pairs("score", texts, references)
    if metric not in (known := metrics_of("texts")):
        raise OptionError(f"score: got metric {metric!r}, expected {' or '.join(known)}.")
    chosen = metrics.load(metric)(**settings)
    stats = chosen.stats(texts, references)
    return measured(chosen.name, chosen, stats, 0, {"signature": chosen.signature()})
