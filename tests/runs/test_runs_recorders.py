import math
import sys

import numpy as np
import pytest

from pytest_optlandscape import assert_converges, assert_precise
from pytest_optlandscape.runs import KerasRecorder, keras_recorder, record_training


def recorded(losses, **arguments):
    with record_training(**arguments) as recorder:
        for loss in losses:
            recorder.step(loss)
    return recorder.run


def test_losses_become_gaps():
    run = recorded([3.0, math.nan, 1.5, 2.0, math.inf, 1.0], fmin=1.0)
    assert run.trace.gap.tolist() == [2.0, 2.0, 0.5, 0.5, 0.5, 0.0]
    assert run.trace.x.shape == (6, 0)
    assert (run.nfev, run.gap, run.hit(0.5), run.hit(0.1)) == (6, 0.0, 3, 6)
    assert recorded([1.0], fmin=0.5).hit(0.1) == math.inf
    assert recorded([]).gap == math.inf


def test_how_it_ended():
    assert recorded([1.0]).stop_reason == "returned"
    assert recorded([1.0], budget=2).stop_reason == "returned"
    assert recorded([1.0, 2.0], budget=2).stop_reason == "budget"
    assert recorded([1.0], budget=5).budget == 5
    with record_training() as recorder:
        assert recorder.run.stop_reason == "unfinished"
    with pytest.raises(ZeroDivisionError), record_training() as recorder:
        recorder.step(1 / 0)
    assert recorder.run.stop_reason == "exception"
    assert "ZeroDivisionError" in recorder.run.message


def test_a_loss_below_the_least_is_no_gap_and_fails():
    run = recorded([2.0, 0.5, 1.0], fmin=1.0)
    assert run.trace.gap.tolist() == [1.0, 1.0, 0.0]
    with pytest.raises(AssertionError, match=r"loss of evaluation 2 is 0\.5, below fmin = 1;"):
        assert_converges(run, gap=3.0)
    rounded = recorded([2.0, 1.0 - 1e-7], fmin=1.0)
    assert rounded.gap == 0.0
    assert_converges(rounded, gap=0.0)
    tiny = recorded([1e-7, 1e-9], fmin=2e-9)
    assert tiny.trace.gap[1] > 0.0
    with pytest.raises(AssertionError, match="below fmin"):
        assert_converges(tiny, gap=1.0)


def test_the_end_is_judged():
    diverged = recorded([3.0, 0.01, 5.0])
    assert (diverged.gap, diverged.result_gap) == (0.01, 5.0)
    with pytest.raises(AssertionError, match=r"gap of the last recorded loss .* was 5, .* on the way was 0\.01"):
        assert_converges(diverged, gap=0.1)
    with record_training(fmin=1.0) as recorder:
        recorder.step(3.0)
        recorder.step(1.5)
        recorder.result(1.1)
    assert_converges(recorder.run, gap=0.6)
    assert recorder.run.result_gap == pytest.approx(0.1)
    recorder.result(9.0)
    with pytest.raises(AssertionError, match="gap of the final weights was 8"):
        assert_converges(recorder.run, gap=0.6)
    recorder.result(math.nan)
    assert recorder.run.result_gap == math.inf
    recorder.result(0.9)
    with pytest.raises(AssertionError, match=r"loss of the final weights is 0\.9, below fmin"):
        assert_converges(recorder.run, gap=3.0)
    recorder.step(1.4)
    assert recorder.run.result_gap == pytest.approx(0.4)


def test_a_training_that_did_not_end_fails():
    recorder = record_training()
    recorder.step(0.0)
    with pytest.raises(AssertionError, match="has not ended"):
        assert_converges(recorder.run, gap=1.0)
    with pytest.raises(ZeroDivisionError), recorder:
        recorder.step(1 / 0)
    with pytest.raises(AssertionError, match="exception: ZeroDivisionError"):
        assert_converges(recorder.run, gap=1.0)


def test_assertions_on_it():
    run = recorded([3.0, 2.0, 1.2], fmin=1.0, name="toy", optimizer="mine")
    assert_converges(run, gap=1.0, within=2)
    with pytest.raises(
        AssertionError, match=r"mine on toy: required a gap of 0\.1 (.|\n)*gap was 0\.2(.|\n)*train again"
    ):
        assert_converges(run, gap=0.1)
    with pytest.raises(TypeError, match="no known minimiser"):
        assert_precise(run, digits=3)
    with pytest.raises(ValueError, match="recorded training"):
        run.replay()
    with pytest.raises(ValueError, match="not negative"):
        run.hit(-1.0)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="fmin"), record_training(fmin=math.nan):
        pass
    with pytest.raises(ValueError, match="budget"), record_training(budget=0):
        pass
    with pytest.raises(ValueError, match="size"), record_training() as recorder:
        recorder.step([1.0, 2.0])


def test_keras_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    keras_recorder._keras_callback.cache_clear()
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[keras"):
        KerasRecorder()


def test_torch_loop():
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    optimizer = torch.optim.SGD([weight], lr=0.25)
    with record_training(optimizer="torch:SGD") as recorder:
        for _ in range(12):
            optimizer.zero_grad()
            loss = (weight**2).sum()
            loss.backward()
            optimizer.step()
            recorder.step(loss)
        recorder.result((weight**2).sum().to(torch.bfloat16))
    assert recorder.run.fun == pytest.approx(13.0 * 0.25**12, rel=0.01)
    np.testing.assert_allclose(recorder.run.trace.fun, 13.0 * 0.25 ** np.arange(12), rtol=1e-5)
    assert_converges(recorder.run, gap=1e-4, within=10)
