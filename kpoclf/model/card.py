"""The card of a model: what it is, what it was made from, what it can do, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["model_card"]


def model_card(description: Mapping[str, Any]) -> str:
    """Card made from a model's description alone.

    Parameters
    ----------
    description : mapping
        Content of ``model.json``.

    Returns
    -------
    str
        Markdown.
    """
    corpus, sizes = description["corpus"], description["sizes"]
    counts = ", ".join(f"{n:,} {label}" for label, n in corpus.get("labels", {}).items())
    lines = [
        f"# kpoclf model {description['id'][:12]}",
        "",
        "Generated from `model.json`; do not edit.",
        "",
        "## What it does",
        "Says of an English job posting or task description whether the work is KPO (knowledge",
        "process) or BPO (business process), with a confidence, a status (`ok`, `review`,",
        "`out_of_scope`), a likely service, and reasons: words, sentences, nine criteria. TF-IDF over",
        "stems and pairs of stems; logistic regression averaged with naive Bayes. It reads words, not",
        "meaning: it does not know who does the work or where.",
        "",
        "## Intended use",
        "Tagging postings in bulk for statistics, search and routing, with a person looking at",
        "what has the status `review`; measuring on your own labelled rows first (`kpoclf evaluate`).",
        "",
        "## What it was made from",
        f"{corpus.get('rows', 0):,} labelled rows ({counts}), {len(description['services'])} services,"
        f" digest `{corpus.get('digest', '')[:16]}`.",
        f"{sizes['stems']:,} stems, {sizes['bigrams']:,} pairs, {sizes['forms']:,} surface forms; "
        f"{sizes.get('sentence_stems', 0):,} stems of sentences.",
        "",
        "## Figures",
        "From cross-validation on those rows; 95 % intervals by resampling groups. Label and scope:",
        "services (or near-duplicates) of a fold kept together, so that each is asked of work it",
        "was not trained on. Service: near-duplicates kept together, and found only where the",
        "label is right too. Sentences: near-duplicates kept together. Calibration and",
        "thresholds were fitted on these same scores, which flatters log loss, Brier, ECE and",
        "criteria a little. Figures on real postings are not part of the model: they are in the",
        "project's README and docs/accuracy.md for the shipped one, and lower for sentences,",
        "criteria and services.",
        "",
        "| measure | value | 95 % interval | rows |",
        "| --- | --- | --- | --- |",
    ]
    for name, figure in description["figures"].items():
        low, high = figure.get("interval") or (None, None)
        interval = f"{low:.3f} to {high:.3f}" if low is not None else ""
        lines.append(f"| {name} | {figure['value']:.3f} | {interval} | {figure['n']:,} |")
    lines += ["", "## Status", *_status(description)]
    lines += [
        "",
        "## Limits",
        "- Mixed work (a bookkeeper who also forecasts): there the label is often wrong and the",
        "  confidence too high; not all of such texts get the status `review`.",
        "- Criteria are read from the words of single sentences, not inferred; poles that ads seldom",
        "  state (value, outcomes, decisions, geography) are seldom found.",
        "- Service: the first of the ranked services is often a neighbour of the right one.",
        "- Other languages than English: most come back as `out_of_scope`, not all.",
        "- The training rows were written by language models; their style is not that of every ad.",
        "",
        "## Who may be harmed by a wrong label",
        "- People whose job is called routine or outsourceable on the strength of a label: it",
        "  describes a text, not the person, the pay or the worth of the work. Do not use it to",
        "  decide on pay, grading, hiring, dismissal or the moving of a job.",
        "- Applicants who are shown fewer or other ads because a posting was tagged wrongly.",
        "- Analysts who count labels of mixed, short or unusual postings as if they were facts:",
        "  leave out or read the rows for `review`, and report their share.",
        "",
        "## Made with",
        ", ".join(f"{name} {version}" for name, version in description["versions"].items()),
        "",
    ]
    return "\n".join(lines)


def _status(description: Mapping[str, Any]) -> list[str]:
    thresholds, review = description["thresholds"], description["review"]
    lines = [
        f"`out_of_scope` below a scope probability of {thresholds['scope']:.3f}, with less than "
        f"{thresholds['known_share']:.0%}",
        "known words, or with no known term at all. `review` with fewer than "
        f"{thresholds['min_terms']} known terms or above",
    ]
    if review is None:
        return [
            *lines,
            f"a review score of {thresholds['review_score']:.3f} (twice the distance of the confidence "
            "from 1).",
        ]
    lines += [
        f"a review score of {thresholds['review_score']:.3f}. The score is made of the margin of the "
        "label, the number of known",
        "terms and a head that tells texts with duties on both sides; it was fitted on rows",
        "whose label was wrong out of fold and on mixed texts. Error among the rows not",
        "reviewed, near-duplicates kept together; the bound is the upper end of a one-sided 90 %",
        "bootstrap interval, of statements or of postings, whichever is larger. It holds for",
        "text like the rows.",
        "",
        "| reviewed | error of the rest | bound |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {point['share']:.0%} | {point['error']:.3f} | {point['bound']:.3f} |"
        for point in review["curve"]
        if round(100 * point["share"]) in (0, 2, 5, 10, 15, 20, 25, 30, 40, 50)
    ]
    return lines
