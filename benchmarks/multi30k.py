"""Recipe: Multi30k German to English by words, one-layer LSTMs with Luong's attention, 5.7 million
parameters.

The tokenised, lower-cased files; settings were chosen on the validation pairs. Bar: BLEU of at least 32 on
test_2016_flickr (sacrebleu, tok:none) within 45 minutes of processor time. An attention GRU of a well-known
tutorial gives 28.1.
"""

import time
from pathlib import Path

from benchmarks._common import machine, parser
from benchmarks._recipe import options, reporter
from seqkit.core.options import parse_settings
from seqkit.models.translator.model import Translator, score_texts
from seqkit.text.readers.parallel import pairs

SETTINGS = {
    "unit": "whitespace",
    "min_count": 2,
    "hidden_size": 256,
    "embed_dim": 256,
    "dropout": 0.35,
    "locked": True,
    "label_smoothing": 0.1,
    "batch": 64,
    "lr": 0.003,
    "schedule": "cosine",
    "epochs": 8,
    "precision": "bfloat16",
}
WRITING = {"beam": 5, "length_penalty": 1.0}


def main(args: list[str]) -> None:
    """Train and print."""
    own = options(parser(__doc__))
    own.add_argument(
        "--checkpoint", type=Path, help="keep the state of the run in this folder, and go on from it"
    )
    chosen = own.parse_args(args)
    folder = chosen.data / "translation" / "multi30k" / "tok"
    train, val, test = (_pairs(folder, part) for part in ("train", "val", "test_2016_flickr"))
    settings = SETTINGS | parse_settings(chosen.set)
    model = Translator(device=chosen.device, threads=chosen.threads, seed=chosen.seed, **settings)
    started, busy = time.monotonic(), time.process_time()
    model.fit(
        *train,
        valid=val,
        report=reporter("pairs", quiet=chosen.quiet),
        checkpoint=chosen.checkpoint,
        resume=True,
    )
    seconds, busy = time.monotonic() - started, time.process_time() - busy
    if chosen.out:
        model.save(chosen.out)
    print(f"Multi30k de-en: {machine()}, {chosen.device}, {chosen.threads} threads, seed {chosen.seed}")
    print(f"  settings {settings}, {WRITING}")
    sizes = " and ".join(f"{len(codec.vocab):,}" for codec in model.codecs)
    print(
        f"  {model.num_parameters:,} parameters, {sizes} words, {len(train[0]):,} pairs, "
        f"{len(model.history)} epochs"
    )
    print(
        f"  trained in {seconds:,.0f} s with validation ({busy:,.0f} s of processor time, of what ran here)"
    )
    print("  validation by epoch: " + ", ".join(f"{e.validation:.4f}" for e in model.history))
    for name, (sources, references) in (("val", val), ("test_2016_flickr", test)):
        texts = model.predict(sources, **WRITING)
        for metric, given in (("bleu", {"tokenize": "none"}), ("bleu", {"tokenize": "13a"}), ("chrf", {})):
            print(f"  {name}: {score_texts(texts, references, metric, **given)}", flush=True)
    print(
        f"  test_2016_flickr, greedy: {score_texts(model.predict(test[0], beam=1), test[1], tokenize='none')}"
    )


def _pairs(folder: Path, part: str) -> tuple[list[str], list[str]]:
    return pairs(*(folder / f"{part}.lc.norm.tok.{language}.gz" for language in ("de", "en")))
