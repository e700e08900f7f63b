"""Speed of a tagger: sentences a second, from lists of words to labels, on the test sentences of UD English
EWT (12 words each).

The model is as large as the recipe's but trained for a moment only: speed does not depend on what was learnt.
Bar on 2 cores: at least 500 sentences/s predicting.
"""

import statistics
import time

from benchmarks._common import machine, parser, timed
from benchmarks._tagging import read
from benchmarks.ewt import NAMES
from seqkit.core.device import threads as all_threads
from seqkit.models.tagger.model import Tagger


def main(args: list[str]) -> None:
    """Print the rates."""
    options = parser(__doc__)
    options.add_argument("--threads", type=int, default=None)
    chosen = options.parse_args(args)
    threads = all_threads(chosen.threads)
    parts = read(
        chosen.data / "tagging" / "ud_english_ewt", {part: NAMES[part] for part in ("train", "test")}
    )
    X, y = ([s.words for s in parts["train"]][:2000], [s.tags or [] for s in parts["train"]][:2000])
    test = [s.words for s in parts["test"]]
    print(f"{machine()}, {threads} threads, {chosen.repeat} rounds")
    for head in ("crf", "softmax"):
        model = Tagger(
            head=head, epochs=1, batch=64, precision="bfloat16", threads=threads, device="cpu"
        ).fit(X, y)
        trained = len(X) / model.history[0].seconds
        model.predict(test[:50])
        rates, busy = [], time.process_time()
        for _ in range(chosen.repeat):
            rates.append(len(test) / timed(lambda model=model: model.predict(test)))
        busy = (time.process_time() - busy) / chosen.repeat
        print(
            f"  {head:8} predict {statistics.median(rates):8,.0f} sentences/s "
            f"({min(rates):,.0f}–{max(rates):,.0f}; "
            f"{len(test) / busy:,.0f} a second of processor time), train {trained:,.0f} sentences/s",
            flush=True,
        )
