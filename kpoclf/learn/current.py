"""The current data: the rows that a model was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpoclf.corpus.rows import LabelledRow, corpus_digest
from kpoclf.errors import ModelError
from kpoclf.model.folder import UNUSABLE
from kpoclf.taxonomy import LABELS

if TYPE_CHECKING:
    from kpoclf.judge.model import Model

__all__ = ["rows_of", "stored_rows", "trained_on"]


def rows_of(model: Model, corpus: list[LabelledRow]) -> list[LabelledRow] | None:
    """Rows that a model was trained on.

    A model keeps text, label and service of its rows. Those that the shipped corpus has are taken from
    it, with all that it says of them, so that postings written as a pair stay together.

    Parameters
    ----------
    model : Model
    corpus : list of LabelledRow
        The shipped one.

    Returns
    -------
    list of LabelledRow or None
        `corpus` itself if the model was trained on it; None if it kept no rows.

    Raises
    ------
    ModelError
        If its rows cannot be read.
    """
    if model.trained.corpus.get("digest") == corpus_digest(corpus):
        return corpus
    if model.trained.rows is None:
        return None
    known = {(row.text, row.label, row.service): row for row in corpus}
    return [known.get((row.text, row.label, row.service), row) for row in stored_rows(model)]


def stored_rows(model: Model) -> list[LabelledRow]:
    """Texts, labels and services that a model kept of its rows; none if it kept no rows.

    Parameters
    ----------
    model : Model

    Returns
    -------
    list of LabelledRow

    Raises
    ------
    ModelError
        If they cannot be read.
    """
    packed = model.trained.rows
    if packed is None:
        return []
    try:
        stored = packed.rows
        labels = [LABELS[label] for label in stored.label.tolist()]
        services = [stored.services[service] for service in stored.service.tolist()]
        rows = enumerate(zip(stored.texts(), labels, services, strict=True), 1)
        return [LabelledRow(*row, where=f"model {model.id}, row {i}") for i, row in rows]
    except UNUSABLE as error:
        raise ModelError(f"model {model.id}: its stored rows are not usable: {error}") from None


def trained_on(n: int, model: str) -> str:
    """Words for rows that were left out because a model knows them."""
    return f"{n:,} {'row' if n == 1 else 'rows'} left out that model {model} was trained on"
