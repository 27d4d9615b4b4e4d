"""What tests register in the catalogue is forgotten: other tests look at the whole catalogue."""

import contextlib

from pytest_optlandscape.landscapes import catalogue


@contextlib.contextmanager
def forgetting_landscapes():
    """Forget the landscapes that are registered within the context."""
    known = set(catalogue.DEFINITIONS)
    yield
    for name in set(catalogue.DEFINITIONS) - known:
        del catalogue.DEFINITIONS[name]
        catalogue._made.pop(name, None)
