import os

import pytest

from pytest_optlandscape import assert_robust

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def facts(robustness):
    return robustness.interval, robustness.rates, [(run.seed, run.trace.fun.tolist()) for run in robustness.failures]


@pytest.mark.filterwarnings("default")
def test_a_cluster_gives_the_same(client):
    arguments = {"rate": 0.6, "instances": 2, "n_starts": 60}
    found = assert_robust("scipy:L-BFGS-B", ["beale", "booth"], **arguments, executor=client.get_executor())
    assert facts(found) == facts(assert_robust("scipy:L-BFGS-B", ["beale", "booth"], **arguments))
    assert found.failures


@pytest.mark.filterwarnings("default")
def test_a_function_without_a_name_is_sent(client):
    minimizer = [3.0, 0.5]
    knows = lambda problem: (problem(minimizer), minimizer)[1]  # noqa: E731 - it has no name
    assert assert_robust(knows, "beale", executor=client.get_executor()).is_shown


@pytest.mark.filterwarnings("default")
def test_a_client_is_no_executor(client):
    with pytest.raises(TypeError, match=r"client\.get_executor\(\)"):
        assert_robust("scipy:L-BFGS-B", "beale", executor=client)
