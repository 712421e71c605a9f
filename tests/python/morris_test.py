"""Elementary effects of functions whose effects are known."""

import math

import pytest
import xensim
from xensim.sensitivity.morris import design, effects


def effects_of(function, factors: int, count: int = 20, levels: int = 4):
    drawn = design(factors, count, levels, seed=1)
    return effects(drawn, [[function(*point) for point in trajectory.points] for trajectory in drawn])


@pytest.mark.parametrize("levels", [2, 4, 8])
def test_a_trajectory_moves_every_factor_once_by_delta_and_stays_on_the_grid(levels):
    delta = levels / (2 * (levels - 1))
    for trajectory in design(5, 30, levels, seed=3):
        assert sorted(trajectory.moved) == list(range(5))
        for before, after, moved in zip(trajectory.points, trajectory.points[1:], trajectory.moved, strict=False):
            changes = [b - a for a, b in zip(before, after, strict=True)]
            assert abs(changes.pop(moved)) == pytest.approx(delta)
            assert not any(changes), "one at a time"
        grid = {i / (levels - 1) for i in range(levels)}
        assert {level for point in trajectory.points for level in point} <= grid


def test_trajectories_visit_all_levels_and_both_directions():
    starts = [trajectory.points[0][0] for trajectory in design(3, 200, 4, seed=1)]
    assert {round(3 * level) for level in starts} == {0, 1, 2, 3}
    assert {trajectory.moved[0] for trajectory in design(3, 200, 4, seed=1)} == {0, 1, 2}


def test_more_trajectories_begin_with_the_same_and_another_seed_gives_others():
    assert design(4, 9, 4, seed=5)[:3] == design(4, 3, 4, seed=5)
    assert design(4, 3, 4, seed=6) != design(4, 3, 4, seed=5)


def test_an_odd_number_of_levels_is_refused():
    with pytest.raises(xensim.InputError, match="found 5 levels; expected an even number"):
        design(2, 1, 5, seed=1)


def test_of_a_linear_function_mu_is_the_coefficient_and_sigma_nothing():
    coefficients = (3.0, -7.0, 0.0)
    found = effects_of(lambda a, b, c: 2 + 3 * a - 7 * b, 3)
    for coefficient, its in zip(coefficients, found, strict=True):
        assert its.mu == pytest.approx(coefficient, abs=1e-12)
        assert its.mu_star == pytest.approx(abs(coefficient), abs=1e-12)
        assert its.sigma == pytest.approx(0, abs=1e-12)
        assert its.count == 20


def test_of_a_product_each_effect_is_the_other_factor():
    """Whose levels 0, 1/3, 2/3 and 1 are equally likely: mean 1/2, standard deviation sqrt(5)/6."""
    for its in effects_of(lambda a, b: a * b, 2, count=2000):
        assert its.mu == its.mu_star == pytest.approx(0.5, abs=0.03)
        assert its.sigma == pytest.approx(math.sqrt(5) / 6, abs=0.02)


def test_effects_of_either_sign_cancel_in_mu_and_not_in_mu_star():
    """From 0 to 2/3 a parabola around the middle falls by 2/9, from 1/3 to 1 it rises by as much."""
    (its,) = effects_of(lambda x: (x - 0.5) ** 2, 1, count=2000)
    assert its.mu == pytest.approx(0, abs=0.03)
    assert its.mu_star == pytest.approx(1 / 3)
    assert its.sigma == pytest.approx(1 / 3, abs=0.01)


def test_steps_whose_value_is_not_known_do_not_count():
    found = effects_of(lambda a, b: float("nan") if a == 1 else 2 * b, 2, count=50)
    assert found[1].mu == pytest.approx(2)
    assert 0 < found[1].count < 50
    (nothing,) = effects_of(lambda x: float("nan"), 1)
    assert nothing.count == 0 and nothing.mu != nothing.mu
