"""text.catalogue, download, extract: what is fetched is whole, checked, and stays in its folder."""

import errno
import gzip
import hashlib
import http.server
import io
import re
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from seqkit.core.errors import FormatError, OptionError, ResourceError
from seqkit.text.readers import catalogue, download
from seqkit.text.readers.catalogue import Entry, fetch
from seqkit.text.readers.extract import extract

CONTENT = bytes(range(256)) * 40_000


@pytest.fixture
def server(monkeypatch):
    """A web server on the loopback address: /file with ranges, /cut breaks off, /page is HTML, /away leaves https."""
    monkeypatch.setattr(download.Resuming.__init__, "__kwdefaults__", {"wait": 0.0})
    log = []

    class Handler(http.server.BaseHTTPRequestHandler):
        cuts = 2

        def do_GET(self):  # the library's name
            log.append((self.path, self.headers.get("Range")))
            body, start = CONTENT, 0
            if self.path.startswith("/page"):
                body = b"<html>moved</html>"
            elif self.path.startswith("/missing"):
                self.send_error(404)
                return
            if self.headers.get("Range") and not self.path.startswith("/norange"):
                start = int(re.match(r"bytes=(\d+)-", self.headers["Range"])[1])
            self.send_response(206 if start else 200)
            self.send_header(
                "Content-Type", "text/html" if self.path.startswith("/page") else "application/octet-stream"
            )
            if not self.path.startswith("/endless"):
                self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            if self.path.startswith("/cut") and Handler.cuts:
                Handler.cuts -= 1
                self.wfile.write(body[start : start + 3_000_000])
                return
            self.wfile.write(body[start:])

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}", log
        made.shutdown()
        thread.join()


def entry(address, **values):
    fields = {"size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()} | values
    return Entry("thing", "text", "free", address, **fields)


def test_declared_size_is_the_limit_of_an_answer_without_a_length(server, tmp_path):
    address, _ = server
    assert fetch(entry(f"{address}/endless"), tmp_path)[0].read_bytes() == CONTENT
    with pytest.raises(FormatError, match="is longer than 1,000 bytes"):
        fetch(entry(f"{address}/endless2", size=1000), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["endless"]


def test_file_is_fetched_checked_and_not_fetched_again(server, tmp_path):
    address, log = server
    (path,) = fetch(entry(f"{address}/file"), tmp_path)
    assert path.read_bytes() == CONTENT
    fetch(entry(f"{address}/file"), tmp_path)
    assert len(log) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_broken_connection_is_gone_on_with_where_it_broke(server, tmp_path):
    address, log = server
    (path,) = fetch(entry(f"{address}/cut"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert [ranged for _, ranged in log] == [None, "bytes=3000000-", "bytes=6000000-"]


def test_part_left_by_an_earlier_run_is_gone_on_with(server, tmp_path):
    address, log = server
    (tmp_path / ".file.part").write_bytes(CONTENT[:5_000_000])
    (path,) = fetch(entry(f"{address}/file"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert log == [("/file", "bytes=5000000-")]


def test_server_without_ranges_is_read_from_the_start(server, tmp_path):
    address, _ = server
    (tmp_path / ".norange.part").write_bytes(CONTENT[:5_000_000])
    (path,) = fetch(entry(f"{address}/norange"), tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "values", "message"),
    [
        ("/file", {"sha256": "0" * 64}, "did not give the file expected"),
        ("/file", {"size": 100}, r"is 10,240,000 bytes, expected 100. The file has changed"),
        ("/page", {"size": None}, "answers with a web page, not the file"),
        ("/missing", {}, "HTTP Error 404"),
    ],
)
def test_what_is_not_the_file_is_not_kept(server, tmp_path, path, values, message):
    with pytest.raises(FormatError, match=message):
        fetch(entry(server[0] + path, **values), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unverified_file_must_be_asked_for_and_its_checksum_is_told(server, tmp_path):
    unknown = entry(f"{server[0]}/file", sha256=None)
    with pytest.raises(OptionError, match="the checksum of thing is not known.*--allow-unverified"):
        fetch(unknown, tmp_path)
    said = []
    fetch(unknown, tmp_path, allow_unverified=True, progress=said.append)
    assert hashlib.sha256(CONTENT).hexdigest() in said[-1]


def test_leaving_https_is_refused():
    request = download.urllib.request.Request("https://example.org/x")
    with pytest.raises(FormatError, match="which is not secure"):
        download._SecureRedirects().redirect_request(request, None, 302, "", {}, "http://example.org/x")


def test_catalogue_is_whole():
    entries = catalogue.catalogue()
    names = {e.name for e in entries}
    assert {
        "text8",
        "enwik8",
        "wikitext-2",
        "wikitext-103",
        "ptb",
        "imdb",
        "sst-2",
        "ud-english-ewt",
        "multi30k",
        "google-analogies",
        "wordsim-353",
        "glove.6B",
        "fasttext-en",
    } <= names
    for e in entries:
        assert e.licence, e.name
        assert e.kind in (
            "text",
            "classification",
            "tagging",
            "translation",
            "analogies",
            "similarity",
            "vectors",
        )
        assert e.address is None or e.address.startswith("https://")
        assert e.sha256 is None or re.fullmatch("[0-9a-f]{64}", e.sha256)
    with pytest.raises(OptionError, match="unknown corpus 'text88'.*Did you mean 'text8'"):
        catalogue.entry("text88")
    with pytest.raises(OptionError, match="ptb is not free to fetch"):
        fetch("ptb", None)


def test_catalogue_checksums_are_those_of_the_real_files(data):
    local = {
        "names": "lm/names.txt",
        "tinyshakespeare": "lm/tinyshakespeare.txt",
        "google-analogies": "analogy/questions-words.txt",
        "sst-2": "sentiment/sst/stsa.binary.train",
        "wordsim-353": "similarity/EN-WS-353-ALL.txt",
        "rg-65": "similarity/EN-RG-65.txt",
        "multi30k": "translation/multi30k/raw/train.en.gz",
        "simlex-999": "similarity/EN-SIMLEX-999.txt",
    }
    for name, file in local.items():
        content = data(file).read_bytes()
        known = catalogue.entry(name)
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (known.sha256, known.size), name


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)


def make_tar(path, members):
    with tarfile.open(path, "w:gz") as file:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, "target"
            file.addfile(info, io.BytesIO(content))


def test_plain_archives_are_unpacked(tmp_path):
    make_zip(tmp_path / "a.zip", [("d/", b"", 0o040755), ("d/x.txt", b"hi", 0o100644), ("y", b"", 0)])
    make_tar(tmp_path / "a.tgz", [("d", b"", tarfile.DIRTYPE), ("d/x.txt", b"hi", tarfile.REGTYPE)])
    assert [p.relative_to(tmp_path).as_posix() for p in extract(tmp_path / "a.zip", tmp_path / "z")] == [
        "z/d/x.txt",
        "z/y",
    ]
    assert [p.read_bytes() for p in extract(tmp_path / "a.tgz", tmp_path / "t")] == [b"hi"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "C:\\x", "C:x", "a\\..\\x", "..", "d/x.txt\0"])
@pytest.mark.parametrize("pack", ["zip", "tar"])
def test_member_outside_the_folder_is_refused_and_nothing_is_written(name, pack, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    if pack == "zip":
        make_zip(work / "a", [("ok", b"1", 0), (name, b"2", 0)])
        if "\0" in name:
            return  # zipfile itself cuts names at NUL
    else:
        make_tar(work / "a", [("ok", b"1", tarfile.REGTYPE), (name, b"2", tarfile.REGTYPE)])
        if "\0" in name:
            return  # tar ends names at NUL
    with pytest.raises(FormatError, match="would be written outside the folder"):
        extract(work / "a", work / "out")
    assert [p.name for p in work.iterdir()] == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["work"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(kind, tmp_path):
    make_tar(tmp_path / "a", [("x", b"", kind)])
    with pytest.raises(FormatError, match="'x' is a link or device"):
        extract(tmp_path / "a", tmp_path / "out")


def test_link_in_a_zip_is_refused(tmp_path):
    make_zip(tmp_path / "a", [("x", b"/etc/passwd", 0o120777)])
    with pytest.raises(FormatError, match="'x' is a link or device"):
        extract(tmp_path / "a", tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_name_that_comes_twice_is_refused(tmp_path):
    make_zip(tmp_path / "a", [("x", b"1", 0), ("./x", b"2", 0)])
    with pytest.raises(FormatError, match="it holds .* twice"):
        extract(tmp_path / "a", tmp_path / "out")


def test_bomb_stops_at_the_limit(tmp_path):
    make_zip(tmp_path / "a", [("x", b"\0" * (3 << 20), 0)])
    with pytest.raises(FormatError, match="grows beyond"):
        extract(tmp_path / "a", tmp_path / "out", most_bytes=1 << 20)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("pack", ["zip", "tar"])
def test_damaged_archive_is_named(pack, tmp_path):
    path = tmp_path / "a"
    (make_zip if pack == "zip" else make_tar)(
        path, [("x", b"hello" * 1000, 0 if pack == "zip" else tarfile.REGTYPE)]
    )
    whole = path.read_bytes()
    for size in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"damaged or cut short|holds no file"):
            extract(path, tmp_path / "out")
    path.write_bytes(gzip.compress(b"not a tar"))
    with pytest.raises(FormatError, match="damaged or cut short"):
        extract(path, tmp_path / "out")


def test_full_disk_while_unpacking_is_told_as_one(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(ResourceError, match="no space left"):
        extract(tmp_path / "a.zip", tmp_path / "out")


def test_name_that_is_a_file_and_a_folder_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", "x")
        archive.writestr("a/b", "x")
    with pytest.raises(FormatError, match="one name is a file and a folder"):
        extract(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()
