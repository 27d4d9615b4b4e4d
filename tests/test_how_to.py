"""The recipes of docs/how-to.md that need another process: a solver behind a pipe, a message to a server."""

import importlib
import json
import os
import pkgutil
import runpy
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from test_readme import ROOT, blocks, write_blocks

import pytest_optlandscape
from pytest_optlandscape import minimize

# pytester forgets the modules that an inner session imports first, and other tests compare objects by identity
for module in pkgutil.walk_packages(pytest_optlandscape.__path__, "pytest_optlandscape."):
    importlib.import_module(module.name)

PAGE = ROOT / "docs" / "how-to.md"
HALVING = """\
def numbers():
    return [float(number) for number in input().split()]

def write(word, x):
    print(word, *x, flush=True)

dim, budget = numbers()
x, lower, upper = numbers(), numbers(), numbers()
write("f", x)
best, step = numbers()[0], 1.0
while step > 1e-3:
    for i in range(len(x)):
        for sign in (-1, 1):
            trial = [*x]
            trial[i] = min(max(x[i] + sign * step, lower[i]), upper[i])
            write("f", trial)
            value = numbers()[0]
            if value < best:
                x, best = trial, value
    step /= 2
write("x", x)
"""


def compile_compass(folder):
    compiler = shutil.which("cc") or pytest.skip("the recipe of a solver in C needs a C compiler, cc")
    (code,) = (block.text for block in blocks(PAGE, "c"))
    (folder / "compass.c").write_text(code, encoding="utf-8")
    subprocess.run([compiler, "-O2", "-Wall", "-Werror", "-o", "compass", "compass.c"], cwd=folder, check=True)


def write_script(folder, text=HALVING):
    path = folder / "compass"
    path.write_text(f"#!{sys.executable} -S\n{text}", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the script of this test begins with #!")
@pytest.mark.parametrize("make", [compile_compass, write_script])
def test_a_solver_behind_a_pipe_has_a_baseline(make, pytester):
    write_blocks(PAGE, pytester.path)
    make(pytester.path)
    keys = {"optimizers": "piped:minimize", "suites": "", "suite": "booth cells=2", "budget": "60"}
    options = ["-m", "optlandscape", *(f"--override-ini=optlandscape_{key}={value}" for key, value in keys.items())]
    result = pytester.runpytest_inprocess("--optlandscape-update", *options)
    result.stdout.fnmatch_lines(["piped:minimize*0 of 1*new"])
    result = pytester.runpytest_inprocess("--optlandscape", *options)
    result.stdout.fnmatch_lines(["piped:minimize*1 of 1*identical*same"])
    assert result.ret == 0


@pytest.mark.skipif(os.name == "nt", reason="the script of this test begins with #!")
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise SystemExit(3)", "ended with status 3 and result None"),
        ("print('y 1 2')", r"wrote 'y 1 2\n'; expected f or x, and a point"),
        ("while True: print('f 0 0', flush=True); input()", "the budget of 20 evaluations was spent"),
    ],
)
def test_a_solver_behind_a_pipe_that_misbehaves_ends_its_run(script, message, tmp_path):
    write_blocks(PAGE, tmp_path)
    write_script(tmp_path, script)
    piped = runpy.run_path(str(tmp_path / "piped.py"))
    assert message in minimize(piped["minimize"], "booth", budget=20).message


class Webhook(HTTPServer):
    """A server of this machine that keeps what is posted to it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), KeepPost)
        self.posts = []


class KeepPost(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


def test_the_verdict_is_posted(pytester):
    write_blocks(PAGE, pytester.path)
    keys = {"optimizers": "scipy:Powell", "suites": "", "suite": "booth cells=1"}
    options = ["-m", "optlandscape", *(f"--override-ini=optlandscape_{key}={value}" for key, value in keys.items())]
    assert pytester.runpytest_inprocess("--optlandscape", "--optlandscape-json=outcome.json", *options).ret == 0
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/services/T0/B0"
        command = [sys.executable, "post_verdict.py", "outcome.json"]
        environment = {**os.environ, "SLACK_WEBHOOK_URL": address, "no_proxy": "127.0.0.1"}
        subprocess.run(command, cwd=pytester.path, env=environment, check=True)
        server.shutdown()
    text = ":grey_question: `scipy:Powell` is *new*"
    assert server.posts == [("/services/T0/B0", "application/json", {"text": text})]
