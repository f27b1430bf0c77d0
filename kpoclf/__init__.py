"""Says of a job posting or task description whether the work is KPO or BPO.

KPO is knowledge process outsourcing (expertise, judgement, analysis), BPO business process
outsourcing (routine, rule-based work).

>>> import kpoclf
>>> kpoclf.load().predict(["Reconcile petty cash vouchers against the register every evening."]).tolist()
['BPO']

Importing kpoclf and loading a model needs NumPy only; pandas, scikit-learn and NLTK are imported by
what uses them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kpoclf.errors import CorpusError, InputError, KpoclfError, MissingExtraError, ModelError

if TYPE_CHECKING:
    import pandas as pd

    from kpoclf.judge.explanation import Explanation
    from kpoclf.judge.model import Model, load
    from kpoclf.learn.estimator import KPOClassifier
    from kpoclf.learn.evaluate import Evaluation, evaluate
    from kpoclf.learn.settings import Settings
    from kpoclf.learn.train import Training, train
    from kpoclf.taxonomy import Taxonomy, load_taxonomy

__version__ = "0.1.0"

__all__ = [
    "CorpusError",
    "Evaluation",
    "Explanation",
    "InputError",
    "KPOClassifier",
    "KpoclfError",
    "MissingExtraError",
    "Model",
    "ModelError",
    "Settings",
    "Taxonomy",
    "Training",
    "__version__",
    "evaluate",
    "label",
    "load",
    "load_taxonomy",
    "train",
]

# What is imported only when it is asked for, to keep `import kpoclf` quick.
_LATER = {
    "Evaluation": "kpoclf.learn.evaluate",
    "Explanation": "kpoclf.judge.explanation",
    "KPOClassifier": "kpoclf.learn.estimator",
    "Model": "kpoclf.judge.model",
    "Settings": "kpoclf.learn.settings",
    "Taxonomy": "kpoclf.taxonomy",
    "Training": "kpoclf.learn.train",
    "evaluate": "kpoclf.learn.evaluate",
    "load": "kpoclf.judge.model",
    "load_taxonomy": "kpoclf.taxonomy",
    "train": "kpoclf.learn.train",
}

_shipped_model: Model | None = None


def label(texts: Any, detail: bool = False) -> pd.DataFrame:
    """Label texts with the shipped model.

    Parameters
    ----------
    texts : sequence of str
    detail : bool
        As for `Model.label`.

    Returns
    -------
    pandas.DataFrame
        Columns ``label``, ``confidence``, ``status``, ``service``, ``service_confidence``.

    Examples
    --------
    >>> import kpoclf
    >>> kpoclf.label(["Answer billing calls from the script and log each ticket."]).loc[0, "label"]
    'BPO'
    """
    global _shipped_model
    if _shipped_model is None:
        from kpoclf.judge.model import load

        _shipped_model = load()
    return _shipped_model.label(texts, detail=detail)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'kpoclf' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
