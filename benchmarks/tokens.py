"""Words of a text: tokens a second on one core, and F1 against the gold tokens of UD English EWT's raw text.

Beside the word tokenizer: the rule of 0.1 (NLTK's), scikit-learn's token pattern, tokenizers' BertPreTokenizer
and spaCy's blank English, those that are installed. Bar: 2 M tokens/s on 30 MB of Wikipedia.
F1 is of spans between which only white space lies, as the CoNLL 2018 shared task counts them; the parts of a
multiword token (do|n't) count where together they are its letters. The rules were chosen on train and dev.
Text comes by paragraphs, so sentences end inside it. The last column joins gold tokens at hyphens (well-known
is one word in the Penn Treebank, in CoNLL-2003 and in other languages' treebanks, three in EWT).
Last, of the gaps between two tokens of a paragraph, how many have their space, or none, again after `join`.
"""

import gzip
import lzma
import re
import statistics
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks._common import machine, parser
from seqkit.text.tokenizer import Tokenizer, tokenizer

Spans = list[tuple[int, int]]
Cut = Callable[[str], Spans]
_PATTERN = re.compile(r"(?u)\b\w\w+\b")  # sklearn.feature_extraction.text.CountVectorizer


def cutters() -> Iterator[tuple[str, Callable[[str], object] | None, Cut | None]]:
    """Name, what gives the tokens of a text, and their places; None where the package is absent."""
    own, before = tokenizer("word"), tokenizer("treebank")
    yield "seqkit word", own.tokens, own.spans
    yield f"NLTK {version('nltk')} word tokenizer", before.tokens, before.spans
    found = [match.span() for match in _PATTERN.finditer("ab")]
    assert found == [(0, 2)]
    yield "scikit-learn's token pattern", _PATTERN.findall, lambda t: [m.span() for m in _PATTERN.finditer(t)]
    try:
        from tokenizers.pre_tokenizers import BertPreTokenizer

        bert = BertPreTokenizer().pre_tokenize_str
        yield f"tokenizers {version('tokenizers')} BertPreTokenizer", bert, lambda t: [p for _, p in bert(t)]
    except ImportError:
        yield "tokenizers BertPreTokenizer", None, None
    try:
        import spacy

        blank = spacy.blank("en").make_doc
        name = f"spaCy {version('spacy')} blank English"
        yield name, blank, lambda t: [(w.idx, w.idx + len(w)) for w in blank(t) if not w.is_space]
    except ImportError:
        yield "spaCy blank English", None, None


def texts(data: Path) -> dict[str, list[str]]:
    """Real text by lines."""
    with lzma.open(data / "corpora" / "wiki-prose.txt.xz", "rt", encoding="utf-8") as file:
        found = {"30 MB of Wikipedia": file.read().split("\n")}
    with zipfile.ZipFile(data / "nltk_data" / "corpora" / "movie_reviews.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".txt")]
        found["movie reviews"] = [
            line for name in names for line in archive.read(name).decode("latin-1").split("\n")
        ]
    with gzip.open(data / "lm" / "wikitext-2" / "train.txt.gz", "rt", encoding="utf-8") as file:
        found["WikiText-2"] = file.read().split("\n")
    return found


def paragraphs(path: Path) -> list[tuple[str, Spans]]:
    """The raw text of each paragraph with the places of its gold tokens."""
    found: list[tuple[str, Spans]] = []
    text, spans = "", []
    whole: tuple[int, str, str] | None = None  # of a multiword token: last id, letters, what is behind it
    parts: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in [*file, "# newpar"]:
            if line.startswith(("# newpar", "# newdoc")) and spans:
                found.append((text, spans))
                text, spans = "", []
            cells = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(cells) < 10 or "." in cells[0]:
                continue
            behind = "" if "SpaceAfter=No" in cells[9] else " "
            if "-" in cells[0]:
                whole, parts = (int(cells[0].split("-")[1]), cells[1], behind), []
                continue
            forms = [cells[1]]
            if whole is not None:
                parts.append(cells[1])
                if int(cells[0]) < whole[0]:
                    continue
                forms, behind = (parts if "".join(parts) == whole[1] else [whole[1]]), whole[2]
                whole = None
            for form in forms:
                spans.append((len(text), len(text) + len(form)))
                text += form
            text += behind
    return found


def joined(text: str, spans: Spans) -> Spans:
    """The same with words that are joined by hyphens as one."""
    found: Spans = []
    for start, end in spans:
        touches = bool(found) and found[-1][1] == start
        if touches and (
            (text[start:end] == "-" and text[start - 1].isalnum() and text[end : end + 1].isalnum())
            or (text[start - 1] == "-" and text[start].isalnum() and found[-1][0] < start - 1)
        ):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def f1(rows: list[tuple[str, Spans]], cut: Cut) -> float:
    """F1 of spans in a text without its white space."""
    gold = own = right = 0
    for text, spans in rows:
        place = [0]
        for letter in text:
            place.append(place[-1] + (not letter.isspace()))
        one, other = ({(place[a], place[b]) for a, b in some} for some in (spans, cut(text)))
        gold, own, right = gold + len(one), own + len(other), right + len(one & other)
    return 2 * right / (gold + own)


def restored(rows: list[tuple[str, Spans]], made: Tokenizer) -> float:
    """The share of gaps between two tokens that `join` fills as they were."""
    gaps = wrong = 0
    for text, _ in rows:
        tokens = made.tokens(text)
        places = [{len("".join(part.split())) for part in _heads(one)} for one in (text, made.join(tokens))]
        gaps, wrong = gaps + len(tokens) - 1, wrong + len(places[0] ^ places[1])
    return 1 - wrong / gaps


def _heads(text: str) -> Iterator[str]:
    """The beginnings of a text that end at white space."""
    return (text[: match.start()] for match in re.finditer(r"(?<=\S)\s+(?=\S)", text))


def main(args: list[str]) -> None:
    """Print both tables."""
    chosen = parser(__doc__).parse_args(args)
    folder = chosen.data / "tagging" / "ud_english_ewt"
    gold = {part: paragraphs(folder / f"en_ewt-ud-{part}.conllu.gz") for part in ("dev", "test")}
    read = texts(chosen.data)
    print(f"{machine()}\ntokens a second of processor time, median of {chosen.repeat}; F1 on EWT, dev / test")
    for name, tokens, spans in cutters():
        if tokens is None or spans is None:
            print(f"{name:42} not installed, left out")
            continue
        cells = []
        for lines in read.values():
            some = lines if name.startswith(("seqkit", "scikit")) else lines[: len(lines) // 10]
            speeds = []
            for _ in range(chosen.repeat):
                started, count = time.process_time(), 0
                for line in some:
                    count += len(tokens(line))  # type: ignore[arg-type]
                speeds.append(count / (time.process_time() - started) / 1e6)
            cells.append(statistics.median(speeds))
        whole = [100 * f1(rows, spans) for rows in gold.values()]
        plain = [100 * f1([(t, joined(t, s)) for t, s in rows], spans) for rows in gold.values()]
        speed = "  ".join(f"{where} {cell:.2f} M" for where, cell in zip(read, cells, strict=True))
        print(
            f"{name:42} {speed}  F1 {whole[0]:.2f} / {whole[1]:.2f}  "
            f"hyphens joined {plain[0]:.2f} / {plain[1]:.2f}",
            flush=True,
        )
    for name in ("word", "treebank"):
        shares = [restored(rows, tokenizer(name)) for rows in gold.values()]
        print(f"{name}: {' / '.join(f'{100 * share:.2f}' for share in shares)} % of the gaps come back")
