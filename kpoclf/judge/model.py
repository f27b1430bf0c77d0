"""A loaded model: labels, probabilities, statuses, services, reasons."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kpoclf.errors import InputError, ModelError
from kpoclf.judge.counterfactual import turning_words
from kpoclf.judge.duties import criteria_of, kpo_share, sentences_of
from kpoclf.judge.explanation import (
    CriterionReading,
    Explanation,
    Neighbour,
    RankedService,
    Sentence,
    Word,
)
from kpoclf.judge.status import plain_review_score, statuses
from kpoclf.judge.texts import as_texts, index_of
from kpoclf.model.folder import model_id, read_model, write_model
from kpoclf.model.review import review_features
from kpoclf.model.scorer import Scorer, chunks
from kpoclf.model.sentence_scorer import SentenceScorer
from kpoclf.model.weights import STOP
from kpoclf.resources import promoted, shipped
from kpoclf.taxonomy import CLASSES, LABELS
from kpoclf.text.words import split_words, word_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from kpoclf.model.scorer import Scores
    from kpoclf.model.trained import TrainedModel

__all__ = ["Judgements", "Model", "Reading", "load"]

_LABELS = np.array(CLASSES, object)
_TOP_SERVICES = 3
_TOP_REASONS = 5


@dataclass(frozen=True, eq=False)
class Judgements:
    """What a model says of some texts, one array entry per text.

    Attributes
    ----------
    label : ndarray of str objects
    confidence, p_kpo, p_in_scope, review_score : ndarray of float64
    status, service : ndarray of str objects
    service_confidence : ndarray of float64
        NaN where the service is empty.
    services : list of list of RankedService
        Top services of the label; filled only in detail.
    """

    label: NDArray[np.object_]
    confidence: NDArray[np.float64]
    status: NDArray[np.object_]
    service: NDArray[np.object_]
    service_confidence: NDArray[np.float64]
    p_kpo: NDArray[np.float64]
    p_in_scope: NDArray[np.float64]
    review_score: NDArray[np.float64]
    services: list[list[RankedService]]

    @classmethod
    def joined(cls, parts: Sequence[Judgements]) -> Judgements:
        """The judgements of several runs of texts as those of one."""
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in cls.__dataclass_fields__
            if name != "services"
        }
        return cls(**arrays, services=[ranked for part in parts for ranked in part.services])


class Reading(NamedTuple):
    """What a text says, sentence by sentence and word by word; parts of an `Explanation`."""

    words: tuple[Word, ...]
    sentences: tuple[Sentence, ...]
    kpo_share: float | None
    criteria: tuple[CriterionReading, ...]


class Model:
    """A trained classifier of job postings and task descriptions.

    Get one from `kpoclf.load` or `kpoclf.train`; NumPy is all it needs.

    Parameters
    ----------
    trained : TrainedModel
    id : str, optional
        Its name by content; computed if not given.

    Examples
    --------
    >>> import kpoclf
    >>> model = kpoclf.load()
    >>> model.predict(["Key invoice numbers from scanned forms into the ledger system."]).tolist()
    ['BPO']
    """

    def __init__(self, trained: TrainedModel, id: str | None = None) -> None:
        self.trained = trained
        self._id = id
        self._scorer = Scorer(trained.weights)
        heads = trained.sentences
        self._sentences = None if heads is None else SentenceScorer(self._scorer, heads)

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, the same for the same content."""
        if self._id is None:
            self._id = model_id(self.trained)
        return self._id

    @property
    def classes_(self) -> NDArray[np.str_]:
        """The two labels, in the order of the columns of `predict_proba`."""
        return np.array(CLASSES)

    @cached_property
    def _services(self) -> dict[str, NDArray[np.object_]]:
        """Services of each label, in the order in which the service head weighs them."""
        weights = self.trained.weights
        slugs = np.array(weights.services, object)
        return {name: slugs[np.array(weights.service_labels) == name] for name in CLASSES}

    def decision_function(self, texts: Any) -> NDArray[np.float64]:
        """Decision values; above 0 means KPO.

        Parameters
        ----------
        texts : sequence of str
            A list, NumPy array, pandas or polars Series or Arrow array. A missing value counts as
            the empty text.

        Returns
        -------
        ndarray of shape (n_texts,)

        Raises
        ------
        InputError
            If `texts` is a single string or holds something other than text.
        """
        return self._scorer.label_decisions(as_texts(texts))

    def predict_proba(self, texts: Any) -> NDArray[np.float64]:
        """Calibrated probabilities, columns as `classes_`.

        Parameters
        ----------
        texts : sequence of str
            As for `decision_function`.

        Returns
        -------
        ndarray of shape (n_texts, 2)
            Rows add up to 1; ``[0.5, 0.5]`` where no word is known.
        """
        parts = [self._p_kpo(part) for part in chunks(as_texts(texts))]
        p = np.concatenate(parts) if parts else np.empty(0)
        return np.column_stack((1.0 - p, p))

    def _p_kpo(self, texts: Sequence[str]) -> NDArray[np.float64]:
        features = self._scorer.features(texts)
        return self.trained.calibration.probability(self._scorer.label(features), features.n_terms)

    def predict(self, texts: Any) -> NDArray[np.str_]:
        """Labels.

        Parameters
        ----------
        texts : sequence of str
            As for `decision_function`.

        Returns
        -------
        ndarray of shape (n_texts,)
            ``"KPO"`` or ``"BPO"`` for each text, out of scope or not.
        """
        return self.classes_[(self.decision_function(texts) > 0).astype(np.int64)]

    def judge(self, texts: Sequence[str], detail: bool = False) -> Judgements:
        """All that `label` says, as arrays; for callers that do without pandas.

        Parameters
        ----------
        texts : sequence of str
        detail : bool
            Whether to rank the services of each text.

        Returns
        -------
        Judgements
        """
        parts = [self._judge(part, detail) for part in chunks(texts)] or [self._judge([], detail)]
        return parts[0] if len(parts) == 1 else Judgements.joined(parts)

    def _judge(self, texts: Sequence[str], detail: bool) -> Judgements:
        """As `judge`, for one chunk of texts."""
        features = self._scorer.features(texts)
        scores = self._scorer.scores(features)
        p_kpo = self.trained.calibration.probability(scores.label, scores.n_terms)
        p_in_scope = self.trained.scope_calibration.probability(scores.scope)
        review_score = self._review_score(scores, p_kpo)
        kpo = scores.label > 0
        status = statuses(scores, review_score, p_in_scope, self.trained.thresholds)
        label = _LABELS.take(kpo)
        service = np.full(len(texts), "", object)
        service_confidence = np.full(len(texts), np.nan)
        services: list[list[RankedService]] = [[] for _ in texts] if detail else []
        for name in CLASSES:
            rows = np.flatnonzero((kpo == (name == "KPO")) & (status != "out_of_scope"))
            slugs = self._services[name]
            if not len(slugs) or not len(rows):
                continue
            decision = self._scorer.services(features, name, rows)
            p = _softmax(decision / self.trained.service_temperature)
            best = p.argmax(axis=1)
            service[rows] = slugs.take(best)
            service_confidence[rows] = p[np.arange(len(rows)), best]
            if detail:
                for row, probabilities in zip(rows.tolist(), p, strict=True):
                    order = np.argsort(-probabilities, kind="stable").tolist()
                    services[row] = [
                        RankedService(slugs[i], float(probabilities[i])) for i in order
                    ]
        return Judgements(
            label=label,
            confidence=np.where(kpo, p_kpo, 1.0 - p_kpo),
            status=status,
            service=service,
            service_confidence=service_confidence,
            p_kpo=p_kpo,
            p_in_scope=p_in_scope,
            review_score=review_score,
            services=services,
        )

    def _review_score(self, scores: Scores, p_kpo: NDArray[np.float64]) -> NDArray[np.float64]:
        review = self.trained.review
        if review is None:
            return plain_review_score(p_kpo)
        features = review_features(p_kpo, np.nan_to_num(scores.mixed))
        found = review.score(features, scores.n_terms)
        found[scores.n_terms < self.trained.thresholds.min_terms] = 1.0
        return found

    def with_review(
        self, *, max_error: float | None = None, review_share: float | None = None
    ) -> Model:
        """The same model with another threshold of the status ``review``.

        Parameters
        ----------
        max_error : float, optional
            Share of wrong labels among the rows that are not reviewed, in (0, 1): the upper bound of
            its one-sided 90 % interval in cross-validation, for text like that the model was trained on.
        review_share : float, optional
            Share of such text that may go to review, in [0, 1].

        Returns
        -------
        Model

        Raises
        ------
        InputError
            If not exactly one of the two is given, or no threshold keeps to it.

        Examples
        --------
        >>> import kpoclf
        >>> careful = kpoclf.load().with_review(max_error=0.02)
        >>> careful.trained.thresholds.review_score < 0.5
        True
        """
        if (max_error is None) == (review_share is None):
            raise InputError("give either max_error or review_share")
        review = self.trained.review
        if review is None:
            raise InputError(
                f"model {self.id} has no review score to set: train it again with more rows"
            )
        found = review.threshold_for(max_error, review_share)
        if found is None:
            least = min(point.bound for point in review.curve)
            raise InputError(
                f"no threshold keeps to this: the smallest error that model {self.id} can bound is "
                f"{least:.3f}"
            )
        thresholds = replace(self.trained.thresholds, review_score=found)
        return Model(replace(self.trained, thresholds=thresholds))

    def label(self, texts: Any, detail: bool = False) -> pd.DataFrame:
        """Label texts, with confidence, status and service.

        Parameters
        ----------
        texts : sequence of str
            As for `decision_function`.
        detail : bool
            Whether to add ``p_kpo``, ``p_in_scope``, ``review_score`` (in [0, 1]: higher means that
            a person should look sooner; above the threshold, 0.5 as shipped, the status is
            ``review``), ``services`` (the likeliest three with their probabilities), ``kpo_share``
            (share of the sentences with a duty whose duty is KPO; NaN without any), ``criteria``
            (those of the nine that are stated, as `CriterionReading`) and ``reasons`` (the five terms
            that weigh most, as `Word`).

        Returns
        -------
        pandas.DataFrame
            Columns ``label``, ``confidence`` (in [0.5, 1]), ``status``, ``service``,
            ``service_confidence``; the index of a pandas input, else 0, 1, 2, …

        Examples
        --------
        >>> import kpoclf
        >>> table = kpoclf.load().label(["Research case law and advise counsel on precedent."])
        >>> table["label"].tolist(), table["service"].tolist()
        (['KPO'], ['legal-research'])
        """
        import pandas as pd

        listed = as_texts(texts)
        judged = self.judge(listed, detail)
        columns: dict[str, Any] = {
            "label": judged.label,
            "confidence": judged.confidence,
            "status": judged.status,
            "service": judged.service,
            "service_confidence": judged.service_confidence,
        }
        if detail:
            details = [self.read(text) for text in listed]
            columns |= {
                "p_kpo": judged.p_kpo,
                "p_in_scope": judged.p_in_scope,
                "review_score": judged.review_score,
                "services": [ranked[:_TOP_SERVICES] for ranked in judged.services],
                "kpo_share": [np.nan if d.kpo_share is None else d.kpo_share for d in details],
                "criteria": [[c for c in d.criteria if c.pole is not None] for d in details],
                "reasons": [list(d.words[:_TOP_REASONS]) for d in details],
            }
        return pd.DataFrame(columns, index=index_of(texts))

    def words(self, text: str) -> tuple[Word, ...]:
        """Terms of a text that the model knows, strongest first.

        Parameters
        ----------
        text : str

        Returns
        -------
        tuple of Word
            Contributions and the label head's intercept add up to the decision value.
        """
        weights = self.trained.weights
        features = self._scorer.features([text])
        contributions = weights.label_coef[features.feature] * features.value
        places = self._places(text)
        words = []
        pairs = zip(features.feature.tolist(), contributions.tolist(), strict=True)
        for feature, contribution in pairs:
            term, found = places[feature]
            words.append(Word(term, contribution, tuple(found)))
        return tuple(sorted(words, key=lambda w: -abs(w.contribution)))

    def _places(self, text: str) -> dict[int, tuple[str, list[tuple[int, int]]]]:
        """For each feature of a text how it is spelled the first time it comes, and where it stands."""
        found: dict[int, tuple[str, list[tuple[int, int]]]] = {}
        spans = word_spans(text)
        numbers = self._scorer.stem_numbers([word for word, _, _ in spans])
        told = [(*span, s) for span, s in zip(spans, numbers, strict=True) if s != STOP]
        for word, start, end, stem in told:
            if stem >= 0:
                found.setdefault(stem, (word, []))[1].append((start, end))
        pairs = [p for p in itertools.pairwise(told) if p[0][3] >= 0 and p[1][3] >= 0]
        bigrams = self._scorer.bigram_numbers([a[3] for a, _ in pairs], [b[3] for _, b in pairs])
        for ((first, start, _, _), (second, _, end, _)), feature in zip(
            pairs, bigrams, strict=True
        ):
            if feature >= 0:
                found.setdefault(feature, (f"{first} {second}", []))[1].append((start, end))
        return found

    def read(self, text: str) -> Reading:
        """What a text says, sentence by sentence and word by word.

        Parameters
        ----------
        text : str

        Returns
        -------
        Reading
        """
        if self._sentences is None:
            return Reading(self.words(text), (), None, ())
        scores = self._sentences.scores([text])
        sentences = sentences_of(text, scores)
        criteria = criteria_of(sentences, scores.criteria, self._sentences.heads.threshold)
        return Reading(self.words(text), sentences, kpo_share(sentences), criteria)

    def nearest(self, text: str, n: int = 3) -> tuple[Neighbour, ...]:
        """The most similar rows that the model was trained on.

        Parameters
        ----------
        text : str
        n : int
            How many at most.

        Returns
        -------
        tuple of Neighbour
            Nearest first; empty if the model kept no rows or none has a term of the text.
        """
        if self.trained.rows is None:
            return ()
        weights = self.trained.weights
        features = self._scorer.features([text])
        single = np.flatnonzero(features.feature < len(weights.stems))
        idf = weights.idf[: len(weights.stems)].astype(np.float64)
        try:
            stored = self.trained.rows.rows
            similarity = stored.similarities(features.feature[single], features.weight[single], idf)
            best = np.argsort(-similarity, kind="stable")[:n].tolist()
            return tuple(
                Neighbour(
                    stored.text(i),
                    LABELS[stored.label[i]],
                    stored.services[stored.service[i]],
                    min(float(similarity[i]), 1.0),
                )
                for i in best
                if similarity[i] > 0
            )
        except (LookupError, ValueError, TypeError) as error:
            raise ModelError(f"model {self.id}: its stored rows are not usable: {error}") from None

    def explain(self, text: str) -> Explanation:
        """Label one text and say why.

        Parameters
        ----------
        text : str

        Returns
        -------
        Explanation

        Raises
        ------
        InputError
            If `text` is no string.

        Examples
        --------
        >>> import kpoclf
        >>> why = kpoclf.load().explain("Audit the reserves and advise the board on capital.")
        >>> why.label
        'KPO'
        >>> abs(sum(w.contribution for w in why.words) + why.intercept - why.decision) < 1e-9
        True
        """
        text = as_texts([text])[0]
        judged = self.judge([text], detail=True)
        reading = self.read(text)
        return Explanation(
            text=text,
            label=judged.label[0],
            confidence=float(judged.confidence[0]),
            status=judged.status[0],
            service=judged.service[0],
            services=tuple(judged.services[0]),
            p_kpo=float(judged.p_kpo[0]),
            p_in_scope=float(judged.p_in_scope[0]),
            review_score=float(judged.review_score[0]),
            decision=float(self._scorer.label_decisions([text])[0]),
            intercept=self.trained.weights.label_intercept,
            words=reading.words,
            turning_words=turning_words(self._scorer, split_words(text)),
            sentences=reading.sentences,
            kpo_share=reading.kpo_share,
            criteria=reading.criteria,
            nearest=self.nearest(text),
            model=self.id,
        )

    def save(self, path: str | Path) -> None:
        """Write a model folder, whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            A new folder, or a model folder, which it replaces.

        Raises
        ------
        InputError
            If something other than a model is there, or the folder cannot be written.
        """
        write_model(self.trained, Path(path))

    def to_sklearn(self) -> Pipeline:
        """The label head as a plain scikit-learn pipeline.

        Returns
        -------
        sklearn.pipeline.Pipeline
            ``predict``, ``predict_proba`` and ``decision_function`` equal this model's to 1e-9.
        """
        from kpoclf.model.reference import to_pipeline

        return to_pipeline(self.trained)

    def __repr__(self) -> str:
        return f"<kpoclf.Model {self.id}>"


def load(path: str | Path | None = None) -> Model:
    """Load a model.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        A model folder; the shipped model if not given, whatever was promoted. The str
        ``"current"`` is the promoted version of this user, or the shipped model if there is none
        (``kpoclf models use``); a folder of that name is ``"./current"``.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If the folder is missing, changed, truncated or of a newer format.

    Examples
    --------
    >>> import kpoclf
    >>> kpoclf.load().classes_.tolist()
    ['BPO', 'KPO']
    """
    if path == "current":
        if promoted():
            from kpoclf.model.store import Store

            return Model(*Store().read(path))
        path = None
    trained, name = read_model(shipped("models", "default") if path is None else Path(path))
    return Model(trained, name)


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if values.size:
        values = values - values.max(axis=1, keepdims=True)
    powers = np.exp(values)
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found
