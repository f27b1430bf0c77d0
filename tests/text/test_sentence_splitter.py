"""Sentences of job ads: prose, bullets and lines run together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.text.sentences import SentenceSplitter

SPLITTER = SentenceSplitter(
    frozenset({"e.g", "inc", "etc", "approx", "p.m"}), frozenset({"we", "you", "apply", "the"})
)


def cut(text):
    return [text[start:end] for start, end in SPLITTER.spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Key forms. Answer calls.", ["Key forms.", "Answer calls."]),
        ("Fancy your luck?Apply now!", ["Fancy your luck?", "Apply now!"]),
        ("Sort post (mail, parcels, etc.) and file it.", 1),
        ("Sort post (mail, parcels, etc.) We pay well.", 2),
        ("Sort post, parcels, etc. We pay well.", 2),
        ("Sort post, parcels, etc. Monthly and weekly.", 1),
        ("Use tools, e.g. Excel or Word.", 1),
        ("Bluefern Inc. Ledger team, night shift.", 1),
        ("Report to J. Doe in the U.S. Treasury team.", 1),
        ("Open from 9 a.m. to 5 p.m. Monday to Friday.", 1),
        ("Salary 2.5 lakh, version 3.11 needed.", 1),
        ("Write to jobs@Example.Org or www.Example.Org/Jobs today.", 1),
        ("Skilled in Node.js, ASP.NET and C#.", 1),
        (
            "Good pay and pensionYou will key forms.",
            ["Good pay and pension", "You will key forms."],
        ),
        ("Know QuickBooks, PowerPoint and JavaScript.", 1),
        ("- Key forms\n- File post\n", ["Key forms", "File post"]),
        ("• Key forms • File post", ["Key forms", "File post"]),
        ("Duties: * Key forms * File post", ["Duties:", "Key forms", "File post"]),
        ("Skills: - Typing - Filing", ["Skills:", "Typing", "Filing"]),
        ("1. Key forms 2. File post 3) Scan", ["Key forms", "File post", "Scan"]),
        ("A well-known firm - small but proud.", 1),
        ("Duties\r\n\r\nKey forms\rFile post", ["Duties", "Key forms", "File post"]),
        (
            "You will key the forms that arrive by post every\nmorning and file them.",
            ["You will key the forms that arrive by post every\nmorning and file them."],
        ),
        ("-----\n***\n42\n", []),
        ("", []),
        ("   \n ", []),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text, expected):
    found = cut(text)
    assert (len(found) if isinstance(expected, int) else found) == expected


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(alphabet="abcWeYou.!?()•*-–12 \n\r\t'\"@/İ\u2028\ud800", max_size=80))
def test_for_every_text_spans_are_in_order_without_overlap_and_lose_no_letter(text):
    spans = SPLITTER.spans(text)
    ends = [0, *(end for _, end in spans)]
    for (start, end), before in zip(spans, ends, strict=False):
        assert before <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    inside = {i for start, end in spans for i in range(start, end)}
    lost = [i for i, c in enumerate(text) if c.isalpha() and i not in inside]
    # A lone "o" before a capital is a bullet of word processors.
    assert [i for i in lost if text[i] != "o"] == []
