"""The rule of the word tokenizer: what stands between two white spaces, cut into tokens.

Conventions: Penn Treebank and UD English EWT where they agree; hyphenated words stay whole (Penn Treebank);
runs of one mark, a slash between words and a unit behind a number are tokens (EWT). The tokens of a chunk
depend on it alone and are its own characters, none lost but invisible ones. A pattern takes what it looks at,
or looks at a bounded number of characters, so time is linear.
"""

import re
import unicodedata
from itertools import pairwise

from seqkit.text.tokenizers._abbreviations import ABBREVIATIONS, AS_WRITTEN, ENDINGS, UNITS

__all__ = ["CLITICS", "CONTRACTIONS", "ELISIONS", "HAN", "cut"]


def _marks() -> str:
    """Combining marks of all scripts as the inside of a character class."""
    found: list[list[int]] = []
    for code in range(0x300, 0x1E950):
        if unicodedata.category(chr(code))[0] == "M":
            if found and code == found[-1][1] + 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)


HAN = "\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_INVISIBLE = "\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff"
CLITICS = frozenset(["s", "m", "d", "ll", "re", "ve"])
_CLITIC = rf"(?i:{'|'.join(sorted(CLITICS))})"
_L = r"[^\W\d_]"  # a letter
_W = rf"[\w{_marks()}\xad\u200c\u200d]"  # what words are made of: letters, digits, marks, joiners
_STOPS = r""".,;:!?'"’”»…)\]}>。，、！？；：」』）》"""
_IN_URL = r"""[^\s<>"“”«»()。，、！？；：「」（）《》]"""
_URL = rf"(?:{_IN_URL}|\({_IN_URL}*+\))*(?:(?![{_STOPS}]){_IN_URL}|\({_IN_URL}*+\))"
_EMOJI = (
    "[\u203c\u2049\u2122\u2139\u2194-\u21ff\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff\xa9\xae]"
    "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*+"
)
_INNER = rf"(?:(?<=\d)[.,:/]\d{_W}*+|(?<=\d)['’]\d{{3}}(?!\d)|(?<=\w)(?<!\d)['’]{_W}++)"
_DEGREE = r"(?i:(?:Ph|Ed|Psy)\.D|[MB]\.Sc|LL\.[BMD]|EE\.UU)(?!\w)\.?"
_INITIALS = rf"(?:{_L}\.){{2,}}+(?:{_L}(?!\w))?|{_L}\.{_L}(?!\w)"  # U.S.  e.g
_PART = rf"(?:{_DEGREE}|{_INITIALS}|{_W}++{_INNER}*+)"
_JOIN = rf"(?:[-‐‑](?={_W})|&(?=\w)(?!(?:amp|lt|gt|quot|nbsp|apos);)|\*++(?={_L})|(?<=[lL])·(?=[lL]))"
_WORD = rf"{_PART}(?:{_JOIN}{_PART})*+"
_SIGN = r"""(?:(?<![^([{"'“‘„«=:/$€£<>~,])[-+−±])?+(?:(?<![\w.])\.)?+(?=\d)"""

_NUMBER = rf"\d++(?:[-.,:/]\d+)*+(?=(?:{'|'.join(map(re.escape, UNITS))})(?!\w))"  # 5 of 5pm
_ENDING = rf"(?i:{'|'.join(ENDINGS)})(?!\w)"

_FROM_LETTERS = [  # tokens that begin with a letter, a digit or _
    rf"[A-Za-z]++(?!{_W}|[@:/'’&*·$+#\\%‐‑-]|\.++[\w@])",  # most words, for speed alone
    rf"(?i:(?:https?|ftps?|file)://|www\.|mailto:){_URL}",
    r"\w[\w.+%'-]{0,63}+@[\w-]++(?:\.[\w-]++)*+",  # an address
    rf"(?:\w[\w-]{{0,62}}+\.){{1,8}}{_ENDING}(?::\d+)?(?:/{_URL})?",  # a domain, a file
    r"""(?<![^("'])[A-Za-z]:\\[^\s"<>|]*\w""",  # a path
    "[0-9]\ufe0f?\u20e3",  # a key
    _NUMBER,
    r"(?:[A-Z]{1,3}\$(?=\d)|[CcFf](?:\+\+|\#)(?!\w))",
    rf"(?<![\w/])(?:[wW]/|{_L}/{_L}{{1,3}})(?![\w/])",  # w/  w/o  I/O
    _WORD,
]
_FROM_MARKS = [
    r"""[,")\]”](?![,")\]”])|\.(?!.)""",  # most marks, for speed alone
    r"""(?<![^("'])[~.]{0,2}(?:/[\w.+-]*\w){2,}""",  # a path
    rf"(?<!\w)[@#](?=[^\W\d]){_W}++",  # @name  #tag
    rf"(?<!.)(?:['’]{_CLITIC}|-[lrLR][rcsRCS][bB]-|@[-,.]@|\\[/*]|<unk>)(?!.)",  # of text that was cut before
    r"¯\\_\(ツ\)_/¯|</?3++|\^[_.-]?\^|>_+<|-_+-|\\o/",
    r"[<>]?[:;=]['’]?[-^o~]?(?:\)+|\(+)(?!\w)|(?<!\w)\([-^]?[:=](?!\w)",
    r"(?<!\w)[<>]?(?:[:;]['’]?[-^]?[DPpoOSsxX3$|/\\@\][]|=[DPp])(?!\w)",
    r"<?[-=]+>|<[-=]+(?!\w)",  # an arrow
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[#*]\ufe0f?\u20e3|{_EMOJI}(?:\u200d{_EMOJI})*+",
    rf"{_SIGN}(?:{_NUMBER}|{_WORD})|{_W}++",  # -5  .5, a mark that combines with nothing
    rf"(?<![\w.])\.(?:NET|{_ENDING})(?!\w)",
    r"(?<!\w)['’](?i:em|tis|twas|till?|n['’]?|\d\ds?)(?!\w)",
    rf"(?<=[\w.)\]’'\"”%!?*])['’]{_CLITIC}(?!\w)",  # behind a digit or a mark: 90's
    r"&(?:[a-z]{2,8}|\#\d{1,6});|°[CF](?!\w)",
    rf"[.…]{{2,}}|[!?]+|[！？]+|([^\w\s()[\]{{}}{_INVISIBLE}])\1+|[^\s{_INVISIBLE}]",
]
_TOKEN = re.compile(rf"(?=\w)(?:{'|'.join(_FROM_LETTERS)})|(?!\w)(?:{'|'.join(_FROM_MARKS)})")
_FRENCH = "c d j l m n qu s t jusqu lorsqu puisqu quoiqu"
_ITALIAN = "un all bell coll dall dell nell quell quest sull"
ELISIONS = frozenset(f"{_FRENCH} {_ITALIAN}".split())  # before a vowel: l'homme is two tokens
_FIRST = {"cannot": 3, "gonna": 3, "gotta": 3, "wanna": 3, "lemme": 3, "gimme": 3, "'tis": 2, "'twas": 2}
CONTRACTIONS = {  # letters of the first of two tokens
    form: first for word, first in _FIRST.items() for form in (word, word.capitalize(), word.upper())
} | {"'Tis": 2, "'Twas": 2}
_WHOLE = frozenset(["c'mon", "d'oh", "m'kay", "n't"])
_QUOTES = str.maketrans("’", "'")
_CHARACTERS = re.compile(rf"[{HAN}]|[^{HAN}]+")


def cut(chunk: str) -> list[str]:
    """The tokens of what stands between two white spaces."""
    word, mark = (chunk[:-1], chunk[-1]) if chunk[-1] in ",." else (chunk, "")
    if word.isalpha() and word.isascii() and word not in CONTRACTIONS:  # most words, for speed alone
        return [chunk] if not mark or (mark == "." and _keeps_stop(word)) else [word, mark]
    found: list[str] = []
    end = 0
    for match in _TOKEN.finditer(chunk):
        token, touches, end = match[0], match.start() == end, match.end()
        if token == "." and found and touches and _keeps_stop(found[-1]):
            found[-1] += "."
        elif ("'" in token or "’" in token) and "@" not in token:
            found += _clitics(token)
        elif (first := CONTRACTIONS.get(token)) is not None:
            found += token[:first], token[first:]
        elif token.isascii():
            found.append(token)
        else:
            found += _CHARACTERS.findall(token)
    return found


def _keeps_stop(word: str) -> bool:
    """Whether a full stop behind the word belongs to it: an abbreviation or an initial, but not "I"."""
    if len(word) == 1 and word.isupper():
        return word != "I"
    return word.lower() in ABBREVIATIONS or word in AS_WRITTEN


def _clitics(word: str) -> list[str]:
    """A word with apostrophes, cut at those that divide it: do|n't, she|'ll, l'|homme; O'Brien stays."""
    plain = word.translate(_QUOTES)
    if not plain[0].isalnum() or plain.lower() in _WHOLE:
        first = CONTRACTIONS.get(plain)
        return [word] if first is None else [word[:first], word[first:]]
    ends, end = [len(word)], len(word)
    while (at := plain.rfind("'", 0, end)) > 0:
        if plain[at + 1 : end].lower() in CLITICS:
            end = at
        elif at > 1 and plain[at - 1 : end].lower() == "n't":
            end = at - 1
        else:
            break
        ends.append(end)
    at = plain.find("'", 0, end)
    if (
        0 < at < end - 1
        and plain[:at].lower() in ELISIONS
        and not (plain[0] == "D" and plain[at + 1].isupper())
    ):
        ends.append(at + 1)
    ends.append(0)
    return [word[a:b] for b, a in pairwise(ends)][::-1]
