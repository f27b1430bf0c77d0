"""What a training run can be told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Parameters of a fit.

    Attributes
    ----------
    C : float
        Inverse strength of the L2 penalty of the label and scope heads.
    naive_bayes : float
        Share of naive Bayes in the weights of the label head, in [0, 1]; the rest is logistic
        regression's.
    naive_bayes_alpha : float
        TF-IDF mass added to every term of either label.
    service_alpha : float
        Strength of the L2 penalty of the service head's ridge regression.
    service_naive_bayes : float
        Weight of naive Bayes in the service head, beside ridge regression's 1.
    service_naive_bayes_alpha : float
        TF-IDF mass added to every term of every service.
    glossary_weight : float
        Weight of an entry of the glossary beside a row's 1, in the service head's ridge regression.
    C_mixed : float
        Inverse strength of the L2 penalty of the head that tells mixed texts.
    min_df : int
        Rows that a term must occur in.
    bigrams : bool
        Whether pairs of stems are terms too.
    folds : int
        Folds of the cross-validation that calibrates.
    scope_loss : float
        Share of in-scope rows that may be called out of scope, out of fold and without their service,
        which is harder than real text: there fewer are.
    mixed_recall, mixed_recall_short : float
        Share of mixed texts, out of fold, that go to review: of postings, and of single statements.
    max_error : float
        Share of wrong labels, out of fold, among the rows of status ``ok``.
    keep_rows : bool
        Whether the model keeps the rows, texts and all, to show which of them a text is like.
    seed : int
        Shuffles the folds and the bootstrap.
    """

    C: float = 3.0
    naive_bayes: float = 0.5
    naive_bayes_alpha: float = 0.3
    service_alpha: float = 1.0
    service_naive_bayes: float = 2.0
    service_naive_bayes_alpha: float = 0.1
    glossary_weight: float = 0.1
    C_mixed: float = 1.0
    min_df: int = 1
    bigrams: bool = True
    folds: int = 5
    scope_loss: float = 0.055
    max_error: float = 0.03
    mixed_recall: float = 0.5
    mixed_recall_short: float = 0.3
    keep_rows: bool = True
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Parameters by name."""
        return asdict(self)
