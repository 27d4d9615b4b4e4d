"""Many runs, in order, here or over any `concurrent.futures.Executor`; the results are the same.

Numbered tasks are handed out as ranges, few at a time, and taken back in order. So memory does not grow with their
number, and what is decided on the way is decided on the same numbers as in a single process.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import functools
import importlib
import io
import os
import pickle
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.catalogue import is_registered, shipped_names

__all__ = ["check_executor", "in_order"]

Result = TypeVar("Result")
Work = Callable[[range], Result]

CHUNK_SECONDS = 0.1
"""How long a range should take: a hundred times what sending it does, and soon over when nothing more is wanted."""

LONGEST_CHUNK = 4096
CHUNKS_PER_WORKER = 4
"""In flight: a range that takes four times as long as the others keeps nobody waiting."""


def in_order(
    work: Work[Result],
    count: int,
    executor: Executor | None = None,
    *,
    ends: Sequence[int] = (),
    longest: int = LONGEST_CHUNK,
) -> Iterator[tuple[range, Result]]:
    """Work on the numbers from 0 to count, range by range, and give the results in order.

    Parameters
    ----------
    work : callable
        ``work(numbers)`` of a range. It is sent to other processes once a range, so it should be light.
    count : int
    executor : Executor, optional
        Who does it (default: this process, one number at a time).
    ends : sequence of int, optional
        No range goes beyond one of these counts, so that one may stop there.
    longest : int, optional
        Most numbers in a range.

    Yields
    ------
    (range, result)

    Raises
    ------
    TypeError
        If the executor is none, or the work cannot be sent to its workers.
    RuntimeError
        If a worker died, or could not load what it was sent.

    Examples
    --------
    >>> [numbers_and_sum for numbers_and_sum in in_order(sum, 3)]
    [(range(0, 1), 0), (range(1, 2), 1), (range(2, 3), 2)]
    """
    check_executor(executor)
    if executor is None:
        for number in range(count):
            numbers = range(number, number + 1)
            yield numbers, work(numbers)
        return
    task = functools.partial(_timed, work) if isinstance(executor, ThreadPoolExecutor) else _Sent(_packed(work))
    pending: deque[tuple[range, Future[tuple[float, Result]]]] = deque()
    workers = _workers(executor)
    position, size = 0, 1
    limits = sorted({end for end in ends if 0 < end < count} | {count})
    with _filters_kept(executor):
        try:
            while True:
                while position < count and len(pending) < CHUNKS_PER_WORKER * workers:
                    limit = next(end for end in limits if end > position)
                    fair = -(-(count - position) // (2 * workers))  # the last ones end about together
                    numbers = range(position, min(position + min(size, fair, longest), limit))
                    pending.append((numbers, executor.submit(task, numbers)))
                    position = numbers.stop
                if not pending:
                    return
                numbers, future = pending.popleft()
                seconds, result = _result(future, numbers)
                size = min(max(int(CHUNK_SECONDS * len(numbers) / max(seconds, 1e-6)), 1), 2 * size)
                yield numbers, result
        finally:
            _cancel([future for _, future in pending], executor)


def check_executor(executor: Any) -> None:
    """Raise TypeError if it is neither None nor an executor."""
    if executor is None or isinstance(executor, Executor):
        return
    hint = "; ProcessPoolExecutor() makes one"
    if isinstance(executor, int):
        hint = f"; ProcessPoolExecutor({executor}) makes one of {executor} processes"
    if hasattr(executor, "get_executor"):
        hint = "; a Dask client gives one by client.get_executor()"
    raise TypeError(f"executor takes a concurrent.futures.Executor, got {type(executor).__name__}{hint}")


def _workers(executor: Executor) -> int:
    """Ask how many workers there are; executors have no common way to tell."""
    with contextlib.suppress(Exception):  # a Dask client, whose cluster may be gone
        return max(sum(executor._client.nthreads().values()), 1)  # type: ignore[attr-defined]
    told = getattr(executor, "_max_workers", None)
    return told if isinstance(told, int) and told > 0 else os.cpu_count() or 1


@contextlib.contextmanager
def _filters_kept(executor: Executor) -> Iterator[None]:
    """Put the warning filters back: threads that catch warnings at once leave each other's behind."""
    if not isinstance(executor, ThreadPoolExecutor):
        yield
        return
    with warnings.catch_warnings():
        yield


def _cancel(futures: list[Future[Any]], executor: Executor) -> None:
    for future in futures:
        future.cancel()
    if isinstance(executor, ThreadPoolExecutor):  # threads share what this process goes on with
        concurrent.futures.wait([future for future in futures if not future.cancelled()])


def _result(future: Future[tuple[float, Result]], numbers: range) -> tuple[float, Result]:
    where = f"in a worker, in runs {numbers.start} to {numbers.stop - 1}"
    try:
        return future.result()
    except concurrent.futures.BrokenExecutor as error:
        raise RuntimeError(
            f"a worker process died {where} or nearby: killed, out of memory, or a crash of compiled code; without "
            "an executor, or with one worker, the run that does it is found"
        ) from error
    except Exception as error:
        error.add_note(f"(raised {where})")
        raise


def _timed(work: Work[Result], numbers: range) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work(numbers)
    return time.perf_counter() - started, result


@dataclasses.dataclass(frozen=True)
class _Sent:
    """Work on its way to other processes, which unpack it once."""

    packed: bytes

    def __call__(self, numbers: range) -> tuple[float, Any]:
        return _timed(_unpacked(self.packed), numbers)


@functools.lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Work[Any]:
    try:
        work: Work[Any] = pickle.loads(packed)
    except Exception as error:
        raise RuntimeError(
            f"a worker could not load what it was sent ({type(error).__name__}: {error}); the optimizer and the "
            "landscapes must be in modules that the workers can import"
        ) from error
    return work


def _by_value(thing: Any) -> Any:
    """Send a registered landscape of one's own as it is: other processes may not have registered it."""
    if isinstance(thing, Landscape) and is_registered(thing) and thing.name not in _shipped():
        return thing.renamed(thing.id, made_by=None).__reduce__()
    return NotImplemented


@functools.cache
def _shipped() -> frozenset[str]:
    return frozenset(shipped_names())


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        return _by_value(thing)


def _packed(work: Any) -> bytes:
    try:
        return _dumped(_Pickler, work)
    except Exception as error:
        reason: Exception = error
    try:  # Dask brings it, and functions that have no name are sent by it
        cloudpickle = importlib.import_module("cloudpickle")
        return _dumped(_cloud_pickler(cloudpickle), work)
    except ImportError:
        hint = ", install cloudpickle,"
    except Exception as error:
        reason, hint = error, ""
    parts = {part.name: getattr(work, part.name) for part in dataclasses.fields(work)} if _is_record(work) else {}
    culprits = [name for name, part in parts.items() if not _can_be_packed(part)]
    raise TypeError(
        f"{' and '.join(culprits) or 'the work'} cannot be sent to other processes ({reason}); define it at the top of "
        f"a module, or name it by a spec 'module:name'{hint} or use a ThreadPoolExecutor"
    ) from reason


def _is_record(work: Any) -> bool:
    return dataclasses.is_dataclass(work) and not isinstance(work, type)


def _can_be_packed(part: Any) -> bool:
    try:
        _dumped(_Pickler, part)
    except Exception:
        return False
    return True


def _cloud_pickler(cloudpickle: Any) -> Any:
    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, thing: Any) -> Any:
            reduced = _by_value(thing)
            return super().reducer_override(thing) if reduced is NotImplemented else reduced

    return Pickler


def _dumped(pickler: Any, thing: Any) -> bytes:
    buffer = io.BytesIO()
    pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(thing)
    return buffer.getvalue()
