"""Optimizers of SciPy behind a pipe, as the tour of releases runs them: here with the present Python and SciPy."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy

from pytest_optlandscape import minimize

SOURCES = Path(__file__).parent.parent / "benchmarks" / "other_pythons"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell starts the server")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Give the client's module, installed under the present release of SciPy."""
    folder = tmp_path_factory.mktemp("releases")
    metadata = folder / "installed" / f"scipy_in_other_python-{scipy.__version__}.dist-info"
    metadata.mkdir(parents=True)
    metadata.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: scipy-in-other-python\nVersion: {scipy.__version__}\n"
    )
    serve = folder / scipy.__version__ / "serve"
    serve.parent.mkdir()
    serve.write_text(f"#!/bin/sh\nexec '{sys.executable}' -u '{SOURCES / 'scipy_server.py'}'\n")
    serve.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIPY_RELEASES", str(folder))
        patch.syspath_prepend(metadata.parent)
        patch.syspath_prepend(SOURCES)
        import scipy_in_other_python

        yield scipy_in_other_python
        scipy_in_other_python.server.end()
        del sys.modules["scipy_in_other_python"]


@pytest.mark.parametrize(
    ("name", "spec"),
    [("bfgs", "scipy:BFGS"), ("cg", "scipy:CG"), ("l_bfgs_b", "scipy:L-BFGS-B"), ("slsqp", "scipy:SLSQP")],
)
def test_runs_are_those_without_a_pipe(client, name, spec):
    here, there = (minimize(optimizer, "beale", budget=100) for optimizer in (spec, getattr(client, name)))
    assert (there.stop_reason, there.njev) == (here.stop_reason, here.njev)
    assert np.array_equal(there.trace.x, here.trace.x)
    assert np.array_equal(there.x, here.x)


def test_one_process_serves_all_runs_also_after_a_budget_is_spent(client):
    first = minimize(client.cobyla, "beale", budget=10)
    process = client.server._process
    again = minimize(client.cobyla, "beale", budget=10)
    assert (first.stop_reason, first.nfev) == ("budget", 10)
    assert np.array_equal(first.trace.x, again.trace.x)
    assert client.server._process is process


def test_a_process_that_has_ended_is_told_and_started_again(client):
    minimize(client.bfgs, "beale")
    client.server._process.kill()
    client.server._process.wait()
    assert [minimize(client.bfgs, "beale").stop_reason for _ in range(2)] == ["exception", "returned"]
