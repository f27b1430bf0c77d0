"""The gate: harm is refused with its reason, noise and gains pass."""

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from kpoclf.cli.comparison import shown
from kpoclf.errors import InputError
from kpoclf.learn.compare import NEW_OTHER, NEW_ROWS, Comparison, ServiceSide, Side
from kpoclf.learn.figures import Figure
from kpoclf.learn.gate import MIN_SERVICE_ROWS, judge


def side(name, value, low, high, measure="macro_f1", accuracy=(0.9, (0.85, 0.95))):
    """A side whose difference is given."""
    given = {"accuracy": Figure(*accuracy, 100)}
    return Side(name, 100, measure, given, given, Figure(value, (low, high), 100))


def service(name, n, lost, n_changed=None):
    """A service with so many rows lost more than gained."""
    n_changed = lost if n_changed is None else n_changed
    p_loss = binomtest((lost + n_changed) // 2, n_changed or 1, alternative="greater").pvalue
    return ServiceSide(name, n, 1.0, 1.0 - lost / n, n_changed, p_loss)


FINE = side("current rows", 0.0, -0.002, 0.002)


def refusals(*sides, margin=0.01, **rest):
    return judge(Comparison(sides, 900, 50, only_new=False, **rest), margin).refusals


def test_no_difference_passes():
    gate = judge(Comparison((FINE,), 900, 50, only_new=False))
    assert gate.passed
    assert gate.refusals == ()


@pytest.mark.parametrize("name", ["current rows", "scope"])
def test_overall_the_candidate_must_show_that_it_is_no_worse(name):
    found = side(name, -0.004, -0.011, 0.003)
    given = {"scope": found} if name == "scope" else {}
    sides = (FINE,) if given else (found,)
    assert refusals(*sides, **given) == (f"{name}: up to 0.011 of macro_f1 may be lost",)
    assert not refusals(*sides, **given, margin=0.012)


def test_a_small_loss_within_the_margin_passes_even_if_certain():
    assert not refusals(side("current rows", -0.004, -0.006, -0.002))


def test_a_loss_beyond_chance_is_told_as_one():
    found = refusals(side("current rows", -0.03, -0.04, -0.02))
    assert found == ("current rows: 0.030 of macro_f1 lost, beyond chance",)


@pytest.mark.parametrize("name", ["new rows", "holdout"])
def test_few_rows_refuse_only_a_loss_beyond_chance(name):
    def told(found):
        given = {"holdout": found} if name == "holdout" else {}
        return refusals(*((FINE,) if given else (FINE, found)), **given)

    assert not told(side(name, -0.05, -0.12, 0.02))
    assert not told(side(name, -0.005, -0.008, -0.001))
    assert told(side(name, -0.05, -0.09, -0.02)) == (
        f"{name}: 0.050 of macro_f1 lost, beyond chance",
    )


@pytest.mark.parametrize("name", ["new rows", NEW_OTHER])
def test_new_rows_that_contradict_everything_are_refused(name):
    found = side(name, 0.0, -0.01, 0.01, accuracy=(0.05, (0.02, 0.1)))
    (told,) = refusals(FINE, found)
    assert told.startswith(f"{name}: 95% of their labels contradict all other rows")
    unsure = side(name, 0.0, -0.01, 0.01, accuracy=(0.4, (0.2, 0.6)))
    assert not refusals(FINE, unsure)


def told_of(kpo, bpo, accuracy=(0.9, (0.8, 1.0))):
    """The gate on new rows of which the current data contradict some, and its table."""
    found = side(NEW_ROWS, 0.2, 0.1, 0.3, accuracy=accuracy)
    found = replace(found, contradicted={"KPO": kpo, "BPO": bpo})
    comparison = Comparison((FINE, found), 900, 50, only_new=False)
    gate = judge(comparison)
    return gate, shown(comparison, gate).splitlines()


@pytest.mark.parametrize("accuracy", [(0.9, (0.8, 1.0)), (0.05, (0.02, 0.1))])
def test_new_rows_contradicted_on_both_sides_are_refused_as_swapped(accuracy):
    gate, lines = told_of((14, 14), (11, 11), accuracy)
    assert gate.refusals == (
        "the current data contradict 14 of 14 KPO and 11 of 11 BPO labels of the new rows: are they "
        "swapped? look with: kpoclf corpus suspects FILE",
    )
    assert gate.notes == ()
    assert max(map(len, lines)) <= 80
    assert " ".join(line.strip() for line in lines[-2:]) == f"- {gate.refusals[0]}"


@pytest.mark.parametrize(
    ("kpo", "bpo", "told"),
    [
        ((12, 14), (5, 11), "12 of 14 of the new KPO"),
        ((7, 14), (6, 11), "6 of 11 of the new BPO"),
        ((12, 14), (4, 4), "12 of 14 of the new KPO"),
        ((12, 14), (0, 0), "12 of 14 of the new KPO"),
    ],
)
def test_new_rows_contradicted_on_one_side_pass_with_a_note(kpo, bpo, told):
    gate, lines = told_of(kpo, bpo)
    assert gate.passed
    assert gate.notes == (
        f"the current data contradict {told} labels: new work, or wrong labels? kpoclf corpus "
        "suspects FILE",
    )
    assert max(map(len, lines)) <= 80
    assert f"note: {gate.notes[0]}" in " ".join(line.strip() for line in lines)


@pytest.mark.parametrize(("kpo", "bpo"), [((1, 14), (2, 11)), ((7, 14), (5, 11)), ((4, 4), (3, 4))])
def test_labels_that_are_right_or_few_get_no_note(kpo, bpo):
    gate, lines = told_of(kpo, bpo)
    assert (gate.refusals, gate.notes) == ((), ())
    assert not any(line.startswith("note: ") for line in lines)


def test_a_service_is_refused_for_a_large_loss_beyond_the_chance_of_all_services():
    moved = [service(f"s{i}", 80, 0, 8) for i in range(79)]  # as many lost as gained
    assert refusals(FINE, services=(service("payroll", 80, 12), *moved)) == (
        "payroll: 0.150 of accuracy lost, beyond chance",
    )
    # Of eighty services that move, one loses six rows by chance; of one, none does.
    assert not refusals(FINE, services=(service("payroll", 80, 6), *moved))
    still = [service(f"s{i}", 80, 0) for i in range(79)]
    assert refusals(FINE, services=(service("payroll", 80, 6), *still))
    assert not refusals(FINE, services=(service("payroll", 40, 4), *still))


def test_a_service_within_its_margin_or_of_few_rows_is_not_judged():
    assert not refusals(FINE, services=(service("payroll", 400, 16),))
    assert not refusals(FINE, services=(service("payroll", MIN_SERVICE_ROWS - 1, 12),))
    assert refusals(FINE, services=(service("payroll", MIN_SERVICE_ROWS, 12),))


@pytest.mark.parametrize("margin", [-0.1, 1.0, float("nan")])
def test_a_margin_out_of_range_is_refused(margin):
    with pytest.raises(InputError, match="the margin is"):
        refusals(FINE, margin=margin)
