"""Ranges and the like where one commit is expected."""

import pytest

from pytest_optlandscape.cli import main


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ("HEAD~1..HEAD", "'HEAD~1..HEAD' is a range of commits; name one commit, such as 'HEAD', or REF... for"),
        ("HEAD~1...HEAD", "'HEAD~1...HEAD' is a range of commits"),
        ("HEAD~1..HEAD...", "'HEAD~1..HEAD' is a range of commits"),
        ("^HEAD", "'^HEAD' excludes a commit"),
        ("-n1", "'-n1' begins with '-'"),
        ("HEAD main", "'HEAD main' are several revisions"),
        ("", "the revision is empty"),
        ("HEAD:solver.py", "'HEAD:solver.py' is a file or a folder of a commit"),
        ("nowhere", "nowhere"),
    ],
)
def test_a_session_compares_with_one_revision(repository, against, said):
    result = repository.project.run(f"--optlandscape-against={against}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR:")]
    assert said in line
    assert "Traceback" not in str(result.stderr)


WORDS = [
    ["show", "HEAD~1..HEAD"],
    ["show", ""],
    ["triage", "HEAD~1..HEAD", "expected", "why"],
    ["compare", "HEAD~1..HEAD", "HEAD"],
    ["compare", "HEAD", "HEAD HEAD"],
    ["compare", "--base", "HEAD~1..HEAD"],
    ["compare", "--base="],
    ["history", "--until=HEAD~1..HEAD"],
    ["trend", "--until="],
    ["bisect", "HEAD~1..HEAD", "HEAD"],
    ["bisect", "HEAD", "^HEAD"],
]


def test_commands_that_take_one_commit_refuse_others(repository, capfd, monkeypatch):
    monkeypatch.chdir(repository.path)
    (repository.path / "solver.py").write_text("import nothing_of_this_name")  # a commit that is recorded at once
    repository.commit()
    repository.project.solver()
    assert main(["backfill", "HEAD~1..HEAD"]) == 0
    for words in WORDS:
        capfd.readouterr()
        assert main(words) == 4
        said = capfd.readouterr().err
        assert any(word in said for word in ("a range of", "is empty", "several revisions", "excludes a")), (
            words,
            said,
        )
        assert "Traceback" not in said
