"""LanguageModel: train on a corpus, score, compare and sample text, save and load.

Not handled: text other than through the tokenizer and vocabulary it was trained with.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, ClassVar, Self

from seqkit.core import options
from seqkit.core.device import device as find_device
from seqkit.core.errors import FormatError
from seqkit.core.options import option
from seqkit.core.types import Arrays
from seqkit.models import base as model
from seqkit.models.base import Model, start_embedding
from seqkit.models.decoding.beam import beam
from seqkit.models.decoding.sampling import Sample, sample
from seqkit.models.language_model import scoring
from seqkit.models.language_model.network import Network, NetworkOptions
from seqkit.models.language_model.scoring import TextScore
from seqkit.nn.cell import cells
from seqkit.text.batches.streams import Streams
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers.text import read
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.log import Log
from seqkit.train.progress import Progress
from seqkit.train.world import World


@dataclass(frozen=True)
class FitOptions(model.FitOptions):
    """How a language model is trained: `batch` streams are read side by side."""

    bptt: int = option(64, low=1, unit="tokens", help="steps that gradients go back")


class LanguageModel(Model):
    """A recurrent language model; settings are those of NetworkOptions, FitOptions and GradientOptions, by
    name.

    >>> LanguageModel(cell="gru", hidden_size=32).get_params()["cell"]
    'gru'
    """

    kind = "language-model"
    groups: ClassVar[dict[str, Any]] = {
        "network": NetworkOptions,
        "fit": FitOptions,
        "gradient": GradientOptions,
    }
    defaults: ClassVar[dict[str, Any]] = {"optimizer": "adamw", "clip": 1.0}
    network_options: NetworkOptions
    fit_options: FitOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        super().__init__(device=device, threads=threads, **settings)
        self.coverage: float | None = None  # share of the vocabulary that pretrained vectors had
        self._codec: Codec | None = None

    @property
    def codec(self) -> Codec:
        """How text becomes ids and back.  Raises:  OptionError before `fit`."""
        found: Codec = self._trained(self._codec)
        return found

    @property
    def network(self) -> Network:
        """The torch module.  Raises:  OptionError before `fit`."""
        found: Network = self._trained(self._network)
        return found

    def fit(
        self,
        corpus: Corpus,
        *,
        valid: Corpus | None = None,
        vectors: Any = None,
        freeze: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> Self:
        """Train on `corpus`; with `valid` keep the weights of the best epoch. `history` holds the loss of
        every epoch.

        vectors: Vectors to start the embedding from, for the words they have (`coverage` says how many);
        freeze keeps the whole embedding where it starts. checkpoint: folder for the state of the run, written
        every minute, after each epoch and on SIGINT; resume: go on from it, on a CPU to the same bytes.
        world: the processes of a parallel run.
        Raises:  FormatError for a text too short for the batch; TrainingError if the loss is not finite;
                 OptionError if a resumed run differs; ResourceError if the model cannot fit into memory.
        """
        self._codec = Codec.of(corpus)
        self.coverage = None
        network = self._make(len(corpus.vocab))
        network.embedding.requires_grad_(not freeze)
        if vectors is not None:
            self.coverage = start_embedding(network.embedding, corpus.vocab.tokens, vectors)
        o, shared = self.fit_options, world or World()
        check = hashlib.sha256("\0".join(corpus.vocab.tokens).encode()).hexdigest()
        settings = (
            options.to_json(self.network_options)
            | options.to_json(o)
            | {"vocabulary": check, "freeze": freeze}
        )
        del settings["epochs"]
        if corpus.num_tokens < 2 * o.batch:
            raise FormatError(
                f"fit: {corpus.num_tokens:,} tokens came for {o.batch} streams, expected at least "
                f"{2 * o.batch}. "
                "Give more text or a smaller batch."
            )
        streams = Streams(corpus, o.batch, o.bptt, settings, (shared.rank, shared.size))
        self._learn(
            network,
            streams,
            checkpoint=checkpoint,
            resume=resume,
            report=report,
            logs=logs,
            world=shared,
            validate=None
            if valid is None
            else lambda: scoring.mean_loss(network, valid, o.batch, o.bptt, shared).mean,
        )
        return self

    def score(self, texts: str | Sequence[str]) -> list[TextScore]:
        """Score each text by itself, from a fresh state; exact whatever stands beside it."""
        return scoring.score_rows(
            self.network, self.codec, [texts] if isinstance(texts, str) else list(texts)
        )

    def score_file(self, source: str | os.PathLike[str] | Iterable[str]) -> TextScore:
        """Score a whole text (what `seqkit.read` takes, or lines) as one stream, every token of it."""
        text = read(source) if isinstance(source, str | os.PathLike) else source
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
        self, prompt: str | Sequence[str] = "", *, seeds: Iterable[int] = (1,), **settings: Any
    ) -> list[Sample]:
        """Draw texts that go on from a prompt, one for each seed; settings as in
        models.decoding.sampling.sample.
        """
        return sample(
            self.network, self.codec, prompt=prompt, seeds=list(seeds), threads=self.threads, **settings
        )

    def beam(self, prompt: str = "", **settings: Any) -> list[Sample]:
        """The likeliest texts that go on from a prompt, by beam search; settings as in
        models.decoding.beam.beam.
        """
        return beam(self.network, self.codec, prompt=prompt, **settings)

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        vocab = {f"vocab.{name}": array for name, array in self.codec.to_arrays().items()}
        return vocab, {"codec": self.codec.to_json(), "coverage": self.coverage}

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> Network:
        vocab = {name.removeprefix("vocab."): a for name, a in arrays.items() if name.startswith("vocab.")}
        self._codec, self.coverage = Codec.load(vocab, meta["codec"]), meta["coverage"]
        return self._make(len(self._codec.vocab))

    def _make(self, classes: int) -> Network:
        s = self.network_options
        dim = s.embed_dim or s.hidden_size
        rows = s.num_layers * cells.load(s.cell).gates * s.hidden_size
        self._check_memory(
            classes * dim * (1 if s.tie else 2) + rows * (max(dim, s.hidden_size) + s.hidden_size)
        )
        return Network(classes, s).to(find_device(self.device))
