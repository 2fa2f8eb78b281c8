"""Archives are written whole or not at all, and nothing that they say is taken on trust."""

import errno
import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.errors import BadInput, StorageFull
from conversational_rag.services import archives
from conversational_rag.services.archives import Kind

KIND = Kind("a test", 1)


@pytest.fixture
def members(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "one").write_bytes(b"1" * 1000)
    (tmp_path / "two").write_bytes(os.urandom(3 * 512))
    (tmp_path / "none").write_bytes(b"")
    return {"rows.jsonl": tmp_path / "one", "files/doc_2": tmp_path / "two", "empty.txt": tmp_path / "none"}


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str], Path]:
    (tmp_path / "out").mkdir()
    return lambda name: tmp_path / "out" / name.replace("/", "_")


def unread(manifest: object, *files: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for name, content in (("manifest.json", json.dumps(manifest).encode()), *files):
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return written.getvalue()


def test_what_is_written_comes_back(members: dict[str, Path], place: Callable[[str], Path], tmp_path: Path) -> None:
    target = tmp_path / "a.tar.gz"
    size = archives.write(target, KIND, {"client_id": "ä"}, members)
    assert size == target.stat().st_size
    assert archives.unpack(target, KIND, place)["client_id"] == "ä"
    for name, path in members.items():
        assert place(name).read_bytes() == path.read_bytes()
    with tarfile.open(target) as tar:
        assert tar.getnames() == ["manifest.json", *members], "any tar program can read it"


def test_a_full_disk_leaves_the_former_archive_and_no_half_one(
    members: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = tmp_path / "backups" / "a.tar.gz"
    target.parent.mkdir()
    archives.write(target, KIND, {}, members)
    before = target.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="no half file"):
        archives.write(target, KIND, {"more": 1}, members)
    assert [path.name for path in target.parent.iterdir()] == ["a.tar.gz"]
    assert target.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(members: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        archives.write(tmp_path / "nowhere" / "a.tar.gz", KIND, {}, members)


def test_every_cut_of_an_archive_is_damage(
    members: dict[str, Path], place: Callable[[str], Path], tmp_path: Path
) -> None:
    target, cut = tmp_path / "a.tar.gz", tmp_path / "cut.tar.gz"
    archives.write(target, KIND, {}, members)
    whole = target.read_bytes()
    for length in range(0, len(whole) - 100, 97):
        cut.write_bytes(whole[:length])
        with pytest.raises(BadInput):
            archives.unpack(cut, KIND, place)
        for leftover in (tmp_path / "out").iterdir():
            leftover.unlink()


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"format": "a test", "version": 2, "members": []}, "version 2"),
        ({"format": "another", "version": 1, "members": []}, "another"),
        ({"format": "a test", "version": 1}, "does not list"),
        ([1], "manifest cannot be read"),
        ({"format": "a test", "version": 1, "members": [{"name": "../x.y", "bytes": 1, "sha256": ""}]}, "cannot be"),
        ({"format": "a test", "version": 1, "members": [{"name": "/x.y", "bytes": 1, "sha256": ""}]}, "cannot be"),
        ({"format": "a test", "version": 1, "members": [{"name": "x.y", "bytes": -1, "sha256": ""}]}, "cannot be"),
        ({"format": "a test", "version": 1, "members": [{"name": "x.y", "bytes": 5, "sha256": ""}]}, "should"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(
    manifest: object, reason: str, place: Callable[[str], Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.tar.gz"
    bad.write_bytes(unread(manifest, ("other.txt", b"12345")))
    with pytest.raises(BadInput, match=reason):
        archives.unpack(bad, KIND, place)
    assert list((tmp_path / "out").iterdir()) == []


def test_more_than_the_disk_can_take_is_not_even_begun(place: Callable[[str], Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.tar.gz"
    huge = {"name": "x.y", "bytes": 2**60, "sha256": ""}
    bad.write_bytes(unread({"format": "a test", "version": 1, "members": [huge]}, ("x.y", b"")))
    with pytest.raises(StorageFull, match="less room"):
        archives.unpack(bad, KIND, place)


def test_what_expands_beyond_its_manifest_is_not_unpacked(place: Callable[[str], Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.tar.gz"
    small = {"name": "x.y", "bytes": 10, "sha256": ""}
    bad.write_bytes(unread({"format": "a test", "version": 1, "members": [small]}, ("x.y", bytes(10_000_000))))
    with pytest.raises(BadInput, match="stands where"):
        archives.unpack(bad, KIND, place)
    assert list((tmp_path / "out").iterdir()) == []


def test_zeros_are_no_archive(place: Callable[[str], Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.tar.gz"
    bad.write_bytes(gzip.compress(bytes(100_000)))
    with pytest.raises(BadInput):
        archives.unpack(bad, KIND, place)
