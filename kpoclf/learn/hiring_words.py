"""The prose of hiring: words that postings of every label share, and statements of duties do not.

``python -m kpoclf.learn.hiring_words`` derives the list from the shipped corpus and writes
``data/hiring-words.txt``; ``--check`` says whether the file is what the corpus gives.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from kpoclf.corpus.rows import read_corpus
from kpoclf.files import whole_file
from kpoclf.resources import shipped
from kpoclf.taxonomy import LABELS
from kpoclf.text.stems import stem
from kpoclf.text.stopwords import FUNCTION_WORDS
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpoclf.corpus.rows import LabelledRow

__all__ = ["derive_hiring_words"]

_DUTIES = ("task", "statement-of-work", "brief")
_SHARE = 0.015  # of the KPO postings, and of the BPO postings; half of it of the others
_BALANCE = 3.0  # between the shares of KPO and BPO
_LIFT = 3.0  # how much likelier a word is in a posting than in a statement of duties


def derive_hiring_words(rows: Sequence[LabelledRow]) -> list[str]:
    """Words whose stem is spread over the full postings of all labels, and rare in duties.

    A stem is prose of hiring if it occurs in at least 1.5 % of the KPO postings and of the BPO postings
    and 0.75 % of the others, in at most three times as many of one label as of the other, and its share
    of the words of postings is at least three times its share of the words of duties.

    Parameters
    ----------
    rows : sequence of LabelledRow

    Returns
    -------
    list of str
        The commonest form of each such stem in the postings, sorted; function words left out.
    """
    known = {stem(word) for word in FUNCTION_WORDS}
    holders: dict[str, Counter[str]] = {label: Counter() for label in LABELS}
    postings: Counter[str] = Counter()
    forms: Counter[str] = Counter()
    in_postings: Counter[str] = Counter()
    in_duties: Counter[str] = Counter()
    for row in rows:
        if row.variety and not row.variety.startswith("en"):
            continue
        words = split_words(row.text)
        if row.register == "full-posting":
            stems = [stem(word) for word in words]
            postings[row.label] += 1
            holders[row.label].update(set(stems))
            in_postings.update(stems)
            forms.update(words)
        elif row.register in _DUTIES and row.label != "OTHER":
            in_duties.update(map(stem, words))
    n_postings, n_duties = in_postings.total(), in_duties.total()
    found = {}
    for form, _ in forms.most_common():
        s = stem(form)
        if s in known:
            continue
        known.add(s)
        share = {label: holders[label][s] / max(postings[label], 1) for label in LABELS}
        low, high = sorted((share["KPO"], share["BPO"]))
        lift = in_postings[s] / n_postings / ((in_duties[s] + 0.5) / max(n_duties, 1))
        spread = low >= _SHARE and share["OTHER"] >= _SHARE / 2 and high <= _BALANCE * low
        if spread and lift >= _LIFT:
            found[s] = form
    return sorted(found.values())


@click.command()
@click.option(
    "--check", is_flag=True, help="Only say whether the list is up to date; exit 1 if not."
)
def main(check: bool) -> None:
    """Derive the prose of hiring from the shipped corpus."""
    path = shipped("data") / "hiring-words.txt"
    content = "\n".join(derive_hiring_words(read_corpus())) + "\n"
    if check:
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            sys.exit(f"{path.name} is out of date; run python -m kpoclf.learn.hiring_words")
        return
    with whole_file(path) as stream:
        stream.write(content.encode())
    click.echo(f"{path.name}: {content.count(chr(10))} words", err=True)


if __name__ == "__main__":
    main()
