"""The corpus described in figures, as Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.taxonomy import Taxonomy

__all__ = ["datasheet"]

_LABELS = ("KPO", "BPO", "OTHER")


def datasheet(rows: Sequence[LabelledRow], taxonomy: Taxonomy) -> str:
    """Datasheet made from the rows alone.

    Parameters
    ----------
    rows : sequence of LabelledRow
    taxonomy : Taxonomy

    Returns
    -------
    str
        Markdown.
    """
    by_label = {label: [r for r in rows if r.label == label] for label in _LABELS}
    lines = [
        "# The corpus",
        "",
        "Made from the rows by `python -m kpoclf.cli.documents`; do not edit.",
        "",
        "## What it is",
        f"{len(rows):,} labelled texts in English (and some in other languages, labelled `OTHER`) for",
        "training kpoclf. Labels and services follow an article on the difference between KPO and BPO;",
        "`taxonomy.toml` gives the definitions and the article's section for each service.",
        "",
        "## How it was made",
        "Language models wrote every row for this project, from the taxonomy and `GUIDE.md`; nothing is",
        "copied from postings, occupation databases or the article. Another reader, also a language",
        "model, read each row with its label and kept, mended or dropped it. No person has read all of",
        "it, and a blind second labelling has not been done. Expect tidier prose than real ads have.",
        "",
        "## Figures",
        "",
        "| | " + " | ".join(_LABELS) + " |",
        "| --- |" + " --- |" * len(_LABELS),
        _row("rows", {k: f"{len(v):,}" for k, v in by_label.items()}),
        _row("median words", {k: str(_median_words(v)) for k, v in by_label.items()}),
        _row("marked hard", {k: f"{_share(v):.1%}" for k, v in by_label.items()}),
    ]
    for title, key in (("register", "register"), ("variety", "variety")):
        values = Counter(getattr(r, key) for r in rows)
        lines += [
            "",
            f"| {title} | " + " | ".join(_LABELS) + " |",
            "| --- |" + " --- |" * len(_LABELS),
        ]
        for value, _ in sorted(values.items(), key=lambda item: (-item[1], item[0])):
            counts = {k: str(sum(getattr(r, key) == value for r in v)) for k, v in by_label.items()}
            lines.append(_row(f"`{value}`", counts))
    per_service = Counter(r.service for r in rows)
    lines += ["", "| service | label | rows |", "| --- | --- | --- |"]
    for slug in (*taxonomy.services, *taxonomy.out_of_scope):
        lines.append(f"| `{slug}` | {taxonomy.label_of(slug)} | {per_service[slug]} |")
    pairs = len({r.pair for r in rows} - {""})
    lines += [
        "",
        f"{pairs} pairs of full postings share employer, prose and length, one KPO and one BPO, so that",
        "style carries no label.",
        "",
        "## Uses",
        "Training and testing kpoclf. How good it is on real postings, these rows cannot say.",
        "BSD-3-Clause, as the code.",
        "",
    ]
    return "\n".join(lines)


def _row(name: str, values: Mapping[str, str]) -> str:
    return f"| {name} | " + " | ".join(values[label] for label in _LABELS) + " |"


def _median_words(rows: Sequence[LabelledRow]) -> int:
    lengths = sorted(len(split_words(r.text)) for r in rows)
    return lengths[len(lengths) // 2] if lengths else 0


def _share(rows: Sequence[LabelledRow]) -> float:
    return sum(r.hard for r in rows) / len(rows) if rows else 0.0
