"""The prose of hiring is what postings of all labels share and duties do without."""

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.learn.hiring_words import derive_hiring_words
from kpoclf.text.stopwords import hiring_words


def rows(kpo, bpo, other, duty):
    """Ten postings of each label and ten statements of duties with given words."""
    texts = (("KPO", kpo), ("BPO", bpo), ("OTHER", other))
    found = [LabelledRow(t, label, register="full-posting") for label, t in texts] * 10
    return found + [LabelledRow(duty, "BPO", register="task")] * 10


def test_a_word_of_all_postings_that_duties_lack_is_prose_of_hiring():
    both = rows("salary advise", "salary key", "salary drive", "key invoices daily")
    assert derive_hiring_words(both) == ["salary"]


def test_a_word_of_one_label_is_not():
    assert derive_hiring_words(rows("salary", "invoices", "salary", "key")) == []


def test_a_word_that_leans_to_one_label_is_not():
    """All KPO postings hold it; first 4 of 14 BPO postings, then 8 of 18."""
    leaning = rows("salary", "invoices", "salary", "key")
    leaning += [LabelledRow("salary", "BPO", register="full-posting")] * 4
    assert derive_hiring_words(leaning) == []
    leaning += [LabelledRow("salary", "BPO", register="full-posting")] * 4
    assert derive_hiring_words(leaning) == ["salary"]


def test_a_word_that_only_work_postings_hold_is_not():
    assert derive_hiring_words(rows("salary", "salary", "drive", "key")) == []


def test_a_word_that_duties_use_as_much_is_not():
    assert derive_hiring_words(rows("salary", "salary", "salary", "compute salary")) == []


def test_function_words_and_texts_in_other_languages_do_not_count():
    foreign = [
        LabelledRow("gehalt", x, register="full-posting", variety="de")
        for x in ("KPO", "BPO", "OTHER")
    ]
    assert derive_hiring_words([*rows("the", "the", "the", "key"), *foreign]) == []


def test_the_shipped_list_is_what_the_shipped_corpus_gives():
    assert hiring_words() == frozenset(derive_hiring_words(read_corpus()))
