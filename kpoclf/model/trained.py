"""A trained model as a value: weights, calibration, thresholds, and what is known of its making."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from kpoclf.model.calibration import Calibration, ScopeCalibration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpoclf.model.review import ReviewModel
    from kpoclf.model.sentence_heads import SentenceHeads
    from kpoclf.model.stored_rows import PackedRows
    from kpoclf.model.weights import Weights

__all__ = ["Thresholds", "TrainedModel"]


@dataclass(frozen=True)
class Thresholds:
    """Where a status begins.

    Attributes
    ----------
    review_score : float
        ``review`` above this score (0: certain, 1: an even guess).
    scope : float
        ``out_of_scope`` below this probability of being in scope.
    known_share : float
        ``out_of_scope`` below this share of known words.
    min_terms : int
        ``review`` below this number of distinct known terms.
    """

    review_score: float = 0.4
    scope: float = 0.5
    known_share: float = 0.6
    min_terms: int = 3

    def to_dict(self) -> dict[str, Any]:
        """Thresholds by name."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What a model folder holds.

    Attributes
    ----------
    weights : Weights
    calibration : Calibration
    scope_calibration : ScopeCalibration
    service_temperature : float
        Divides the service head's decision values before the softmax.
    thresholds : Thresholds
    sentences : SentenceHeads or None
    review : ReviewModel or None
        None: the review score is made from the probability alone.
    rows : PackedRows or None
        What it was trained on, if it was kept.
    settings : mapping
        Parameters of the estimator that was fitted.
    corpus : mapping
        Digest and counts of the rows it was fitted on.
    figures : mapping
        What grouped cross-validation on those rows gave.
    versions : mapping
        Versions of kpoclf and the libraries that fitted it.
    """

    weights: Weights
    calibration: Calibration = field(default_factory=Calibration)
    scope_calibration: ScopeCalibration = field(default_factory=ScopeCalibration)
    service_temperature: float = 1.0
    thresholds: Thresholds = field(default_factory=Thresholds)
    sentences: SentenceHeads | None = None
    review: ReviewModel | None = None
    rows: PackedRows | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
