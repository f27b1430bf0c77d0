"""The shipped corpus keeps its promises."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from kpoclf.corpus.check import check_files
from kpoclf.corpus.datasheet import datasheet
from kpoclf.corpus.rows import COLUMNS, corpus_files, read_corpus
from kpoclf.resources import shipped
from kpoclf.taxonomy import load_taxonomy
from kpoclf.text.words import split_words

SHARED = shipped("data").parent.parent / "shared"
SHINGLE = 8
WORD = re.compile(r"\w+(?:'\w+)*")


@pytest.fixture(scope="module")
def rows():
    return read_corpus()


def test_the_corpus_check_finds_nothing():
    findings, n_rows = check_files(corpus_files())
    assert [str(f) for f in findings] == []
    assert n_rows >= 1500


def test_every_file_has_the_columns_of_the_corpus_in_their_order():
    for path in corpus_files():
        with path.open(encoding="utf-8", newline="") as stream:
            assert tuple(next(csv.reader(stream))) == COLUMNS, path.name


def test_every_service_has_fifteen_rows_and_every_kind_out_of_scope_ten(rows):
    taxonomy = load_taxonomy()
    counted = Counter(row.service for row in rows)
    assert set(counted) == {*taxonomy.services, *taxonomy.out_of_scope}
    assert {s: counted[s] for s in taxonomy.services if counted[s] < 15} == {}
    assert {s: counted[s] for s in taxonomy.out_of_scope if counted[s] < 10} == {}


def test_hard_rows_are_few_of_kpo_and_more_of_bpo(rows):
    share = {
        label: sum(r.hard for r in rows if r.label == label) / sum(r.label == label for r in rows)
        for label in ("KPO", "BPO")
    }
    assert 0 < share["KPO"] <= 0.03
    assert 0.05 <= share["BPO"] <= 0.08


def test_every_pair_is_one_kpo_and_one_bpo_full_posting(rows):
    pairs = defaultdict(list)
    for row in rows:
        if row.pair:
            pairs[row.pair].append(row)
    assert pairs
    for name, members in pairs.items():
        assert sorted(r.label for r in members) == ["BPO", "KPO"], name
        assert {r.register for r in members} == {"full-posting"}, name


def test_the_postings_of_a_pair_are_of_like_length(rows):
    lengths = defaultdict(list)
    for row in rows:
        if row.pair:
            lengths[row.pair].append(len(split_words(row.text)))
    ratios = sorted(max(pair) / min(pair) for pair in lengths.values())
    assert ratios[len(ratios) // 2] < 1.25


def test_the_datasheet_tells_the_rows_of_each_label_and_of_every_service(rows):
    sheet = datasheet(rows, load_taxonomy())
    counted = Counter(r.label for r in rows)
    assert f"| rows | {counted['KPO']:,} | {counted['BPO']:,} | {counted['OTHER']:,} |" in sheet
    for slug, n in Counter(r.service for r in rows).items():
        assert f"| `{slug}` | {load_taxonomy().label_of(slug)} | {n} |" in sheet
    assert "Language models wrote every row" in sheet


def shingles(text):
    words = WORD.findall(text.lower().replace("’", "'"))
    return {" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}


def foreign_texts():
    """The article, and every cell of the evaluation tables."""
    csv.field_size_limit(1 << 30)
    yield (SHARED / "article.txt").read_text(encoding="utf-8")
    for path in sorted(Path(SHARED, "evaluation").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for record in csv.reader(stream):
                yield from record


@pytest.mark.skipif(not (SHARED / "evaluation").is_dir(), reason="the evaluation texts are absent")
def test_no_row_shares_eight_words_in_a_row_with_the_article_or_the_evaluation_texts(rows):
    ours = {shingle: row for row in rows for shingle in shingles(row.text)}
    assert len(ours) > 20_000
    shared = [(ours[s].where, s) for text in foreign_texts() for s in shingles(text) if s in ours]
    assert shared == []
