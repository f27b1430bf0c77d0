"""The labelled sentences: whole, original, agreed on by two readers."""

import csv
from collections import Counter

import pytest
from nltk.metrics.agreement import AnnotationTask

from kpoclf.corpus.sentences import (
    SENTENCE_COLUMNS,
    parse_criteria,
    read_sentences,
    sentence_files,
)
from kpoclf.corpus.similarity import near_duplicates
from kpoclf.errors import CorpusError


@pytest.fixture(scope="module")
def records():
    found = []
    for path in sentence_files():
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            assert tuple(reader.fieldnames) == SENTENCE_COLUMNS, path.name
            found += list(reader)
    return found


def test_there_are_fifteen_hundred_sentences_and_most_kinds_of_each_task(records):
    sentences = read_sentences()
    assert len(sentences) == len(records) >= 1500
    counted = Counter(s.task for s in sentences)
    assert min(counted["KPO"], counted["BPO"]) >= 400
    assert counted["NONE"] >= 600
    assert len({s.id for s in sentences}) == len(sentences)


def test_no_sentence_is_near_another():
    assert near_duplicates([s.text for s in read_sentences()], threshold=0.7) == []


def test_two_readers_agree_on_the_task_and_mostly_on_the_criteria(records):
    judged = [
        (coder, r["id"], r[f"{coder}_task"]) for r in records for coder in ("first", "second")
    ]
    assert AnnotationTask(data=judged).kappa() > 0.97
    hits = given = 0
    for record in records:
        first, second = (parse_criteria(record[f"{c}_criteria"]) for c in ("first", "second"))
        hits += 2 * len(first & second)
        given += len(first) + len(second)
    assert hits / given > 0.85  # micro-F1 of criterion and pole


@pytest.mark.parametrize("cell", ["nature", "nature:", "nature:GOOD", "nature;BPO"])
def test_a_cell_of_criteria_that_cannot_be_read_is_named(cell):
    with pytest.raises(CorpusError, match="write criterion:POLE"):
        parse_criteria(cell)


@pytest.mark.parametrize(
    "odd", [{"task": "MAYBE"}, {"criteria": "colour:KPO"}, {"criteria": "nature"}]
)
def test_an_unknown_task_or_criterion_is_named_with_its_sentence(tmp_path, odd):
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, SENTENCE_COLUMNS)
        writer.writeheader()
        writer.writerow({"id": "s1", "text": "Key forms.", "task": "BPO", "criteria": "", **odd})
    with pytest.raises(
        CorpusError, match=r"a\.csv, s1: (unknown task or criterion|.*write criterion:POLE)"
    ):
        read_sentences([path])
