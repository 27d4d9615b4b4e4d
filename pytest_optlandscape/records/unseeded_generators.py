"""Whether an optimizer that does not repeat itself draws from global generators that nobody seeds."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.seeding import GENERATORS, all_global_random_numbers
from pytest_optlandscape.runs import Problem, execute

__all__ = ["how_to_seed", "note_of", "unseeded_generators"]


def unseeded_generators(adapter: Adapter, problem: Problem) -> tuple[str, ...]:
    """Name the global generators on whose state the run of an optimizer depends.

    The run is made again with all of them seeded, then with another seed for one of them at a time. So at most five
    runs are made.

    Parameters
    ----------
    adapter : Adapter
    problem : Problem
        What it is run on; fresh ones of its kind are made.

    Returns
    -------
    tuple of str
        Names of `optimizers.seeding.GENERATORS`; () where the run depends on none, or goes elsewhere even if all are
        seeded.

    Examples
    --------
    >>> import random
    >>> from pytest_optlandscape import optimizers
    >>> def walk(fun, x0):
    ...     return min(([random.gauss(0.0, 1.0), 0.0] for _ in range(5)), key=fun)
    >>> unseeded_generators(optimizers.get(walk), Problem("booth"))
    ('random',)
    """

    def trace(others: dict[str, int] | None = None) -> bytes:
        fresh = Problem(problem.landscape, problem.x0, budget=problem.budget, seed=problem.seed)
        with all_global_random_numbers(1, others):
            run = execute(adapter, fresh)
        return b"" if run.stop_reason == "time" else run.trace.x.tobytes() + run.x.tobytes()

    usual = trace()
    if not usual or usual != trace():
        return ()
    return tuple(name for name in GENERATORS if trace({name: 2}) not in (usual, b""))


_DRAWS = "draws from the global generators of "


def note_of(generators: tuple[str, ...]) -> str:
    """Say from which global generators an optimizer draws; the note travels with a landscape's record.

    Examples
    --------
    >>> note_of(("random",))
    'draws from the global generators of random, which nobody seeds, so that its runs do not repeat'
    """
    return f"{_DRAWS}{' and '.join(generators)}, which nobody seeds, so that its runs do not repeat"


def how_to_seed(spec: str, profile: str, notes: Iterable[str], *, in_toml: bool) -> list[str]:
    """Say what to add to the configuration where notes say that an optimizer draws from global generators.

    Parameters
    ----------
    spec : str
    profile : str
        What the configuration says of the optimizer so far.
    notes : iterable of str
        Notes of its records.
    in_toml : bool
        Whether the configuration is a TOML file, in which the line is a string.

    Returns
    -------
    list of str
        Lines to print; none where no note says so.

    Examples
    --------
    >>> for line in how_to_seed("mypackage:anneal", "", [note_of(("random",))], in_toml=False):
    ...     print(line)
    to have them seeded for each run, add this line to optlandscape_profiles, and update the baseline again:
      mypackage:anneal = stochastic seed-globals
    """
    if not any(note.startswith(_DRAWS) for note in notes):
        return []
    words = [word for word in profile.replace(",", " ").split() if word not in ("deterministic", "no-seed-globals")]
    line = f"{spec} = {' '.join(dict.fromkeys([*words, 'stochastic', 'seed-globals']))}"
    verb = "replace the line of this optimizer in" if words else "add this line to"
    return [
        f"to have them seeded for each run, {verb} optlandscape_profiles, and update the baseline again:",
        f"  {_in_toml(line)}" if in_toml else f"  {line}",
    ]


def _in_toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}",'
