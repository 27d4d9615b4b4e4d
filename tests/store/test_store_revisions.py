import pytest

from pytest_optlandscape.store.revisions import check_revision, resolve_commit

NOT_ONE = {
    "": "empty",
    "  ": "empty",
    "HEAD~1..HEAD": "is a range of commits; name one commit, such as 'HEAD'",
    "main...HEAD": "is a range of commits",
    "HEAD~1..": "is a range of commits; name one commit, such as 'HEAD'",
    "..HEAD": "is a range of commits",
    "^HEAD": "excludes a commit",
    "HEAD^!": "stands for several commits; name one commit, such as 'HEAD'",
    "HEAD^@": "stands for several commits",
    "HEAD^-1": "stands for several commits",
    "-n1": "begins with '-'",
    "--all": "begins with '-'",
    "HEAD main": "are several revisions; name one commit, such as 'HEAD'",
    "HEAD\nmain": "characters that no revision has",
    "HEAD\0": "characters that no revision has",
    "\udc80": "characters that no revision has",
}


@pytest.mark.parametrize("revision", NOT_ONE)
def test_what_is_not_one_commit_is_refused_and_named(revision, tmp_path):
    for refuse in (check_revision, lambda text: resolve_commit(tmp_path, text)):
        with pytest.raises(ValueError, match=f"(?s).*{NOT_ONE[revision].replace('^', chr(92) + '^')}"):
            refuse(revision)


@pytest.mark.parametrize(
    "revision",
    [
        "main",
        "v1.0",
        "HEAD~1",
        "HEAD^",
        "HEAD^2",
        "@",
        "main@{2 days ago}",
        "HEAD^{/a..b c}",
        ":/fix a..b",
        "a/b.c",
        "é",
    ],
)
def test_names_of_one_commit_are_let_through(revision):
    assert check_revision(revision) == revision
