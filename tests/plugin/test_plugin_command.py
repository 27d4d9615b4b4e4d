import io
import json
import sys

import pytest

from pytest_optlandscape import optimizers
from pytest_optlandscape.cli import main
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, digest_of_record, open_history
from pytest_optlandscape.store.entries import digest_of


@pytest.fixture
def command(repository, monkeypatch, capfd):
    """Run the command in the repository, whose suite is two landscapes; give its status, output and complaints."""
    chosen = [get("beale"), get("booth")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(repository.path)

    def run(*arguments):
        sys.modules.pop("solver", None)
        capfd.readouterr()
        status = main(arguments)
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run


def commit(repository, subject, **knobs):
    repository.project.solver(**knobs)
    repository.git("add", "-A")
    repository.git("commit", "-q", "--allow-empty", "-m", subject)
    return repository.git("rev-parse", "HEAD").strip()


@pytest.mark.thorough
def test_from_past_commits_to_who_did_it(repository, command):  # noqa: PLR0915 - one history, made once
    first = repository.git("rev-parse", "HEAD").strip()
    rounding = commit(repository, "a refactor", SCALE=1.0 + 2e-16)
    repository.git("checkout", "-q", "-b", "side")
    commit(repository, "beside", REPEATS=3)
    repository.git("checkout", "-q", "main")
    broken = commit(repository, "broken", source="import nothing_of_this_name\n")
    slower = commit(repository, "twice \x1b[31mis safer", REPEATS=2)
    (repository.path / "notes").write_text("")
    last = commit(repository, "notes", REPEATS=2)
    state = repository.git("status", "--porcelain"), repository.git("branch", "-v")

    status, said, progress = command("backfill", "main")
    assert (status, said) == (0, "4 measured, 0 known, 0 taken over, 1 not run\n")
    assert f"{broken[:10]} not run (solver:minimize: " in progress
    assert "No module named 'nothing_of_this_name')" in progress
    assert "\x1b" not in progress
    files = {path: path.read_bytes() for path in (repository.path / ".optlandscape").rglob("*.json")}
    status, said, _ = command("backfill", "main", "--json")
    assert json.loads(said) == {"measured": 0, "known": 5, "taken over": 0, "not run": 0}
    assert files == {path: path.read_bytes() for path in (repository.path / ".optlandscape").rglob("*.json")}

    status, said, _ = command("history")
    assert status == 0
    assert "2 states over 4 recorded commits; 1 commit could not be run" in said
    assert f"{first[:10]} … {rounding[:10]}" in said
    status, said, _ = command("trend", "--exit-code")
    assert status == 1
    assert f"worse: step at {slower[:10]}" in said
    assert "\x1b" not in said
    assert f"or the commit before it, which was not measured: {broken[:10]}" in " ".join(said.split())
    status, said, _ = command("trend", "--json")
    ((event,),) = [one["events"] for one in json.loads(said)["optimizers"]]
    assert (event["kind"], event["commit"], event["shares"]) == (
        "step", slower, [{"commit": slower, "share": 1.0, "change": event["shares"][0]["change"]}],
    )  # fmt: skip

    assert command("compare", first, slower)[0] == 1
    assert command("compare", slower, first)[0] == 0
    status, said, _ = command("compare", first, rounding)
    assert (status, "same" in said) == (0, True)
    status, said, _ = command("show", last[:8])
    assert (status, "identical" in said, f"against {slower[:10]}" in said) == (0, True, True)
    status, said, _ = command("show", broken)
    assert (status, "No module named" in said) == (0, True)

    assert command("triage", slower, "expected", "safer \x07")[0] == 0
    status, said, _ = command("trend", "--exit-code")
    assert (status, "expected by" in said, "\x07" in said) == (0, True, False)

    status, said, progress = command("bisect", first, "main", "-k", "beale")
    assert status == 0
    assert "one of these" in said
    assert {broken[:10], slower[:10]} <= {line.split()[1] for line in said.splitlines() if line.startswith("worse")}
    status, said, _ = command("bisect", first, rounding)
    assert said == f"{rounding} is the same as {first}\n"
    assert state == (repository.git("status", "--porcelain"), repository.git("branch", "-v"))

    assert command("doctor")[:2] == (0, f"{repository.path / '.optlandscape/history'}: 8 files, nothing is damaged\n")
    status, said, _ = command("prune", "--dry-run")
    assert said == "0 commits and 0 records would be removed\n"


def test_a_commit_with_the_same_files_is_not_run_again(repository, command):
    repository.project.configure(optlandscape_paths="solver.py")
    first = commit(repository, "one")
    (repository.path / "notes").write_text("")
    second = commit(repository, "notes")
    command("backfill", "HEAD")
    entries = {one.commit: one for one in open_history("", repository.path).entries()}
    assert entries[first].tree == entries[second].tree
    assert command("backfill", "HEAD")[1] == "0 measured, 3 known, 0 taken over, 0 not run\n"
    commit(repository, "notes")
    assert command("backfill", "HEAD")[1] == "0 measured, 3 known, 1 taken over, 0 not run\n"
    assert command("prune")[1] == "2 commits and 0 records were removed\n"
    assert len(open_history("", repository.path).entries()) == 2


@pytest.mark.thorough
def test_backfill_says_how_to_skip_commits_that_change_nothing(repository, command):
    for k in range(4):
        (repository.path / "notes").write_text(str(k))
        commit(repository, "notes")
    said, advice = command("backfill", "HEAD~3..HEAD")[1:]
    assert (said, "optlandscape_paths" in advice) == ("3 measured, 0 known, 0 taken over, 0 not run\n", False)
    _, said, advice = command("backfill", "HEAD", "--history", "another")
    assert said == "5 measured, 0 known, 0 taken over, 0 not run\n"
    assert "4 of the measured commits changed no result" in advice
    assert "optlandscape_paths" in advice


@pytest.mark.thorough
def test_names_of_both_ends_of_a_bisection_are_relative_to_the_checkout(repository, command):
    slower = commit(repository, "slower", REPEATS=2)
    for _ in range(2):
        commit(repository, "nothing", REPEATS=2)
    status, said, _ = command("bisect", "HEAD~3", "HEAD~1", "-k", "beale")
    assert (status, f"worse: {slower[:10]} by" in said) == (0, True)


def test_a_name_that_is_no_recorded_commit_is_told_with_advice_that_works(repository, command):
    first = commit(repository, "one")
    command("backfill", "HEAD", "--steps", "1")
    for arguments, wanted in [
        (["show", "nowhere"], "no recorded commit is or begins with 'nowhere', and git knows none"),
        (["compare", first, first[0]], f"begins with {first[0]!r}, and git knows none"),
        (["show", "numpy==1.25"], "`optlandscape backfill --releases numpy==1.25`"),
        (["triage", first, "expected", "  "], "WHY is empty"),
        (["show", "HEAD~1"], "measure it with `optlandscape backfill --steps 1 'HEAD~1'`"),
    ]:
        status, _, error = command(*arguments)
        assert (status, wanted in error) == (4, True), error
    assert not open_history("", repository.path).triages()
    (entry,) = (repository.path / ".optlandscape/history/commits").glob("*.json")
    whole = entry.read_text()
    entry.write_text(whole[:200])
    status, _, error = command("show", first)
    assert (status, f"commits/{entry.name} is damaged: " in error) == (4, True)
    newer = whole.replace('"schema": 1', '"schema": 2').encode()
    entry.unlink()
    entry.with_name(f"{first}-{digest_of(newer)[:16]}.json").write_bytes(newer)
    status, said, _ = command("doctor", "--repair")
    assert (status, said.splitlines()[-1]) == (1, "1 file of a newer version is whole, and left in place")
    assert command("backfill", "--steps", "1", "HEAD~1")[0] == 0  # the first commit, which has no parent
    assert command("show", "HEAD~1")[0] == 0


def test_of_several_measurements_those_of_one_machine_are_compared(repository, command):
    def measured(repeats):
        def minimize(problem):
            for _ in range(repeats):
                problem(problem.x0)

        one = run_baseline(optimizers.get(minimize), get("booth"), 20)
        return Baseline("solver:minimize", {}, {}, {"booth": one})

    history = open_history("", repository.path)
    for version, record in (("1.0", measured(2)), ("2.0", measured(4))):
        optimizer = OptimizerEntry(digest_of_record(record), versions={"library": version})
        for commit in ("a" * 40, "b" * 40):
            history.add(CommitEntry(commit, optimizers={"solver:minimize": optimizer}), [record])
    first = [next(one for one in history.entries() if one.commit[0] == letter) for letter in "ab"]
    assert first[0].optimizers != first[1].optimizers  # by name alone, two machines would be compared
    for ends in (("aaaa", "bbbb"), ("bbbb", "aaaa")):
        status, said, _ = command("compare", *ends)
        assert (status, "identical" in said) == (0, True)


def test_a_stream_of_another_encoding_gets_a_question_mark(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["list", "bbob"]) == 0
    assert "minimisers" in written.getvalue().decode("ascii")
    sys.stdout.write("\N{MULTIPLICATION SIGN} 2")
    sys.stdout.flush()
    assert written.getvalue().endswith(b"? 2")


def test_mistakes_are_told_on_one_line(repository, command):
    commit(repository, "a further commit")
    for arguments, said in [
        (["history"], "is empty: record a session with `pytest --optlandscape --optlandscape-history`"),
        (["backfill", "nothing..HEAD"], "git rev-list"),
        (["merge", "nowhere"], "there is no folder 'nowhere'"),
        (["bisect", "HEAD", "HEAD", "-k", "bealle"], "chooses nothing"),
        (["bisect", "HEAD", "HEAD", "-k", "(beale or"], "a word is missing at the end"),
        (["bisect", "HEAD", "HEAD~1"], "HEAD is no ancestor of HEAD~1: name the older end first"),
        (["backfill"], "give commits, such as v1.0..HEAD, or --releases"),
    ]:
        status, _, error = command(*arguments)
        assert (status, said in error, "Traceback" in error) == (4, True, False), error
    for arguments in (["trends"], [], ["compare", "A"], ["backfill", "HEAD", "--steps", "0"]):
        with pytest.raises(SystemExit) as ended:
            command(*arguments)
        assert ended.value.code == 4


def test_every_command_explains_itself_with_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    names = [name for name in listed if name.isalpha() and name.islower()]
    assert {"history", "show", "compare", "trend", "backfill", "bisect", "triage", "merge", "prune", "doctor"} <= set(
        names
    )
    for name in ("history", "compare", "backfill", "list", "replay"):
        with pytest.raises(SystemExit):
            main([name, "--help"])
        assert f"example:\n  optlandscape {name}" in capsys.readouterr().out


@pytest.mark.thorough
def test_the_doctor_puts_damaged_files_aside(repository, command):
    command("backfill", "HEAD")
    history = open_history("", repository.path)
    (path,) = (history.folder / "records").rglob("*.json")
    path.write_bytes(path.read_bytes()[:100])
    status, said, _ = command("doctor")
    assert (status, "its content is not the one" in said, "--repair" in said) == (1, True, True)
    status, _, error = command("history")
    assert status == 0
    assert "is damaged" in error
    status, said, _ = command("doctor", "--repair")
    assert "1 damaged file was moved to" in said
    assert [len(one.read_bytes()) for one in (history.folder / "damaged").iterdir()] == [100]
    assert not path.exists()
    assert command("backfill", "HEAD")[1].startswith("1 measured")
    assert command("doctor")[0] == 0


def test_the_catalogue(capsys):
    assert main(["list", "dim=2", "-multimodal", "convex"]) == 0
    table = capsys.readouterr().out
    assert main(["list", "dim=2", "-multimodal", "convex", "--json"]) == 0
    assert f"{len(json.loads(capsys.readouterr().out))} landscapes" in table
    assert main(["list", "nonsense"]) == 4
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_request_is_compared_with_the_nearest_recorded_commit_before_it(repository, command):
    first = repository.git("rev-parse", "HEAD").strip()
    commit(repository, "not recorded")
    repository.git("checkout", "-q", "-b", "request")
    head = commit(repository, "twice <script>", REPEATS=2)
    command("backfill", first)
    command("backfill", "HEAD^..HEAD")
    status, said, told = command("compare", "--base", "main", "--markdown", "out/comment.md")
    assert status == 1
    assert f"optlandscape: compared with {first[:10]}, the nearest measured commit, 1 commit before" in told
    assert f"against {first[:10]}" in said
    comment = (repository.path / "out/comment.md").read_text()
    assert comment.startswith("<!-- optlandscape -->\n### Optimizers: 1 worse")
    assert command("compare", "--base", "main", head)[0] == 1
    with pytest.raises(SystemExit):
        command("compare", "--base", "main", "a", "b")
    status, said, told = command("merge", "--history", "other", "--commit", first, ".optlandscape/history")
    assert (status, said) == (0, "1 commit, 1 record, 0 triages were new\n")
    assert f"left out, not of {first}" in told
    assert command("merge", "--commit", "HEAD", ".optlandscape/history")[0] == 4


def test_without_a_history_the_git_log_of_the_baselines_is_shown(repository, command):
    for knobs in ({}, {"REPEATS": 2}):
        repository.project.solver(**knobs)
        repository.project.accept()
        repository.commit()
    repository.git("mv", "optlandscape_baseline", "accepted")
    repository.project.configure(optlandscape_baseline_dir="accepted")
    commit(repository, "notes \x1b[31m")
    status, said, error = command("history")
    assert (status, error) == (0, "")
    assert "solver:minimize: 2 accepted states" in said
    assert "worse" in said
    assert " → " in said
    assert "pytest --optlandscape --optlandscape-history" in said
    status, said, _ = command("history", "--json")
    ((first, second),) = [one["states"] for one in json.loads(said)["accepted"]]
    assert (first["verdict"], second["verdict"], second["author"]) == ("new", "worse", "Somebody")
    assert "\x1b" not in command("history")[1]
    status, _, error = command("history", "--optimizer", "solver:minimise")
    assert (status, "did you mean 'solver:minimize'" in error) == (4, True)
    (repository.path / "accepted" / "solver_minimize.json").write_text("{")
    repository.commit()
    assert "written in a format that this release" in command("history")[1]
    assert command("trend")[0] == 4


@pytest.mark.thorough
def test_an_optimizer_or_suite_that_is_not_recorded_is_told_with_the_nearest(repository, command):
    command("backfill", "HEAD")
    assert command("history", "--optimizer", "solver:minimize", "--suite", "standard")[0] == 0
    for option, name, nearest in (
        ("--optimizer", "solvr:minimize", "solver:minimize"),
        ("--suite", "standrad", "standard"),
    ):
        status, _, error = command("history", option, name)
        assert (status, f"did you mean '{nearest}'" in error) == (4, True)
