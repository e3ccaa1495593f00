"""The operational store: everything people do, in one SQLite file with one writer."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import hmac
import os
import queue
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol, TypeVar
from weakref import WeakSet

from kodomo.errors import KodomoError
from kodomo.paths import SQL

T = TypeVar("T")

JST = timezone(timedelta(hours=9), "JST")
MIGRATIONS = SQL / "ops"
BATCH = 200
LOCK_SECONDS = 30.0
KEY_BYTES = 32
POOL = 8


class OpsUnavailable(KodomoError):
    """The operational store could not be read or written."""

    def __init__(self) -> None:
        super().__init__(
            "業務の記録を保存できないため、操作を取り消しました。"
            "少し待ってからやり直し、続くときはシステム管理者に連絡してください。"
        )


class OpsBusy(KodomoError):
    """Another process kept the store's write lock for too long."""

    def __init__(self) -> None:
        super().__init__(
            "ほかの処理が業務の記録を書き込んでいます。1分ほど待ってから、もう一度操作してください。"
        )


class OpsInUse(KodomoError):
    """The store is open in another process, and what was asked needs it closed."""

    def __init__(self) -> None:
        super().__init__("業務の記録が使用中です。ダッシュボードを止めてから、もう一度実行してください。")


class OpsClosed(KodomoError):
    """The store was closed and takes no more work."""

    def __init__(self) -> None:
        super().__init__("業務の記録は閉じられています。ダッシュボードを起動し直してください。")


class OpsNewer(KodomoError):
    """The store was written by a newer version of this program, or its migrations were altered."""

    def __init__(self) -> None:
        super().__init__(
            "業務の記録の形式が、このプログラムと合いません。新しい版のプログラムで開いてください。"
        )


class WeakKey(KodomoError):
    """The secret key is missing its minimum length."""

    def __init__(self) -> None:
        super().__init__(
            f"秘密鍵が短すぎます。KODOMO_KEY（または鍵ファイル）に{KEY_BYTES}文字以上の乱数を設定してください。"
        )


class OtherKey(KodomoError):
    """The store was begun with another key; going on would break the operation log."""

    def __init__(self) -> None:
        super().__init__(
            "秘密鍵が、業務の記録を始めたときの鍵と違います。"
            "もとの鍵ファイル（または KODOMO_KEY）に戻してください。"
        )


class Conflict(KodomoError):
    """Somebody else changed the same thing first (optimistic version)."""

    def __init__(self) -> None:
        super().__init__(
            "ほかの職員が先に更新しました。画面を開き直し、新しい内容を確かめてから保存してください。"
        )


class FamilyLike(Protocol):
    """What the store needs to know of a family of files (`kodomo.snapshots.Family` is one)."""

    @property
    def ops_path(self) -> Path: ...
    @property
    def key_path(self) -> Path: ...
    @property
    def anchor_path(self) -> Path: ...


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """An aware moment as sortable text, e.g. `2026-11-23T06:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def jst_text(moment: datetime) -> str:
    """An aware moment as Japanese wall clock text, e.g. `2026-11-23T15:00:00+09:00`."""
    return moment.astimezone(JST).isoformat(timespec="seconds")


def parse_utc(text: str) -> datetime:
    """The aware moment that `utc_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def jst_date(moment: datetime) -> date:
    """The calendar day in Japan at that moment."""
    return moment.astimezone(JST).date()


def load_key(key_path: Path, *, create: bool = True) -> bytes:
    """The city's secret: `KODOMO_KEY` if set, else the key file, made once with mode 0600.

    Every keyed hash (operation log, pseudonyms, cookies) derives from it. Losing it makes the log
    unverifiable; it is not part of a backup unless asked for.

    Raises:
        WeakKey: the key has fewer than 32 characters.
        FileNotFoundError: no key anywhere and `create` is false.
    """
    given = os.environ.get("KODOMO_KEY")
    if given:
        return _checked_key(given.encode("utf-8"))
    if not key_path.exists():
        if not create:
            raise FileNotFoundError(key_path)
        key_path.parent.mkdir(parents=True, exist_ok=True)
        # Written whole under another name and linked into place: two first starts agree on one key.
        part = key_path.with_name(f".{key_path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(32) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(part, key_path)
        part.unlink()
    return _checked_key(key_path.read_bytes().strip())


def _checked_key(key: bytes) -> bytes:
    if len(key) < KEY_BYTES:
        raise WeakKey
    return key


class FileLock:
    """An flock on a small file beside the store; shared or exclusive, released when closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def acquire(self, *, shared: bool = False, seconds: float = LOCK_SECONDS) -> bool:
        """Take the lock, waiting at most `seconds`; false when it stays taken."""
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        until = time.monotonic() + seconds
        pause = 0.0005
        while True:
            try:
                fcntl.flock(self._fd, how)
                return True
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(pause)
                pause = min(pause * 2, 0.01)

    def release(self) -> None:
        """Give the lock back."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release and close."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class FairLock:
    """An exclusive lock between processes that a busy one cannot keep to itself.

    Whoever wants the lock first takes the turn and gives it back once the lock is held: the last
    holder cannot come again before the one who waits.
    """

    def __init__(self, path: Path) -> None:
        self._turn = FileLock(path.with_name(path.name + ".turn"))
        self._lock = FileLock(path)

    def acquire(self, *, seconds: float = LOCK_SECONDS) -> bool:
        """Take the lock, waiting at most `seconds` for each of the two; false when it stays taken."""
        if not self._turn.acquire(seconds=seconds):
            return False
        try:
            return self._lock.acquire(seconds=seconds)
        finally:
            self._turn.release()

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def close(self) -> None:
        """Release and close."""
        self._lock.close()
        self._turn.close()


def lock_path(ops_path: Path) -> Path:
    """The file whose lock every group commit takes, in whatever process."""
    return ops_path.with_name(ops_path.name + ".lock")


def use_path(ops_path: Path) -> Path:
    """The file on which every open store holds a shared lock; a restore needs it alone."""
    return ops_path.with_name(ops_path.name + ".use")


class OpsStore:
    """The operational store: one writer thread with group commit, any number of readers.

    `write` returns only when the change is on disk (WAL, synchronous=FULL). Several processes may
    have the same store open: each group commit holds a file lock, and whatever a change depends on
    is read inside its own transaction.
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        clock: Callable[[], datetime] = utc_now,
        *,
        anchor_path: Path | None = None,
    ) -> None:
        """Open (and create or migrate) the store.

        Args:
            path: the SQLite file.
            key: the city's secret, at least 32 bytes (`load_key`).
            clock: gives the present moment, aware.
            anchor_path: where the daily head of the operation log is noted; None notes it nowhere.

        Raises:
            OpsInUse: a restore is going on.
            OpsNewer: the file's schema is not one this program knows.
            OtherKey: the store was begun with another key.
            OpsUnavailable: the file cannot be opened.
        """
        self.path = Path(path)
        self.clock = clock
        self.anchor_path = anchor_path
        self._key = _checked_key(key)
        self._jobs: queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], object], Future] | None] = (
            queue.SimpleQueue()
        )
        self._pool: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue(POOL)
        self._closed = False
        self._gate = threading.Lock()
        # Called by the writer: after each group commit (False) and before closing (True).
        self.notes: list[Callable[[sqlite3.Connection, bool], None]] = []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.with_name(self.path.name + ".restoring").exists():
            from kodomo import backup

            backup.finish(self.path)
        self._use = FileLock(use_path(self.path))
        if not self._use.acquire(shared=True, seconds=2.0):
            self._use.close()
            raise OpsInUse
        self._lock = FairLock(lock_path(self.path))
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="ops-writer", daemon=True)
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self._closed = True
            self._use.close()
            self._lock.close()
            raise
        if anchor_path is not None:
            from kodomo import audit

            audit.watch(self)
        _alive.add(self)

    # -- keys ---------------------------------------------------------------------------------

    def derived_key(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, derived from the city's secret."""
        return hmac.new(self._key, f"kodomo:{purpose}".encode(), hashlib.sha256).digest()

    def keyed_hash(self, purpose: str, text: str, length: int = 16) -> str:
        """A keyed hash of `text` in hex, cut to `length` characters: cannot be undone without the key."""
        return hmac.new(self.derived_key(purpose), text.encode(), hashlib.sha256).hexdigest()[:length]

    # -- writing ------------------------------------------------------------------------------

    def submit(self, fn: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue `fn` for the writer and return at once; the future is done when `fn` is on disk."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write would wait for itself: use the connection at hand")
        done: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise OpsClosed
            self._jobs.put((fn, done))
        return done

    def write(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` in one transaction of the writer thread and return its result once it is on disk.

        `fn` gets the writing connection. It must not commit, wait for people or call the screen.
        When it raises, nothing of it stays and the error comes back here.

        Raises:
            OpsUnavailable: the disk or the file refused (nothing was kept).
            OpsBusy: another process holds the lock for longer than 30 seconds.
            OpsClosed: the store was closed.
        """
        return self.submit(fn).result()

    def _run(self, started: Future[None]) -> None:
        try:
            con = self._open_writer()
        except BaseException as error:
            started.set_exception(_outward(error))
            return
        started.set_result(None)
        stop = False
        while not stop:
            batch = [self._jobs.get()]
            while len(batch) < BATCH:
                try:
                    batch.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            stop = any(job is None for job in batch)
            self._commit(con, [job for job in batch if job is not None])
        self._note(con, closing=True)
        # The last close folds the WAL back into the file: never beside another writer.
        if self._lock.acquire():
            con.close()
            self._lock.release()

    def _note(self, con: sqlite3.Connection, *, closing: bool) -> None:
        for note in self.notes:
            # What was written is on disk; a note that fails must not take it back, verify finds it missing.
            with suppress(OSError, sqlite3.Error):
                note(con, closing)

    def _open_writer(self) -> sqlite3.Connection:
        if not self._lock.acquire():
            raise OpsBusy
        try:
            fresh = not self.path.exists()
            con = sqlite3.connect(
                self.path, isolation_level=None, timeout=LOCK_SECONDS, check_same_thread=False
            )
            if fresh:
                os.chmod(self.path, 0o600)
            con.row_factory = sqlite3.Row
            con.execute("pragma journal_mode = wal").fetchone()
            con.execute("pragma synchronous = full")
            con.execute("pragma foreign_keys = on")
            con.execute("pragma trusted_schema = off")
            migrate(con)
            self._check_key(con)
            return con
        finally:
            self._lock.release()

    def _check_key(self, con: sqlite3.Connection) -> None:
        """Remember the key's fingerprint the first time, and refuse another key ever after."""
        mine = self.keyed_hash("fingerprint", "v1", 32)
        con.execute("insert into store_fact values ('key', ?) on conflict do nothing", (mine,))
        kept = con.execute("select value from store_fact where name = 'key'").fetchone()["value"]
        if not hmac.compare_digest(kept, mine):
            con.close()
            raise OtherKey

    def _commit(self, con: sqlite3.Connection, batch: list[tuple[Callable, Future]]) -> None:
        if not batch:
            return
        if not self._lock.acquire():
            for _, done in batch:
                done.set_exception(OpsBusy())
            return
        finished: list[tuple[Future, object]] = []
        try:
            con.execute("begin immediate")
            for fn, done in batch:
                con.execute("savepoint job")
                try:
                    result = fn(con)
                    if not con.in_transaction:
                        raise RuntimeError("a write must not commit by itself")
                    con.execute("release job")
                    finished.append((done, result))
                except BaseException as error:
                    done.set_exception(_outward(error))
                    if not con.in_transaction:
                        raise sqlite3.OperationalError("the whole transaction was rolled back") from error
                    con.execute("rollback to job")
                    con.execute("release job")
            con.execute("commit")
        except BaseException as error:
            if con.in_transaction:
                with suppress(sqlite3.Error):
                    con.execute("rollback")
            outward = _outward(error)
            for _, done in batch:
                if not done.done():
                    done.set_exception(outward)
            return
        finally:
            self._lock.release()
        self._note(con, closing=False)
        for done, result in finished:
            done.set_result(result)

    # -- reading ------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection that sees one consistent state (rows are `sqlite3.Row`)."""
        if self._closed:
            raise OpsClosed
        try:
            con = self._pool.get_nowait()
        except queue.Empty:
            try:
                con = sqlite3.connect(
                    f"{self.path.resolve().as_uri()}?mode=ro",
                    uri=True,
                    isolation_level=None,
                    timeout=LOCK_SECONDS,
                    check_same_thread=False,
                )
                con.row_factory = sqlite3.Row
                con.execute("pragma query_only = on")
                # Pooled connections serve one reader at a time, in whatever thread.
            except sqlite3.Error as error:
                raise OpsUnavailable from error
        try:
            con.execute("begin")
            yield con
        except sqlite3.OperationalError as error:
            raise OpsUnavailable from error
        finally:
            with suppress(sqlite3.Error):
                if con.in_transaction:
                    con.execute("rollback")
            try:
                if self._closed:
                    con.close()
                else:
                    self._pool.put_nowait(con)
            except queue.Full:
                con.close()

    def check(self) -> list[str]:
        """What is wrong with the file itself, as Japanese sentences; empty when it is sound."""
        problems = []
        with self.read() as con:
            answer = [row[0] for row in con.execute("pragma integrity_check(5)")]
            if answer != ["ok"]:
                problems.append("業務の記録のファイルが壊れています。バックアップから復元してください。")
            if con.execute("pragma foreign_key_check").fetchone():
                problems.append("業務の記録のつながりが壊れています。バックアップから復元してください。")
            have = {row[0] for row in con.execute("select name from sqlite_master where type = 'trigger'")}
        missing = sorted(expected_triggers() - have)
        if missing:
            problems.append(f"書き換えを防ぐ仕組みが外されています（{'、'.join(missing)}）。")
        return problems

    # -- closing ------------------------------------------------------------------------------

    def close(self) -> None:
        """Finish what is queued, close the file, let go of the locks. May be called twice."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        # The readers first: the last to close folds the WAL back, and only the writer can.
        while True:
            try:
                self._pool.get_nowait().close()
            except queue.Empty:
                break
        self._jobs.put(None)
        self._thread.join()
        self._lock.close()
        self._use.close()
        with _open_gate:
            for known, store in list(_open.items()):
                if store is self:
                    del _open[known]

    @property
    def closed(self) -> bool:
        """True once `close` was called."""
        return self._closed

    def __enter__(self) -> OpsStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _outward(error: BaseException) -> BaseException:
    """What a caller gets to see: file trouble becomes one Japanese refusal, the rest stays itself."""
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return error
    if isinstance(error, sqlite3.Error | OSError):
        refusal = OpsUnavailable()
        refusal.__cause__ = error
        return refusal
    return error


def statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one (a trigger's inner semicolons stay inside)."""
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""


def migrations() -> list[tuple[int, str, str]]:
    """Every migration in order: its number, its name, its text."""
    found = []
    for path in sorted(MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql")):
        found.append((int(path.name[:3]), path.stem, path.read_text(encoding="utf-8")))
    return found


def expected_triggers() -> set[str]:
    """The names of all triggers the migrations set up."""
    names = set()
    for _, _, text in migrations():
        for statement in statements(text):
            words = statement.split("create trigger ")
            if len(words) == 2:
                names.add(words[1].split()[0])
    return names


def migrate(con: sqlite3.Connection) -> None:
    """Bring the store to the newest schema, each migration in one transaction.

    Raises:
        OpsNewer: the store knows a migration this program does not have, or one with another text.
    """
    con.execute("begin immediate")
    try:
        con.execute(
            "create table if not exists schema_version"
            " (version integer primary key, name text not null, sha256 text not null) strict"
        )
        done = {row["version"]: row["sha256"] for row in con.execute("select * from schema_version")}
        known = migrations()
        hashes = {number: hashlib.sha256(text.encode()).hexdigest() for number, _, text in known}
        if any(hashes.get(number) != sha for number, sha in done.items()):
            raise OpsNewer
        for number, name, text in known:
            if number in done:
                continue
            for statement in statements(text):
                con.execute(statement)
            con.execute("insert into schema_version values (?, ?, ?)", (number, name, hashes[number]))
        con.execute("commit")
    except BaseException:
        if con.in_transaction:
            con.execute("rollback")
        raise


_open: dict[Path, OpsStore] = {}
_open_gate = threading.Lock()
_alive: WeakSet[OpsStore] = WeakSet()


@atexit.register
def _close_all() -> None:
    for store in list(_alive):
        store.close()


def open_store(family: FamilyLike, clock: Callable[[], datetime] = utc_now) -> OpsStore:
    """The one store of this process for that family: opened on first call, closed when Python ends.

    Args:
        family: names the files (`kodomo.snapshots.Family`).
        clock: used only when this call opens the store.
    """
    path = Path(family.ops_path).resolve()
    with _open_gate:
        store = _open.get(path)
        if store is not None and not store.closed:
            return store
    fresh = OpsStore(path, load_key(Path(family.key_path)), clock, anchor_path=Path(family.anchor_path))
    with _open_gate:
        store = _open.get(path)
        if store is None or store.closed:
            _open[path] = fresh
            return fresh
    fresh.close()
    return store
