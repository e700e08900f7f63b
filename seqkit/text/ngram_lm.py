"""An n-gram language model (nltk.lm) as the baseline beside a recurrent one."""

import math
from collections.abc import Iterable, Sequence

from seqkit.core.errors import OptionError
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import SPECIALS

ALPHA = 0.4  # Brants et al. 2007


class NGram:
    """Stupid backoff (Brants et al. 2007): an n-gram's relative frequency, or 0.4 times the shorter one's.

    score(w | h) = count(h w) / count(h) if there is one, else 0.4 · score(w | h without its first word)

    Its scores do not sum to 1, so it ranks sentences and has no perplexity. An unseen word has the score of
    half a count.
    """

    def __init__(self, corpus: Corpus, order: int = 3) -> None:
        from nltk.lm import NgramCounter

        if order < 1:
            raise OptionError(f"NGram: got order {order}, expected at least 1.")
        self.codec, self.order, self.total = Codec.of(corpus), order, corpus.num_tokens
        self.counter = NgramCounter()
        for i in range(len(corpus)):
            row = self._padded(corpus.sentence(i))
            for n in range(1, order + 1):
                first = order - n  # an n-gram may begin with the padding but is not all of it
                self.counter.update([[tuple(row[k : k + n]) for k in range(max(first, 0), len(row) - n + 1)]])

    def scores(self, texts: Iterable[str]) -> list[tuple[float, int]]:
        """(sum of log scores, number of unknown tokens) of each sentence."""
        return [self._score(self.codec.vocab.words(self.codec.encode(text).tolist())) for text in texts]

    def _padded(self, tokens: Sequence[str]) -> list[str]:
        end = SPECIALS["eos"]
        inner = [token for token in tokens if token != end]
        return [SPECIALS["bos"]] * (self.order - 1) + inner + [end]

    def _score(self, tokens: list[str]) -> tuple[float, int]:
        row = self._padded(tokens)
        total = sum(self._log(row[k - self.order + 1 : k], row[k]) for k in range(self.order - 1, len(row)))
        return total, sum(token == SPECIALS["unk"] for token in tokens)

    def _log(self, history: list[str], word: str) -> float:
        back = 0.0
        while history:
            counts = self.counter[tuple(history)]
            if counts[word]:
                return back + math.log(counts[word] / counts.N())
            history, back = history[1:], back + math.log(ALPHA)
        return back + math.log(max(self.counter[word], 0.5) / self.total)
