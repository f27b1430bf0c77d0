"""Why a text got its label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Explanation", "RankedService", "Word"]


class Word(NamedTuple):
    """A term of the text, in the text's own words, and what it adds to the decision value."""

    term: str
    contribution: float


class RankedService(NamedTuple):
    """A service of the label given, and its probability among that label's services."""

    service: str
    probability: float


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
    decision : float
        Decision value of the label head: above 0 means KPO.
    intercept : float
        The part of it that is there before any word.
    words : tuple of Word
        Strongest first. Contributions above 0 speak for KPO, below 0 for BPO; with `intercept`
        they add up to `decision`.
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
    decision: float
    intercept: float
    words: tuple[Word, ...]
    model: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain types, ready for JSON; a probability that is not known is None."""
        return {
            "model": self.model,
            "label": self.label,
            "confidence": self.confidence,
            "status": self.status,
            "service": self.service,
            "services": [s._asdict() for s in self.services],
            "p_kpo": self.p_kpo,
            "p_in_scope": None if self.p_in_scope != self.p_in_scope else self.p_in_scope,
            "decision": self.decision,
            "intercept": self.intercept,
            "words": [w._asdict() for w in self.words],
        }

    def _repr_html_(self) -> str:
        """Table for a notebook."""
        import html

        rows = "".join(
            f"<tr><td>{html.escape(w.term)}</td><td>{w.contribution:+.3f}</td></tr>"
            for w in self.words[:12]
        )
        service = f", {html.escape(self.service)}" if self.service else ""
        return (
            f"<p><b>{self.label}</b> {self.confidence:.2f} ({self.status}{service})</p>"
            f"<table><tr><th>term</th><th>towards KPO</th></tr>{rows}</table>"
        )
