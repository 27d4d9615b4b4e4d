"""``python -m pytest_optlandscape``, the same as the command ``optlandscape``."""

from __future__ import annotations

from pytest_optlandscape.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
