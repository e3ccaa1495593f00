"""Snapshots: the family of files one `--db` names, and how a new state of the city replaces the last one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from kodomo.errors import KodomoError

KEEP = 3
_SETTINGS = {
    "threads": 2,
    "memory_limit": "4GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class BuildRunning(KodomoError):
    """Another process is building a snapshot of the same family."""


class NoSnapshot(KodomoError):
    """The family has no snapshot yet."""


class BrokenPointer(KodomoError):
    """`<stem>.current.json` cannot be read, or the file it names is gone."""


@dataclass(frozen=True)
class Current:
    """The snapshot everybody reads now. `built_at` is UTC, `counts` is table -> rows."""

    name: str
    path: Path
    sha256: str
    built_at: str
    as_of: str | None
    stage: str | None
    counts: dict[str, int]
    ruleset: str | None


@dataclass
class Build:
    """A snapshot under construction; set `stage`, `as_of`, `ruleset` before the build ends.

    What is left None is taken from the table `meta`. `discard()` ends the build without publishing anything.
    """

    path: Path
    base: Current | None
    stage: str | None = None
    as_of: date | str | None = None
    ruleset: str | None = None
    published: Current | None = None
    discarded: bool = False

    def discard(self) -> None:
        """Leave the current snapshot as it is: nothing worth keeping was built."""
        self.discarded = True


class Family:
    """The files that belong to one `--db`: snapshots, pointer, operational store, key, anchor."""

    def __init__(self, db_path: Path | str) -> None:
        path = Path(db_path).expanduser()
        self.folder: Path = path.parent
        self.stem: str = path.stem if path.suffix else path.name
        #: Told name and SHA-256 of a snapshot before it becomes current (the operation log keeps them);
        #: when it raises, the old snapshot stays.
        self.announce: Callable[[str, str], object] | None = None

    def __repr__(self) -> str:
        return f"Family({str(self.folder / self.stem)!r})"

    @property
    def pointer_path(self) -> Path:
        """The file that names the current snapshot."""
        return self.folder / f"{self.stem}.current.json"

    @property
    def ops_path(self) -> Path:
        """The operational store."""
        return self.folder / f"{self.stem}.ops.sqlite"

    @property
    def key_path(self) -> Path:
        """The secret key (0600); the environment variable KODOMO_KEY wins over it."""
        return self.folder / f"{self.stem}.key"

    @property
    def anchor_path(self) -> Path:
        """Where the log's daily head hashes go; KODOMO_ANCHOR may place it elsewhere."""
        elsewhere = os.environ.get("KODOMO_ANCHOR")
        return Path(elsewhere) if elsewhere else self.folder / f"{self.stem}.anchor.jsonl"

    @property
    def lock_path(self) -> Path:
        """Held by the one builder."""
        return self.folder / f"{self.stem}.lock"

    def current(self) -> Current | None:
        """The snapshot that counts now, or None before the first build.

        Raises BrokenPointer when the pointer cannot be read or its file is missing.
        """
        try:
            data = json.loads(self.pointer_path.read_text(encoding="utf-8"))
            path = self.folder / str(data["name"])
            current = Current(
                name=str(data["name"]),
                path=path,
                sha256=str(data["sha256"]),
                built_at=str(data["built_at"]),
                as_of=data.get("as_of"),
                stage=data.get("stage"),
                counts={str(table): int(rows) for table, rows in data.get("counts", {}).items()},
                ruleset=data.get("ruleset"),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrokenPointer(
                f"{self.pointer_path.name} を読めません。バックアップから戻すか、このファイルを消して"
                "受領データを読み込み直してください。"
            ) from error
        if path.name != current.name or not path.is_file():
            raise BrokenPointer(
                f"{self.pointer_path.name} が示す版が見つかりません。バックアップから戻すか、"
                "このファイルを消して受領データを読み込み直してください。"
            )
        return current

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection to the current snapshot. One cursor per call, always drained.

        Raises NoSnapshot before the first build.
        """
        current = self.current()
        if current is None:
            raise NoSnapshot("まだ受領データが読み込まれていません。先に refresh を実行してください。")
        return open_snapshot(current.path)

    @contextmanager
    def build(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Build]]:
        """Build the next snapshot on a copy of the current one.

        Yields (read-write connection, Build). On a clean exit the file is checkpointed, closed, renamed to
        its versioned name and the pointer is replaced; on an exception, or when the process dies, the current
        snapshot stays. Raises BuildRunning when another process is building.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock():
            self._sweep()
            base = self.current()
            path = self.folder / f"{self.stem}.building-{os.getpid()}.duckdb"
            con: duckdb.DuckDBPyConnection | None = None
            try:
                if base is not None:
                    shutil.copyfile(base.path, path)
                con = duckdb.connect(str(path), config=_SETTINGS | {"temp_directory": str(path) + ".tmp"})
                con.execute("create table if not exists meta (key varchar, value varchar)")
                build = Build(path=path, base=base)
                yield con, build
                if build.discarded:
                    return
                facts = self._finish(con, build)
                con.close()
                con = None
                build.published = self._publish(path, facts)
            finally:
                if con is not None:
                    con.close()
                _remove(path)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        handle = os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BuildRunning(
                    "ほかの読み込みまたは判定が動いています。終わるのを待ってから、もう一度実行してください。"
                ) from error
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        """Remove what a killed build left behind."""
        for path in self.folder.glob(f"{_glob_escape(self.stem)}.building-*"):
            _remove(path)

    def _finish(self, con: duckdb.DuckDBPyConnection, build: Build) -> dict[str, Any]:
        meta = dict(con.execute("select key, value from meta").fetchall())
        stage = build.stage or meta.get("stage")
        as_of = build.as_of if build.as_of is not None else meta.get("as_of")
        ruleset = build.ruleset or meta.get("ruleset")
        built_at = datetime.now(UTC)
        values = {"stage": stage, "built_at": built_at.isoformat(), "as_of": as_of, "ruleset": ruleset}
        for key, value in values.items():
            con.execute("delete from meta where key = ?", [key])
            if value is not None:
                con.execute("insert into meta values (?, ?)", [key, str(value)])
        con.execute("checkpoint")
        return {
            "name": f"{self.stem}-{built_at:%Y%m%dT%H%M%S%f}.duckdb",
            "built_at": built_at.isoformat(),
            "as_of": None if as_of is None else str(as_of),
            "stage": stage,
            "ruleset": ruleset,
            "counts": table_counts(con),
        }

    def _publish(self, path: Path, facts: dict[str, Any]) -> Current:
        facts["sha256"] = file_sha256(path)
        final = self.folder / facts["name"]
        if self.announce is not None:
            self.announce(facts["name"], facts["sha256"])
        sync_to_disk(path)
        os.replace(path, final)
        pointer = self.pointer_path
        fresh = pointer.with_name(pointer.name + ".new")
        order = ("name", "sha256", "built_at", "as_of", "stage", "ruleset", "counts")
        fresh.write_text(
            json.dumps({name: facts[name] for name in order}, ensure_ascii=False, indent=1) + "\n",
            encoding="utf-8",
        )
        sync_to_disk(fresh)
        os.replace(fresh, pointer)
        sync_to_disk(self.folder)
        self._prune(final.name)
        current = self.current()
        assert current is not None
        return current

    def snapshot_names(self) -> list[str]:
        """The names of all snapshots in the folder, oldest first, whether the pointer names them or not."""
        pattern = re.compile(re.escape(self.stem) + r"-\d{8}T\d{12}\.duckdb")
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if pattern.fullmatch(path.name))

    def _prune(self, newest: str) -> None:
        for name in self.snapshot_names()[:-KEEP]:
            if name != newest:
                _remove(self.folder / name)


def open_snapshot(path: Path | str) -> duckdb.DuckDBPyConnection:
    """A read-only connection to one snapshot file. One cursor per call, always drained."""
    return duckdb.connect(str(path), read_only=True, config=dict(_SETTINGS))


def table_counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every table in the snapshot, by table name."""
    rows = con.execute(
        """
        select table_name from duckdb_tables()
        where database_name = current_database() and schema_name = 'main' and not temporary
        order by table_name
        """
    ).fetchall()
    counts: dict[str, int] = {}
    for (table,) in rows:
        counts[table] = int(con.execute(f'select count(*) from "{table}"').fetchall()[0][0])
    return counts


def verify_snapshot(family: Family) -> list[str]:
    """Check the current snapshot: its hash, that it opens, and its row counts.

    Returns Japanese sentences, one per fault; an empty list means sound (or that nothing was built yet).
    """
    try:
        current = family.current()
    except BrokenPointer as error:
        return [str(error)]
    if current is None:
        return _without_pointer(family)
    if file_sha256(current.path) != current.sha256:
        return [f"{current.name} の内容が、作成したときと変わっています。バックアップから戻してください。"]
    try:
        con = family.connect()
    except duckdb.Error:
        return [f"{current.name} を開けません。バックアップから戻してください。"]
    try:
        counts = table_counts(con)
    except duckdb.Error:
        return [f"{current.name} の表を読めません。バックアップから戻してください。"]
    finally:
        con.close()
    return [
        f"{current.name} の表 {table} の行数が記録と合いません"
        f"（記録 {current.counts.get(table, 0)}、実際 {counts.get(table, 0)}）。"
        "バックアップから戻してください。"
        for table in sorted(set(counts) | set(current.counts))
        if counts.get(table) != current.counts.get(table)
    ]


def _without_pointer(family: Family) -> list[str]:
    """One fault when snapshots lie here that no pointer names: the pointer was lost or removed."""
    if not family.snapshot_names():
        return []
    return [
        f"どの版が今のものかを示す {family.pointer_path.name} がありません。"
        "バックアップから戻すか、受領データを読み込み直してください。"
    ]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, as hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sync_to_disk(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    for name in (path, Path(str(path) + ".wal")):
        with suppress(FileNotFoundError, IsADirectoryError):
            name.unlink()
    for folder in (path, Path(str(path) + ".tmp")):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _glob_escape(text: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", text)
