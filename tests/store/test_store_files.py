import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_optlandscape.store import atomic_files as files_module
from pytest_optlandscape.store import check_writable, write_atomically
from pytest_optlandscape.store.atomic_files import alone_with, remove_left_over


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "kept.json"
    path.write_text("old")
    return path


def test_writes_and_replaces_in_a_folder_that_it_makes(tmp_path):
    path = tmp_path / "a" / "b" / "c.json"
    for text in ["first\n", "zweitens: Ä\n"]:
        write_atomically(path, text)
        assert path.read_bytes() == text.encode()
    assert [p.name for p in path.parent.iterdir()] == ["c.json"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "fdopen"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_ended_at_any_step_leaves_the_old_file_alone(old, monkeypatch, step, error):
    def end(*arguments, **keywords):
        raise error

    monkeypatch.setattr(files_module.os, step, end)
    with pytest.raises(type(error)):
        write_atomically(old, "new")
    monkeypatch.undo()
    assert old.read_text() == "old"
    assert [p.name for p in old.parent.iterdir()] == ["kept.json"]


def test_the_old_file_is_whole_until_the_new_one_is(old, monkeypatch):
    replace = os.replace

    def look_first(source, target):
        assert old.read_text() == "old"
        with open(source, encoding="utf-8") as file:
            assert file.read() == "new" * 100_000
        replace(source, target)

    monkeypatch.setattr(files_module.os, "replace", look_first)
    write_atomically(old, "new" * 100_000)
    assert old.read_text() == "new" * 100_000


def test_text_that_cannot_be_encoded_leaves_the_old_file(old):
    with pytest.raises(UnicodeEncodeError):
        write_atomically(old, "new \ud800")
    assert old.read_text() == "old"
    assert [p.name for p in old.parent.iterdir()] == ["kept.json"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_permissions_of_an_existing_file_are_kept(old, mode):
    old.chmod(mode)
    write_atomically(old, "new")
    assert stat.S_IMODE(old.stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_new_file_has_the_permissions_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "new.json", "new")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.json").stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_umask_is_not_changed_while_other_threads_may_make_files(tmp_path, monkeypatch):
    changed = []
    monkeypatch.setattr(os, "umask", changed.append)
    write_atomically(tmp_path / "new.json", "new")
    with alone_with(tmp_path / "new.json"):
        write_atomically(tmp_path / "new.json", "newer")
    assert changed == []


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_link_is_followed(tmp_path, old):
    link = tmp_path / "link.json"
    link.symlink_to(old)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert old.read_text() == "new"


def test_check_leaves_no_trace(old):
    check_writable(old)
    check_writable(old.parent / "other.json")
    assert [p.name for p in old.parent.iterdir()] == ["kept.json"]
    assert old.read_text() == "old"


def test_check_refuses_what_is_no_file(old):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_writable(old.parent)
    with pytest.raises(OSError, match="no ordinary file"):
        check_writable(Path(os.devnull))
    with pytest.raises(OSError, match=r"kept\.json"):
        check_writable(old / "below.json")


WRITER = """
import sys
from pathlib import Path
from pytest_optlandscape.store.atomic_files import alone_with, write_atomically

path, mine = Path(sys.argv[1]), sys.argv[2]
for k in range(20):
    with alone_with(path):
        lines = path.read_text().splitlines() if path.exists() else []
        write_atomically(path, "\\n".join([*lines, f"{mine}{k}"]))
"""


def write_at_once(path, temporary):
    """Have three processes write, each with a folder of its own for temporary files."""
    writers = []
    for name in "abc":
        (temporary / name).mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(temporary / name)}
        writers.append(subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], env=environment))
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    return sorted(path.read_text().split())


def test_processes_that_change_a_file_at_once_lose_nothing(tmp_path):
    folder, temporary = tmp_path / "made" / "by then", tmp_path / "temporary"
    assert write_at_once(folder / "shared.txt", temporary) == sorted(f"{name}{k}" for name in "abc" for k in range(20))
    assert [file.name for file in folder.iterdir()] == ["shared.txt"]
    assert not [file for file in temporary.rglob("*") if file.is_file()]


@pytest.fixture
def locked(tmp_path):
    """A folder whose lock another file descriptor holds, as another process would."""
    fcntl = pytest.importorskip("fcntl")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def test_a_lock_that_others_hold_is_waited_for_with_a_word_and_an_end(locked, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(files_module, "WAIT_BEFORE_A_WORD", 0.01)
    monkeypatch.setattr(files_module, "LONGEST_WAIT", 0.2)
    with (
        pytest.raises(TimeoutError, match=r"another process has held the lock .* nothing was written"),
        alone_with(tmp_path / "kept.json"),
    ):
        pass
    told = capfd.readouterr().err
    monkeypatch.setattr(files_module, "LONGEST_WAIT", 60.0)
    with pytest.raises(TimeoutError), alone_with(tmp_path / "other.json"):  # the next one does not wait so long again
        pass
    assert told.count("waiting for another process that holds the lock") == 1


def test_a_lock_that_is_given_back_is_taken(locked, tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(files_module.time, "sleep", lambda _: fcntl.flock(locked, fcntl.LOCK_UN))
    with alone_with(tmp_path / "kept.json"):
        write_atomically(tmp_path / "kept.json", "new")
    assert (tmp_path / "kept.json").read_text() == "new"


KILLED = """
import os, sys
from pathlib import Path
from pytest_optlandscape.store import atomic_files as files

files.os.replace = lambda *_: os._exit(9)
files.write_atomically(Path(sys.argv[1]), "new")
"""


def test_what_a_killed_writer_leaves_is_ignored_by_git_and_removed_by_the_next(tmp_path):
    path = tmp_path / "kept.json"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == 9
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    told = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert told.stdout == "?? kept.json\n"
    shutil.rmtree(tmp_path / ".git")
    (tmp_path / ".kept.json.abcd1234.tmp").write_text("left by an earlier version")
    assert len(list(tmp_path.rglob("*.tmp"))) == 2
    with alone_with(path):
        assert [one.name for one in tmp_path.iterdir()] == ["kept.json"]
    assert path.read_text() == "old"


def test_unfinished_files_of_others_are_removed_when_nobody_can_be_at_them(tmp_path):
    fresh, stale = tmp_path / ".other.json.aaaaaaaa.tmp", tmp_path / ".other.json.bbbbbbbb.tmp"
    for one in (fresh, stale):
        one.touch()
    os.utime(stale, (1e9, 1e9))
    assert remove_left_over(tmp_path, "kept.json") == [stale.name]
    assert fresh.exists()


@pytest.mark.skipif(os.name == "nt", reason="file systems of POSIX")
@pytest.mark.parametrize("name", ["n" * 250, "ä" * 125])
def test_names_as_long_as_a_file_system_takes_can_be_written(tmp_path, name):
    write_atomically(tmp_path / name, "new")
    assert (tmp_path / name).read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_where_folders_cannot_be_locked_a_file_stands_in(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    locked, flock = [], fcntl.flock

    def of_a_network(thing, operation):
        if isinstance(thing, int):
            raise OSError(errno.EBADF, "Bad file descriptor")
        locked.append(thing.name)
        return flock(thing, operation)

    monkeypatch.setattr(fcntl, "flock", of_a_network)
    with alone_with(tmp_path / "folder" / "shared.txt"), pytest.raises(BlockingIOError), open(locked[0], "a+b") as lock:
        flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert [Path(name).parent for name in locked] == [tmp_path / "folder" / files_module.TEMPORARY_FOLDER]
    write_atomically(tmp_path / "folder" / "shared.txt", "new")
    assert Path(locked[0]).exists()  # who removes a lock file lets two processes in
