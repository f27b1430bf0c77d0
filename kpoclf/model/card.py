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
        "`out_of_scope`) and a likely service. TF-IDF over stems and pairs of stems; logistic",
        "regression. It reads words, not meaning: it does not know who does the work or where.",
        "",
        "## What it was made from",
        f"{corpus.get('rows', 0):,} labelled rows ({counts}), {len(description['services'])} services,"
        f" digest `{corpus.get('digest', '')[:16]}`.",
        f"{sizes['stems']:,} stems, {sizes['bigrams']:,} pairs, {sizes['forms']:,} surface forms.",
        "",
        "## Figures",
        "From cross-validation on those rows with the services (or near-duplicates) of a fold kept",
        "together (label and scope: services; service: near-duplicates); 95 % intervals by resampling",
        "these groups. The calibration was fitted on these same scores, which flatters log loss, Brier",
        "and ECE a little. Figures on real postings are not part of the model: measure them on labelled",
        "rows of your own with `kpoclf evaluate`.",
        "",
        "| measure | value | 95 % interval | rows |",
        "| --- | --- | --- | --- |",
    ]
    for name, figure in description["figures"].items():
        low, high = figure.get("interval") or (None, None)
        interval = f"{low:.3f} to {high:.3f}" if low is not None else ""
        lines.append(f"| {name} | {figure['value']:.3f} | {interval} | {figure['n']:,} |")
    thresholds = description["thresholds"]
    lines += [
        "",
        "## Status",
        f"`review` above a review score of {thresholds['review_score']:.3f} (twice the distance of the",
        f"confidence from 1) or with fewer than {thresholds['min_terms']} known terms. `out_of_scope`",
        f"below a scope probability of {thresholds['scope']:.3f}, with less than",
        f"{thresholds['known_share']:.0%} known words, or with no known term at all.",
        "",
        "## Do not",
        "- use the label to decide on a person's pay, hiring or dismissal: it describes a text;",
        "- use it on other languages than English: most come back as `out_of_scope`, not all;",
        "- take `review` rows as decided.",
        "",
        "## Made with",
        ", ".join(f"{name} {version}" for name, version in description["versions"].items()),
        "",
    ]
    return "\n".join(lines)
