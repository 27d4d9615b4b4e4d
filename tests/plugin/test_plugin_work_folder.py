import os

import pytest

from pytest_optlandscape.session import work_folder
from pytest_optlandscape.session.work_folder import PREFIX, make_work_folder, remove_work_folder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="files are locked by fcntl")


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """The folder in which all users make temporary files."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setattr(work_folder.tempfile, "tempdir", str(folder))
    return folder


def abandon(folder):
    """Leave a work folder as a process does that is killed."""
    folder.mkdir()
    (folder / ".lock").touch()
    (folder / "records.json").touch()


def test_abandoned_folders_are_removed_and_those_in_use_stay(shared):
    abandon(shared / f"{PREFIX}abandoned")
    first = make_work_folder()
    second = make_work_folder()
    try:
        assert {one.name for one in shared.iterdir()} == {first.name, second.name}
    finally:
        remove_work_folder(first)
        remove_work_folder(second)


def test_a_link_of_such_a_name_is_not_followed(shared, tmp_path):
    abandon(tmp_path / "precious")
    (shared / f"{PREFIX}link").symlink_to(tmp_path / "precious")
    remove_work_folder(make_work_folder())
    assert (tmp_path / "precious" / "records.json").exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_left_alone(shared):
    folder = shared / f"{PREFIX}planted"
    abandon(folder)
    os.chown(folder, 12345, 12345)
    remove_work_folder(make_work_folder())
    assert (folder / "records.json").exists()
