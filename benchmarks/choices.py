"""What each choice of features and fit is worth: ``python benchmarks/choices.py [FOLDER]``.

Each row of the table changes one choice of the shipped model and keeps the rest. The choice is made on
cross-validation over ``data/corpus`` with services kept together; labelled CSV files in FOLDER confirm
it and choose nothing. ``--write`` puts the table into ``docs/choices.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import scipy.sparse as sp
from accuracy import between, column, header, show, table
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from tqdm import tqdm

from kpoclf.corpus.rows import LabelledRow, read_corpus
from kpoclf.learn.figures import bootstrap_weights, paired_difference
from kpoclf.learn.folds import duplicate_groups, folds, service_groups
from kpoclf.learn.heads import naive_bayes_weights
from kpoclf.learn.out_of_fold import NewWork, new_work
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import STOP_WORDS, TermCounts
from kpoclf.model.calibration import Calibration, sigmoid
from kpoclf.text.stems import plain_stem, stem
from kpoclf.text.stopwords import FUNCTION_WORDS
from kpoclf.text.words import split_words

REPORT = Path(__file__).parent.parent / "docs" / "choices.md"
SETTINGS = Settings()
_SENTENCE = re.compile(r"\n+|(?<=[.!?;])\s+")


@dataclass(frozen=True)
class Choice:
    """One way to make features and fit the label head; the defaults are the shipped ones."""

    name: str = "as shipped"
    stem: Callable[[str], str] = stem
    stop: frozenset[str] = STOP_WORDS
    ngrams: int = 2
    min_df: int = SETTINGS.min_df
    sublinear: bool = True
    idf: bool = True
    C: float = SETTINGS.C
    naive_bayes: float = SETTINGS.naive_bayes
    class_weight: str | None = "balanced"
    intercept: bool = True
    third_class: bool = False
    sentences: bool = False
    quiet_boilerplate: bool = False
    characters: float = 0.0
    pair_midpoints: bool = False


CHOICES = [
    Choice(),
    Choice("words, not stems", stem=lambda word: word),
    Choice("stems without the spelling bridge", stem=plain_stem),
    Choice("single stems only", ngrams=1),
    Choice("up to three stems in a row", ngrams=3),
    Choice("no stop terms", stop=frozenset()),
    Choice("function words only as stop terms", stop=FUNCTION_WORDS),
    Choice("terms of two rows or more", min_df=2),
    Choice("plain term frequency", sublinear=False),
    Choice("no idf", idf=False),
    Choice("C = 1", C=1.0),
    Choice("C = 10", C=10.0),
    Choice("logistic regression alone", naive_bayes=0.0),
    Choice("naive Bayes alone", naive_bayes=1.0),
    Choice("no class weights", class_weight=None),
    Choice("no intercept", intercept=False),
    Choice("OTHER as a third class", third_class=True),
    Choice("mean of the sentences' scores", sentences=True),
    Choice("boilerplate sentences count for a third", quiet_boilerplate=True),
    Choice("character 3- to 5-grams beside the terms", characters=0.5),
    Choice("pairs' midpoints pulled to the boundary", pair_midpoints=True),
]


class Features:
    """Term counts of texts, as a choice makes them."""

    def __init__(self, choice: Choice, texts: Sequence[str]) -> None:
        self.choice = choice
        self.stop = frozenset(map(choice.stem, choice.stop))
        self.counter = CountVectorizer(analyzer=self._terms)
        self.counts = self.counter.fit_transform(texts).astype(float)
        self.characters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True
        )
        self.texts = list(texts)
        if choice.characters:
            self.character_vectors = self.characters.fit_transform(map(self.kept, texts))

    def _stems(self, text: str) -> list[str]:
        return [s for s in map(self.choice.stem, split_words(text)) if s not in self.stop]

    def _terms(self, text: str) -> list[str]:
        stems = self._stems(text)
        return [
            " ".join(stems[i : i + n])
            for n in range(1, self.choice.ngrams + 1)
            for i in range(len(stems) - n + 1)
        ]

    def kept(self, text: str) -> str:
        """Stems of a text, stop terms left out, as one string."""
        return " ".join(self._stems(text))

    def of(self, texts: Sequence[str]) -> Any:
        """Counts of other texts."""
        if not self.choice.quiet_boilerplate:
            return self.counter.transform(texts).astype(float)
        return sp.vstack([self._quietened(text) for text in texts]).tocsr()

    def _quietened(self, text: str) -> Any:
        """Counts in which sentences that are mostly stop terms weigh a third."""
        parts = [s for s in _SENTENCE.split(text) if s.strip()] or [""]
        kept = np.array([len(self._stems(s)) / max(len(split_words(s)), 1) for s in parts])
        weight = np.where(kept < 0.35, 1.0, 3.0)
        return sp.csr_matrix(weight @ self.counter.transform(parts).toarray())


@dataclass(frozen=True)
class Head:
    """A fitted label head, and the vectors it reads."""

    features: Features
    transformer: Any
    columns: Any
    coef: Any
    intercept: float

    def vectors(self, counts: Any, characters: Any) -> Any:
        """TF-IDF vectors, with those of the characters beside them."""
        X = self.transformer.transform(counts[:, self.columns])
        return X if characters is None else sp.hstack([X, characters]).tocsr()

    def score(self, texts: Sequence[str], counts: Any = None) -> Any:
        """Decision values."""
        choice = self.features.choice
        if choice.sentences:
            return np.array([self._by_sentence(text) for text in texts])
        if counts is None or choice.quiet_boilerplate:
            counts = self.features.of(texts)
        characters = None
        if choice.characters:
            kept = [self.features.kept(text) for text in texts]
            characters = choice.characters * self.features.characters.transform(kept)
        return self.vectors(counts, characters) @ self.coef + self.intercept

    def _by_sentence(self, text: str) -> float:
        parts = [s for s in _SENTENCE.split(text) if s.strip()] or [""]
        X = self.vectors(self.features.of(parts), None)
        known = np.sqrt(X.getnnz(axis=1))
        values = X @ self.coef + self.intercept
        return float(values @ known / known.sum()) if known.sum() else self.intercept


def fit(features: Features, rows: Sequence[LabelledRow], train: Any) -> Head:
    """Fit the label head on some rows."""
    choice = features.choice
    labels = np.array([row.label for row in rows], object)
    counts = features.of(features.texts) if choice.quiet_boilerplate else features.counts
    columns = np.flatnonzero(
        np.bincount(features.counts[train].indices, minlength=counts.shape[1]) >= choice.min_df
    )
    transformer = TfidfTransformer(sublinear_tf=choice.sublinear, use_idf=choice.idf)
    transformer.fit(counts[train][:, columns])
    head = Head(features, transformer, columns, None, 0.0)
    inside = train if choice.third_class else train[labels[train] != "OTHER"]
    extra = choice.characters * features.character_vectors[inside] if choice.characters else None
    X, y = head.vectors(counts[inside], extra), labels[inside]
    model = LogisticRegression(
        C=choice.C,
        class_weight=choice.class_weight,
        fit_intercept=choice.intercept,
        max_iter=5000,
        tol=1e-7,
    )
    if choice.third_class:
        model.fit(X, y.astype(str))
        k, b = (model.classes_.tolist().index(label) for label in ("KPO", "BPO"))
        coef = model.coef_[k] - model.coef_[b]
        return replace(head, coef=coef, intercept=model.intercept_[k] - model.intercept_[b])
    kpo = y == "KPO"
    if choice.pair_midpoints:
        found: dict[str, list[int]] = {}
        for position, i in enumerate(inside.tolist()):
            if rows[i].pair:
                found.setdefault(rows[i].pair, []).append(position)
        middle = sp.vstack([(X[[a]] + X[[b]]) / 2 for a, b in found.values()]).tocsr()
        n = middle.shape[0]
        model.fit(
            sp.vstack([X, middle, middle]).tocsr(),
            np.concatenate([kpo, np.ones(n, bool), np.zeros(n, bool)]),
        )
    else:
        model.fit(X, kpo)
    coef, intercept = model.coef_[0], float(np.atleast_1d(model.intercept_)[0])
    share = choice.naive_bayes
    if share:
        bayes = naive_bayes_weights(X, kpo, SETTINGS.naive_bayes_alpha)
        bayes *= np.std(X @ coef) / np.std(X @ bayes)
        coef, intercept = (1 - share) * coef + share * bayes, (1 - share) * intercept
    return replace(head, coef=coef, intercept=intercept)


def best_scale(decision: Any, kpo: Any) -> Any:
    """Probabilities at the slope that fits best, so that log losses can be compared."""
    signed = np.where(kpo, decision, -decision)
    found = minimize_scalar(
        lambda a: np.logaddexp(0, -np.exp(a) * signed).mean(), bounds=(-4, 6), method="bounded"
    )
    return sigmoid(decision * np.exp(found.x))


def macro_f1(kpo: Any, decision: Any) -> float:
    """Macro-averaged F1 at the boundary."""
    return float(f1_score(kpo, decision > 0, average="macro"))


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--write", is_flag=True, help="Put the table into docs/choices.md.")
def main(folder: Path | None, write: bool) -> None:
    """Measure every choice by cross-validation, and on the labelled CSV files in FOLDER."""
    rows = list(read_corpus())
    labels = np.array([row.label for row in rows], object)
    register = np.array([row.register for row in rows], object)
    inside, kpo = labels != "OTHER", labels == "KPO"
    duplicates = duplicate_groups(rows)
    groups = service_groups(rows, SETTINGS.folds, duplicates)
    parts = list(folds(rows, labels.tolist(), groups, SETTINGS.folds, SETTINGS.seed))
    weights = bootstrap_weights(groups[inside])
    texts = [row.text for row in rows]
    posting = inside & (register == "full-posting")
    real = labelled_texts(folder) if folder else {}
    held_out = new_work(rows, duplicates, TermCounts(texts, SETTINGS), SETTINGS)
    lines, first = [], None
    for choice in tqdm(CHOICES, disable=None):
        features = Features(choice, texts)
        decision = np.full(len(rows), np.nan)
        for train, test in parts:
            head = fit(features, rows, train)
            decision[test] = head.score([texts[i] for i in test], features.counts[test])
        p = np.full(len(rows), np.nan)
        p[inside] = best_scale(decision[inside], kpo[inside])
        if first is None:
            first = p
            # The first choice is the product.
            np.testing.assert_allclose(decision, held_out.label, atol=1e-3)
        ahead = paired_difference("macro_f1", kpo[inside], first[inside], p[inside], weights)
        head = fit(features, rows, np.arange(len(rows)))
        confirmed = [macro_f1(truth, head.score(found)) for found, truth in real.values()]
        lines.append(
            [
                choice.name,
                f"{macro_f1(kpo[inside], decision[inside]):.3f}",
                "" if choice is CHOICES[0] else show(ahead, signed=True),
                f"{log_loss(kpo[inside], p[inside]):.4f}",
                f"{roc_auc_score(kpo[inside], decision[inside]):.4f}",
                f"{macro_f1(kpo[posting], decision[posting]):.3f}",
                *(f"{value:.3f}" for value in confirmed),
            ]
        )
    head_line = ["choice", "macro-F1", "less as shipped", "log loss", "ROC AUC", "of postings"]
    found = table([*head_line, *real], [[c.replace("0.", ".") for c in line] for line in lines])
    found += "\n\n" + calibration_table(held_out, inside, kpo, posting)
    click.echo(found)
    if write:
        between(REPORT, "choices.py", found)


def calibration_table(held_out: NewWork, inside: Any, kpo: Any, posting: Any) -> str:
    """Log loss of calibrations that know more or less of a text's length."""
    lines = []
    for name, prior, grows in (
        ("level only", 0.0, False),
        ("level, few known terms shrink to one half", 0.25, False),
        ("the same, and growth with length (as shipped)", 0.25, True),
        ("shrinking more (prior 2)", 2.0, True),
    ):
        best = min(
            (
                Calibration(level, growth, max(prior, 1e-9))
                for level in np.arange(-1, 4, 0.1)
                for growth in (np.arange(0, 0.8, 0.05) if grows else (0.0,))
            ),
            key=lambda c: log_loss(
                kpo[inside], c.probability(held_out.label, held_out.n_terms)[inside]
            ),
        )
        p = best.probability(held_out.label, held_out.n_terms)
        short = inside & ~posting
        lines.append(
            [name, *(f"{log_loss(kpo[part], p[part]):.4f}" for part in (inside, short, posting))]
        )
    lines = [[cell.replace("0.", ".") for cell in line] for line in lines]
    return table(["calibration", "log loss", "of short texts", "of postings"], lines)


def labelled_texts(folder: Path) -> dict[str, tuple[list[str], Any]]:
    """KPO and BPO texts of every labelled CSV in a folder."""
    found = {}
    for path in sorted(folder.glob("*.csv")):
        if {"text", "label"} <= set(header(path)):
            labels = np.array(column(path, "label"), object)
            texts = np.array(column(path, "text"), object)
            keep = labels != "OTHER"
            found[path.stem] = (texts[keep].tolist(), labels[keep] == "KPO")
    return found


if __name__ == "__main__":
    main()
