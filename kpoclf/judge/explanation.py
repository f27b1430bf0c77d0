"""Why a text got its label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["CriterionReading", "Explanation", "Neighbour", "RankedService", "Sentence", "Word"]


class Word(NamedTuple):
    """A term of the text, in the text's own words, and what it adds to the decision value.

    Attributes
    ----------
    term : str
        One word or two, as the text spells them where they come first.
    contribution : float
        Above 0 for KPO, below 0 for BPO.
    places : tuple of (int, int)
        Start and end of each occurrence in the text; of a pair, from its first word to its second.
    """

    term: str
    contribution: float
    places: tuple[tuple[int, int], ...] = ()


class RankedService(NamedTuple):
    """A service of the label given, and its probability among that label's services."""

    service: str
    probability: float


class Sentence(NamedTuple):
    """A sentence of the text and the duty that it states.

    Attributes
    ----------
    text : str
    start, end : int
        Its place in the whole text.
    label : str or None
        ``"KPO"`` or ``"BPO"``; None where it states no duty of either kind (company, requirements,
        benefits, other work).
    confidence : float
        Probability of that, in [0, 1].
    """

    text: str
    start: int
    end: int
    label: str | None
    confidence: float


class CriterionReading(NamedTuple):
    """What the words say on one of the article's nine differences.

    Attributes
    ----------
    name : str
        As in `kpoclf.taxonomy.CRITERIA`.
    pole : str or None
        ``"KPO"`` or ``"BPO"``; None where no sentence says anything of it, which is the usual case.
    strength : float
        Probability that a reader sees it in the sentence, in [0, 1]; 0 where it is not stated.
    sentence : str or None
        The sentence that shows it.
    """

    name: str
    pole: str | None
    strength: float
    sentence: str | None


class Neighbour(NamedTuple):
    """A labelled row that the model was trained on, and how much the text is like it.

    Attributes
    ----------
    text : str
    label : str
        ``"KPO"``, ``"BPO"`` or ``"OTHER"``.
    service : str
    similarity : float
        Cosine of the two TF-IDF vectors, in [0, 1].
    """

    text: str
    label: str
    service: str
    similarity: float


@dataclass(frozen=True)
class Explanation:
    """A label with its reasons.

    Attributes
    ----------
    text : str
        The text that was explained.
    label : str
        ``"KPO"`` or ``"BPO"``.
    confidence : float
        Calibrated probability of the label, in [0.5, 1].
    status : str
        ``"ok"``, ``"review"`` or ``"out_of_scope"``.
    service : str
        Most likely service of the label; empty when out of scope.
    services : tuple of RankedService
        The services of the label, most likely first; empty when out of scope.
    p_kpo : float
        Calibrated probability of KPO.
    p_in_scope : float
        Probability that the text states work of either kind; NaN if the model knows no scope.
    review_score : float
        How much a person should look, in [0, 1]; see `Model.label`.
    decision : float
        Decision value of the label head: above 0 means KPO.
    intercept : float
        The part of it that is there before any word.
    words : tuple of Word
        Strongest first. Contributions above 0 speak for KPO, below 0 for BPO; with `intercept`
        they add up to `decision`.
    turning_words : tuple of str
        The fewest words found that, taken out of the text, turn its label; empty where more than
        twelve would have to go.
    sentences : tuple of Sentence
        In order; empty if the model has no sentence heads.
    kpo_share : float or None
        Share of the sentences with a duty whose duty is KPO; None where no sentence states one.
    criteria : tuple of CriterionReading
        The nine, in the order of the article; empty if the model has no sentence heads. They are read
        from the words of single sentences, not inferred from the job.
    nearest : tuple of Neighbour
        The most similar rows that the model was trained on, nearest first.
    model : str
        Id of the model.
    """

    text: str
    label: str
    confidence: float
    status: str
    service: str
    services: tuple[RankedService, ...]
    p_kpo: float
    p_in_scope: float
    review_score: float
    decision: float
    intercept: float
    words: tuple[Word, ...]
    turning_words: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    kpo_share: float | None
    criteria: tuple[CriterionReading, ...]
    nearest: tuple[Neighbour, ...]
    model: str

    def to_dict(self) -> dict[str, Any]:
        """Everything but the text as plain types, ready for JSON; what is not known is None.

        ``kpoclf explain --schema`` prints the JSON Schema of it.
        """
        return {
            "model": self.model,
            "label": self.label,
            "confidence": self.confidence,
            "status": self.status,
            "service": self.service,
            "services": [s._asdict() for s in self.services],
            "p_kpo": self.p_kpo,
            "p_in_scope": None if self.p_in_scope != self.p_in_scope else self.p_in_scope,
            "review_score": self.review_score,
            "decision": self.decision,
            "intercept": self.intercept,
            "words": [
                {**w._asdict(), "places": [list(place) for place in w.places]} for w in self.words
            ],
            "turning_words": list(self.turning_words),
            "sentences": [s._asdict() for s in self.sentences],
            "kpo_share": self.kpo_share,
            "criteria": [c._asdict() for c in self.criteria],
            "nearest": [n._asdict() for n in self.nearest],
        }

    def _repr_html_(self) -> str:
        """The explanation as a notebook shows it."""
        from kpoclf.judge.page import fragment

        return fragment(self)
