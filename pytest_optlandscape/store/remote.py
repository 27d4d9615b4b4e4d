"""A history at a URL that fsspec can write to, such as ``s3://…``, ``gs://…`` or ``memory://…``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_optlandscape.store.entries import StoreError, most_bytes

__all__ = ["RemoteFiles"]


class RemoteFiles:
    """The files of a history at a URL.

    Object stores write an object whole or not at all, and names are unique. So no lock is needed.

    Parameters
    ----------
    url : str

    Raises
    ------
    StoreError
        If fsspec, or its package for this kind of URL, is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._sizes: dict[str, int | None] = {}
        try:
            import fsspec
        except ImportError:
            raise StoreError(
                f"history {url} needs fsspec: pip install 'pytest-optlandscape[store]', and what fsspec needs for "
                "this kind of URL (such as s3fs)"
            ) from None
        try:
            self._system: Any
            self._system, self._root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise StoreError(f"history {url}: {error}") from None

    def __str__(self) -> str:
        return self.url

    def names(self) -> list[str]:
        """List the names of all files, sorted, with slashes. Foreign files are included."""
        self._system.invalidate_cache()
        root = self._root.rstrip("/") + "/"
        found = self._system.find(self._root, detail=True)
        self._sizes = {name[len(root) :]: one.get("size") for name, one in found.items() if name.startswith(root)}
        return sorted(self._sizes)

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files in groups of 512. Leave out files that do not exist or are too large."""
        every = list(names)
        for start in range(0, len(every), 512):
            yield from self.read(every[start : start + 512]).items()

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files at once. Leave out files that do not exist or are too large."""
        paths = {f"{self._root.rstrip('/')}/{name}": name for name in names if not self._is_too_large(name)}
        if not paths:
            return {}
        found = self._system.cat(list(paths), on_error="omit")
        return {paths[path]: data for path, data in found.items() if path in paths}

    def why_not(self, name: str) -> str:
        """Return why `stream` leaves a file out; "" if the file does not exist."""
        if self._is_too_large(name):
            return f"has {self._sizes[name]} bytes, more than any file of its kind"
        return "cannot be read" if name in self._sizes and self._system.exists(f"{self._root}/{name}") else ""

    def _is_too_large(self, name: str) -> bool:
        return (self._sizes.get(name) or 0) > most_bytes(name)

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write new files. They are stored when this returns."""
        for name, data in files.items():
            path = f"{self._root.rstrip('/')}/{name}"
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(path, data)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files. Ignore files that do not exist."""
        for name in names:
            path = f"{self._root.rstrip('/')}/{name}"
            if self._system.exists(path):
                self._system.rm_file(path)

    def move(self, names: Mapping[str, str]) -> None:
        """Rename files: copy each, then remove it. The new names must not exist."""
        root = self._root.rstrip("/")
        for name, new in names.items():
            self._system.makedirs(f"{root}/{new}".rpartition("/")[0], exist_ok=True)
            self._system.copy(f"{root}/{name}", f"{root}/{new}")
            self._system.rm_file(f"{root}/{name}")

    def left_over(self) -> list[str]:
        """Return an empty list: an object exists as a whole or not at all."""
        return []
