"""The shipped corpus keeps its promises."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from kpoclf.corpus.datasheet import datasheet
from kpoclf.corpus.mixed import read_mixed
from kpoclf.corpus.rows import COLUMNS, corpus_files, read_corpus, read_second_reading
from kpoclf.corpus.sentences import read_sentences
from kpoclf.resources import shipped
from kpoclf.tables.check import check_files
from kpoclf.taxonomy import load_taxonomy
from kpoclf.text.words import split_words

SHARED = shipped("data").parent.parent / "shared"
SHINGLE = 8
WORD = re.compile(r"\w+(?:'\w+)*")


@pytest.fixture(scope="module")
def rows():
    return read_corpus()


def test_the_corpus_check_finds_nothing():
    findings, n_rows, _ = check_files(corpus_files())
    assert [str(f) for f in findings] == []
    assert n_rows >= 5000


def test_every_file_has_the_columns_of_the_corpus_in_their_order():
    for path in corpus_files():
        with path.open(encoding="utf-8", newline="") as stream:
            assert tuple(next(csv.reader(stream))) == COLUMNS, path.name


def test_every_service_has_forty_rows_and_every_kind_out_of_scope_fifteen(rows):
    taxonomy = load_taxonomy()
    counted = Counter(row.service for row in rows)
    assert set(counted) == {*taxonomy.services, *taxonomy.out_of_scope}
    assert {s: counted[s] for s in taxonomy.services if counted[s] < 40} == {}
    assert {s: counted[s] for s in taxonomy.out_of_scope if counted[s] < 15} == {}


def test_hard_rows_are_few_of_kpo_and_more_of_bpo(rows):
    share = {
        label: sum(r.hard for r in rows if r.label == label) / sum(r.label == label for r in rows)
        for label in ("KPO", "BPO")
    }
    assert 0 < share["KPO"] <= 0.03
    assert 0.05 <= share["BPO"] <= 0.08


def test_registers_and_varieties_keep_to_their_shares(rows):
    work = [row for row in rows if row.label != "OTHER"]
    share = {name: n / len(work) for name, n in Counter(row.register for row in work).items()}
    assert 0.28 <= share["task"] <= 0.38
    assert 0.18 <= share["full-posting"] <= 0.26
    for register in ("first-person", "statement-of-work", "brief", "title-line", "bullets"):
        assert 0.04 <= share[register] <= 0.09, register
    postings = [row for row in rows if row.register == "full-posting"]
    assert len(postings) >= 800
    assert sum(len(row.text.split()) >= 100 for row in postings) >= len(postings) / 2
    american = sum(row.variety == "en-US" for row in work) / len(work)
    assert 0.45 <= american <= 0.55


def test_no_phrase_of_four_words_is_a_habit_of_a_service(rows):
    """A writer's pet phrase would stand for the service."""
    for service in {row.service for row in rows if row.label != "OTHER"}:
        texts = [row.text for row in rows if row.service == service]
        counted = Counter(p for text in texts for p in set(phrases(text)))
        phrase, n = counted.most_common(1)[0]
        assert n <= max(4, len(texts) // 10), (service, phrase)


def phrases(text):
    words = split_words(text)
    return zip(words, words[1:], words[2:], words[3:], strict=False)


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
    sheet = datasheet(rows, load_taxonomy(), read_second_reading())
    counted = Counter(r.label for r in rows)
    assert f"| rows | {counted['KPO']:,} | {counted['BPO']:,} | {counted['OTHER']:,} |" in sheet
    for slug, n in Counter(r.service for r in rows).items():
        assert f"| `{slug}` | {load_taxonomy().label_of(slug)} | {n} |" in sheet
    assert "Language models wrote every row" in sheet


def test_the_second_reading_is_told_with_its_agreement(rows):
    readings = read_second_reading()
    assert len(readings) >= 600
    taxonomy = load_taxonomy()
    for reading in readings:
        assert taxonomy.label_of(reading["service"]) == reading["label"], reading["id"]
        assert taxonomy.label_of(reading["second_service"]) == reading["second_label"]
        remarked = reading["remark"] or reading["label"] != reading["second_label"]
        assert bool(reading["settled"]) == bool(remarked), reading["id"]
    sheet = datasheet(rows, taxonomy, readings)
    assert f"| KPO, BPO or OTHER | {len(readings):,} |" in sheet


def test_kappa_is_that_of_cohen():
    def reading(i, label, second):
        service = {"KPO": "legal-research", "BPO": "payroll", "OTHER": "not-a-task"}
        record = {"id": str(i), "label": label, "second_label": second}
        record |= {"remark": "", "settled": "" if label == second else "kept"}
        return record | {"service": service[label], "second_service": service[second]}

    # 20 yes-yes, 15 no-no, 5 and 10 mixed: kappa .4, the usual textbook example.
    table = [("KPO", "KPO", 20), ("KPO", "BPO", 5), ("BPO", "KPO", 10), ("BPO", "BPO", 15)]
    found = [(a, b) for a, b, n in table for _ in range(n)]
    readings = [reading(i, a, b) for i, (a, b) in enumerate(found)]
    assert "| KPO, BPO or OTHER | 50 | 70.0% | 0.400 |" in datasheet([], load_taxonomy(), readings)


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
    ours = {shingle: row.where for row in rows for shingle in shingles(row.text)}
    ours |= {shingle: s.id for s in read_sentences() for shingle in shingles(s.text)}
    ours |= {shingle: m.id for m in read_mixed() for shingle in shingles(m.text)}
    assert len(ours) > 100_000
    shared = [(ours[s], s) for text in foreign_texts() for s in shingles(text) if s in ours]
    assert shared == []
