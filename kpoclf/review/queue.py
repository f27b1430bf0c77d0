"""The queue: texts that wait for a person, and the answers that people gave."""

from __future__ import annotations

import hashlib
import json
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from kpoclf.corpus.similarity import plain_text
from kpoclf.errors import InputError
from kpoclf.review.database import Database
from kpoclf.taxonomy import LABELS

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Iterable, Mapping

__all__ = [
    "ANSWERS",
    "DEFAULT_QUEUE",
    "Candidate",
    "Decision",
    "Drawn",
    "Item",
    "Progress",
    "ReviewQueue",
    "Reviewed",
    "Which",
    "text_digest",
]

ANSWERS = (*LABELS, "skip")
"""What a reviewer may answer."""

DEFAULT_QUEUE = "kpoclf-review.db"
"""Name of the file, in the working directory."""

Which = Literal["new", "second", "skipped", "conflicts"]
"""Texts to hand out: those that nobody has answered, those that others have, those that the reviewer
skipped, and those whose reviewers differ."""

_CLAIM = 600.0  # seconds for which a text that one reviewer reads is kept from the others
_LONGEST_NAME = 80

_WANTED: dict[str, str] = {
    "new": """NOT EXISTS (
        SELECT 1 FROM standing AS s
        WHERE s.item = i.id AND (s.reviewer = :reviewer OR s.answer != 'skip'))""",
    "second": """EXISTS (
        SELECT 1 FROM standing AS s WHERE s.item = i.id AND s.answer != 'skip')
        AND NOT EXISTS (
        SELECT 1 FROM standing AS s WHERE s.item = i.id AND s.reviewer = :reviewer)""",
    "skipped": """EXISTS (
        SELECT 1 FROM standing AS s
        WHERE s.item = i.id AND s.reviewer = :reviewer AND s.answer = 'skip')
        AND NOT EXISTS (
        SELECT 1 FROM standing AS s WHERE s.item = i.id AND s.answer != 'skip')""",
    # Not again where the last word is the reviewer's own.
    "conflicts": """(
        SELECT COUNT(DISTINCT s.answer) FROM standing AS s
        WHERE s.item = i.id AND s.answer != 'skip') > 1
        AND (
        SELECT 2 * MAX(n) <= SUM(n) FROM (
            SELECT COUNT(*) AS n FROM standing AS s
            WHERE s.item = i.id AND s.answer != 'skip' GROUP BY s.answer))
        AND :reviewer != (
        SELECT k.reviewer FROM kept AS k WHERE k.item = i.id ORDER BY k.id DESC LIMIT 1)""",
}

# What is skipped once more goes to the end.
_ORDER = {
    "skipped": """(
        SELECT s.id FROM standing AS s
        WHERE s.item = i.id AND s.reviewer = :reviewer AND s.answer = 'skip'),"""
}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A text to queue, and what the model says of it.

    Attributes
    ----------
    text : str
    source, place : str
        File, and the place in it, such as ``"line 17"``.
    model : str
        Id of the model that answered.
    label, status, service : str
    confidence, review_score : float
    chosen : str
        ``"random"`` if it was drawn by chance from all rows, else ``"uncertain"``.
    draw : int
        Place in the order of drawing.
    priority : int
        Lowest first.
    row : int
        Number of its row in the file, 1 for the first below the header; 0 if not known.
    own : tuple of (str, str)
        Columns of that row and their values.
    """

    text: str
    source: str = ""
    place: str = ""
    model: str = ""
    label: str = ""
    confidence: float = 0.0
    status: str = ""
    service: str = ""
    review_score: float = 0.0
    chosen: str = "uncertain"
    draw: int = 0
    priority: int = 0
    row: int = 0
    own: tuple[tuple[str, str], ...] = ()

    @property
    def where(self) -> str:
        """File, row and place in it.

        Examples
        --------
        >>> Candidate(text="Key forms.", source="jobs.csv", place="line 17", row=4).where
        'jobs.csv, row 4, line 17'
        """
        row = f"row {self.row}" if self.row else ""
        return ", ".join(part for part in dict.fromkeys((self.source, row, self.place)) if part)

    @property
    def said(self) -> str:
        """What the model answers: ``"OTHER"`` where it calls the text out of scope, else its label."""
        return _said(self.label, self.status)


@dataclass(frozen=True, kw_only=True)
class Item(Candidate):
    """A text of the queue.

    Attributes
    ----------
    id : int
    """

    id: int


_COLUMNS = tuple(Candidate.__dataclass_fields__)
_INSERT = (
    f"INSERT INTO items (digest, {', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES (:digest, {', '.join(f':{name}' for name in _COLUMNS)}) "
    "ON CONFLICT (digest) DO NOTHING"
)


@dataclass(frozen=True)
class Decision:
    """One entry of the log of answers.

    Attributes
    ----------
    id, item : int
    reviewer : str
    answer : str
        One of `ANSWERS`.
    note : str
    time : str
        ISO 8601, UTC.
    """

    id: int
    item: int
    reviewer: str
    answer: str
    note: str
    time: str


@dataclass(frozen=True)
class Reviewed:
    """A text with what its reviewers answered last.

    Attributes
    ----------
    item : Item
    decisions : tuple of Decision
        One of each reviewer, skips left out.
    """

    item: Item
    decisions: tuple[Decision, ...]

    @property
    def label(self) -> str | None:
        """Answer of more than half of the reviewers; None if there is none: a conflict."""
        answer, n = Counter(d.answer for d in self.decisions).most_common(1)[0]
        return answer if 2 * n > len(self.decisions) else None


class Drawn(NamedTuple):
    """A random text: what the model said, and what each of its reviewers answered last, skips too."""

    source: str
    model: str
    said: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Progress:
    """How far the queue is.

    Attributes
    ----------
    total : int
        Texts in the queue.
    answered : int
        Those that anybody labelled.
    left : int
        Those that `ReviewQueue.next` has yet to hand to this reviewer as new.
    skipped, second, conflicts : int
        The same for the other values of `Which`.
    mine : Counter of str
        Answers of this reviewer.
    reviewers : dict of str to int
        Texts that each reviewer labelled.
    """

    total: int
    answered: int
    left: int
    skipped: int
    second: int
    conflicts: int
    mine: Counter[str] = field(default_factory=Counter)
    reviewers: dict[str, int] = field(default_factory=dict)


def text_digest(text: str) -> bytes:
    """What two texts share that count as the same: case and white space do not matter."""
    return hashlib.sha256(plain_text(text).encode("utf-8", "replace")).digest()[:16]


class ReviewQueue:
    """A review queue in one SQLite file; safe with several processes, threads and reviewers.

    Every call is one transaction: when it returns, what it wrote is on the disk.

    Parameters
    ----------
    path : str or pathlib.Path
    create : bool
        Whether to make the file if there is none.

    Raises
    ------
    InputError
        If there is no file and none is to be made, or it is no review queue, or a newer one.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     queue = ReviewQueue(folder + "/review.db", create=True)
    ...     added = queue.add([Candidate(text="Key the invoices into the ledger.", label="BPO")])
    ...     item = queue.next("ada")
    ...     decision = queue.decide(item.id, "ada", "BPO", note="plain")
    ...     [(r.item.text, r.label) for r in queue.reviewed()]
    [('Key the invoices into the ledger.', 'BPO')]
    """

    def __init__(self, path: str | os.PathLike[str] = DEFAULT_QUEUE, create: bool = False) -> None:
        self.path = Path(path)
        self._database = Database(self.path, create)

    def add(
        self,
        candidates: Iterable[Candidate],
        *,
        drawn: Mapping[bytes, int] | None = None,
        populations: Mapping[tuple[str, str], int] | None = None,
    ) -> int:
        """Queue texts, all or none of them.

        Parameters
        ----------
        candidates : iterable of Candidate
            A text that is queued already (see `text_digest`) stays as it is.
        drawn : mapping of bytes to int, optional
            Digests of texts that are queued already and were now drawn by chance too, with their
            place in the order of drawing. What is drawn now comes after what was drawn before.
        populations : mapping of (str, str) to int, optional
            For source and model how many distinct texts the random ones were drawn from.

        Returns
        -------
        int
            How many texts are new in the queue.
        """
        with self._database.transaction(write=True) as db:
            n = 0
            (first,) = db.execute("SELECT COALESCE(MAX(draw) + 1, 0) FROM items").fetchone()
            for candidate in candidates:
                row = {name: _storable(getattr(candidate, name)) for name in _COLUMNS}
                row["own"] = _storable(json.dumps(candidate.own, ensure_ascii=False))
                row |= {"digest": text_digest(candidate.text), "draw": first + candidate.draw}
                n += db.execute(_INSERT, row).rowcount
            db.executemany(
                "INSERT OR REPLACE INTO populations VALUES (?, ?, ?)",
                [
                    (_storable(source), model, n)
                    for (source, model), n in (populations or {}).items()
                ],
            )
            db.executemany(
                "UPDATE items SET chosen = 'random', draw = ? WHERE digest = ?",
                [(first + draw, digest) for digest, draw in (drawn or {}).items()],
            )
        return n

    def next(self, reviewer: str, which: Which = "new") -> Item | None:
        """The next text for a reviewer; for ten minutes no other reviewer is handed it.

        The same until it is answered.

        Parameters
        ----------
        reviewer : str
        which : {"new", "second", "skipped", "conflicts"}

        Returns
        -------
        Item or None
            None if there is none, or others are reading what is left.
        """
        name = _reviewer(reviewer)
        now = time.time()
        with self._database.transaction(write=True) as db:
            row = db.execute(
                f"""SELECT i.* FROM items AS i WHERE {_wanted(which)}
                AND NOT EXISTS (
                    SELECT 1 FROM claims AS c
                    WHERE c.item = i.id AND c.reviewer != :reviewer AND c.until > :now)
                ORDER BY {_ORDER.get(which, "")} i.priority, i.id LIMIT 1""",  # noqa: S608
                {"reviewer": name, "now": now},
            ).fetchone()
            if row is None:
                db.execute("DELETE FROM claims WHERE reviewer = ?", (name,))
                return None
            self._claim(db, name, row["id"], now)
        return _item(row)

    def release(self, reviewer: str) -> None:
        """Give back the text that a reviewer was handed: others may have it at once."""
        with self._database.transaction(write=True) as db:
            db.execute("DELETE FROM claims WHERE reviewer = ?", (_reviewer(reviewer),))

    def decide(self, item: int, reviewer: str, answer: str, note: str = "") -> Decision:
        """Write down an answer. A later one of the same reviewer takes its place, unless it is a skip.

        Parameters
        ----------
        item : int
            `Item.id`.
        reviewer : str
        answer : str
            One of `ANSWERS`.
        note : str

        Returns
        -------
        Decision

        Raises
        ------
        InputError
            If the answer or the item is unknown, or the reviewer has no name.
        """
        name = _reviewer(reviewer)
        if answer not in ANSWERS:
            raise InputError(f"answer {answer!r}: use {', '.join(ANSWERS)}")
        with self._database.transaction(write=True) as db:
            self._get(db, item)
            decision = self._write(db, item, name, answer, note)
            db.execute("DELETE FROM claims WHERE reviewer = ? AND item = ?", (name, item))
        return decision

    def undo(self, reviewer: str) -> Item | None:
        """Take back a reviewer's last answer that is not taken back; the log keeps both.

        Returns
        -------
        Item or None
            The text to answer again; None if there is nothing to take back.
        """
        name = _reviewer(reviewer)
        with self._database.transaction(write=True) as db:
            last = _last(db, name)
            if last is None:
                return None
            self._write(db, last["item"], name, "undo", "", last["id"])
            self._claim(db, name, last["item"], time.time())
            return self._get(db, last["item"])

    def last(self, reviewer: str) -> Decision | None:
        """A reviewer's last answer that is not taken back: what `undo` takes back."""
        with self._database.transaction() as db:
            row = _last(db, _reviewer(reviewer))
        return None if row is None else _decision(row)

    def item(self, id: int) -> Item:
        """The text of that number; InputError if there is none."""
        with self._database.transaction() as db:
            return self._get(db, id)

    def answers(self, item: int) -> tuple[Decision, ...]:
        """What each reviewer of a text answered last, skips left out."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT * FROM standing WHERE item = ? AND answer != 'skip' ORDER BY id", (item,)
            )
            return tuple(map(_decision, rows))

    def progress(self, reviewer: str | None = None) -> Progress:
        """How far the queue is for a reviewer, or for one who has yet to begin."""
        name = "" if reviewer is None else _reviewer(reviewer)
        with self._database.transaction() as db:
            (total,) = db.execute("SELECT COUNT(*) FROM items").fetchone()
            (answered,) = db.execute(
                "SELECT COUNT(DISTINCT item) FROM standing WHERE answer != 'skip'"
            ).fetchone()
            left = {
                which: db.execute(
                    f"SELECT COUNT(*) FROM items AS i WHERE {_wanted(which)}",  # noqa: S608
                    {"reviewer": name},
                ).fetchone()[0]
                for which in get_args(Which)
            }
            mine = db.execute(
                "SELECT answer, COUNT(*) FROM standing WHERE reviewer = ? GROUP BY answer", (name,)
            )
            counted = Counter({row[0]: row[1] for row in mine})
            each = db.execute(
                "SELECT reviewer, COUNT(*) FROM standing WHERE answer != 'skip' "
                "GROUP BY reviewer ORDER BY reviewer"
            )
            reviewers = {row[0]: row[1] for row in each}
        return Progress(
            total=total,
            answered=answered,
            left=left["new"],
            skipped=left["skipped"],
            second=left["second"],
            conflicts=left["conflicts"],
            mine=counted,
            reviewers=reviewers,
        )

    def reviewed(self) -> list[Reviewed]:
        """Every text that somebody labelled, in the order of the queue, with the answers that stand."""
        with self._database.transaction() as db:
            items = db.execute(
                "SELECT * FROM items WHERE id IN (SELECT item FROM standing WHERE answer != 'skip') "
                "ORDER BY priority, id"
            ).fetchall()
            answers: dict[int, list[Decision]] = {}
            for row in db.execute("SELECT * FROM standing WHERE answer != 'skip' ORDER BY id"):
                answers.setdefault(row["item"], []).append(_decision(row))
        return [Reviewed(_item(row), tuple(answers[row["id"]])) for row in items]

    def labelled(self) -> list[Reviewed]:
        """Those of `reviewed` whose reviewers agree on a label, or most of them do."""
        return [found for found in self.reviewed() if found.label is not None]

    def conflicts(self) -> list[Reviewed]:
        """Those of `reviewed` with no label that most reviewers gave."""
        return [found for found in self.reviewed() if found.label is None]

    def decisions(self, reviewer: str | None = None) -> list[Decision]:
        """The whole log, oldest first, ``"undo"`` entries too."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT * FROM decisions ORDER BY id").fetchall()
        return [_decision(row) for row in rows if reviewer in (None, row["reviewer"])]

    def items(self) -> dict[bytes, Item]:
        """Every text of the queue by its digest, in the order in which they were added."""
        with self._database.transaction() as db:
            return {
                row["digest"]: _item(row) for row in db.execute("SELECT * FROM items ORDER BY id")
            }

    def drawn(self) -> list[Drawn]:
        """What was answered of each random text, in the order in which they were drawn."""
        with self._database.transaction() as db:
            items = db.execute(
                "SELECT id, source, model, label, status FROM items "
                "WHERE chosen = 'random' ORDER BY draw, id"
            ).fetchall()
            answers: dict[int, list[str]] = {row["id"]: [] for row in items}
            for row in db.execute(
                "SELECT item, answer FROM standing WHERE item IN "
                "(SELECT id FROM items WHERE chosen = 'random') ORDER BY id"
            ):
                answers[row["item"]].append(row["answer"])
        return [
            Drawn(
                row["source"],
                row["model"],
                _said(row["label"], row["status"]),
                tuple(answers[row["id"]]),
            )
            for row in items
        ]

    def populations(self) -> Mapping[tuple[str, str], int]:
        """For source and model how many distinct texts the random ones were drawn from."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT source, model, size FROM populations").fetchall()
        return {(row["source"], row["model"]): row["size"] for row in rows}

    def _get(self, db: sqlite3.Connection, id: int) -> Item:
        row = db.execute("SELECT * FROM items WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise InputError(f"{self.path}: no text number {id} in the queue")
        return _item(row)

    @staticmethod
    def _claim(db: sqlite3.Connection, reviewer: str, item: int, now: float) -> None:
        db.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?)", (reviewer, item, now + _CLAIM))

    @staticmethod
    def _write(
        db: sqlite3.Connection,
        item: int,
        reviewer: str,
        answer: str,
        note: str,
        undoes: int | None = None,
    ) -> Decision:
        row = db.execute(
            "INSERT INTO decisions (item, reviewer, answer, note, time, undoes) "
            "VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
            (
                item,
                reviewer,
                answer,
                _storable(" ".join(note.split())),
                datetime.now(UTC).isoformat(timespec="milliseconds"),
                undoes,
            ),
        ).fetchone()
        return _decision(row)


def _last(db: sqlite3.Connection, reviewer: str) -> Any:
    return db.execute(
        "SELECT * FROM kept WHERE reviewer = ? ORDER BY id DESC LIMIT 1", (reviewer,)
    ).fetchone()


def _wanted(which: str) -> str:
    if which not in _WANTED:
        raise InputError(f"{which!r}: use {', '.join(_WANTED)}")
    return _WANTED[which]


def _reviewer(name: str) -> str:
    told = " ".join(name.split())
    if not told or len(told) > _LONGEST_NAME:
        raise InputError(f"reviewer {name[:_LONGEST_NAME]!r}: give a name of 1 to 80 characters")
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in told):
        raise InputError(f"reviewer {told!r}: a name has no control characters")
    return told


def _said(label: str, status: str) -> str:
    return "OTHER" if status == "out_of_scope" else label


def _item(row: sqlite3.Row) -> Item:
    values = {name: row[name] for name in Item.__dataclass_fields__}
    values["own"] = tuple((name, value) for name, value in json.loads(row["own"]))
    return Item(**values)


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(**{name: row[name] for name in Decision.__dataclass_fields__})


def _storable(value: Any) -> Any:
    """A text without halves of characters, which SQLite does not take."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
