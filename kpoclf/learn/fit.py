"""Labelled rows to a trained model."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from kpoclf.corpus.glossary import read_glossary
from kpoclf.corpus.mixed import read_mixed
from kpoclf.corpus.rows import corpus_digest
from kpoclf.errors import CorpusError
from kpoclf.judge.model import load
from kpoclf.judge.status import plain_review_score
from kpoclf.learn.figures import Figure, bootstrap_weights, figures, share_figure
from kpoclf.learn.folds import duplicate_groups
from kpoclf.learn.heads import fit_mixed, fit_platt, fit_services, fit_temperature
from kpoclf.learn.out_of_fold import fit_label_and_scope, known_work, new_work, with_service
from kpoclf.learn.review import MIN_REVIEW_ROWS, Answers, fit_review
from kpoclf.learn.sentence_fit import fitted_sentences, shipped_sentences
from kpoclf.learn.settings import Settings
from kpoclf.learn.vectors import STOP_WORDS, TermCounts, Vectorizer
from kpoclf.model.calibration import Calibration, ScopeCalibration
from kpoclf.model.form_table import FormTable
from kpoclf.model.review import review_features
from kpoclf.model.stored_rows import PackedRows, StoredRows
from kpoclf.model.trained import Thresholds, TrainedModel
from kpoclf.model.weights import STOP, UNKNOWN, Weights
from kpoclf.taxonomy import CLASSES, LABELS
from kpoclf.text.forms import surface_forms
from kpoclf.text.stems import stem
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kpoclf.corpus.glossary import GlossaryEntry
    from kpoclf.corpus.rows import LabelledRow
    from kpoclf.learn.out_of_fold import KnownWork, NewWork
    from kpoclf.learn.sentence_fit import FittedSentences
    from kpoclf.model.review import ReviewModel

__all__ = ["MIN_ROWS", "calibrate", "calibrate_scope", "fit_model"]

MIN_ROWS = 10
"""Rows of each of KPO and BPO that a model needs."""


def fit_model(
    rows: Sequence[LabelledRow],
    settings: Settings | None = None,
    weight: NDArray[np.float64] | None = None,
    tell: Callable[[str], None] = lambda step: None,
    *,
    anew: bool = False,
) -> TrainedModel:
    """Train, calibrate and pack a model.

    Parameters
    ----------
    rows : sequence of LabelledRow
    settings : Settings, optional
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.
    tell : callable
        Called with the name of each step, and with the number of each fold (``"…, fold 2"``).
    anew : bool
        Whether to find out anew what does not hang on the rows, the sentence heads and the endings that
        stems take. The shipped model is made so; all others take them from it.

    Returns
    -------
    TrainedModel

    Raises
    ------
    CorpusError
        If a label has fewer than `MIN_ROWS` rows, or no words are usable.
    """
    settings = settings or Settings()
    labels = np.array([row.label for row in rows], object)
    counted = Counter(labels.tolist())
    for label in CLASSES:
        if counted[label] < MIN_ROWS:
            raise CorpusError(
                f"{counted[label]} rows are labelled {label}: at least {MIN_ROWS} each of KPO and BPO "
                "are needed to train"
            )
    tell("reading words")
    mixed = read_mixed() if len(rows) >= MIN_REVIEW_ROWS else []
    glossary = read_glossary()
    texts = [*(row.text for row in rows), *(m.text for m in mixed), *(e.term for e in glossary)]
    counts = TermCounts(texts, settings)
    tell("reading sentences")
    sentences = fitted_sentences() if anew else shipped_sentences()
    tell("comparing rows")
    duplicates = duplicate_groups(rows)
    tell("cross-validating without services")
    new = new_work(rows, duplicates, counts, settings, weight, tell)
    tell("cross-validating")
    known = known_work(rows, duplicates, len(mixed), glossary, counts, settings, weight, tell)
    in_scope = labels != "OTHER"
    kpo = labels == "KPO"
    calibration = calibrate(new.label[in_scope], kpo[in_scope], new.n_terms[in_scope])
    scope_calibration = calibrate_scope(new.scope, in_scope)
    p_kpo = calibration.probability(new.label, new.n_terms)
    p_in_scope = scope_calibration.probability(new.scope)
    temperature, service_figures = _calibrate_services(rows, known, settings.seed)
    tell("fitting")
    vectorizer = Vectorizer(counts, np.arange(len(rows)), settings.min_df)
    forms, root_stems = _forms(rows, vectorizer, sentences, {} if anew else shipped_forms())
    weights = _pack(rows, len(mixed), glossary, vectorizer, forms, root_stems, settings, weight)
    review = _fit_review(rows, len(mixed), known, calibration, settings)
    held_out = _figures(new, kpo, in_scope, p_kpo, p_in_scope, settings.seed)
    return TrainedModel(
        weights=weights,
        calibration=calibration,
        scope_calibration=scope_calibration,
        service_temperature=temperature,
        thresholds=_thresholds(
            p_in_scope[in_scope], review, p_kpo[in_scope], kpo[in_scope], settings
        ),
        sentences=sentences.heads(root_stems),
        review=review,
        rows=_stored(rows, vectorizer) if settings.keep_rows else None,
        settings=settings.to_dict(),
        corpus={
            "rows": len(rows),
            "labels": {label: counted[label] for label in sorted(counted)},
            "digest": corpus_digest(rows),
        },
        figures={
            name: figure.to_dict()
            for name, figure in (held_out | service_figures | sentences.figures).items()
        },
        versions=_versions(),
    )


def calibrate(
    decision: NDArray[np.float64], kpo: NDArray[np.bool_], n_terms: NDArray[np.int64]
) -> Calibration:
    """Calibration of out-of-fold decision values by penalised maximum likelihood."""
    sign = np.where(kpo, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> float:
        p = Calibration(float(parameters[0]), float(parameters[1])).probability(
            decision * sign, n_terms
        )
        # A weak pull towards level 0, growth 0.5 keeps small or separable data finite.
        pull = 0.5 * (parameters[0] ** 2 + 4 * (parameters[1] - 0.5) ** 2)
        return float(-np.log(np.maximum(p, 1e-12)).sum() + pull)

    bounds = [(None, None), (0.0, None)]  # a longer text never counts for less
    level, growth = minimize(loss, np.array([0.0, 0.5]), method="Nelder-Mead", bounds=bounds).x
    return Calibration(round(float(level), 3), round(float(growth), 3))


def calibrate_scope(decision: NDArray[np.float64], in_scope: NDArray[np.bool_]) -> ScopeCalibration:
    """Calibration of the scope head's out-of-fold decision values; the plain one without any."""
    if np.isnan(decision).any():
        return ScopeCalibration()
    return ScopeCalibration(*fit_platt(decision, in_scope))


def _thresholds(
    p_in_scope: NDArray[np.float64],
    review: ReviewModel | None,
    p_kpo: NDArray[np.float64],
    kpo: NDArray[np.bool_],
    settings: Settings,
) -> Thresholds:
    """Thresholds that keep to `scope_loss` and `max_error` on out-of-fold rows that are in scope."""
    usual = Thresholds()
    scope = usual.scope
    if not np.isnan(p_in_scope).any():
        scope = float(np.quantile(p_in_scope, settings.scope_loss))
    if review is not None:
        score = 0.5  # where `fit_review` has put it
    else:
        doubt = plain_review_score(p_kpo)
        order = np.argsort(doubt, kind="stable")
        wrong = ((p_kpo > 0.5) != kpo)[order]
        error = np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
        allowed = np.flatnonzero(error <= settings.max_error)
        # A confidence below .6 is for a person whatever the error elsewhere.
        score = min(float(doubt[order][allowed[-1]]) if len(allowed) else 0.0, 0.8)
    return Thresholds(round(score, 3), round(scope, 3), usual.known_share, usual.min_terms)


def _fit_review(
    rows: Sequence[LabelledRow],
    n_mixed: int,
    known: KnownWork,
    calibration: Calibration,
    settings: Settings,
) -> ReviewModel | None:
    if not n_mixed:
        return None
    chosen = ~np.isnan(known.label)
    truth = np.array([row.label == "KPO" for row in rows] + [False] * n_mixed)
    is_mixed = np.arange(len(truth)) >= len(rows)
    p_kpo = calibration.probability(known.label, known.n_terms)
    answers = Answers(
        review_features(p_kpo, known.mixed),
        known.n_terms,
        ((known.label > 0) != truth) & ~is_mixed,
        is_mixed,
        known.groups,
    )
    return fit_review(answers.take(chosen), settings)


def _calibrate_services(
    rows: Sequence[LabelledRow], known: KnownWork, seed: int
) -> tuple[float, dict[str, Figure]]:
    """Temperature of the service head, and its figures with near-duplicates kept together.

    "service, top 1": found only where the label is right too.
    """
    column = {slug: i for i, slug in enumerate(known.services)}
    part = np.array([i for i in with_service(rows).tolist() if rows[i].service in column], np.int64)
    if len(column) < 2:
        return 1.0, {}
    truth = np.array([column[rows[i].service] for i in part.tolist()])
    label_of = {rows[i].service: rows[i].label for i in part.tolist()}
    labels = np.array([label_of[slug] for slug in known.services])
    # At run time the services of the label given compete; those of the other label do not.
    decision = known.service[part]
    decision[labels[truth][:, None] != labels] = -np.inf
    temperature = fit_temperature(decision, truth)
    own = decision[np.arange(len(part)), truth]
    rank = (decision > own[:, None]).sum(axis=1)
    right = (known.label[part] > 0) == (labels[truth] == "KPO")
    groups = known.groups[part]
    every = bootstrap_weights(groups, seed=seed)
    found = {f"service, top {k}": share_figure(right & (rank < k), every) for k in (1, 3)}
    del every  # of many rows it is large
    labelled = bootstrap_weights(groups[right], seed=seed)
    name = "service where the label is right, top {}"
    found |= {name.format(k): share_figure((rank < k)[right], labelled) for k in (1, 3)}
    return temperature, {n: found[n] for n in sorted(found, key=lambda n: n[-1])}  # by k


def _figures(
    held_out: NewWork,
    kpo: NDArray[np.bool_],
    in_scope: NDArray[np.bool_],
    p_kpo: NDArray[np.float64],
    p_in_scope: NDArray[np.float64],
    seed: int,
) -> dict[str, Figure]:
    weights = bootstrap_weights(held_out.groups[in_scope], seed=seed)
    found = figures(kpo[in_scope], p_kpo[in_scope], weights)
    chosen = ("macro_f1", "accuracy", "roc_auc", "log_loss", "brier", "ece")
    shown = {f"label, {name}": found[name] for name in chosen if name in found}
    if not np.isnan(p_in_scope).any() and not in_scope.all():
        weights = bootstrap_weights(held_out.groups, seed=seed)
        shown["scope, roc_auc"] = figures(in_scope, p_in_scope, weights)["roc_auc"]
    return shown


def _pack(
    rows: Sequence[LabelledRow],
    n_mixed: int,
    glossary: Sequence[GlossaryEntry],
    vectorizer: Vectorizer,
    forms: FormTable,
    root_stems: Sequence[str],
    settings: Settings,
    weight: NDArray[np.float64] | None,
) -> Weights:
    """Fit all heads on all rows and round them to what a model folder stores."""
    every = np.arange(len(rows))
    X = vectorizer.vectors(every)
    label, scope = fit_label_and_scope(rows, X, every, settings, weight)
    known = with_service(rows)
    entries = len(rows) + n_mixed + np.arange(len(glossary))
    of_services = vectorizer.service_features(entries)
    services, service_coef, service_intercept = fit_services(
        X[known][:, of_services],
        np.array([rows[i].service for i in known.tolist()], object),
        vectorizer.vectors(entries)[:, of_services],
        np.array([entry.service for entry in glossary], object),
        settings,
        None if weight is None else weight[known],
    )
    label_of = {rows[i].service: rows[i].label for i in known.tolist()}
    mixed = None
    if n_mixed:
        work = every[[row.label != "OTHER" for row in rows]]
        learned = np.concatenate((work, len(rows) + np.arange(n_mixed)))
        mixed = fit_mixed(vectorizer.vectors(learned), learned >= len(rows), settings)
    terms = vectorizer.terms()
    stems = [terms[i] for i in vectorizer.stem_features().tolist()]
    number = {s: i for i, s in enumerate(stems)}
    # The service head weighs the first features.
    order = np.concatenate((of_services, np.setdiff1d(np.arange(len(terms)), of_services)))
    pairs = [terms[i].split(" ") for i in order[len(stems) :].tolist()]
    number |= dict.fromkeys(_stop_stems(), STOP)
    return Weights(
        forms=forms,
        root_stem=np.array([number.get(s, UNKNOWN) for s in root_stems], np.int32),
        stems=tuple(stems),
        bigrams=np.array([(number[a], number[b]) for a, b in pairs], np.int32).reshape(-1, 2),
        idf=vectorizer.idf[order],
        label_coef=label[0][order].astype(np.float16),
        label_intercept=_rounded(label[1]),
        scope_coef=(scope[0][order] if scope else np.empty(0)).astype(np.float16),
        scope_intercept=_rounded(scope[1] if scope else 0.0),
        service_coef=service_coef.astype(np.float16),
        service_intercept=np.array([_rounded(x) for x in service_intercept.tolist()]),
        services=tuple(services),
        service_labels=tuple(label_of[slug] for slug in services),
        mixed_coef=(mixed[0][order] if mixed else np.empty(0)).astype(np.float16),
        mixed_intercept=_rounded(mixed[1] if mixed else 0.0),
    )


def _stored(rows: Sequence[LabelledRow], vectorizer: Vectorizer) -> PackedRows:
    """The rows as `Explanation.nearest` shows them."""
    counts = vectorizer.counts(np.arange(len(rows)))[:, vectorizer.stem_features()].tocsr()
    counts.sort_indices()
    services = tuple(sorted({row.service for row in rows}))
    stored = StoredRows(
        counts.indptr.astype(np.int32),
        counts.indices.astype(np.int32),
        np.minimum(counts.data, 255).astype(np.uint8),
        np.array([LABELS.index(row.label) for row in rows], np.uint8),
        np.array([services.index(row.service) for row in rows], np.int32),
        services,
        StoredRows.pack_texts([row.text for row in rows]),
    )
    return PackedRows(stored.to_bytes(), counts.shape[1])


def _versions() -> dict[str, str]:
    from kpoclf import __version__

    libraries = ("scikit-learn", "numpy", "scipy", "nltk")
    return {"kpoclf": __version__} | {name: version(name) for name in libraries}


def _rounded(intercept: float) -> float:
    return float(np.float16(intercept))


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(map(stem, STOP_WORDS))


def shipped_forms() -> dict[str, list[str]]:
    """Forms of each stem in the shipped model."""
    table = load().trained.weights.forms
    by_root: list[list[str]] = [[] for _ in range(table.n_roots)]
    for form, root in table.forms():
        by_root[root].append(form)
    return {stem(forms[0]): forms for forms in by_root}


def _forms(
    rows: Sequence[LabelledRow],
    vectorizer: Vectorizer,
    sentences: FittedSentences,
    confirmed: dict[str, list[str]],
) -> tuple[FormTable, list[str]]:
    """Every surface form of the features, the stop terms and the sentences; the stem of each root."""
    seen = defaultdict(set)
    for word in {w for row in rows for w in split_words(row.text)} | sentences.words | STOP_WORDS:
        seen[stem(word)].add(word)
    stems = {term for term in vectorizer.terms() if " " not in term}
    stems |= _stop_stems() | set(sentences.stems)
    stem_of = {
        form: s for s in sorted(stems) for form in surface_forms(s, seen[s], confirmed.get(s))
    }
    root_stems = sorted(set(stem_of.values()))
    root = {s: i for i, s in enumerate(root_stems)}
    return FormTable.of_forms((form, root[s]) for form, s in stem_of.items()), root_stems
