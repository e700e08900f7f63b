"""LanguageModel: train on a corpus, score, compare and sample text, save and load.

Not handled: text other than through the tokenizer and vocabulary it was trained with.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Self, TypedDict, Unpack

from seqkit.core import schema
from seqkit.core.errors import FormatError
from seqkit.core.types import Arrays, part, prefixed
from seqkit.models.base import Options, Run, TextModel
from seqkit.models.decoding.sampling import OnTokens, Sample
from seqkit.models.language_model import scoring
from seqkit.models.language_model.beam import beam
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.options import SETTINGS, LanguageModelOptions
from seqkit.models.language_model.resident import resident
from seqkit.models.language_model.sampling import sample
from seqkit.models.language_model.scoring import TextScore
from seqkit.nn.weights import start_embedding
from seqkit.text.batches.streams import Streams
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers.text import read
from seqkit.train.world import World


class _Meta(TypedDict):
    codec: dict[str, Any]
    coverage: schema.Share | None


@dataclass(frozen=True)
class Fitted:
    """How text becomes ids and back; coverage: share of the vocabulary that pretrained vectors had."""

    codec: Codec
    coverage: float | None = None

    def network(self, o: Options) -> Network:
        """The untrained network."""
        return Network(len(self.codec.vocab), o["recurrent"], o["language_model"])

    def to_arrays(self) -> Arrays:
        """The vocabulary."""
        return prefixed("vocab.", self.codec.to_arrays())

    def to_json(self) -> dict[str, Any]:
        """The recipe and the coverage."""
        return {"codec": self.codec.to_json(), "coverage": self.coverage}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        schema.check("language model", meta, _Meta)
        return cls(Codec.load(part(arrays, "vocab."), meta["codec"]), meta["coverage"])


class LanguageModel(TextModel[Fitted]):
    """A recurrent language model; settings by name, as models.language_model.options lists them.

    >>> LanguageModel(cell="gru", hidden_size=32).get_params()["cell"]
    'gru'
    """

    kind = "language-model"
    settings = SETTINGS
    record = Fitted

    @property
    def coverage(self) -> float | None:
        """The share of the vocabulary that pretrained vectors had; None without."""
        return self.fitted.coverage

    @property
    def own(self) -> LanguageModelOptions:
        """The settings that no other task has."""
        return self.options["language_model"]

    def fit(
        self,
        corpus: Corpus,
        *,
        valid: Corpus | None = None,
        vectors: Any = None,
        freeze: bool = False,
        **run: Unpack[Run],
    ) -> Self:
        """Train on `corpus`; with `valid` keep the weights of the best epoch; `history` holds every loss.

        vectors: Vectors to start the embedding from, for the words they have (`coverage` says how many);
        freeze keeps the whole embedding as it starts. run: see models.base.Run.
        Raises:  FormatError for a text too short for the batch; TrainingError if the loss is not finite;
                 OptionError if a resumed run differs; ResourceError if the model cannot fit into memory.
        """
        batch, bptt, shared = self.fit_options.batch, self.own.bptt, run.get("world") or World()
        codec = Codec.of(corpus)
        network = self._build(Fitted(codec))
        network.embedding.requires_grad_(not freeze)
        coverage = None
        if vectors is not None:
            coverage = start_embedding(network.embedding, corpus.vocab.tokens, vectors)
        if corpus.num_tokens < 2 * batch:
            raise FormatError(
                f"fit: got {corpus.num_tokens:,} tokens for {batch} streams, expected at least {2 * batch}. "
                "Give more text or a smaller batch."
            )
        signature = self._signature(corpus, corpus.vocab.tokens, vectors, freeze)
        streams = resident(Streams(corpus, batch, bptt, signature, (shared.rank, shared.size)), network)

        def validate() -> float:
            assert valid is not None, "asked for with a validation text alone"
            return scoring.mean_loss(network, valid, batch, bptt, shared).mean

        self._learn(
            Fitted(codec, coverage), network, streams, validate=validate if valid is not None else None, **run
        )
        return self

    def score(self, texts: str | Sequence[str]) -> list[TextScore]:
        """Score each text by itself, from a fresh state; other texts do not change its score."""
        given = [texts] if isinstance(texts, str) else list(texts)
        return scoring.score_rows(self.network, self.codec, given)

    def score_file(self, source: str | os.PathLike[str] | Iterable[str]) -> TextScore:
        """Score a whole text (what `seqkit.read` takes, or lines) as one stream, every token of it."""
        text = read(source, whole_words=False) if isinstance(source, str | os.PathLike) else source
        if isinstance(text, Iterable) and (getattr(text, "source", None) == "-" or iter(text) is text):
            text = list(StringIO("".join(text)))  # cut at \n alone, as a file is
        characters = size = 0
        for piece in text:
            characters, size = characters + len(piece), size + len(piece.encode())
        corpus = self.codec.corpus(text, threads=self.threads)
        return scoring.score_corpus(self.network, self.codec, corpus, characters, size)

    def surprise(self, text: str) -> list[tuple[str, float]]:
        """Each token of a text and its -log p in nats; nan for a first token without a context."""
        ids = scoring.encode(self.codec, text)
        losses = scoring.stream_losses(self.network, ids, scoring.first_context(self.codec))
        return list(zip(self.codec.vocab.words(ids.tolist()), losses.tolist(), strict=True))

    def sample(
        self,
        prompt: str | Sequence[str] = "",
        *,
        seeds: Iterable[int] = (1,),
        scores: bool = False,
        on_tokens: OnTokens | None = None,
        **settings: Any,
    ) -> list[Sample]:
        """Draw texts that continue a prompt, one for each seed.

        settings: as in models.decoding.options.SamplingOptions; the rest as in
        models.language_model.sampling.sample.
        """
        return sample(
            self.network,
            self.codec,
            prompt=prompt,
            seeds=list(seeds),
            scores=scores,
            on_tokens=on_tokens,
            threads=self.threads,
            **settings,
        )

    def beam(self, prompt: str | Sequence[str] = "", **settings: Any) -> list[Sample]:
        """The likeliest texts that continue a prompt, by beam search.

        settings: as in models.decoding.options.BeamOptions.
        """
        return beam(self.network, self.codec, prompt=prompt, **settings)
