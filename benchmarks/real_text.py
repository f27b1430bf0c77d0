"""Measure the shipped model on folders of real, labelled text, beside baselines.

``python benchmarks/real_text.py FOLDER`` evaluates every CSV in the folder that has the columns
``text`` and ``label``, and prints a Markdown table. ``--write`` keeps the figures in
``benchmarks/results.json`` with the digests of the files, and puts the table into README.md. The text
itself is not part of this repository.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

import click
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import kpoclf
from kpoclf.corpus.rows import read_corpus
from kpoclf.learn.figures import bootstrap_weights, figures
from kpoclf.tables.labelled import labelled_rows

HERE = Path(__file__).parent
OPEN, CLOSE = "<!-- figures: python benchmarks/real_text.py -->", "<!-- /figures -->"


def baselines():
    """Probability of KPO by plain scikit-learn on the same rows, and by the commoner label."""
    rows = [row for row in read_corpus() if row.label != "OTHER"]
    plain = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    plain.fit([row.text for row in rows], [row.label for row in rows])
    return {
        "scikit-learn TF-IDF + LR": lambda texts: plain.predict_proba(texts)[:, 1],
        "always KPO": lambda texts: np.ones(len(texts)),
    }


def header(path: Path) -> list[str]:
    """Columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream), [])


def group_column(path: Path) -> str | None:
    """``occupation_code`` where every row has one: tasks of one occupation are alike."""
    with path.open(encoding="utf-8", newline="") as stream:
        codes = [row.get("occupation_code") for row in csv.DictReader(stream)]
    return "occupation_code" if all(codes) else None


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--write", is_flag=True, help="Keep the figures in results.json and README.md.")
def main(folder: Path, write: bool) -> None:
    """Evaluate the shipped model on every labelled CSV in FOLDER."""
    csv.field_size_limit(1 << 30)
    files = [
        path for path in sorted(folder.glob("*.csv")) if {"text", "label"} <= set(header(path))
    ]
    if not files:
        sys.exit(f"{folder}: no CSV file with columns text and label")
    model, others = kpoclf.load(), baselines()
    results: dict[str, object] = {"model": model.id, "sets": {}}
    table = [
        "| text | rows | macro-F1 | plain TF-IDF + LR | ROC AUC | calibration error | `ok` rows right |"
        " scope ROC AUC |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for path in files:
        by = "source" if "source" in header(path) else None
        group = group_column(path)
        found = kpoclf.evaluate(model, path, text="text", by=by, group=group)
        extra = [group] if group else []
        rows = labelled_rows(path, text="text", services=False, extra=extra)
        rows = [row for row in rows if row.label != "OTHER"]
        kpo = np.array([row.label == "KPO" for row in rows])
        values = [row.extra.get(group or "", str(i)) for i, row in enumerate(rows)]
        weights = bootstrap_weights(np.unique(values, return_inverse=True)[1])
        beside = {
            name: figures(kpo, predict([row.text for row in rows]), weights)["macro_f1"]
            for name, predict in others.items()
        }
        results["sets"][path.stem] = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "kpoclf": found.to_dict(),
            "baselines": {name: figure.to_dict() for name, figure in beside.items()},
        }
        told = (
            found.macro_f1,
            beside["scikit-learn TF-IDF + LR"],
            found.roc_auc,
            found.ece,
            found.ok_accuracy,
            found.scope_roc_auc,
        )
        cells = " | ".join("" if f is None else show(f) for f in told)
        table.append(f"| {path.stem} | {found.n:,} + {found.n_other} | {cells} |")
    click.echo("\n".join(table))
    if write:
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        readme = HERE.parent / "README.md"
        before, rest = readme.read_text(encoding="utf-8").split(OPEN)
        after = rest.split(CLOSE)[1]
        readme.write_text(
            before + OPEN + "\n" + "\n".join(table) + "\n" + CLOSE + after, encoding="utf-8"
        )


def show(figure) -> str:
    """Value and interval."""
    low, high = figure.interval
    return f"{figure.value:.2f} ({low:.2f}–{high:.2f})".replace("0.", ".")


if __name__ == "__main__":
    main()
