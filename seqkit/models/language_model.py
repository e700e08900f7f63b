"""LanguageModel: train on a corpus, score, compare and sample text, save and load.

Not handled: text other than through the tokenizer and vocabulary it was trained with.
"""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from seqkit.core import files, options
from seqkit.core.device import device as find_device
from seqkit.core.errors import ModelFileError, OptionError, ResourceError, did_you_mean
from seqkit.core.options import option
from seqkit.models import scoring
from seqkit.models.beam import beam
from seqkit.models.network import Network, NetworkOptions
from seqkit.models.sampling import Sample, sample
from seqkit.models.scoring import TextScore
from seqkit.nn.cell import cells
from seqkit.text.batching import Streams
from seqkit.text.codec import Codec
from seqkit.text.corpus import Corpus
from seqkit.text.readers import read
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient import GradientLearner
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.log import Log
from seqkit.train.loop import fit
from seqkit.train.progress import Epoch, History, Progress
from seqkit.train.schedule import schedule
from seqkit.train.world import World

KIND = "language-model"


@dataclass(frozen=True)
class FitOptions:
    """How a language model is trained."""

    epochs: int = option(10, low=1, help="passes over the text")
    batch: int = option(32, low=1, help="streams that are read side by side")
    bptt: int = option(64, low=1, unit="tokens", help="steps that gradients go back")
    lr: float = option(0.003, low=0.0, help="learning rate (its highest, where the schedule changes it)")
    schedule: str = option("cosine", help="constant, linear, inverse-time, exponential, staircase, inverse-sqrt, cosine, ...")
    schedule_settings: dict[str, float] = dataclasses.field(default_factory=dict)
    patience: int | None = option(None, low=1, unit="epochs", help="end when the validation did not improve for so long")

    def __post_init__(self) -> None:
        options.check(self)
        schedule(self.schedule, self.lr, epochs=self.epochs, **self.schedule_settings)


GROUPS: dict[str, Any] = {"network": NetworkOptions, "fit": FitOptions, "gradient": GradientOptions}
DEFAULTS: dict[str, Any] = {"optimizer": "adamw", "clip": 1.0}  # where they differ from those of GradientOptions


class LanguageModel:
    """A recurrent language model; settings are those of NetworkOptions, FitOptions and GradientOptions, by name.

    >>> LanguageModel(cell="gru", hidden_size=32).get_params()["cell"]
    'gru'
    """

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        names = {group: [f.name for f in dataclasses.fields(kind)] for group, kind in GROUPS.items()}
        known = [name for group in names.values() for name in group]
        for name in settings:
            if name not in known:
                raise OptionError(f"LanguageModel: unknown setting {name!r}.{did_you_mean(name, [*known, 'device', 'threads'])}")
        given = DEFAULTS | settings
        made = {
            group: options.from_json(kind, {name: given[name] for name in names[group] if name in given})
            for group, kind in GROUPS.items()
        }
        self.network_options: NetworkOptions = made["network"]
        self.fit_options: FitOptions = made["fit"]
        self.gradient_options: GradientOptions = made["gradient"]
        self.device, self.threads = device, threads
        self.history: History = []
        self.coverage: float | None = None  # share of the vocabulary that pretrained vectors had
        self._codec: Codec | None = None
        self._network: Network | None = None

    @property
    def codec(self) -> Codec:
        """How text becomes ids and back.  Raises:  OptionError before `fit`."""
        if self._codec is None:
            raise OptionError("LanguageModel: it is not trained yet. Call fit, or load a saved one.")
        return self._codec

    @property
    def network(self) -> Network:
        """The torch module.  Raises:  OptionError before `fit`."""
        if self._network is None:
            raise OptionError("LanguageModel: it is not trained yet. Call fit, or load a saved one.")
        return self._network

    @property
    def num_parameters(self) -> int:
        """Trained numbers, a tied weight once."""
        return sum(p.numel() for p in self.network.parameters())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        found = {"device": self.device, "threads": self.threads}
        for part in (self.network_options, self.fit_options, self.gradient_options):
            found |= options.to_json(part)
        return found

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; a model that was trained is then untrained."""
        self.__init__(**(self.get_params() | params))  # type: ignore[misc]  # the settings are the whole state
        return self

    def fit(
        self, corpus: Corpus, *, valid: Corpus | None = None, vectors: Any = None, freeze: bool = False,
        checkpoint: str | os.PathLike[str] | None = None, resume: bool = False,
        report: Callable[[Progress], None] | None = None, logs: Sequence[Log] = (), world: World | None = None,
    ) -> Self:  # fmt: skip
        """Train on `corpus`; with `valid` keep the weights of the best epoch. `history` holds the loss of every epoch.

        vectors: Vectors to start the embedding from, for the words they have (`coverage` says how many); freeze keeps the
        whole embedding where it starts. checkpoint: folder for the state of the run, written every minute, after each
        epoch and on SIGINT; resume: go on from it, on a CPU to the same bytes. world: the processes of a parallel run.
        Raises:  ShapeError for a text too short for the batch; TrainingError if the loss is not finite; OptionError if a
                 resumed run differs; ResourceError if the model cannot fit into memory.
        """
        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.threads or threads_before)
        try:
            return self._fit(corpus, valid, vectors, freeze, checkpoint, resume, report, logs, world or World())
        finally:
            torch.set_num_threads(threads_before)

    def _fit(
        self, corpus: Corpus, valid: Corpus | None, vectors: Any, freeze: bool, checkpoint: Any, resume: bool,
        report: Callable[[Progress], None] | None, logs: Sequence[Log], world: World,
    ) -> Self:  # fmt: skip
        o = self.fit_options
        self._codec = Codec.of(corpus)
        self._network = network = self._make(len(corpus.vocab))
        self._start_from(vectors, freeze)
        learner = GradientLearner(network, self.gradient_options, world=world)
        check = hashlib.sha256("\0".join(corpus.vocab.tokens).encode()).hexdigest()
        settings = options.to_json(self.network_options) | options.to_json(o) | {"vocabulary": check, "freeze": freeze}
        del settings["epochs"]
        streams = Streams(corpus, o.batch, o.bptt, settings, (world.rank, world.size))

        def validate() -> float:
            value = scoring.mean_loss(network, valid, o.batch, o.bptt, world).mean  # type: ignore[arg-type]  # where given
            network.train()
            return value

        self.history = []
        network.train()
        try:
            self.history = fit(
                learner, streams, epochs=o.epochs,
                schedule=schedule(o.schedule, o.lr, epochs=o.epochs, **o.schedule_settings),
                validate=validate if valid is not None else None, patience=o.patience, keep_best=valid is not None,
                checkpoint=None if checkpoint is None else Checkpoint(Path(checkpoint)), resume=resume, report=report,
                logs=logs,
            )  # fmt: skip
        except RuntimeError as error:
            raise _memory_error(error) from error
        with learner.averaged():
            final = {name: p.detach().clone() for name, p in network.named_parameters()}
        with torch.no_grad():
            for name, p in network.named_parameters():
                p.copy_(final[name])
        network.eval()
        return self

    def score(self, texts: str | Sequence[str]) -> list[TextScore]:
        """Score each text by itself, from a fresh state; exact whatever stands beside it."""
        return scoring.score_rows(self.network, self.codec, [texts] if isinstance(texts, str) else list(texts))

    def score_file(self, source: str | os.PathLike[str] | Iterable[str]) -> TextScore:
        """Score a whole text (what `seqkit.read` takes, or lines) as one stream, every token of it."""
        text = read(source) if isinstance(source, str | os.PathLike) else source
        if isinstance(text, Iterable) and (getattr(text, "source", None) == "-" or iter(text) is text):
            text = "".join(text).splitlines(keepends=True)
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

    def sample(self, prompt: str | Sequence[str] = "", *, seeds: Iterable[int] = (1,), **settings: Any) -> list[Sample]:
        """Draw texts that go on from a prompt, one for each seed; settings as in models.sampling.sample."""
        return sample(self.network, self.codec, prompt=prompt, seeds=list(seeds), threads=self.threads, **settings)

    def beam(self, prompt: str = "", **settings: Any) -> list[Sample]:
        """The likeliest texts that go on from a prompt, by beam search; settings as in models.beam.beam."""
        return beam(self.network, self.codec, prompt=prompt, **settings)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write weights, vocabulary, recipe, settings and history to a folder, atomically."""
        arrays = {f"weights.{name}": p.detach().cpu().numpy() for name, p in self.network.named_parameters()}
        arrays |= {f"vocab.{name}": array for name, array in self.codec.to_arrays().items()}
        meta = {
            "settings": {name: value for name, value in self.get_params().items() if name not in ("device", "threads")},
            "codec": self.codec.to_json(), "coverage": self.coverage,
            "history": [dataclasses.asdict(epoch) for epoch in self.history],
        }  # fmt: skip
        files.save(Path(folder), KIND, arrays, meta)

    @staticmethod
    def load(folder: str | os.PathLike[str], *, device: str = "auto", threads: int | None = None) -> "LanguageModel":
        """Read what `save` wrote.

        Raises:  ModelFileError if the folder holds none, or a damaged one.
        """
        arrays, meta = files.load(Path(folder), KIND, verify=True)
        try:
            model = LanguageModel(device=device, threads=threads, **meta["settings"])
            vocab = {name.removeprefix("vocab."): a for name, a in arrays.items() if name.startswith("vocab.")}
            model._codec = Codec.load(vocab, meta["codec"])
            network = model._make(len(model.codec.vocab))
            own = dict(network.named_parameters())
            given = {name.removeprefix("weights."): a for name, a in arrays.items() if name.startswith("weights.")}
            if own.keys() != given.keys() or any(tuple(p.shape) != given[name].shape for name, p in own.items()):
                raise KeyError("weights of the sizes that the settings ask for")
            with torch.no_grad():
                for name, p in own.items():
                    p.copy_(torch.from_numpy(np.array(given[name])))
            model._network, model.coverage = network.eval(), meta["coverage"]
            model.history = [_epoch(epoch) for epoch in meta["history"]]
            return model
        except (KeyError, TypeError, OptionError) as error:
            raise ModelFileError(f"{folder}: the model is not whole ({error}). Restore it from a copy or train anew.") from error

    def _make(self, classes: int) -> Network:
        s = self.network_options
        dim = s.embed_dim or s.hidden_size
        rows = s.num_layers * cells.load(s.cell).gates * s.hidden_size
        numbers = classes * dim * (1 if s.tie else 2) + rows * (max(dim, s.hidden_size) + s.hidden_size)
        _check_memory(numbers * 4)
        return Network(classes, s).to(find_device(self.device))

    def _start_from(self, vectors: Any, freeze: bool) -> None:
        network, vocab = self.network, self.codec.vocab
        network.embedding.requires_grad_(not freeze)
        if vectors is None:
            return
        if vectors.dim != network.embedding.shape[1]:
            raise OptionError(
                f"vectors: {vectors.dim} numbers a word came, the embedding has {network.embedding.shape[1]}. Set embed_dim."
            )
        rows = [(i, vectors.vocab.index[token]) for i, token in enumerate(vocab.tokens) if token in vectors.vocab.index]
        with torch.no_grad():
            for i, row in rows:
                network.embedding[i] = torch.from_numpy(np.array(vectors.matrix[row]))
        self.coverage = len(rows) / len(vocab)

    def __repr__(self) -> str:
        return f"LanguageModel({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"


def _epoch(values: dict[str, Any]) -> Epoch:
    from seqkit.core.score import Loss

    return Epoch(**(values | {"loss": Loss(**values["loss"])}))


def _check_memory(size: int) -> None:
    """Raise if weights of `size` bytes with gradients and two moments cannot fit into the machine's memory."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return
    if 4 * size > total:
        raise ResourceError(
            f"LanguageModel: the weights with gradients and moments need {4 * size / 2**30:,.1f} GiB, this machine has "
            f"{total / 2**30:,.1f}. Lower hidden_size, num_layers, embed_dim or the vocabulary."
        )


def _memory_error(error: RuntimeError) -> Exception:
    if "memory" in str(error).lower():
        return ResourceError(f"LanguageModel: memory ran out ({error}). Lower batch, bptt or hidden_size.")
    return error
