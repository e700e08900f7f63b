"""seqkit demo: train word vectors on the planted corpus that ships, and ask them what it planted."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from seqkit.cli import common

__all__ = ["demo"]


def demo(
    out: Annotated[Path | None, typer.Option(help="Keep the vectors in this folder.")] = None,
    threads: common.Threads = None,
    quiet: common.Quiet = False,
) -> None:
    """Train word vectors on the corpus that ships with seqkit, and show what they learnt from it.

    Example: seqkit demo --out demo.vectors
    """
    from seqkit.embeddings.testsets.testsets import evaluate
    from seqkit.embeddings.training.data import read
    from seqkit.embeddings.training.trainer import SkipGram
    from seqkit.embeddings.vectors.vectors import Vectors
    from seqkit.models.run import TrainingRun
    from seqkit.text.readers.catalogue import shipped

    planted = shipped("planted")
    model = SkipGram(dim=50, epochs=10, threads=threads)
    with TemporaryDirectory() as folder:
        kept = out or Path(folder) / "demo.vectors"
        run = TrainingRun(model, kept)
        result = run.train(
            lambda folder: read(model, str(planted / "text.txt"), folder), report=common.progress(quiet)
        )
        vectors = Vectors.load(kept)
        scores = evaluate(vectors, [planted / "analogies.txt"])
        print(
            f"text        {result['corpus']['num_tokens']:,} tokens, {result['words']} words\nmodel      "
            f" {model}"
        )
        print(
            "loss        "
            + "  ".join(f"{epoch['loss']:.3f}" for epoch in result["history"])
            + "  (nats a prediction, by epoch)\n"
        )
        print(
            common.table(
                [[s.name, 100 * s.value, s.count, s.missing] for s in scores],
                ["analogies", "right %", "of", "missing"],
            )
        )
        for question in (("man", "king", "woman"), ("france", "paris", "japan"), ("big", "bigger", "cold")):
            answer, score = vectors.analogy(*question)[0]
            print(
                f"\n{question[0]} is to {question[1]} as {question[2]} is to {answer} ({score:.2f})", end=""
            )
        print("\n")
        for word, near in zip(words := ["king", "paris", "dogs"], vectors.nearest(words, 5), strict=True):
            print(f"nearest to {word:6}", ", ".join(f"{other} {score:.2f}" for other, score in near))
    if out:
        print(f"\nTry: seqkit embed analogy {out} france paris italy")
