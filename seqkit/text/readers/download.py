"""A download that continues where it was cut: HTTP ranges, into a .part file beside the final file."""

import contextlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from seqkit.core.errors import FormatError, resource_error

PIECE = 1 << 20
TRIES = 3


class Resuming:
    """A downloader for pooch: called with (address, output file, pooch)."""

    def __init__(
        self, part: Path, size: int | None, progress: Callable[[str], None] | None, *, wait: float = 1.0
    ) -> None:
        self.part, self.size, self.progress, self.wait = part, size, progress, wait

    def __call__(self, address: str, output: Any, manager: Any, check_only: bool = False) -> None:
        """Download to the part file, in up to three tries, then copy it to `output`."""
        for attempt in range(TRIES):
            try:
                self._go_on(address)
                break
            except (OSError, http.client.HTTPException) as error:
                if attempt == TRIES - 1 or (isinstance(error, urllib.error.HTTPError) and error.code < 500):
                    kept = self.part.stat().st_size if self.part.is_file() else 0
                    raise FormatError(
                        f"fetch: {address}: {error}. {kept:,} bytes are kept in {self.part}; try again to "
                        "continue from there."
                    ) from error
                time.sleep(self.wait * 2**attempt)
        with _writing(Path(output)), self.part.open("rb") as source, Path(output).open("wb") as target:
            shutil.copyfileobj(source, target)

    def _go_on(self, address: str) -> None:
        done = self.part.stat().st_size if self.part.is_file() else 0
        if self.size is not None and done == self.size:
            return
        request = urllib.request.Request(
            address, headers={"User-Agent": "seqkit", **({"Range": f"bytes={done}-"} if done else {})}
        )
        with urllib.request.build_opener(_SecureRedirects).open(request, timeout=60) as answer:
            if answer.headers.get_content_type() == "text/html" and not address.endswith((".html", ".htm")):
                raise FormatError(
                    f"fetch: {address} answers with a web page, not the file. The file may have moved."
                )
            done = done if answer.status == 206 else 0  # a server without ranges sends it all again
            total = done + int(answer.headers.get("Content-Length") or 0)
            if self.size is not None and total > max(self.size, done):
                raise FormatError(
                    f"fetch: {address} is {total:,} bytes, expected {self.size:,}. The file has changed."
                )
            self._copy(address, answer, done, total)

    def _copy(self, address: str, answer: Any, done: int, total: int) -> None:
        shown = time.monotonic()
        with _writing(self.part):
            file = self.part.open("ab" if done else "wb", buffering=0)  # so that no write is left to closing
        with file:
            while piece := answer.read(PIECE):
                with _writing(self.part):
                    done += _write(file, piece)
                if self.size is not None and done > self.size:
                    break
                if self.progress and time.monotonic() - shown > 1:
                    shown = time.monotonic()
                    self.progress(f"{done / 2**20:,.0f} MiB" + (f" of {total / 2**20:,.0f}" if total else ""))
        if self.size is not None and done > self.size:
            self.part.unlink()
            raise FormatError(f"fetch: {address} is longer than {self.size:,} bytes. The file has changed.")
        if done < (total or self.size or 0):
            raise http.client.IncompleteRead(b"", (total or self.size or 0) - done)


def _write(file: IO[bytes], piece: bytes) -> int:
    """Write all of a piece, which a file without a buffer may take in parts; return its size."""
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]
    return len(piece)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Tell what goes wrong as of the disk, not of the network."""
    try:
        yield
    except OSError as error:
        raise resource_error(path, error) from error


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses a redirect from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise FormatError(
                f"fetch: {req.full_url} sends us to {newurl}, which is not secure. Nothing was fetched."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)
