"""Measure the shipped model on folders of real text, beside rivals trained on the same rows.

``python benchmarks/accuracy.py FOLDER`` reads every CSV in the folder that has a column ``text``.
Those with a column ``label`` too are evaluated; of the others it says what the model answers. It
prints Markdown tables. ``--write`` keeps the figures in ``benchmarks/results.json`` with the digests
of the files, all tables in ``docs/accuracy.md`` and the short ones in README.md. The text itself is
not part of this repository. fastText and MiniLM need the extra ``bench``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rivals import EXTRA, RIVALS, Predict
from services import SLUGS

import kpoclf
from kpoclf.corpus.rows import read_corpus
from kpoclf.corpus.sentences import parse_criteria
from kpoclf.judge.status import STATUSES
from kpoclf.learn.figures import (
    Figure,
    bootstrap_weights,
    f1_figure,
    figures,
    paired_difference,
    share_figure,
)
from kpoclf.model.scorer import Scorer
from kpoclf.model.sentence_scorer import SentenceScorer
from kpoclf.tables.labelled import labelled_rows
from kpoclf.taxonomy import POLES, TASKS
from kpoclf.text.stems import stem
from kpoclf.text.words import split_words

HERE = Path(__file__).parent
README, REPORT = HERE.parent / "README.md", HERE.parent / "docs" / "accuracy.md"
CLOSE = "<!-- /figures -->"
MEASURES = {
    "macro_f1": "macro-F1",
    "roc_auc": "ROC AUC",
    "ece": "calibration error",
    "brier": "Brier",
}


def header(path: Path) -> list[str]:
    """Columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream), [])


def column(path: Path, name: str) -> list[str]:
    """Values of a column."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [row[name] or "" for row in csv.DictReader(stream)]


def group_column(path: Path) -> str | None:
    """``occupation_code`` where every row has one: tasks of one occupation are alike."""
    columns = header(path)
    found = "occupation_code" in columns and all(column(path, "occupation_code"))
    return "occupation_code" if found else None


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def measure_labelled(path: Path, model: Any, rivals: dict[str, Predict]) -> dict[str, Any]:
    """Figures of kpoclf and of each rival, and what kpoclf is ahead by on the same resamples."""
    by = "source" if "source" in header(path) else None
    group = group_column(path)
    found = kpoclf.evaluate(model, path, text="text", by=by, group=group)
    rows = labelled_rows(path, text="text", services=False, extra=[group] if group else [])
    rows = [row for row in rows if row.label != "OTHER"]
    kpo = np.array([row.label == "KPO" for row in rows])
    values = [row.extra[group] if group else str(i) for i, row in enumerate(rows)]
    weights = bootstrap_weights(np.unique(values, return_inverse=True)[1])
    texts = [row.text for row in rows]
    ours = model.predict_proba(texts)[:, 1]
    beside, ahead = {}, {}
    for name, predict in rivals.items():
        theirs = predict(texts)
        shown = figures(kpo, theirs, weights)
        beside[name] = {m: shown[m] for m in MEASURES}
        ahead[name] = {
            m: paired_difference(m, kpo, theirs, ours, weights) for m in ("macro_f1", "brier")
        }
    measured = {"kpoclf": found, "rivals": beside, "ahead": ahead}
    judged = model.judge(texts, detail=True)
    flagged = judged.status == "out_of_scope"
    measured["review"] = {
        "review": share_figure(judged.status == "review", weights),
        "out_of_scope": share_figure(flagged, weights),
    }
    found_in = services_found(path, model, texts, weights)
    return measured | ({"services": found_in} if found_in else {})


def services_found(
    path: Path, model: Any, texts: Sequence[str], weights: np.ndarray
) -> dict[str, Figure]:
    """Whether a slug that a row's service name stands for is among the first k services.

    Rows that the model calls out of scope have no service and are left out.
    """
    if "service" not in header(path):
        return {}
    labels, services = column(path, "label"), column(path, "service")
    names = [s for s, label in zip(services, labels, strict=True) if label != "OTHER"]
    if not set(names) <= set(SLUGS):
        return {}
    ranked = [[s.service for s in found] for found in model.judge(texts, detail=True).services]
    kept = np.array([bool(found) for found in ranked])
    rank = np.array(
        [
            next((i for i, slug in enumerate(found) if slug in SLUGS[name]), len(found))
            for name, found in zip(names, ranked, strict=True)
        ]
    )
    return {f"top {k}": share_figure(rank[kept] < k, weights[:, kept]) for k in (1, 3)}


def measure_between(clear: Path, mixed: Path, model: Any) -> Figure:
    """ROC AUC of the review score, mixed texts against clear ones."""
    score, is_mixed = [], []
    for path in (clear, mixed):
        rows = [r for r in labelled_rows(path, text="text", services=False) if r.label != "OTHER"]
        score += model.judge([row.text for row in rows]).review_score.tolist()
        is_mixed += [path == mixed] * len(rows)
    weights = bootstrap_weights(np.arange(len(score)))
    return figures(np.array(is_mixed), np.array(score), weights)["roc_auc"]


def measure_sentences(path: Path, model: Any) -> dict[str, Any]:
    """F1 of task and of criterion and pole on labelled sentences, each read alone."""
    heads = model.trained.sentences
    scorer = SentenceScorer(Scorer(model.trained.weights), heads)
    task, probability = scorer.read(column(path, "sentence"))
    groups = column(path, "ad_id") if "ad_id" in header(path) else column(path, "sentence")
    weights = bootstrap_weights(np.unique(groups, return_inverse=True)[1])
    truth = np.array(column(path, "task"))
    said = np.array(TASKS)[task.argmax(axis=1)]
    criteria = [parse_criteria(cell) for cell in column(path, "criteria")]
    shown = {pole: np.array([pole in found for found in criteria]) for pole in POLES}
    given = dict(zip(POLES, (probability > heads.threshold).T, strict=True))
    tasks = [(truth == t, said == t) for t in TASKS]
    return {
        "task, macro-F1": f1_figure([t for t, _ in tasks], [s for _, s in tasks], weights, "macro"),
        **{f"task {t}, F1": f1_figure([truth == t], [said == t], weights, "micro") for t in TASKS},
        "criterion:pole, micro-F1": f1_figure(
            list(shown.values()), list(given.values()), weights, "micro"
        ),
        **{
            f"{name}:{pole}, F1 ({shown[name, pole].sum()} sentences)": f1_figure(
                [shown[name, pole]], [given[name, pole]], weights, "micro"
            )
            for name, pole in POLES
            if shown[name, pole].sum() >= 10
        },
    }


def measure_unlabelled(path: Path, model: Any) -> dict[str, Any]:
    """What the model answers, and the words that its form table misses though it has their stems."""
    texts = column(path, "text")
    labels = model.judge(texts)
    confidence = labels.confidence
    return {
        "n": len(texts),
        "label": dict(sorted(Counter(labels.label.tolist()).items())),
        "status": dict(sorted(Counter(labels.status.tolist()).items())),
        "confidence": {
            f"below {top:g}": round(float((confidence < top).mean()), 4)
            for top in (0.6, 0.8, 0.9, 0.95, 0.99)
        },
        "missed_forms": round(missed_forms(texts, model), 6),
    }


def missed_forms(texts: Sequence[str], model: Any) -> float:
    """Share of words whose stem the model has, but whose form is not in its table."""
    counted = Counter(word for text in texts for word in split_words(text))
    weights = model.trained.weights
    forms, stems = {form for form, _ in weights.forms.forms()}, set(weights.stems)
    known = {word: n for word, n in counted.items() if word in forms or stem(word) in stems}
    missed = sum(n for word, n in known.items() if word not in forms)
    return missed / max(sum(known.values()), 1)


def show(figure: Figure | None, signed: bool = False) -> str:
    """Value and interval."""
    if figure is None:
        return ""
    low, high = figure.interval or (figure.value, figure.value)
    form = "{:+.3f} ({:+.3f} to {:+.3f})" if signed else "{:.3f} ({:.3f}–{:.3f})"
    return form.format(figure.value, low, high).replace("0.", ".")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summary(sets: dict[str, dict[str, Any]]) -> str:
    """What kpoclf does on each labelled file."""
    rows = []
    for name, found in sets.items():
        e = found["kpoclf"]
        told = (e.macro_f1, e.roc_auc, e.ece, e.ok_accuracy, e.scope_roc_auc)
        rows.append([name, f"{e.n:,} + {e.n_other}", *map(show, told)])
    head = ["text", "rows", "macro-F1", "ROC AUC", "calibration error", "`ok` rows right"]
    return table([*head, "scope ROC AUC"], rows)


def beside(sets: dict[str, dict[str, Any]]) -> str:
    """Macro-F1 of kpoclf and of every rival on each labelled file."""
    rivals = {name for found in sets.values() for name in found["rivals"]}
    rows = [["**kpoclf**", *(show(found["kpoclf"].macro_f1) for found in sets.values())]]
    rows += [
        [name, *(show(found["rivals"][name]["macro_f1"]) for found in sets.values())]
        for name in RIVALS
        if name in rivals
    ]
    return table(["macro-F1", *sets], rows)


def details(name: str, found: dict[str, Any]) -> str:
    """Everything measured on one labelled file."""
    e = found["kpoclf"]
    rows = [["**kpoclf**", *(show(getattr(e, m)) for m in MEASURES), "", ""]]
    for rival, shown in found["rivals"].items():
        ahead = found["ahead"][rival]
        rows.append(
            [
                rival,
                *(show(shown[m]) for m in MEASURES),
                show(ahead["macro_f1"], signed=True),
                show(ahead["brier"], signed=True),
            ]
        )
    head = ["", *MEASURES.values(), "kpoclf's macro-F1 less its", "kpoclf's Brier less its"]
    parts = [
        f"## {name}",
        f"{e.n:,} KPO and BPO rows, {e.n_other} out of scope.",
        table(head, rows),
    ]
    if len(e.by) > 1:
        sources = [
            [value, str(part.n), show(part.accuracy), show(part.macro_f1)]
            for value, part in e.by.items()
            if part.n
        ]
        parts.append(table(["source", "rows", "accuracy", "macro-F1"], sources))
    status = [[label, *(str(counts[s]) for s in STATUSES)] for label, counts in e.status.items()]
    parts.append(table(["label", *STATUSES], status))
    return "\n\n".join(parts)


def checks(
    sets: dict[str, dict[str, Any]], between: Figure | None, sentences: dict[str, dict[str, Any]]
) -> str:
    """Review, scope, services and sentences: what the status and the reasons are worth."""
    rows = []
    for name, found in sets.items():
        e, services = found["kpoclf"], found.get("services", {})
        caught = e.status.get("OTHER")
        rows.append(
            [
                name,
                show(found["review"]["review"]),
                show(found["review"]["out_of_scope"]),
                f"{caught['out_of_scope'] / sum(caught.values()):.3f}"[1:] if caught else "",
                show(e.aurc),
                show(e.error_at.get("0.9")),
                show(services.get("top 1")),
                show(services.get("top 3")),
            ]
        )
    head = ["text", "for review", "in scope, called out", "OTHER called out of scope"]
    head += ["AURC", "error at 90 % coverage", "service, top 1", "top 3"]
    parts = [table(head, rows)]
    if between is not None:
        parts.append(f"ROC AUC of the review score, mixed texts against ads: {show(between)}.")
    for name, found in sentences.items():
        n = next(iter(found.values())).n
        parts.append(
            table([f"{name} ({n} sentences)", "value"], [[k, show(v)] for k, v in found.items()])
        )
    return "\n\n".join(parts)


def answers(name: str, found: dict[str, Any]) -> str:
    """What the model says of unlabelled text."""
    n = found["n"]

    def shares(counts: dict[str, int]) -> str:
        return ", ".join(f"{key} {count / n:.1%}" for key, count in counts.items())

    confidence = ", ".join(f"{key}: {share:.1%}" for key, share in found["confidence"].items())
    return "\n\n".join(
        (
            f"## {name}",
            f"{n:,} texts without labels. Labels: {shares(found['label'])}. Status: "
            f"{shares(found['status'])}. Confidence {confidence}.",
            f"Words that the form table misses although their stem is known: "
            f"{found['missed_forms']:.2%}.",
        )
    )


def plain(value: Any) -> Any:
    """Figures as plain types."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value.to_dict() if hasattr(value, "to_dict") else value


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--without-extra", is_flag=True, help=f"Leave out what needs the extra: {', '.join(EXTRA)}."
)
@click.option("--write", is_flag=True, help="Keep the figures in results.json and the documents.")
def main(folder: Path, without_extra: bool, write: bool) -> None:
    """Measure the shipped model, and rivals trained on the same rows, on every CSV in FOLDER."""
    csv.field_size_limit(1 << 30)
    if write and without_extra:
        sys.exit("--write keeps the figures of every rival: leave out --without-extra")
    files = [path for path in sorted(folder.glob("*.csv")) if "text" in header(path)]
    if not files:
        sys.exit(f"{folder}: no CSV file with a column text")
    rows = [row for row in read_corpus() if row.label != "OTHER"]
    model = kpoclf.load()
    try:
        rivals = {
            name: fit(rows) for name, fit in RIVALS.items() if not (without_extra and name in EXTRA)
        }
    except kpoclf.MissingExtraError as error:
        sys.exit(f"{error}, or leave it out with --without-extra")
    labelled = {
        path.stem: measure_labelled(path, model, rivals)
        for path in files
        if "label" in header(path)
    }
    unlabelled = {
        path.stem: measure_unlabelled(path, model) for path in files if "label" not in header(path)
    }
    paths = {path.stem: path for path in files}
    pair = [paths[name] for name in ("ads", "mixed") if name in labelled]
    between_sets = measure_between(*pair, model) if len(pair) == 2 else None
    sentences = {
        path.stem: measure_sentences(path, model)
        for path in sorted(folder.glob("*.csv"))
        if {"sentence", "task", "criteria"} <= set(header(path))
    }
    checked = checks(labelled, between_sets, sentences)
    report = "\n\n".join(
        [
            *(details(name, found) for name, found in labelled.items()),
            *(answers(name, found) for name, found in unlabelled.items()),
        ]
    )
    short = f"{summary(labelled)}\n\n{beside(labelled)}"
    click.echo(f"{short}\n\n{checked}\n\n{report}")
    if write:
        results = {
            "model": model.id,
            "files": {
                path.name: digest(path)
                for path in sorted(folder.glob("*.csv"))
                if path in files or path.stem in sentences
            },
            "labelled": plain(labelled),
            "review_roc_auc_mixed_against_ads": plain(between_sets),
            "sentences": plain(sentences),
            "unlabelled": unlabelled,
        }
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        between(README, "accuracy.py", short)
        between(REPORT, "accuracy.py", f"## status, services, sentences\n\n{checked}\n\n{report}")


def between(path: Path, script: str, text: str) -> None:
    """Put the figures of a script between its two marks in a document."""
    mark = f"<!-- figures: python benchmarks/{script} -->"
    before, rest = path.read_text(encoding="utf-8").split(mark)
    after = rest.split(CLOSE)[1]
    path.write_text(f"{before}{mark}\n{text}\n{CLOSE}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
