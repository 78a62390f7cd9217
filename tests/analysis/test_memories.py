"""What memories hold, of memories whose numbers are known."""

import numpy as np
import pytest

from srbench.analysis.memories import describe

EQUAL = np.full((6, 4), 0.25)


def orthogonal(norms: list[float]) -> np.ndarray:
    memory = np.zeros((len(norms), 4, 2, 3))
    for number, norm in enumerate(norms):
        memory[number, number % 4, 0, number // 4] = norm
    return memory


def test_orthogonal_memories_of_one_size() -> None:
    found = describe(orthogonal([2.0] * 4), EQUAL)
    assert found.norms == (2, 2, 2, 2)
    assert found.rank == pytest.approx(4)
    assert found.centred_rank == pytest.approx(3)
    assert np.array_equal(found.cosine, np.eye(4))
    assert (found.dead, found.duplicates) == ((), ())


def test_activity_and_maps_are_means() -> None:
    memory = np.random.default_rng(0).normal(size=(3, 4, 2, 5))
    found = describe(memory, np.full((2, 3), 1 / 3))
    assert np.array(found.activity) == pytest.approx(memory.mean((2, 3)))
    assert np.array(found.maps) == pytest.approx(memory.mean(1))
    flat = memory.reshape(3, -1)
    assert np.array(found.cosine) == pytest.approx(
        np.array([[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in flat] for a in flat])
    )


def test_the_rank_of_two_singular_values_by_hand() -> None:
    """Shares 3/4 and 1/4: exp of their entropy."""
    found = describe(orthogonal([3.0, 1.0]), np.full((2, 2), 0.5))
    assert found.rank == pytest.approx(np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25)))


def test_two_equal_memories_are_named() -> None:
    memory = np.random.default_rng(1).normal(size=(4, 4, 2, 3))
    memory[3] = memory[1] * 1.01
    found = describe(memory, EQUAL)
    assert found.duplicates == ((1, 3),)
    assert found.cosine[1][3] == pytest.approx(1)
    memory[3] = memory[1] * 1.2
    assert describe(memory, EQUAL).duplicates == (), "parallel, but larger"


@pytest.mark.parametrize("how", ["zero", "never weighted"])
def test_a_dead_memory_is_named(how: str) -> None:
    memory, weights = orthogonal([1.0] * 4), EQUAL.copy()
    if how == "zero":
        memory[2] = 0
    else:
        weights[:, 2] = 0
    found = describe(memory, weights)
    assert found.dead == (2,)
    if how == "zero":
        assert found.cosine[2] == (None,) * 4


def test_a_memory_of_one_image_in_many_is_alive() -> None:
    weights = np.zeros((1000, 4))
    weights[:, 0] = 1
    weights[7] = [0, 0, 1, 0]
    assert describe(orthogonal([1.0] * 4), weights).dead == (1, 3)


def test_the_adaptive_share_is_that_of_the_mixtures_themselves() -> None:
    random = np.random.default_rng(2)
    memory, weights = random.normal(size=(4, 4, 2, 3)), random.dirichlet(np.ones(4), size=50)
    mixtures = weights @ memory.reshape(4, -1)
    varying = ((mixtures - mixtures.mean(0)) ** 2).sum(1).mean()
    found = describe(memory, weights)
    assert found.adaptive_share == pytest.approx(varying / (mixtures**2).sum(1).mean())
    assert describe(memory, EQUAL).adaptive_share == pytest.approx(0, abs=1e-15)


def test_the_spatial_share() -> None:
    flat = np.broadcast_to(np.arange(8.0).reshape(4, 2, 1, 1), (4, 2, 3, 3))
    assert describe(flat, EQUAL).spatial_share == 0
    waves = np.broadcast_to(np.array([1.0, -1.0]), (4, 2, 3, 2))
    assert describe(waves, EQUAL).spatial_share == 1


def test_a_fresh_block_has_nothing() -> None:
    found = describe(np.zeros((3, 4, 2, 2)), np.full((2, 3), 1 / 3))
    assert (found.rank, found.centred_rank, found.adaptive_share) == (None, None, None)
    assert found.spatial_share is None
    assert found.dead == (0, 1, 2)
    assert found.duplicates == ()


def test_one_memory() -> None:
    found = describe(orthogonal([2.0]), np.ones((5, 1)))
    assert found.rank == 1
    assert found.centred_rank is None
    assert found.adaptive_share == 0
