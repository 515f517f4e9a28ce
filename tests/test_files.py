"""Files are written whole or not at all."""

import os

import pytest

import crysnb as cn
from crysnb.files import write_whole


def test_writes_replaces_and_refuses(tmp_path):
    path = tmp_path / "a.html"
    assert write_whole(path, b"one", overwrite=False) == path
    with pytest.raises(cn.CrysnbError) as caught:
        write_whole(path, b"two", overwrite=False)
    assert caught.value.code == "file.exists"
    assert path.read_bytes() == b"one"
    write_whole(str(path), b"two", overwrite=True)
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]


def test_a_link_keeps_leading_to_its_file_and_a_file_keeps_its_permissions(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, b"new", overwrite=True)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640
    nowhere = tmp_path / "nowhere"
    nowhere.symlink_to(tmp_path / "gone")
    with pytest.raises(cn.CrysnbError):
        write_whole(nowhere, b"x", overwrite=False)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_failed_write_leaves_nothing_and_loses_nothing(tmp_path, monkeypatch, overwrite):
    path = tmp_path / "a"
    if overwrite:
        path.write_bytes(b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(cn.CrysnbError, match="No space left") as caught:
        write_whole(path, b"new", overwrite=overwrite)
    assert caught.value.code == "file.not_writable"
    assert [p.name for p in tmp_path.iterdir()] == (["a"] if overwrite else [])
    if overwrite:
        assert path.read_bytes() == b"old"


@pytest.mark.parametrize("path", ["", "a\0b", None, 3, b"x"])
def test_what_is_no_name_is_refused(path):
    with pytest.raises(cn.CrysnbError) as caught:
        write_whole(path, b"", overwrite=True)
    assert caught.value.code == "file.not_writable"


def test_folders_and_missing_folders_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "no" / "a"):
        with pytest.raises(cn.CrysnbError):
            write_whole(path, b"", overwrite=True)
