"""Write and read the files of a history: the entry of a commit, and a person's triage of a step.

Every file is named by its content. So the name reveals an altered, truncated or exchanged file, and equal content is
written once. The union of the files of two histories merges them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pytest_optlandscape.store.commits import CommitFacts
from pytest_optlandscape.store.strict_json import DamageError, clipped, parsed

__all__ = [
    "SCHEMA",
    "TRIAGE_WORDS",
    "CommitEntry",
    "NewerError",
    "OptimizerEntry",
    "StoreError",
    "Triage",
    "checked_json",
    "clipped",
    "digest_of",
    "kind_of",
    "most_bytes",
    "record_name",
]

SCHEMA = 1

TRIAGE_WORDS = ("accepted", "expected", "fixed")

_COMMIT = r"[0-9a-f]{40}|[0-9a-f]{64}|t[0-9]{16}|r[0-9a-f]{40}"
_NAMES = {
    "commits": re.compile(rf"commits/({_COMMIT})-([0-9a-f]{{16}})\.json"),
    "records": re.compile(r"records/([0-9a-f]{2})/(\1[0-9a-f]{62})\.json"),
    "triage": re.compile(rf"triage/({_COMMIT})-([0-9a-f]{{16}})\.json"),
}
_MOST_BYTES = {"commits": 1 << 20, "records": 1 << 28, "triage": 1 << 16}
"""The largest sizes in bytes. This package writes no larger files."""


class StoreError(ValueError):
    """A file of a history, or a whole history, cannot be used. It is left unchanged."""


class NewerError(StoreError):
    """A newer version of this package wrote the file. It is whole, and belongs to the history."""


def digest_of(data: bytes) -> str:
    """Return the digest of a content."""
    return hashlib.sha256(data).hexdigest()


def record_name(digest: str) -> str:
    """Return the name of a record's file."""
    return f"records/{digest[:2]}/{digest}.json"


def kind_of(name: str) -> str | None:
    """Return the kind of a file by its name: ``commits``, ``records`` or ``triage``; None for any other name."""
    return next((kind for kind, pattern in _NAMES.items() if pattern.fullmatch(name)), None)


def most_bytes(name: str) -> int:
    """Return the largest size of a file with this name, in bytes. Larger files are not read."""
    return _MOST_BYTES.get(kind_of(name) or name.partition("/")[0], 1 << 20)


def checked_json(name: str, data: bytes, schema: int = SCHEMA) -> dict[str, Any]:
    """Parse and check a file of a history.

    Parameters
    ----------
    name : str
        The file's name within the history, with slashes.
    data : bytes
    schema : int
        The newest known schema.

    Returns
    -------
    dict

    Raises
    ------
    StoreError
        If the name does not belong to a history, or the content does not match the name, is no JSON object, or has an
        unknown schema.
    """
    _check_content(name, data)
    content = _parsed(name, data)
    _check_schema(name, content, schema)
    assert isinstance(content, dict)
    return content


def _check_content(name: str, data: bytes) -> None:
    kind = kind_of(name)
    if kind is None:
        raise StoreError(f"{name!r:.120} is no file of a history")
    if len(data) > _MOST_BYTES[kind]:
        raise StoreError(f"{name} has {len(data)} bytes, more than any file of its kind")
    digest = name.removesuffix(".json").rpartition("/")[2].rpartition("-")[2]
    if not digest_of(data).startswith(digest):
        raise StoreError(f"{name} is damaged: its content is not the one that its name says (cut off or altered)")


def _check_schema(name: str, content: Any, schema: int) -> None:
    number = content.get("schema") if isinstance(content, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise StoreError(f"{name} is JSON, but no file of a history")
    if number > schema:
        raise NewerError(
            f"{name} has schema {clipped(str(number))}, this version of pytest-optlandscape reads up to {schema}: "
            "use the version that wrote it, or a newer one"
        )


def _parsed(name: str, data: bytes) -> Any:
    """Parse strict JSON: no NaN, no repeated key."""
    try:
        return parsed(data.decode())
    except DamageError as error:
        raise StoreError(f"{name} is damaged: {error.reason}") from None
    except UnicodeDecodeError:
        raise StoreError(f"{name} is damaged: no valid JSON (no UTF-8)") from None


@dataclass(frozen=True)
class OptimizerEntry:
    """The part of a commit's entry about one optimizer.

    Attributes
    ----------
    record : str
        The digest of the record; "" if there is no record.
    missing : str
        Why the optimizer could not be run; "" if it could.
    setting : mapping
        Other settings that change the numbers, such as Keras' backend.
    versions : mapping
        The versions of the optimizer's libraries.
    verdict : str
        The verdict against the accepted baseline of that commit.
    takes_bounds : bool
    means : mapping
        The means of the criteria over all cells. Other tools use them; verdicts do not.
    broken : tuple of str
        The checks of the contract that fail.
    """

    record: str = ""
    missing: str = ""
    setting: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    verdict: str = "new"
    takes_bounds: bool = False
    means: Mapping[str, float] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Convert to plain values."""
        if self.missing:
            return {"missing": self.missing, "versions": dict(self.versions)}
        return {
            "record": self.record,
            "setting": dict(self.setting),
            "versions": dict(self.versions),
            "verdict": self.verdict,
            "takes_bounds": self.takes_bounds,
            "means": dict(self.means),
            "broken": list(self.broken),
        }


@dataclass(frozen=True)
class CommitEntry:
    """The measurements of one commit, with one setting, on one machine.

    Attributes
    ----------
    commit : str
        The full hash. Without git: a ``t`` and microseconds since 1970. For a library's release: an ``r`` and a hash.
    parents : tuple of str
    author, subject : str
    author_time, commit_time : int
        Seconds since 1970.
    path : str
        The project's path within its repository.
    tree : str
        The id of the files on which the optimizers depend; "" without git.
    suite : str
    budget : int or None
        Evaluations per dimension; None if the configuration sets none.
    optimizers : mapping of str to OptimizerEntry
        The optimizers by spec.
    versions : mapping
        The versions of Python, NumPy, SciPy and this package.
    platform : str
    dirty_since : int
        The time at which a tree with changed files was recorded, in microseconds since 1970; 0 for a clean tree.
    release : str
        The library's release that these files were measured with, such as ``scipy 1.15.3``; "" for a commit.
    """

    commit: str
    parents: tuple[str, ...] = ()
    author: str = ""
    subject: str = ""
    author_time: int = 0
    commit_time: int = 0
    path: str = ""
    tree: str = ""
    suite: str = "quick"
    budget: int | None = None
    optimizers: Mapping[str, OptimizerEntry] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    dirty_since: int = 0
    release: str = ""

    @classmethod
    def of(cls, facts: CommitFacts | None, now: int, **further: Any) -> CommitEntry:
        """Return the entry of a commit.

        Parameters
        ----------
        facts : CommitFacts or None
            None without git: the entry is named by the time.
        now : int
            Microseconds since 1970.
        **further
            The other attributes.
        """
        if facts is None:
            seconds = now // 1_000_000
            return cls(f"t{now:016d}", author_time=seconds, commit_time=seconds, **further)
        told = {name: value for name, value in vars(facts).items() if name != "changed"}
        return cls(**told, dirty_since=now if facts.is_dirty else 0, **further)

    @property
    def is_dirty(self) -> bool:
        """Whether files differed from the commit."""
        return self.dirty_since > 0

    @property
    def short(self) -> str:
        """The abbreviated commit."""
        if self.release:
            return self.release
        length = 10 if len(self.commit) >= 40 else len(self.commit)  # times of one day have the same first digits
        return self.commit[:length] + ("+changes" if self.is_dirty else "")

    @cached_property
    def data(self) -> bytes:
        """The file's content."""
        plain = {
            "schema": SCHEMA,
            **{
                name: value
                for name, value in vars(self).items()
                if name not in ("optimizers", "data", "name", "release")
            },
            **({"release": self.release} if self.release else {}),
            "optimizers": {spec: one.to_plain() for spec, one in sorted(self.optimizers.items())},
        }
        return _encoded(plain)

    @cached_property
    def name(self) -> str:
        """The file's name within the history."""
        return _file_name("commits", self.commit, self.data)

    @classmethod
    def read(cls, name: str, data: bytes, shared: dict[bytes, Any] | None = None) -> CommitEntry:
        """Read a commit's entry.

        Parameters
        ----------
        name : str
            The file's name within the history.
        data : bytes
        shared : dict, optional
            The optimizers of earlier entries; those of this entry are added. Commits with the same state have the same
            optimizers. With one dictionary for all entries, each state is parsed and held in memory once.

        Raises
        ------
        StoreError
            If the entry cannot be used. The message says why.
        """
        _check_content(name, data)
        shared = {} if shared is None else shared
        content, told = _parts(name, data, shared)
        _check_schema(name, content, SCHEMA)
        try:
            optimizers = content["optimizers"]
            if not told or told not in shared:
                optimizers = _optimizers(optimizers)
            if told:
                shared[told] = optimizers
            versions = _words(content["versions"])
            entry = cls(
                commit=_commit(content["commit"]),
                parents=tuple(map(_commit, content["parents"])),
                author=_text(content["author"]),
                subject=_text(content["subject"]),
                author_time=_whole(content["author_time"]),
                commit_time=_whole(content["commit_time"]),
                path=_text(content["path"]),
                tree=_text(content["tree"]),
                suite=_text(content["suite"]),
                budget=None if content["budget"] is None else _whole(content["budget"]),
                optimizers=optimizers,
                versions=shared.setdefault(repr(versions).encode(), versions),
                platform=_text(content["platform"]),
                dirty_since=_whole(content["dirty_since"]),
                release=_text(content.get("release", "")),
            )
        except StoreError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise StoreError(f"{name} is damaged: {type(error).__name__}: {clipped(str(error))}") from None
        if not name.startswith(f"commits/{entry.commit}-"):
            raise StoreError(f"{name} is damaged: it describes commit {entry.commit}")
        vars(entry)["name"] = name  # computing it again takes longer than all the rest
        return entry


_OPTIMIZERS = b'\n "optimizers": '
"""The start of the optimizers, the last part of an entry that this package wrote."""


def _parts(name: str, data: bytes, shared: Mapping[bytes, Any]) -> tuple[Any, bytes]:
    """Parse an entry. Reuse the optimizers of an earlier entry with the same bytes.

    A JSON string holds no line break. So if the text before the optimizers, once closed, is an object, and the text of
    the optimizers is a value, then the entry is that object with that value.

    Returns
    -------
    content : object
    told : bytes
        The text of the optimizers; empty if the file has another layout.
    """
    head, _, tail = data.rpartition(_OPTIMIZERS)
    tail = tail.rstrip()
    if head and tail.endswith(b"}"):
        told = tail[:-1]
        with contextlib.suppress(StoreError):
            content = _parsed(name, head + _OPTIMIZERS + b"null}")
            content["optimizers"] = shared[told] if told in shared else _parsed(name, told)
            return content, told
    return _parsed(name, data), b""


def _optimizers(value: Any) -> dict[str, OptimizerEntry]:
    found = {
        _text(spec): OptimizerEntry(
            record=_digest(one.get("record", "")),
            missing=_text(one.get("missing", "")),
            setting=_words(one.get("setting", {})),
            versions=_words(one.get("versions", {})),
            verdict=_text(one.get("verdict", "new")),
            takes_bounds=bool(one.get("takes_bounds", False)),
            means={_text(key): _real(value) for key, value in one.get("means", {}).items()},
            broken=tuple(map(_text, one.get("broken", ()))),
        )
        for spec, one in value.items()
    }
    for spec, one in found.items():
        if bool(one.record) == bool(one.missing):
            raise ValueError(f"{spec!r:.60} has a record and the reason why it has none, or neither")
    return found


@dataclass(frozen=True)
class Triage:
    """A person's judgement of the step or creep at a commit.

    Attributes
    ----------
    commit : str
    word : str
        ``accepted``, ``expected`` or ``fixed``.
    why : str
    who : str
    time : int
        Microseconds since 1970. The latest triage counts.
    """

    commit: str
    word: str
    why: str
    who: str
    time: int

    @cached_property
    def data(self) -> bytes:
        """The file's content."""
        return _encoded({"schema": SCHEMA, **{k: v for k, v in vars(self).items() if k != "data"}})

    @property
    def name(self) -> str:
        """The file's name within the history."""
        return _file_name("triage", self.commit, self.data)

    @classmethod
    def read(cls, name: str, data: bytes) -> Triage:
        """Read a triage.

        Raises
        ------
        StoreError
            If the triage cannot be used. The message says why.
        """
        content = checked_json(name, data)
        try:
            found = cls(
                _commit(content["commit"]),
                _text(content["word"]),
                _text(content["why"]),
                _text(content["who"]),
                _whole(content["time"]),
            )
            if found.word not in TRIAGE_WORDS:
                raise ValueError(f"{found.word!r:.40} is none of {', '.join(TRIAGE_WORDS)}")
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{name} is damaged: {type(error).__name__}: {clipped(str(error))}") from None
        if not name.startswith(f"triage/{found.commit}-"):
            raise StoreError(f"{name} is damaged: it speaks of commit {found.commit}")
        return found


def _encoded(plain: dict[str, Any]) -> bytes:
    return (json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace")


def _file_name(folder: str, commit: str, data: bytes) -> str:
    return f"{folder}/{commit}-{digest_of(data)[:16]}.json"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    if not value.isascii():
        value.encode()  # half of a surrogate pair could not be printed
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(1 << 62) < value < 1 << 62:
        raise ValueError(f"{value!r:.40} is no whole number that fits")
    return value


def _real(value: Any) -> float:
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is no finite number")
    return float(value)


def _words(value: Any) -> dict[str, str]:
    return {_text(key): _text(one) for key, one in value.items()}


def _commit(value: Any) -> str:
    if not re.fullmatch(_COMMIT, _text(value)):
        raise ValueError(f"{value!r:.80} is no commit")
    return str(value)


def _digest(value: Any) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}|", _text(value)):
        raise ValueError(f"{value!r:.80} is no digest")
    return str(value)
