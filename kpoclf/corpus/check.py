"""What is wrong in labelled data, row by row."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpoclf.corpus.reviewed import is_reviewed
from kpoclf.corpus.rows import COLUMNS
from kpoclf.corpus.similarity import near_duplicates, plain_text
from kpoclf.errors import InputError
from kpoclf.taxonomy import LABELS, Taxonomy, load_taxonomy, tidy_label
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["REGISTERS", "Finding", "check_files"]

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

_NEEDED = ("text", "label")
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
        Line on which the row starts; 1 is the header.
    problem : str
    """

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


@dataclass(frozen=True)
class _Row:
    file: str
    line: int
    values: dict[str, str]

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    def finding(self, problem: str) -> Finding:
        return Finding(self.file, self.line, problem)


def check_files(paths: Sequence[Path]) -> tuple[list[Finding], int]:
    """Check labelled CSV files, each row alone and all rows against each other.

    Files with any of the columns ``register``, ``variety``, ``pair`` and ``hard`` are files of the
    corpus and must have all its columns; others need ``text`` and ``label`` only, and of reviewed
    rows no other column is looked at.

    Parameters
    ----------
    paths : sequence of pathlib.Path

    Returns
    -------
    findings : list of Finding
        In the order of files and lines.
    n_rows : int

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    findings: list[Finding] = []
    rows: list[_Row] = []
    for path in paths:
        rows += _read(path, findings)
    known = load_taxonomy()
    for row in rows:
        findings += (row.finding(problem) for problem in _row_problems(row, known))
    findings += _id_problems(rows)
    findings += _pair_problems(rows)
    findings += _duplicate_problems(rows)
    order = {str(path): i for i, path in enumerate(paths)}
    return sorted(findings, key=lambda f: (order[f.file], f.line, f.problem)), len(rows)


def _read(path: Path, findings: list[Finding]) -> list[_Row]:
    name = str(path)
    if path.suffix.lower() not in (".csv", ".tsv", ".txt", ""):
        raise InputError(f"{name}: corpus check reads CSV; save the rows as CSV")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = content[error.start]
        findings.append(
            Finding(name, line, f"not UTF-8 (byte 0x{byte:02x}): save the file as UTF-8")
        )
        text = content.decode("cp1252", "replace")
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    header_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [c.strip().lower() for c in next(reader, [])]
    reviewed = is_reviewed(header)
    of_corpus = not reviewed and set(header) & {"register", "variety", "pair", "hard"}
    needed = COLUMNS if of_corpus else _NEEDED
    missing = [c for c in needed if c not in header]
    if needed is COLUMNS and delimiter != ",":
        findings.append(Finding(name, 1, "a file of the corpus has its fields separated by commas"))
    if missing:
        findings.append(Finding(name, 1, f"missing columns: {', '.join(missing)}"))
    if any(c in missing for c in _NEEDED):
        return []
    rows = []
    start = reader.line_num + 1
    for fields in reader:
        if fields and len(fields) != len(header):
            problem = f"{len(fields)} fields, but the header has {len(header)}"
            findings.append(Finding(name, start, problem))
        if fields:
            padded = fields + [""] * (len(header) - len(fields))
            values = dict(zip(header, padded, strict=False))
            if reviewed:
                values = {column: values[column] for column in _NEEDED}
            rows.append(_Row(name, start, values))
        start = reader.line_num + 1
    return rows


def _row_problems(row: _Row, known: Taxonomy) -> Iterator[str]:
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


def _id_problems(rows: Sequence[_Row]) -> Iterator[Finding]:
    first: dict[str, _Row] = {}
    for row in rows:
        if "id" not in row.values:
            continue
        name = row.values["id"]
        if not name:
            yield row.finding("no id")
        elif name in first:
            yield row.finding(f"id {name} is used at {first[name].where} already")
        first.setdefault(name, row)


def _pair_problems(rows: Sequence[_Row]) -> Iterator[Finding]:
    pairs = defaultdict(list)
    for row in rows:
        if row.values.get("pair"):
            pairs[row.values["pair"]].append(row)
    for name, members in pairs.items():
        if sorted(str(tidy_label(row.values["label"])) for row in members) != ["BPO", "KPO"]:
            yield members[0].finding(
                f"pair {name} is not one KPO and one BPO row ({len(members)} rows)"
            )


def _duplicate_problems(rows: Sequence[_Row]) -> Iterator[Finding]:
    first: dict[str, _Row] = {}
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
