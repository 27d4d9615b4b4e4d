import io
import multiprocessing
import os
import pickle
import sys
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from pytest_optlandscape import Landscape, assert_robust, landscapes
from pytest_optlandscape.records import measure_suite
from pytest_optlandscape.runs import campaign
from pytest_optlandscape.runs.campaign import in_order
from pytest_optlandscape.runs.progress import Progress


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


class Here(Executor):
    """Does at once what it is handed, and remembers how much was waiting to be taken back."""

    _max_workers = 3

    def __init__(self):
        self.handed = []

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        self.handed.append(arguments[0])
        try:
            future.set_result(function(*arguments, **keywords))
        except BaseException as error:
            future.set_exception(error)
        return future


def squares(numbers):
    return [number**2 for number in numbers]


def dies(numbers):
    os._exit(1)


def raises(numbers):
    raise ValueError("no such number")


def steps(problem):
    """Fails from some starts."""
    problem(problem.x0)
    return problem.landscape.minimizers[0] if problem.x0[0] > -3.0 else problem.x0


def flattened(results):
    return [one for _, several in results for one in several]


def facts(robustness):
    runs = [(run.seed, run.x.tolist(), run.landscape.id, run.trace.fun.tolist()) for run in robustness.failures]
    return robustness.interval, robustness.decision, robustness.rates, robustness.failed, runs


def test_results_are_in_order_and_few_are_in_flight():
    here = Here()
    work = in_order(squares, 3000, here, ends=[7, 100])
    for taken, (numbers, several) in enumerate(work, start=1):
        assert several == squares(numbers)
        assert len(here.handed) - taken <= campaign.CHUNKS_PER_WORKER * 3
    assert [number for numbers in here.handed for number in numbers] == list(range(3000))
    assert {7, 100} <= {numbers.stop for numbers in here.handed}
    assert len(here.handed) < 200


def test_stopping_hands_out_no_more():
    here = Here()
    work = in_order(squares, 10**9, here)
    next(work)
    work.close()
    assert len(here.handed) == campaign.CHUNKS_PER_WORKER * 3


@pytest.mark.parametrize("kind", ["processes", "threads"])
def test_robustness_is_that_of_one_process(kind, request):
    arguments = {"instances": 2, "noise": [0.0, 0.1], "rate": 0.3, "n_starts": 40}
    serial = assert_robust(steps, ["beale", "booth"], **arguments)
    parallel = assert_robust(steps, ["beale", "booth"], **arguments, executor=request.getfixturevalue(kind))
    assert facts(parallel) == facts(serial)
    assert serial.failures
    assert parallel.failures[0].replay().x.tolist() == parallel.failures[0].x.tolist()


def test_a_failure_reads_the_same(processes):
    texts = []
    for executor in (None, processes):
        with pytest.raises(AssertionError) as caught:
            assert_robust("scipy:L-BFGS-B", "beale", rate=0.9, executor=executor)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_suites_give_the_same_records(processes):
    assert measure_suite("scipy:L-BFGS-B", budget_per_dimension=5, executor=processes) == measure_suite(
        "scipy:L-BFGS-B", budget_per_dimension=5
    )


def bowl(x):
    return float(x @ x)


@pytest.mark.usefixtures("catalogue_as_before")
def test_landscapes_of_ones_own_travel_although_registered(processes):
    own = Landscape("own_bowl", bowl, bounds=[(-1, 2)] * 2, x0=[1, 1], minimizers=[[0, 0]], fmin=0.0)
    landscapes.register(own)
    found = assert_robust("scipy:Nelder-Mead", landscapes.get("own_bowl"), instances=[0, 3], executor=processes)
    assert found.is_shown


def test_a_lambda_runs_in_threads_and_is_named_where_it_cannot_be_sent(threads, monkeypatch):
    minimizer = np.array([3.0, 0.5])
    assert assert_robust(lambda problem: problem(minimizer) + minimizer, "beale", executor=threads).is_shown
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(
        TypeError, match=r"optimizer cannot be sent.*top of a module.*'module:name'.*ThreadPoolExecutor"
    ):
        assert_robust(lambda problem: problem(minimizer) + minimizer, "beale", executor=Here())


def test_threads_leave_the_warning_filters(threads):
    before = list(warnings.filters)
    assert_robust("scipy:L-BFGS-B", "booth", executor=threads)
    assert warnings.filters == before


def test_errors_of_workers_are_told(processes):
    with pytest.raises(ValueError, match="no such number") as caught:
        list(in_order(raises, 5, processes))
    assert "in a worker, in runs 0 to 0" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match=r"could not load.*modules that the workers can import"):
        campaign._Sent(pickle.dumps(squares).replace(b"squares", b"squared"))(range(1))


def test_a_worker_that_dies_is_told():
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor,
        pytest.raises(RuntimeError, match=r"a worker process died.*out of memory"),
    ):
        list(in_order(dies, 5, executor))


@pytest.mark.parametrize(("wrong", "said"), [(4, r"ProcessPoolExecutor\(4\)"), ("dask", "got str")])
def test_what_is_no_executor(wrong, said):
    with pytest.raises(TypeError, match=said):
        assert_robust("scipy:L-BFGS-B", "beale", executor=wrong)


def test_a_bar_is_drawn_where_somebody_looks(monkeypatch):
    pytest.importorskip("tqdm")
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    with Progress(3, "run", None) as bar:
        bar.advance(3)
    assert told.getvalue() == ""
    with Progress(3, "run", True) as bar:
        bar.advance(3)
    assert "3" in told.getvalue()


def test_no_bar_without_tqdm(monkeypatch):
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with Progress(3, "run", True) as bar:
        bar.advance(3)
    assert told.getvalue() == ""
