"""A model measured on labelled rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kpoclf.corpus.similarity import plain_text
from kpoclf.errors import CorpusError
from kpoclf.judge.status import STATUSES
from kpoclf.learn.current import stored_rows
from kpoclf.learn.figures import Figure, bootstrap_weights, calibration_bins, figures, risk_coverage
from kpoclf.tables.labelled import labelled_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from kpoclf.judge.model import Model

__all__ = ["Evaluation", "evaluate"]


_MOST_WEIGHTS = 20_000_000  # numbers in the matrix of bootstrap weights


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on some rows. Every figure has its rows and a 95 % interval.

    Attributes
    ----------
    model : str
        Id of the model.
    n : int
        KPO and BPO rows; all label figures are on these.
    n_other : int
        Rows labelled ``OTHER``; they count for scope and status only.
    accuracy, macro_f1, roc_auc, log_loss, brier, ece : Figure or None
        ``log_loss`` in nats, ``brier`` the mean squared error of the probability of KPO, ``ece`` the
        debiased calibration error of the confidence. None where one label alone cannot give it.
    per_class : dict of str to dict of str to Figure
        ``precision``, ``recall`` and ``f1`` of ``BPO`` and ``KPO``.
    confusion : dict of str to dict of str to int
        Rows by true label, then by label given; ``OTHER`` rows too.
    status : dict of str to dict of str to int
        Rows by true label, then by status.
    ok_accuracy : Figure or None
        Accuracy among the KPO and BPO rows of status ``ok``.
    aurc : Figure or None
        Area under the risk-coverage curve: mean error of the rows that the review score would have a
        person see last, over all shares of rows (Geifman and El-Yaniv 2017). 0 is best.
    error_at : dict of str to Figure
        Error of the 80, 90 and 95 % of the rows with the lowest review score; keys ``"0.8"``, ….
    risk_coverage : list of dict
        ``coverage`` and ``risk`` at a hundred points.
    scope_roc_auc : Figure or None
        How well the probability of being in scope tells ``OTHER`` rows from the rest.
    reliability : list of dict
        Mean confidence, accuracy with its 95 % interval (``low``, ``high``; Wilson) and rows of ten
        bins of equal mass.
    by : dict of str to Evaluation
        The same for each value of a column, if one was named.
    n_trained : int
        Rows left out of all figures because the model was trained on their text.
    """

    model: str
    n: int
    n_other: int
    accuracy: Figure | None
    macro_f1: Figure | None
    roc_auc: Figure | None
    log_loss: Figure | None
    brier: Figure | None
    ece: Figure | None
    per_class: dict[str, dict[str, Figure]]
    confusion: dict[str, dict[str, int]]
    status: dict[str, dict[str, int]]
    ok_accuracy: Figure | None
    aurc: Figure | None
    error_at: dict[str, Figure]
    risk_coverage: list[dict[str, float]]
    scope_roc_auc: Figure | None
    reliability: list[dict[str, float]]
    by: dict[str, Evaluation]
    n_trained: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain types, ready for JSON."""
        single = (
            "accuracy macro_f1 roc_auc log_loss brier ece ok_accuracy aurc scope_roc_auc"
        ).split()
        return {
            "model": self.model,
            "n": self.n,
            "n_other": self.n_other,
            "n_trained": self.n_trained,
            **{name: _plain(getattr(self, name)) for name in single},
            "per_class": {
                label: {name: _plain(figure) for name, figure in found.items()}
                for label, found in self.per_class.items()
            },
            "confusion": self.confusion,
            "status": self.status,
            "error_at": {share: _plain(figure) for share, figure in self.error_at.items()},
            "risk_coverage": self.risk_coverage,
            "reliability": self.reliability,
            "by": {value: part.to_dict() for value, part in self.by.items()},
        }

    def to_html(self, path: str | Path) -> None:
        """Write a report as one HTML file; needs the extra ``report``.

        Parameters
        ----------
        path : str or pathlib.Path

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        InputError
            If the file cannot be written.
        """
        from kpoclf.learn.report import write_report

        write_report(self, Path(path))


def evaluate(
    model: Model,
    data: pd.DataFrame | str | Path | Sequence[str | Path],
    *,
    by: str | None = None,
    group: str | None = None,
    n_samples: int = 1000,
    seed: int = 0,
    **options: Any,
) -> Evaluation:
    """Measure a model on labelled rows.

    Rows whose text the model was trained on are left out: of those it knows the answer. That needs the
    rows that it kept; a model that kept none is measured on all.

    Parameters
    ----------
    model : Model
    data : pandas.DataFrame, path, or sequence of paths
        Columns ``text`` and ``label``.
    by : str, optional
        A column: the figures are given for each of its values as well.
    group : str, optional
        A column: rows with the same value are resampled together. Name one where rows are alike,
        such as the employer; else the intervals are too narrow.
    n_samples : int
        Bootstrap samples; fewer, but at least 100, above 20,000 rows, to bound the memory.
    seed : int
        Of the bootstrap.
    **options
        Passed to the reader of files: ``text``, ``label`` (column names), ``encoding``.

    Returns
    -------
    Evaluation

    Raises
    ------
    CorpusError
        If the model was trained on all rows, none of the others is labelled KPO or BPO, or a label is
        unknown.
    ModelError
        If the rows that the model kept cannot be read.

    Examples
    --------
    >>> import kpoclf, pandas as pd
    >>> rows = pd.DataFrame({"text": ["Key invoices into the ledger.", "Advise on patents."],
    ...                      "label": ["BPO", "KPO"]})
    >>> kpoclf.evaluate(kpoclf.load(), rows).accuracy.value
    1.0
    """
    columns = tuple(dict.fromkeys(c for c in (by, group) if c is not None))
    rows = labelled_rows(data, services=False, extra=columns, **options)
    n_given = len(rows)
    known = {plain_text(row.text) for row in stored_rows(model)}
    rows = [row for row in rows if plain_text(row.text) not in known]
    n_trained = n_given - len(rows)
    if n_trained and not rows:
        raise CorpusError(
            f"model {model.id} was trained on all {n_given} rows: nothing to measure; give others"
        )
    judged = model.judge([row.text for row in rows])
    values = {c: np.array([row.extra[c] for row in rows], object) for c in columns}
    groups = np.arange(len(rows))
    if group is not None:
        groups = np.unique(values[group].astype(str), return_inverse=True)[1]
    table = _Judged(
        model.id,
        np.array([row.label for row in rows], object),
        judged.label == "KPO",
        judged.p_kpo,
        judged.p_in_scope,
        judged.review_score,
        judged.status,
        groups,
    )
    if not (table.truth != "OTHER").any():
        which = " that the model was not trained on" if n_trained else ""
        raise CorpusError(
            f"none of the {len(rows)} rows{which} is labelled KPO or BPO: nothing to measure"
        )
    parts: dict[str, Evaluation] = {}
    if by is not None:
        for value in sorted(set(values[by].tolist())):
            parts[value] = _evaluate(table.take(values[by] == value), n_samples, seed, {})
    return replace(_evaluate(table, n_samples, seed, parts), n_trained=n_trained)


@dataclass(frozen=True, eq=False)
class _Judged:
    model: str
    truth: NDArray[np.object_]
    said: NDArray[np.bool_]
    p_kpo: NDArray[np.float64]
    p_in_scope: NDArray[np.float64]
    review_score: NDArray[np.float64]
    status: NDArray[np.object_]
    groups: NDArray[np.int64]

    def take(self, rows: NDArray[np.bool_]) -> _Judged:
        return _Judged(
            self.model,
            self.truth[rows],
            self.said[rows],
            self.p_kpo[rows],
            self.p_in_scope[rows],
            self.review_score[rows],
            self.status[rows],
            self.groups[rows],
        )


def _evaluate(table: _Judged, n_samples: int, seed: int, by: dict[str, Evaluation]) -> Evaluation:
    n_samples = min(n_samples, max(_MOST_WEIGHTS // len(table.truth), 100))
    inside = table.take(table.truth != "OTHER")
    kpo = inside.truth == "KPO"
    found: dict[str, Figure] = {}
    ok_accuracy = scope_roc_auc = aurc = None
    error_at: dict[str, Figure] = {}
    curve: list[dict[str, float]] = []
    if len(kpo):
        weights = bootstrap_weights(inside.groups, n_samples, seed)
        found = figures(kpo, inside.p_kpo, weights, inside.said)
        ok = inside.status == "ok"
        if ok.any():
            ok_accuracy = figures(kpo[ok], inside.p_kpo[ok], weights[:, ok], inside.said[ok])[
                "accuracy"
            ]
        wrong = inside.said != kpo
        aurc, error_at, curve = risk_coverage(wrong, inside.review_score, weights)
    n_other = len(table.truth) - len(kpo)
    if n_other and len(kpo) and not np.isnan(table.p_in_scope).any():
        weights = bootstrap_weights(table.groups, n_samples, seed)
        scope_roc_auc = figures(table.truth != "OTHER", table.p_in_scope, weights).get("roc_auc")
    given = np.where(table.said, "KPO", "BPO")
    labels = [x for x in ("BPO", "KPO", "OTHER") if (table.truth == x).any()]
    return Evaluation(
        model=table.model,
        n=len(kpo),
        n_other=n_other,
        accuracy=found.get("accuracy"),
        macro_f1=found.get("macro_f1"),
        roc_auc=found.get("roc_auc"),
        log_loss=found.get("log_loss"),
        brier=found.get("brier"),
        ece=found.get("ece"),
        per_class={
            label: {
                name: found[f"{name}_{label}"]
                for name in ("precision", "recall", "f1")
                if f"{name}_{label}" in found
            }
            for label in ("BPO", "KPO")
        },
        confusion={
            x: {g: int(((table.truth == x) & (given == g)).sum()) for g in ("BPO", "KPO")}
            for x in labels
        },
        status={
            x: {s: int(((table.truth == x) & (table.status == s)).sum()) for s in STATUSES}
            for x in labels
        },
        ok_accuracy=ok_accuracy,
        aurc=aurc,
        error_at=error_at,
        risk_coverage=curve,
        scope_roc_auc=scope_roc_auc,
        reliability=calibration_bins(kpo, inside.p_kpo, said=inside.said) if len(kpo) else [],
        by=by,
    )


def _plain(figure: Figure | None) -> dict[str, Any] | None:
    return None if figure is None else figure.to_dict()
