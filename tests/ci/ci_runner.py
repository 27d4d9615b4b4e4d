"""A runner of workflows, as far as a test needs one: it plays GitHub's and GitLab's for the files in examples/ci.

Shell steps are run by the shell that the real runner uses. What needs a network is not: ``pip`` is a stand-in that
checks what would be installed; ``gh`` is one that writes down its arguments and the files that it is given, and gives
the answers of a test; of ``uses:`` steps the inputs are checked and nothing is done.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples" / "ci"

ACTIONS = {
    "actions/checkout": {"fetch-depth", "persist-credentials", "ref"},
    "actions/setup-python": {"python-version", "cache", "cache-dependency-path"},
    "actions/upload-artifact": {"name", "path", "include-hidden-files", "retention-days"},
    "actions/download-artifact": {"name", "path", "run-id", "github-token"},
}
"""Inputs that are given to actions; each of them has these."""

GH = """#!{python}
import json, os, sys
told = sys.argv[1:]
files = [one.partition("@")[2] for one in told if one.startswith("body=@")]
files += [told[k + 1] for k, one in enumerate(told) if one == "--notes-file"]
body = "".join(open(name, encoding="utf-8").read() for name in files)
assert os.environ["GH_TOKEN"] == "the token"
with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as log:
    log.write(json.dumps([told, body]) + "\\n")
for part, answer in json.loads(os.environ["STAND_IN_ANSWERS"]).items():
    if part in " ".join(told):
        print(answer, end="")
"""


def commands_of(text):
    """Parse workflow commands as GitHub's runner does; those that begin no line are not seen."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\w+)(?: ([^:]*(?:(?!::):[^:]*)*))?::(.*)", line.lstrip(" "))
        if match:
            properties = dict(one.split("=", 1) for one in (match[2] or "").split(",") if one)
            unescaped = {key: unescape(value, True) for key, value in properties.items()}
            found.append((match[1], unescaped, unescape(match[3])))
    return found


def unescape(text, is_property=False):
    if is_property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


class Runner:
    """A runner with a working copy of a repository, whose ``origin`` is a bare one on this machine."""

    def __init__(self, folder, workspace, variables):
        self.folder, self.workspace = folder, workspace
        bin_folder = folder / "bin"
        bin_folder.mkdir(exist_ok=True)
        scripts = {
            "pytest": f'exec "{sys.executable}" -m pytest "$@"\n',
            "optlandscape": f'exec "{sys.executable}" -m pytest_optlandscape "$@"\n',
            "pip": 'case " $* " in *" pytest-optlandscape "*|*" pytest-optlandscape[report] "*) ;; *) exit 1 ;; esac\n',
        }
        for name, text in scripts.items():
            (bin_folder / name).write_text(f"#!/bin/sh\n{text}")
        (bin_folder / "gh").write_text(GH.format(python=sys.executable))
        for script in bin_folder.iterdir():
            script.chmod(0o755)
        self.log = folder / "gh.log"
        self.environment = {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "CI": "true",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "STAND_IN_LOG": str(self.log),
            "STAND_IN_ANSWERS": "{}",
            **{name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ},
            **variables,
        }  # fmt: skip

    def shell(self, script, environment=None, *, program=("bash", "-e"), cwd=None):
        """Run a script, standard error after standard output in one pipe, as a log has them; give status and log."""
        path = self.folder / "step.sh"
        path.write_text(script)
        done = subprocess.run(
            ["bash", "-c", 'set -o pipefail; "$@" 2>&1 | tee log.of.the.step', "-", *program, str(path)],
            cwd=cwd or self.workspace, env={**self.environment, **(environment or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, check=False, timeout=300,
        )  # fmt: skip
        ((cwd or self.workspace) / "log.of.the.step").unlink()
        return done.returncode, done.stdout

    def answers(self, **answers):
        """Have ``gh`` answer to commands that have a word in them."""
        self.environment["STAND_IN_ANSWERS"] = json.dumps(answers)

    def told_gh(self):
        """What ``gh`` was told since it was asked last: arguments, and the content of files."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]


class GitHub(Runner):
    """GitHub's runner."""

    def __init__(self, folder, workspace, *, event, context, **variables):
        self.files = {name: folder / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        payload = folder / "event.json"
        payload.write_text(json.dumps(context["event"]))
        variables = {
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_WORKSPACE": str(workspace), "GITHUB_REPOSITORY": "somebody/project",
            **{name: str(path) for name, path in self.files.items()}, **variables,
        }  # fmt: skip
        super().__init__(folder, workspace, variables)
        self.context = {"event_name": event, "repository": "somebody/project", "token": "the token", **context}

    def run(self, workflow, matrix=None):
        """Run the one job of a workflow; give each shell step that was run: its name, status and log."""
        (job,) = workflow["jobs"].values()
        self.matrix, outputs, ran = matrix or {}, {}, []
        folder = job.get("defaults", {}).get("run", {}).get("working-directory", ".")
        folder = self.workspace / self._filled(folder, outputs)
        has_failed = False
        for step in job["steps"]:
            condition = str(step.get("if", "true"))
            if has_failed and "cancelled()" not in condition:
                continue
            if not self._evaluated(condition, outputs):
                continue
            if "uses" in step:
                self._check_action(step, outputs)
                continue
            assert "${{" not in step["run"], "an expression in a script is code for whoever names a branch"
            environment = {name: self._filled(value, outputs) for name, value in step.get("env", {}).items()}
            self.files["GITHUB_OUTPUT"].write_text("")
            shell = workflow.get("defaults", {}).get("run", {}).get("shell")
            program = {None: ("bash", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}[shell]
            status, log = self.shell(step["run"], environment, program=program, cwd=folder)
            has_failed = has_failed or status != 0
            told = dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())
            if "id" in step:
                outputs[step["id"]] = told
            ran.append((step["name"], status, log))
        return ran

    def _check_action(self, step, outputs):
        action, _, version = step["uses"].partition("@")
        assert re.fullmatch(r"v\d+", version), f"{action} is not pinned by its major version"
        given = {name: self._filled(value, outputs) for name, value in step.get("with", {}).items()}
        assert set(given) <= ACTIONS[action], f"{action} has no such inputs"
        assert all(given.values()), f"{action}: an input is empty"

    def _filled(self, text, outputs):
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(self._evaluated(found[1], outputs)), str(text))

    def _evaluated(self, expression, outputs):
        """Evaluate what of GitHub's expressions the examples use."""
        text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", expression).strip()
        text = text.replace("&&", " and ").replace("||", " or ").replace("!cancelled()", "True")
        text = re.sub(r"\b(github|steps|matrix)((?:\.\w+)+)", lambda found: f"look({found[0]!r})", text)

        def look(name):
            root, *parts = name.split(".")
            value = {"github": self.context, "matrix": self.matrix,
                     "steps": {key: {"outputs": told} for key, told in outputs.items()}}[root]  # fmt: skip
            for part in parts:
                value = value[part]
            return value

        return eval(text, {"look": look, "true": True, "format": lambda text, one: text.format(one)})


class GitLab(Runner):
    """GitLab's runner."""

    def __init__(self, folder, workspace, **variables):
        super().__init__(folder, workspace, {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(workspace), **variables})

    def run(self, job):
        """Run a job: its lines are one script, which ends with the first that fails."""
        script = "\n".join([*job["before_script"], *job["script"]])
        variables = {name: str(value) for name, value in job.get("variables", {}).items()}
        return self.shell(script, variables, program=("bash", "-eo", "pipefail"))
