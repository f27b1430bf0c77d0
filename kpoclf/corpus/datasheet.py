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
_LONG = 100  # words of a posting as long as real ones


def datasheet(
    rows: Sequence[LabelledRow], taxonomy: Taxonomy, readings: Sequence[Mapping[str, str]]
) -> str:
    """Datasheet made from the rows and the second reading, in the headings of Gebru et al. (2021).

    Parameters
    ----------
    rows : sequence of LabelledRow
    taxonomy : Taxonomy
    readings : sequence of mapping
        Records of ``second-reading.csv``.

    Returns
    -------
    str
        Markdown.
    """
    by_label = {label: [r for r in rows if r.label == label] for label in _LABELS}
    real = [r for r in rows if r.label != "OTHER"]
    american = sum(r.variety == "en-US" for r in real) / max(len(real), 1)
    pairs = len({r.pair for r in rows} - {""})
    lines = [
        "# The corpus",
        "",
        "Made from the rows by `python -m kpoclf.cli.documents`; do not edit.",
        "",
        "## Motivation",
        "To train and test kpoclf. No public data set has job postings labelled KPO and BPO.",
        "",
        "## Composition",
        f"{len(rows):,} texts, each with a label and a service: {_counts(by_label)}. `OTHER` texts",
        "state work of neither kind, or none, or are not in English. Labels and services follow an",
        "article on the difference between KPO and BPO; `taxonomy.toml` gives the definitions and the",
        "article's section for each service, or why a service stands beside one that it names. Texts",
        "name no person; the employers are invented.",
        "",
        "| | " + " | ".join(_LABELS) + " |",
        "| --- |" + " --- |" * len(_LABELS),
        _row("rows", {k: f"{len(v):,}" for k, v in by_label.items()}),
        _row("median words", {k: str(_median_words(v)) for k, v in by_label.items()}),
        _row("full postings of 100 words or more", {k: str(_long(v)) for k, v in by_label.items()}),
        _row("wording leans to the other label (`hard`)", _shares(by_label)),
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
    lines += [
        "",
        f"{american:.0%} of the KPO and BPO rows are in American English. {pairs} pairs of full postings",
        "share employer, prose and length, one KPO and one BPO, so that style carries no label.",
        "",
        "## Collection process",
        "Language models wrote every row for this project, from the taxonomy and `GUIDE.md`. Nothing is",
        "copied from postings, occupation databases or the article; no row shares eight words in a row",
        "with the article or with the real text that kpoclf is measured on. The writers of the newer",
        "half wrote KPO and BPO services in turn, in one voice; those of the older half one label at a",
        "time, and that shows in their style.",
        "",
        "## Preprocessing, cleaning and labelling",
        "A row's writer gave its label and service. Another reader, also a language model, read every",
        "row but some seventy of the newest postings; what was unnatural or near another row was mended",
        "or dropped, what was doubtful looked at again. No person has read all of it.",
        "",
        *_agreement(readings),
        "`kpoclf corpus check` finds near-duplicates, unknown labels and services, and texts whose",
        "encoding is broken; it passes.",
        "",
        "## Beside the rows",
        "`sentences/` and `criteria/`: single sentences of postings, each labelled by duty (KPO, BPO,",
        "none) and by the criteria that its words show. `first_` and `second_` columns hold what the",
        "writer or first reader gave and what a second reader gave without seeing it; a sentence on",
        "whose task they differed was left out, and criteria are those of either. In the older files",
        "nature and complexity were settled by a third reading, after their meaning had been made",
        "clearer; a second reader of the newest files could guess part of the task from the",
        "sentences' ids. `drawn-from-postings.csv` was drawn at random from the postings here: it",
        "says how common each label is.",
        "",
        "`glossary/`: words and phrases of each service's trade, written in the same way, without sight",
        "of the rows. They teach the service head, nothing else.",
        "",
        "`mixed/`: texts whose work lies on both sides. A reader who saw them among clear ones called",
        "all of the first 236 mixed (the others were not read again); they train no label, only the",
        "review score.",
        "",
        "## Uses",
        "Training and testing kpoclf. How good it is on real postings these rows cannot say: their",
        "prose is tidier than real ads, and models of one family wrote and read them. They are no",
        "sample of the labour market and must not be used to count jobs.",
        "",
        "## Distribution",
        "With the package, under BSD-3-Clause, as the code.",
        "",
        "## Maintenance",
        "Rows are added and mended in `data/corpus/` by the rules of `GUIDE.md`; the shipped model, its",
        "figures and this page are rebuilt with them. An id is never used again.",
        "",
    ]
    return "\n".join(lines)


def _agreement(readings: Sequence[Mapping[str, str]]) -> list[str]:
    """What a second reader, who saw the texts alone, made of them."""
    if not readings:
        return []
    service = [r for r in readings if r["label"] == r["second_label"] != "OTHER"]
    work = [r for r in readings if "OTHER" not in (r["label"], r["second_label"])]
    differ = sum(r["label"] != r["second_label"] for r in readings)
    remarked = [r for r in readings if r["settled"]]
    doubtful = sum(r["remark"] == "doubtful" for r in remarked)
    settled = Counter(r["settled"] for r in remarked)
    told = ", ".join(f"{count} {how}" for how, count in sorted(settled.items()))
    return [
        f"Second reading: other readers were given {len(readings):,} rows with label and service",
        "hidden (`second-reading.csv`). Agreement with the writer:",
        "",
        "| | rows | agree | Cohen's κ |",
        "| --- | --- | --- | --- |",
        _agreed("KPO, BPO or OTHER", readings, "label"),
        _agreed("KPO or BPO, where both say it is one", work, "label"),
        _agreed("service, where both give the same label", service, "service"),
        "",
        f"The label differs in {differ} rows. The reader called {doubtful} rows doubtful, though giving",
        f"them the writer's label, and remarked on the wording of {len(remarked) - doubtful} more.",
        f"Each was settled by itself: {told}.",
        "Writers and readers are models of one family: their errors may agree, so this bounds",
        "consistency, not truth.",
        "",
    ]


def _agreed(name: str, readings: Sequence[Mapping[str, str]], column: str) -> str:
    from nltk.metrics.agreement import AnnotationTask  # over a second to import

    judged = [
        (coder, reading["id"], reading[key])
        for reading in readings
        for coder, key in (("writer", column), ("reader", f"second_{column}"))
    ]
    same = sum(r[column] == r[f"second_{column}"] for r in readings) / len(readings)
    kappa = AnnotationTask(data=judged).kappa()
    return f"| {name} | {len(readings):,} | {same:.1%} | {kappa:.3f} |"


def _counts(by_label: Mapping[str, Sequence[LabelledRow]]) -> str:
    return ", ".join(f"{len(found):,} {label}" for label, found in by_label.items())


def _long(rows: Sequence[LabelledRow]) -> int:
    return sum(r.register == "full-posting" and len(r.text.split()) >= _LONG for r in rows)


def _shares(by_label: Mapping[str, Sequence[LabelledRow]]) -> dict[str, str]:
    return {
        label: f"{sum(r.hard for r in found) / max(len(found), 1):.1%}"
        for label, found in by_label.items()
    }


def _row(name: str, values: Mapping[str, str]) -> str:
    return f"| {name} | " + " | ".join(values[label] for label in _LABELS) + " |"


def _median_words(rows: Sequence[LabelledRow]) -> int:
    lengths = sorted(len(split_words(r.text)) for r in rows)
    return lengths[len(lengths) // 2] if lengths else 0
