"""Find the unseeded global random generators that make an optimizer nondeterministic."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.seeding import GENERATORS, all_global_random_numbers
from pytest_optlandscape.runs import Problem, execute

__all__ = ["how_to_seed", "note_of", "unseeded_generators"]


def unseeded_generators(adapter: Adapter, problem: Problem) -> tuple[str, ...]:
    """Return the names of the global generators on whose state an optimizer's run depends.

    The optimizer is run with all generators seeded, then with another seed for one of them at a time: at most five
    runs.

    Parameters
    ----------
    adapter : Adapter
    problem : Problem
        The problem to run on; each run gets a fresh copy.

    Returns
    -------
    tuple of str
        Names in `optimizers.seeding.GENERATORS`; empty if the run depends on none, or differs even if all are seeded.

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
    """Return the note of a landscape's record that names the global generators an optimizer draws from.

    Examples
    --------
    >>> note_of(("random",))
    'draws from the global generators of random, which nobody seeds, so that its runs do not repeat'
    """
    return f"{_DRAWS}{' and '.join(generators)}, which nobody seeds, so that its runs do not repeat"


def how_to_seed(spec: str, profile: str, notes: Iterable[str], *, in_toml: bool) -> list[str]:
    """Return advice on the configuration that makes an optimizer's global generators seeded.

    Parameters
    ----------
    spec : str
    profile : str
        The optimizer's profile in the present configuration.
    notes : iterable of str
        The notes of its records; see `note_of`.
    in_toml : bool
        Whether the configuration is a TOML file, where the line is a string.

    Returns
    -------
    list of str
        Lines to print; empty if the optimizer draws from no global generator.

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
