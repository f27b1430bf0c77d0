"""What is wrong in labelled data, row by row."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.corpus.similarity import near_duplicates, plain_text
from kpoclf.taxonomy import LABELS, Taxonomy, load_taxonomy, tidy_label
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["REGISTERS", "CheckedRow", "Finding", "check_rows"]

REGISTERS = (
    "task",
    "first-person",
    "posting-sentence",
    "full-posting",
    "title-line",
    "bullets",
    "statement-of-work",
    "brief",
    "not-a-task",
)

_SHORTEST = 3  # words of a KPO or BPO row
_NEAR = 0.6
# What UTF-8 looks like when it was read as cp1252 and saved again.
_MISREAD = ("â€", "Ã©", "Ã¨", "Ã¼", "Ã¶", "Ã¤", "Â ", "Â£", "ï»¿")


@dataclass(frozen=True, order=True)
class Finding:
    """A fault in a file.

    Attributes
    ----------
    file : str
    line : int
        Line on which the row starts, or its number in a workbook; 1 is the header. In Parquet, which
        has no header, 1 is the first row too.
    problem : str
    """

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


@dataclass(frozen=True)
class CheckedRow:
    """A row of a file.

    Attributes
    ----------
    file : str
    line : int
        As of `Finding`.
    values : mapping of str to str
        ``text`` and ``label``, ``service`` if the file has one; all of `COLUMNS` in a file of the
        corpus.
    """

    file: str
    line: int
    values: Mapping[str, str]

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"

    def finding(self, problem: str) -> Finding:
        """A fault of this row."""
        return Finding(self.file, self.line, problem)


def check_rows(rows: Sequence[CheckedRow]) -> list[Finding]:
    """Check labelled rows, each alone and all against each other.

    Parameters
    ----------
    rows : sequence of CheckedRow

    Returns
    -------
    list of Finding
        Not in the order of the rows.
    """
    known = load_taxonomy()
    findings = [row.finding(problem) for row in rows for problem in _row_problems(row, known)]
    findings += _id_problems(rows)
    findings += _pair_problems(rows)
    findings += _duplicate_problems(rows)
    return findings


def _row_problems(row: CheckedRow, known: Taxonomy) -> Iterator[str]:
    values = row.values
    label = tidy_label(values["label"])
    if label is None:
        yield f"unknown label {values['label']!r}: use {', '.join(LABELS)}"
    elif "register" in values and values["label"] != label:
        yield f"label {values['label']!r}: write {label}"
    service = values.get("service", "").strip()
    if service:
        slug = known.find_service(service)
        belongs = known.label_of(slug) if slug else None
        if belongs is None:
            yield f"unknown service {service!r}: use a slug of data/taxonomy.toml"
        elif label and belongs != label:
            yield f"label {label} contradicts service {service}, which is {belongs}"
        elif "register" in values and values["service"] != slug:
            yield f"service {values['service']!r}: write {slug}"
    elif "register" in values:
        yield "no service"
    text = values["text"]
    if not text.strip():
        yield "empty text"
    elif label != "OTHER" and len(split_words(text)) < _SHORTEST:
        yield f"text of fewer than {_SHORTEST} words"
    odd = sorted({c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\r\t"})
    if odd:
        yield f"control character U+{ord(odd[0]):04X} in the text"
    if "\ufffd" in text or any(sign in text for sign in _MISREAD):
        yield "text was read in the wrong encoding once (stray characters)"
    if "register" in values and values["register"] not in REGISTERS:
        yield f"unknown register {values['register']!r}: use {', '.join(REGISTERS)}"
    if "variety" in values and not values["variety"]:
        yield "no variety"
    if "hard" in values and values["hard"] not in ("0", "1"):
        yield f"hard is {values['hard']!r}: use 0 or 1"


def _id_problems(rows: Sequence[CheckedRow]) -> Iterator[Finding]:
    first: dict[str, CheckedRow] = {}
    for row in rows:
        if not {"id", "register"} <= row.values.keys():
            continue  # ids of other files are their owners' concern
        name = row.values["id"]
        if not name:
            yield row.finding("no id")
        elif name in first:
            yield row.finding(f"id {name} is used at {first[name].where} already")
        first.setdefault(name, row)


def _pair_problems(rows: Sequence[CheckedRow]) -> Iterator[Finding]:
    pairs = defaultdict(list)
    for row in rows:
        if row.values.get("pair"):
            pairs[row.values["pair"]].append(row)
    for name, members in pairs.items():
        if sorted(str(tidy_label(row.values["label"])) for row in members) != ["BPO", "KPO"]:
            yield members[0].finding(
                f"pair {name} is not one KPO and one BPO row ({len(members)} rows)"
            )


def _duplicate_problems(rows: Sequence[CheckedRow]) -> Iterator[Finding]:
    first: dict[str, CheckedRow] = {}
    unique = []
    for row in rows:
        plain = plain_text(row.values["text"])
        if not plain:
            continue
        twin = first.setdefault(plain, row)
        if twin is row:
            unique.append(row)
        elif tidy_label(twin.values["label"]) != tidy_label(row.values["label"]):
            yield row.finding(f"the same text is labelled {twin.values['label']} at {twin.where}")
        else:
            yield row.finding(f"the same text stands at {twin.where}")
    for i, j, overlap in near_duplicates([row.values["text"] for row in unique], _NEAR):
        pair = unique[i].values.get("pair")
        if pair and pair == unique[j].values.get("pair"):
            continue  # a pair shares its prose
        yield unique[j].finding(f"nearly the text at {unique[i].where} ({overlap:.0%} shared)")
