"""Corpus files become rows; their digest changes with what training uses."""

from dataclasses import replace

import pytest

from kpoclf.corpus import rows as module
from kpoclf.corpus.rows import COLUMNS, LabelledRow, corpus_digest, corpus_files, read_corpus
from kpoclf.errors import CorpusError

LINE = 'a1,"Key forms, daily.",BPO,data-entry,task,en-US,p1,1\n'
ROW = LabelledRow("Key forms.", "BPO", "data-entry", "p1", "task", "en-US", where="a.csv, a1")


def test_a_file_becomes_rows_in_its_order(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        ",".join(COLUMNS) + "\n" + LINE + LINE.replace("a1", "a2").replace(",1\n", ",0\n")
    )
    first, second = read_corpus([path])
    assert first == LabelledRow(
        text="Key forms, daily.",
        label="BPO",
        service="data-entry",
        pair="p1",
        register="task",
        variety="en-US",
        hard=True,
        where="a.csv, a1",
    )
    assert (second.where, second.hard) == ("a.csv, a2", False)


def test_columns_in_another_order_and_a_byte_order_mark_are_read(tmp_path):
    path = tmp_path / "a.csv"
    header = ",".join(reversed(COLUMNS))
    path.write_text(f"{header}\n0,,en-US,task,data-entry,BPO,Key forms,a1\n", "utf-8-sig")
    assert read_corpus([path])[0].text == "Key forms"


def test_a_missing_column_names_the_command_that_says_more(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text,label\n")
    with pytest.raises(CorpusError, match=r"a\.csv: no column 'service': run kpoclf corpus check"):
        read_corpus([path])


def test_a_corpus_without_files_is_an_error(monkeypatch):
    monkeypatch.setattr(module, "corpus_files", list)
    with pytest.raises(CorpusError, match="the shipped corpus is missing"):
        read_corpus()


def test_the_files_are_sorted_by_name():
    names = [path.name for path in corpus_files()]
    assert names == sorted(names)
    assert names


@pytest.mark.parametrize("field", ["text", "label", "service", "pair"])
def test_the_digest_changes_with_what_training_uses(field):
    assert corpus_digest([replace(ROW, **{field: "x"})]) != corpus_digest([ROW])


def test_the_digest_is_the_same_for_the_same_rows_from_another_place():
    assert corpus_digest([replace(ROW, where="b.csv, 9", hard=True)]) == corpus_digest([ROW])


def test_the_digest_knows_where_a_field_ends_and_rows_change_places():
    one, other = LabelledRow("ab", "KPO"), LabelledRow("a", "bKPO")
    assert corpus_digest([one]) != corpus_digest([other])
    assert corpus_digest([one, ROW]) != corpus_digest([ROW, one])
    assert corpus_digest([LabelledRow("\ud800", "KPO")])  # a lone surrogate of a JSON file
