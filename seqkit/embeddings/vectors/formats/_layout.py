"""Whether what follows a header of word2vec is text or binary, by all that was read of the file.

Not handled: files without such a header.
"""

from pathlib import Path
from typing import Literal

from seqkit.embeddings.vectors.formats._rows import header
from seqkit.kernels.parse_floats.reference import NUMBER

HEAD = 65536  # bytes of the head of a longer file
_TYPED = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])


def layout(head: bytes, path: Path) -> Literal["text", "binary"] | None:
    """How the rows are written; None without a header.

    Text: every line is a word and numbers as many as the header says. As binary its numbers would all be
    below 2e-4 or above 1e22, since so are 4 characters of a number as float32. What is neither that nor
    characters is binary. Whoever reads it says what is wrong with it.
    """
    first, end, rest = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    size = header(first, path)
    if size is None or not end:
        return None
    typed = not rest.translate(None, _TYPED) and _decodes(rest)
    return "text" if typed or _is_text(rest, size[1]) else "binary"


def _is_text(rest: bytes, dim: int) -> bool:
    lines = rest.split(b"\n")
    if len(rest) >= HEAD - 64:  # what a head cuts: the last line, or the last number of the only one
        last = lines.pop() if len(lines) > 1 else b""
        cut = (last or lines.pop()).split(b" ")[1:-1] if last or lines else []
        if not lines and not (cut and all(map(_number, cut))):
            return False
    whole = [line.rstrip(b"\r ").rsplit(b" ", dim) for line in lines if line]
    return all(len(fields) == dim + 1 and all(map(_number, fields[1:])) for fields in whole)


def _number(field: bytes) -> bool:
    plain = field.lower().lstrip(b"+-")
    return NUMBER.fullmatch(field) is not None or plain in (b"nan", b"inf", b"infinity")


def _decodes(text: bytes) -> bool:
    """Whether it is UTF-8, but for a character that is cut at the end."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return "unexpected end" in error.reason
    return True
