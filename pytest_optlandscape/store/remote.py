"""A history at any place that fsspec can write to: ``s3://…``, ``gs://…``, ``memory://…``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_optlandscape.store.entries import StoreError

__all__ = ["RemoteFiles"]


class RemoteFiles:
    """The files of a history at a URL.

    Object stores write an object whole or not at all, and names are unique, so nothing more is needed.

    Parameters
    ----------
    url : str

    Raises
    ------
    StoreError
        If fsspec, or what it needs for this kind of URL, is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
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
        """List the names of all files, in order, with slashes; foreign ones among them."""
        self._system.invalidate_cache()
        root = self._root.rstrip("/") + "/"
        return sorted(name[len(root) :] for name in self._system.find(self._root) if name.startswith(root))

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files; those that do not exist are left out."""
        paths = {f"{self._root.rstrip('/')}/{name}": name for name in names}
        if not paths:
            return {}
        found = self._system.cat(list(paths), on_error="omit")
        return {paths[path]: data for path, data in found.items() if path in paths}

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write files that are not there yet; when this returns they are stored."""
        for name, data in files.items():
            path = f"{self._root.rstrip('/')}/{name}"
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(path, data)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that do not exist are left out."""
        for name in names:
            path = f"{self._root.rstrip('/')}/{name}"
            if self._system.exists(path):
                self._system.rm_file(path)
