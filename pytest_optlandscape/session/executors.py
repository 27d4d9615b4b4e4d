"""Submit jobs to an executor, collect the answers, and repeat the jobs of lost workers.

The user names an executor as ``processes:4``, ``dask:tcp://scheduler:8786``, ``dask:scheduler.json``, or
``module:callable``: a function that returns a `concurrent.futures.Executor`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import importlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.runs.campaign import check_executor
from pytest_optlandscape.runs.progress import DELAY, Progress
from pytest_optlandscape.session.reference.revision_client import RevisionError
from pytest_optlandscape.session.workers import Question, close_processes, perform
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["Crew", "make_crew"]

MOST_ATTEMPTS = 3
"""The number of lost workers after which a job is given up: the job itself probably ends them."""

MOST_PROCESSES = 1024
LOOK_SECONDS, LOOK_AGAIN_SECONDS = 0.5, 5.0
CONNECT_SECONDS = 10.0
WITHOUT_WORKERS_SECONDS = 60.0
"""The time without any worker after which a cluster is given up."""

ANSWER_SECONDS = 300.0
"""A worker that has not imported the optimizers by then is reported: even a slow file system takes less."""

Bar = Callable[[int], Progress]
"""Make a progress bar for a number of tasks."""

FORMS = "processes:N, dask:tcp://HOST:PORT, dask:FILE.json (a scheduler file) or module:callable"


def make_crew(words: str, bar: Bar | None = None) -> Crew:
    """Make the crew of the named executor.

    Parameters
    ----------
    words : str
        ``processes:N``, ``dask:ADDRESS``, ``dask:FILE.json`` or ``module:callable``.
    bar : callable, optional
        Makes a progress bar for a number of tasks, to be shown during long waits (default: on stderr).

    Returns
    -------
    Crew

    Raises
    ------
    ValueError
        If the words name no executor, or nothing answers at the address. The message shows what to write.
    ImportError
        If a library is missing. The message names the extra to install.
    """
    kind, _, rest = words.strip().partition(":")
    if kind == "threads":
        raise ValueError(
            "threads are not supported: optimizers in threads share warning filters, global random numbers and the "
            "interpreter's lock, and a time limit cannot end them; write processes:N"
        )
    if kind == "processes":
        return _processes(rest, bar)
    if kind == "dask":
        return _dask(rest, bar)
    if not (rest and all(part.isidentifier() for part in kind.split("."))):
        raise ValueError(f"{words!r}: write {FORMS}")
    make = _callable(words, kind, rest)
    return Crew(functools.partial(_made, words, make), words, bar)


def _processes(text: str, bar: Bar | None) -> Crew:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 0 < int(text) <= MOST_PROCESSES):
        raise ValueError(
            f"processes:{text[:100]}: write a number from 1 to {MOST_PROCESSES}, such as processes:2; more "
            "processes than the machine has cores gain nothing"
        )
    return _ProcessCrew(int(text), bar)


def _callable(words: str, module: str, name: str) -> Callable[[], Any]:
    try:
        with whatever_is_raised(f"{words!r}: importing {module} failed", but=(ImportError, AttributeError)):
            found = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except ImportError as error:
        raise ValueError(f"{words!r}: {error}; write {FORMS}") from None
    except AttributeError:
        raise ValueError(f"{words!r}: the module {module} has no {name!r}") from None
    if not callable(found):
        raise ValueError(f"{words!r} is not a function; name a function that returns a concurrent.futures.Executor")
    maker: Callable[[], Any] = found
    return maker


def _made(words: str, make: Callable[[], Any]) -> Executor:
    with whatever_is_raised(f"{words!r} raised", colon=""):
        executor = make()
    try:
        check_executor(executor)
    except TypeError as error:
        raise ValueError(f"{words!r}: {error}") from None
    if executor is None:
        raise ValueError(f"{words!r} returned None; it must return a concurrent.futures.Executor")
    return executor  # type: ignore[no-any-return]


def _dask(address: str, bar: Bar | None) -> Crew:
    if not address:
        raise ValueError("dask: write the scheduler's address, such as dask:tcp://127.0.0.1:8786")
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise ImportError(
            f"--optlandscape-executor=dask:… needs distributed ({error}): pip install 'pytest-optlandscape[dask]'"
        ) from error
    where: dict[str, Any] = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
    try:
        client = distributed.Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"dask:{address}: no Dask scheduler answers there ({said})") from error
    return _DaskCrew(client, address, bar)


@dataclass(eq=False)
class _Job:
    """A job for a worker, until its answer is taken."""

    key: Hashable
    noun: str
    function: Callable[..., dict[str, Any]]
    arguments: tuple[Any, ...]
    number: int
    attempts: int = 0
    outcome: Future[dict[str, Any]] = field(default_factory=Future)
    running: Future[Any] | None = None


class Crew:
    """The workers of an executor.

    A job whose worker is lost is submitted again, in all at most `MOST_ATTEMPTS` times.

    Parameters
    ----------
    make : callable
        Makes the executor, and a replacement if the executor breaks.
    name : str
        The executor, as the user wrote it.
    bar : callable, optional
        Makes a progress bar for a number of tasks.
    """

    worker = "worker"

    def __init__(self, make: Callable[[], Executor], name: str, bar: Bar | None = None) -> None:
        self._make = make
        self.executor = make()
        self.name = name
        self.topic = f"optlandscape-{uuid.uuid4().hex[:12]}"
        self._bar = bar or (lambda total: Progress(total, "task", None))
        self._jobs: dict[Hashable, _Job] = {}
        self._lock = threading.RLock()
        self._is_closed = False
        self._submitted = self._answered = 0
        self.workers: set[str] = set()  # the workers that answered
        self._again: Counter[str] = Counter()  # the number of repeated jobs, by noun

    def has(self, key: Hashable) -> bool:
        """Return whether a job was submitted and its answer is not taken yet."""
        return key in self._jobs

    def submit(self, key: Hashable, noun: str, function: Callable[..., dict[str, Any]], *arguments: Any) -> None:
        """Submit a job.

        Parameters
        ----------
        key : hashable
            The key for `take`.
        noun : str
            The kind of job in the summary: ``landscape``, ``check``, ``commit``.
        function : callable
            A worker calls it with the arguments, the job's name and the session's topic. It returns a dict like
            `workers.perform`.
        *arguments
        """
        job = self._jobs[key] = _Job(key, noun, function, arguments, self._submitted)
        self._submitted += 1
        self._start(job)

    def take(self, key: Hashable) -> dict[str, Any]:
        """Wait for the answer to a job.

        Raises
        ------
        RevisionError
            If there is no answer: workers were lost again and again, or the worker failed. The message says why.
        """
        job = self._jobs.pop(key)
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            bar: Progress | None = None
            seen = self._answered
            while True:
                with contextlib.suppress(concurrent.futures.TimeoutError):
                    return job.outcome.result(timeout=LOOK_SECONDS)
                if job.outcome.done():
                    return job.outcome.result()
                trouble = self.trouble()
                if trouble:
                    raise RevisionError(f"{self.name}: {trouble}")
                if bar is None and time.monotonic() - started > DELAY:
                    bar = stack.enter_context(self._bar(self._submitted))
                    bar.advance(self._answered)
                    seen = self._answered
                if bar is not None and self._answered > seen:
                    bar.advance(self._answered - seen)
                    seen = self._answered

    def take_any(self) -> tuple[Hashable, dict[str, Any] | RevisionError]:
        """Wait for the next finished job; return its key and its answer, or the error if it has none."""
        while True:
            outcomes = {job.outcome: key for key, job in self._jobs.items()}
            done, _ = concurrent.futures.wait(outcomes, LOOK_SECONDS, concurrent.futures.FIRST_COMPLETED)
            key = next((key for outcome, key in outcomes.items() if outcome in done), None)
            if key is None and not self.trouble():
                continue
            key = key if key is not None else next(iter(self._jobs))
            try:
                return key, self.take(key)
            except RevisionError as error:
                return key, error

    @property
    def has_waiting(self) -> bool:
        """Whether a submitted job has an answer that is not taken yet."""
        return bool(self._jobs)

    @property
    def size(self) -> int:
        """The number of workers, if the executor reports it."""
        told = getattr(self.executor, "_max_workers", None)
        return told if isinstance(told, int) and told > 0 else 1

    def trouble(self) -> str:
        """Return why no more answers will come; "" if they still may."""
        return ""

    def ask_everybody(self, questions: Sequence[Question]) -> None:
        """Ask every worker, as far as the executor allows a choice of workers.

        Raises
        ------
        ValueError
            If a worker cannot answer. The message is that of the first such worker.
        """
        for question in questions:
            self.submit(question, "question", perform, question)
        for question in questions:
            try:
                self.take(question)
            except RevisionError as error:
                raise ValueError(f"{self.name}: {error}") from None

    def _start(self, job: _Job) -> None:
        """Start or restart a job."""
        job.attempts += 1
        name = f"{job.noun}/{job.number}/{job.attempts}"
        try:
            with self._lock:
                if self._is_closed:
                    job.outcome.cancel()
                    return
                executor = self.executor
                job.running = executor.submit(job.function, *job.arguments, name, self.topic)
        except (concurrent.futures.BrokenExecutor, RuntimeError) as error:
            self._renew(executor)
            self._lose(job, _explained(error))
            return
        except Exception as error:
            job.outcome.set_exception(RevisionError(f"{self.name}: {_explained(error)}"))
            return
        job.running.add_done_callback(functools.partial(self._ended, job, executor))

    def _ended(self, job: _Job, executor: Executor, future: Future[Any]) -> None:
        """Handle the end of an attempt, in a thread of the executor's choice."""
        if self._is_closed:
            job.outcome.cancel()
            return
        if future.cancelled():
            self._lose(job, "the executor dropped the task: the connection to its workers was lost")
            return
        error = future.exception()
        if isinstance(error, concurrent.futures.BrokenExecutor):
            self._renew(executor)
            self._lose(job, _explained(error))
        elif error is not None and type(error).__name__ in ("KilledWorker", "FutureCancelledError", "CancelledError"):
            self._lose(job, _explained(error))
        elif error is not None:
            job.outcome.set_exception(RevisionError(f"{self.name}: {_explained(error)}"))
        else:
            self._answer(job, future.result())

    def _answer(self, job: _Job, found: dict[str, Any]) -> None:
        self.workers.add(found["worker"])
        if "lost" in found:
            self._lose(job, found["lost"])
        elif "failed" in found:
            job.outcome.set_exception(RevisionError(found["failed"]))
        else:
            self._answered += 1
            job.outcome.set_result(found["answer"])

    def _lose(self, job: _Job, why: str) -> None:
        """Restart a job whose worker was lost; give it up after `MOST_ATTEMPTS`."""
        if job.attempts >= MOST_ATTEMPTS:
            job.outcome.set_exception(
                RevisionError(
                    f"given up: its worker was lost {number_of(job.attempts, 'time')} (killed, out of memory, ended by "
                    f"the optimizer, or crashed in compiled code)\n{why}"
                )
            )
            return
        self._again[job.noun] += 1
        # not in this thread, which may be the executor's own
        threading.Thread(target=self._start, args=(job,), daemon=True).start()

    def _renew(self, broken: Executor) -> None:
        """Replace a broken executor."""
        with self._lock:
            if self.executor is broken and not self._is_closed:
                with contextlib.suppress(Exception):
                    broken.shutdown(wait=False)
                with contextlib.suppress(ValueError):
                    self.executor = self._make()

    def report(self) -> str:
        """Return a line about the places where jobs ran and the workers that were lost."""
        lost, again = self.losses()
        return f"ran {self._where()}{_told_losses(lost, self.worker, again)}"

    def _where(self) -> str:
        return f"on {_number_of(len(self.workers), self.worker)} of {self.name}"

    def losses(self) -> tuple[int, Counter[str]]:
        """Return the number of lost workers, and by noun the number of repeated jobs."""
        return sum(self._again.values()), self._again

    def close(self) -> None:
        """Cancel waiting jobs, end running ones, and release the workers; a second call does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        for job in self._jobs.values():
            if job.running is not None:
                job.running.cancel()
        self._let_go()

    def _let_go(self) -> None:
        close_processes(self.topic)
        with contextlib.suppress(Exception):
            self.executor.shutdown(wait=True, cancel_futures=True)


class _ProcessCrew(Crew):
    """Threads of this process, each with its own server process."""

    worker = "process"

    def __init__(self, number: int, bar: Bar | None) -> None:
        super().__init__(lambda: ThreadPoolExecutor(number), f"processes:{number}", bar)

    def _where(self) -> str:
        return f"in {_number_of(len(self.workers), self.worker)}"


class _DaskCrew(Crew):
    """The workers of a Dask cluster, which itself restarts the jobs of lost workers."""

    worker = "Dask worker"

    def __init__(self, client: Any, address: str, bar: Bar | None) -> None:
        self._client = client
        self._looked = self._trouble_since = time.monotonic()
        self._trouble = ""
        super().__init__(lambda: client.get_executor(pure=False), f"dask:{address}", bar)

    @property
    def size(self) -> int:
        """The number of tasks that run at a time."""
        with contextlib.suppress(Exception):
            return max(sum(map(int, self._client.nthreads().values())), 1)
        return 1

    def ask_everybody(self, questions: Sequence[Question]) -> None:
        """Put questions to every worker of the cluster."""
        try:
            self._client.wait_for_workers(1, timeout=WITHOUT_WORKERS_SECONDS)
        except Exception:
            raise ValueError(
                f"{self.name}: the scheduler has no workers; start some, for instance with `dask worker ADDRESS`"
            ) from None
        asked = [
            (address, self._client.submit(perform, question, "", self.topic, workers=[address], pure=False))
            for address in sorted(self._client.nthreads())
            for question in questions
        ]
        for address, future in asked:
            try:
                found = future.result(timeout=ANSWER_SECONDS)
            except Exception as error:
                raise ValueError(f"{self.name}, worker {address}: {_explained(error)}") from error
            said = found.get("failed") or found.get("lost")
            if said:
                raise ValueError(f"{self.name}: {said}")

    def trouble(self) -> str:
        """Return why the cluster will not answer: no scheduler, or no worker for a while; "" if it may."""
        if self._client.status in ("closing", "closed"):
            return _GONE
        now = time.monotonic()
        if now - self._looked < LOOK_AGAIN_SECONDS:
            return ""
        self._looked = now
        if self._client.status != "running":
            found = _GONE
        else:
            try:
                found = "" if self._client.nthreads() else "the cluster has no workers left"
            except Exception:
                found = "the scheduler does not answer"
        if not found or not self._trouble:
            self._trouble_since = now
        self._trouble = found
        return found if now - self._trouble_since > WITHOUT_WORKERS_SECONDS else ""

    def _lose(self, job: _Job, why: str) -> None:
        if self._client.status != "running":
            job.outcome.set_exception(RevisionError(f"{self.name}: {_GONE}"))
        else:
            super()._lose(job, why)

    def losses(self) -> tuple[int, Counter[str]]:
        """Return the scheduler's counts: a job that began twice had lost its first worker."""
        lost, again = super().losses()
        begun: dict[str, list[str]] = {}
        with contextlib.suppress(Exception):
            for _, event in self._client.get_events(self.topic):
                begun.setdefault(event["job"], []).append(event["worker"])
        workers = {worker for several in begun.values() for worker in several[:-1]}
        for job, several in begun.items():
            if len(several) > 1:
                again += Counter({job.partition("/")[0]: len(several) - 1})
        return lost + len(workers), again

    def _let_go(self) -> None:
        def everywhere() -> None:
            with contextlib.suppress(Exception):
                self._client.run(close_processes, self.topic, on_error="ignore")

        if self._client.status == "running" and self.has_waiting:
            ending = threading.Thread(target=everywhere, daemon=True)
            ending.start()
            ending.join(CONNECT_SECONDS)
        with contextlib.suppress(Exception):
            self._client.close(timeout=CONNECT_SECONDS)


_GONE = "the scheduler is gone, or the connection to it is lost"


def _told_losses(number: int, noun: str, again: Counter[str]) -> str:
    if not again:
        return ""
    what = " and ".join(_number_of(count, noun) for noun, count in sorted(again.items()))
    return f"; {_number_of(number, noun)} {'was' if number == 1 else 'were'} lost, and {what} run again"


def _number_of(count: int, noun: str) -> str:
    return f"{count} {noun}{'es' if noun.endswith('s') else 's'}" if count != 1 else f"1 {noun}"


def _explained(error: BaseException) -> str:
    """Return an error of the executor as one line."""
    said = " ".join(str(error).split())[:500]
    if isinstance(error, concurrent.futures.BrokenExecutor):
        return f"a worker process of the executor died ({said})"
    if isinstance(error, ModuleNotFoundError):
        return f"a worker could not load its task ({said}): install pytest-optlandscape and your project there"
    return f"{type(error).__name__}: {said}"
