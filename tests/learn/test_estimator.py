"""KPOClassifier keeps scikit-learn's contract, as far as an estimator of texts can."""

import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

from kpoclf import KPOClassifier
from kpoclf.errors import CorpusError, InputError

# The checks of scikit-learn that feed no numbers, or expect numbers to be refused. The others fit
# on a matrix of numbers, which a classifier of texts must refuse; their substance is tested below.
CHECKS = """
check_dataframe_column_names_consistency
check_do_not_raise_errors_in_init_or_set_params
check_estimator_cloneable
check_estimator_repr
check_estimator_tags_renamed
check_estimators_partial_fit_n_features
check_estimators_unfitted
check_fit1d
check_get_params_invariance
check_mixin_order
check_n_features_in_after_fitting
check_no_attributes_set_in_init
check_non_transformer_estimators_n_iter
check_parameters_default_constructible
check_requires_y_none
check_set_params
check_supervised_y_no_nan
check_valid_tag_types
""".split()


QUICK = partial(KPOClassifier, calibration_folds=2)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_scikit_learn_that_a_text_estimator_can_meet(name):
    getattr(estimator_checks, name)("KPOClassifier", KPOClassifier())


@pytest.fixture(scope="module")
def data(synthetic_rows):
    """Texts, labels and services."""
    columns = zip(*((r.text, r.label, r.service) for r in synthetic_rows), strict=True)
    return tuple(list(column) for column in columns)


@pytest.fixture(scope="module")
def fitted(data):
    return KPOClassifier(random_state=3).fit(*data)


@pytest.fixture(scope="module")
def inside(data):
    """Texts and labels without OTHER."""
    texts, labels, _ = data
    kept = [(t, x) for t, x in zip(texts, labels, strict=True) if x != "OTHER"]
    return [t for t, _ in kept], [x for _, x in kept]


def test_it_is_a_binary_classifier_of_texts():
    assert is_classifier(KPOClassifier())
    tags = sklearn.utils.get_tags(KPOClassifier())
    assert (tags.input_tags.string, tags.input_tags.one_d_array) == (True, True)
    assert (tags.input_tags.two_d_array, tags.classifier_tags.multi_class) == (False, False)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_without_a_fit_nothing_is_said(method):
    with pytest.raises(NotFittedError):
        getattr(KPOClassifier(), method)(["Key forms."])
    with pytest.raises(NotFittedError):
        KPOClassifier().score(["Key forms."], ["BPO"])


def test_a_clone_has_the_parameters_and_nothing_learned(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert copy.random_state == 3
    assert not hasattr(copy, "model_")


def test_fit_returns_itself_and_leaves_parameters_and_inputs_alone(data):
    texts, labels, services = (np.array(column, object) for column in data)
    before = [column.copy() for column in (texts, labels, services)]
    weight = np.ones(len(texts))
    clf = KPOClassifier(C=2.0)
    parameters = clf.get_params()
    assert clf.fit(texts, labels, services, weight) is clf
    assert clf.get_params() == parameters
    assert all((a == b).all() for a, b in zip(before, (texts, labels, services), strict=True))
    assert (weight == 1).all()


def test_what_is_learned_ends_in_an_underscore(fitted):
    learned = set(vars(fitted)) - set(fitted.get_params())
    assert learned == {"model_", "classes_"}


def test_predicting_changes_nothing_in_the_estimator(fitted, data):
    before = dict(vars(fitted))
    fitted.predict(data[0])
    fitted.predict_proba(data[0])
    assert vars(fitted) == before


def test_fitting_again_gives_the_same_and_forgets_the_first_fit(data, fitted):
    texts, labels, _ = data
    clf = KPOClassifier(random_state=3).fit(texts[:50], labels[:50])
    assert clf.model_.id != fitted.model_.id
    assert clf.fit(*data).model_.id == fitted.model_.id


def test_the_decision_the_probability_and_the_label_agree(fitted, data):
    decision, p = fitted.decision_function(data[0]), fitted.predict_proba(data[0])
    assert p.shape == (len(data[0]), 2)
    assert p.dtype == np.float64
    assert p.sum(axis=1) == pytest.approx(1)
    assert fitted.classes_.tolist() == ["BPO", "KPO"]
    assert (fitted.predict(data[0]) == fitted.classes_[p.argmax(axis=1)]).all()
    assert ((decision > 0) == (p[:, 1] > 0.5)).all()


def test_a_text_is_judged_alike_alone_and_among_others_in_any_order(fitted, data):
    texts = data[0]
    p = fitted.predict_proba(texts)
    assert (np.vstack([fitted.predict_proba([t]) for t in texts]) == p).all()
    assert (fitted.predict_proba(texts[::-1])[::-1] == p).all()


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_texts_and_labels_may_come_in_any_sequence(kind, data, fitted):
    clf = KPOClassifier(random_state=3).fit(*(kind(column) for column in data))
    assert clf.model_.id == fitted.model_.id
    assert (clf.predict(kind(data[0])) == fitted.predict(data[0])).all()


def test_a_series_with_an_index_of_its_own_is_read_by_position(data, fitted):
    columns = [pd.Series(column, index=range(len(column), 0, -1)) for column in data]
    assert KPOClassifier(random_state=3).fit(*columns).model_.id == fitted.model_.id


def test_a_pickle_says_the_same(fitted, data):
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert (again.predict_proba(data[0]) == fitted.predict_proba(data[0])).all()


def test_other_rows_are_no_class_but_teach_scope(fitted, data, inside):
    assert fitted.classes_.tolist() == ["BPO", "KPO"]
    assert set(fitted.predict(data[0])) == {"BPO", "KPO"}
    p = fitted.model_.judge(data[0]).p_in_scope
    other = np.array(data[1]) == "OTHER"
    assert p[other].mean() < 0.3 < 0.7 < p[~other].mean()


def test_other_rows_do_not_move_the_boundary_between_kpo_and_bpo(data, inside):
    with_other, without = QUICK().fit(*data[:2]), QUICK().fit(*inside)
    assert (with_other.predict(inside[0]) == without.predict(inside[0])).all()


def test_without_other_rows_and_services_it_still_labels(inside):
    clf = QUICK().fit(*inside)
    assert clf.score(*inside) == 1.0
    judged = clf.model_.judge(inside[0])
    assert np.isnan(judged.p_in_scope).all()
    assert np.isnan(judged.service_confidence).all()
    assert set(judged.service) == {""}
    assert set(judged.label) == {"KPO", "BPO"}
    assert "ok" in judged.status


def test_services_teach_the_service_of_each_label(fitted, data):
    judged = fitted.model_.judge(data[0])
    known = [s for s in judged.service if s]
    assert set(known) <= set(data[2])
    kpo = {s for s, x in zip(data[2], data[1], strict=True) if x == "KPO"}
    pairs = zip(judged.label, judged.service, judged.status, strict=True)
    assert all((s in kpo) == (x == "KPO") for x, s, status in pairs if status != "out_of_scope")


def test_score_is_the_accuracy_on_the_kpo_and_bpo_rows(fitted, inside):
    texts, labels = inside
    half_wrong = [*labels[:25], *({"KPO": "BPO", "BPO": "KPO"}[x] for x in labels[25:])]
    assert fitted.score(texts, labels) == 1.0
    assert fitted.score(texts, half_wrong) == 0.5
    assert fitted.score([*texts, "Milk cows."], [*half_wrong, "OTHER"]) == 0.5
    weight = [3.0] * 25 + [1.0] * 25
    assert fitted.score(texts, half_wrong, sample_weight=weight) == 0.75
    assert np.isnan(fitted.score(["Milk cows."], ["OTHER"]))


def test_labels_are_read_as_people_spell_them(inside, data):
    texts, labels = inside
    odd = [x.lower() + " " if i % 2 else f" {x.title()}\t" for i, x in enumerate(labels)]
    assert QUICK().fit(texts, odd).model_.id == QUICK().fit(*inside).model_.id
    assert QUICK().fit(texts, labels).score(texts, odd) == 1.0


def test_weights_of_one_change_nothing_and_heavier_rows_pull_the_decision(inside):
    texts, labels = inside
    plain = QUICK().fit(texts, labels)
    ones = QUICK().fit(texts, labels, sample_weight=[1.0] * len(texts))
    assert ones.predict_proba(texts) == pytest.approx(plain.predict_proba(texts), abs=1e-3)
    wrong = [*labels, "KPO"]
    texts = [*texts, texts[-1] + " swiftly"]  # a BPO text called KPO
    light, heavy = (
        QUICK().fit(texts, wrong, sample_weight=[1.0] * len(labels) + [w]).decision_function
        for w in (0.01, 50.0)
    )
    assert light(texts[-1:])[0] < 0 < heavy(texts[-1:])[0]


@pytest.mark.parametrize("kind", [list, np.array, pd.Series])
def test_weights_may_come_in_any_sequence(kind, inside):
    weight = kind([1.0, 2.0] * 25)
    assert QUICK().fit(*inside, sample_weight=weight).score(*inside) == 1.0


def test_it_is_the_last_step_of_a_pipeline(inside):
    lower = FunctionTransformer(lambda texts: [t.lower() for t in texts])
    pipeline = make_pipeline(lower, QUICK()).fit(*inside)
    upper = [t.upper() for t in inside[0]]
    assert (pipeline.predict(upper) == pipeline[-1].predict(inside[0])).all()
    assert pipeline.score(upper, inside[1]) == 1.0
    assert pipeline.classes_.tolist() == ["BPO", "KPO"]


def test_cross_validation_of_scikit_learn_passes_over_other_rows(data):
    texts, labels, services = (np.array(column, object) for column in data)
    scores = cross_val_score(QUICK(), texts, labels, cv=2)
    assert scores.min() >= 0.8
    params = {"services": services, "sample_weight": np.ones(len(texts))}
    weighted = cross_val_score(QUICK(), texts, labels, cv=2, params=params)
    assert weighted.min() >= 0.8


def test_metrics_of_scikit_learn_take_its_labels_and_probabilities(inside):
    texts, labels = inside
    scoring = ("f1_macro", "roc_auc", "neg_log_loss")
    found = cross_validate(QUICK(), texts, labels, cv=2, scoring=scoring)
    assert found["test_f1_macro"].min() > 0.8
    assert found["test_roc_auc"].min() > 0.9
    assert found["test_neg_log_loss"].min() > -0.5


def test_services_are_routed_as_metadata(data):
    texts, labels, services = (np.array(column, object) for column in data)
    with sklearn.config_context(enable_metadata_routing=True):
        clf = QUICK().set_fit_request(services=True)
        scores = cross_val_score(clf, texts, labels, cv=2, params={"services": services})
    assert scores.min() >= 0.8


def test_a_grid_search_finds_the_better_penalty(inside):
    search = GridSearchCV(QUICK(), {"C": [1e-3, 3.0], "bigrams": [False]}, cv=2)
    search.fit(*inside)
    assert search.best_estimator_.bigrams is False
    assert search.best_score_ >= 0.9
    assert search.predict(inside[0][:1]).tolist() == [inside[1][0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["KPO"] * 49}, "50 texts, 49 labels and 50 services"),
        ({"services": ["payroll"] * 3}, "50 texts, 50 labels and 3 services"),
        ({"labels": ["KPO"] * 49 + ["BPM"]}, r"labels\[49\] is 'BPM': use one of BPO, KPO, OTHER"),
        ({"labels": [float("nan")] * 50}, r"labels\[0\] is nan"),
        ({"labels": ["KPO"] * 50}, "0 rows are labelled BPO: at least 10"),
        ({"labels": ["KPO"] * 41 + ["BPO"] * 9}, "9 rows are labelled BPO: at least 10"),
        ({"labels": ["OTHER"] * 50}, "0 rows are labelled BPO"),
        ({"labels": None}, "target y is None"),
        ({"services": ["juggling"] * 50}, r"services\[0\] is 'juggling': no slug of the taxonomy"),
        ({"services": ["payroll"] * 50}, r"services\[0\] is 'payroll': no slug .* for KPO"),
        ({"sample_weight": [1.0] * 49}, "one positive number per text"),
        ({"sample_weight": [[1.0]] * 50}, "one positive number per text"),
        ({"sample_weight": [1.0] * 49 + [-1.0]}, "one positive number per text"),
        ({"sample_weight": [1.0] * 49 + [np.nan]}, "one positive number per text"),
        ({"sample_weight": [1.0] * 49 + [np.inf]}, "one positive number per text"),
        ({"texts": [""] * 50}, "no usable words"),
        ({"texts": ["key the forms"] * 50}, "near-duplicates of one text"),
    ],
)
def test_rows_that_cannot_train_are_refused_in_one_line(inside, change, message):
    arguments = {"texts": inside[0], "labels": inside[1], **change}
    with pytest.raises(CorpusError, match=message) as refused:
        KPOClassifier().fit(**arguments)
    assert "\n" not in str(refused.value)


def test_a_single_string_or_a_table_is_no_list_of_texts(inside):
    for texts in ("Key the forms.", pd.DataFrame({"text": inside[0]}), [1.0] * 50):
        with pytest.raises(InputError):
            QUICK().fit(texts, inside[1])


def test_a_term_frequency_that_no_term_has_is_refused(inside):
    with pytest.raises(CorpusError, match="no term occurs in 100 of"):
        KPOClassifier(min_df=100).fit(*inside)


@pytest.mark.parametrize("weight", [None, [1.0]])
def test_score_refuses_lengths_that_differ(fitted, inside, weight):
    labels = inside[1] if weight else inside[1][:-1]
    with pytest.raises(CorpusError, match=r"50 texts, .* labels and"):
        fitted.score(inside[0], labels, sample_weight=weight)


def test_fitting_says_nothing(inside, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        QUICK().fit(*inside)
    assert capfd.readouterr() == ("", "")


def test_missing_texts_are_labelled_as_empty_ones(fitted):
    assert fitted.predict_proba([None, ""])[0].tolist() == [0.5, 0.5]
