"""The SQLite file behind a review queue: its tables, and transactions that survive a kill."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kpoclf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["VERSION", "Database"]

VERSION = 2
"""Number of the tables' layout, SQLite's ``user_version``."""

_APPLICATION = 0x6B706F71  # "kpoq", SQLite's ``application_id``
_PATIENCE = 30.0  # seconds to wait for another process to finish its transaction

_TABLES = """
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    model TEXT NOT NULL,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    status TEXT NOT NULL,
    service TEXT NOT NULL,
    review_score REAL NOT NULL,
    chosen TEXT NOT NULL CHECK (chosen IN ('uncertain', 'random')),
    draw INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    row INTEGER NOT NULL DEFAULT 0,
    own TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX items_by_priority ON items (priority, id);

CREATE TABLE populations (
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (source, model)
);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL REFERENCES items (id),
    reviewer TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('KPO', 'BPO', 'OTHER', 'skip', 'undo')),
    note TEXT NOT NULL,
    time TEXT NOT NULL,
    undoes INTEGER UNIQUE REFERENCES decisions (id),
    CHECK ((answer = 'undo') = (undoes IS NOT NULL))
);
CREATE INDEX decisions_by_item ON decisions (item, reviewer);
CREATE INDEX decisions_by_reviewer ON decisions (reviewer, id);
CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER decisions_are_final BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;

CREATE VIEW kept AS
SELECT * FROM decisions AS d
WHERE d.answer != 'undo' AND NOT EXISTS (SELECT 1 FROM decisions AS u WHERE u.undoes = d.id);

-- The last answer of each reviewer to each text; a skip takes no label's place.
CREATE VIEW standing AS
SELECT * FROM kept AS d
WHERE NOT EXISTS (
    SELECT 1 FROM kept AS other
    WHERE other.item = d.item AND other.reviewer = d.reviewer
    AND CASE WHEN (other.answer = 'skip') = (d.answer = 'skip')
        THEN other.id > d.id ELSE d.answer = 'skip' END
);

CREATE TABLE claims (
    reviewer TEXT PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES items (id),
    until REAL NOT NULL
);
"""

# What brings the tables of each former version to the next one.
_STEPS = {
    1: """
ALTER TABLE items ADD COLUMN row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE items ADD COLUMN own TEXT NOT NULL DEFAULT '[]';
"""
}


class Database:
    """One SQLite file, opened anew for each transaction: any thread or process may use it.

    Parameters
    ----------
    path : pathlib.Path
    create : bool
        Whether to make the file if there is none.

    Raises
    ------
    InputError
        If there is no file and none is to be made, or it is no review queue, or a newer one.
    """

    def __init__(self, path: Path, create: bool = False) -> None:
        self.path = path
        if not create and not path.exists():
            raise InputError(
                f"{path}: no review queue here; make one with kpoclf review add FILE, "
                "or name another with --queue"
            )
        with self._errors(), self._connection("rwc" if create else "rw") as db:
            if self._is_new(db):
                if not create:
                    raise InputError(
                        f"{path}: an empty file, no review queue; fill it with kpoclf review add FILE, "
                        "or name another with --queue"
                    )
                self._create(db)
            elif self._version(db) < VERSION:
                self._upgrade(db)

    @contextmanager
    def transaction(self, write: bool = False) -> Iterator[sqlite3.Connection]:
        """All reads of the block see one state; all its writes are kept, on the disk, or none."""
        with self._errors(), self._connection("rw") as db:
            db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def _connection(self, mode: str) -> Iterator[sqlite3.Connection]:
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        db = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            # A rollback journal, its removal synced too: what is committed survives a power cut.
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute("PRAGMA foreign_keys = ON")
            yield db
        finally:
            db.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            told = str(error)
            if "locked" in told:
                told = "another process has been writing to it for half a minute; try again"
            raise InputError(f"{self.path}: {told}") from None
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname == "SQLITE_NOTADB":
                raise self._foreign() from None
            raise InputError(f"{self.path}: {error}") from None

    def _foreign(self) -> InputError:
        return InputError(f"{self.path}: is no review queue; name another file with --queue")

    def _is_new(self, db: sqlite3.Connection) -> bool:
        """Whether the file holds nothing yet; an error if it holds something else."""
        (application,) = db.execute("PRAGMA application_id").fetchone()
        version = self._version(db)
        if application == _APPLICATION:
            if version > VERSION:
                raise InputError(
                    f"{self.path}: a review queue of format {version}, this kpoclf reads up to "
                    f"{VERSION}: upgrade kpoclf"
                )
            return False
        if application or version or db.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise self._foreign()
        return True

    @staticmethod
    def _version(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA user_version").fetchone()[0])

    def _create(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        if self._is_new(db):  # no other process was quicker
            for statement in _statements(_TABLES):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")

    def _upgrade(self, db: sqlite3.Connection) -> None:
        """Bring a queue of a former version to this one; what it holds stays."""
        db.execute("BEGIN IMMEDIATE")
        for version in range(self._version(db), VERSION):  # none if another process was quicker
            for statement in _statements(_STEPS[version]):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Single statements: ``executescript`` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
