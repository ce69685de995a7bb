"""Batches are addressed by number; ranks share a pass; a stopped pass goes on with what is left."""

import pytest

from cvae_lightning.data import SceneBatchSampler, ShapeSceneDataset


def flat(batches) -> list[int]:
    return [index for batch in batches for index in batch]


@pytest.mark.parametrize("size", [1, 7, 12, 100])
def test_a_pass_visits_every_scene_once(size: int) -> None:
    order = SceneBatchSampler(size, batch_size=5, seed=3)
    batches = list(order)
    assert len(batches) == len(order)
    assert sorted(flat(batches)) == list(range(size))


@pytest.mark.parametrize("world_size", [2, 3, 4])
def test_ranks_draw_disjoint_scenes_whose_union_is_the_single_process_pass(world_size: int) -> None:
    alone = SceneBatchSampler(24, batch_size=4 * world_size)
    ranks = [list(SceneBatchSampler(24, 4, rank=r, world_size=world_size)) for r in range(world_size)]
    for whole, *shares in zip(alone, *ranks, strict=True):
        assert sorted(flat(shares)) == sorted(whole)
        assert len(set(flat(shares))) == len(whole)


def test_ranks_stay_equally_long_when_scenes_do_not_divide() -> None:
    ranks = [list(SceneBatchSampler(11, 2, rank=r, world_size=3)) for r in range(3)]
    lengths = [[len(batch) for batch in rank] for rank in ranks]
    assert lengths[0] == lengths[1] == lengths[2]
    assert len(set(flat(flat(ranks)))) == 9


@pytest.mark.parametrize("done", [0, 1, 3, 5, 8, 100])
def test_a_resumed_run_continues_with_the_batches_that_are_left(done: int) -> None:
    def stream(start: int, count: int) -> list[list[int]]:
        batches: list[list[int]] = []
        while len(batches) < count:
            done = start + len(batches)
            batches += SceneBatchSampler(23, 5, seed=1, done=lambda done=done: done)
        return batches[:count]

    assert stream(done, 7) == stream(0, done + 7)[done:]


def test_passes_and_seeds_differ_but_repeat() -> None:
    order = SceneBatchSampler(50, 5)
    assert order.pass_order(0).tolist() != order.pass_order(1).tolist()
    assert order.pass_order(1).tolist() == SceneBatchSampler(50, 9).pass_order(1).tolist()
    assert SceneBatchSampler(50, 5, seed=1).pass_order(0).tolist() != order.pass_order(0).tolist()
    assert flat(SceneBatchSampler(50, 5, shuffle=False)) == list(range(50))


def test_impossible_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="batch_size is 0"):
        SceneBatchSampler(5, 0)
    with pytest.raises(ValueError, match="1 scenes cannot be shared by 2"):
        SceneBatchSampler(1, 1, world_size=2)


def test_what_is_expected_is_what_comes() -> None:
    """In the same batches as without it, lot by lot, each lot before its first batch."""
    expected: list[int] = []
    plain = SceneBatchSampler(size=3000, batch_size=7, seed=1, done=lambda: 5)
    sampler = SceneBatchSampler(size=3000, batch_size=7, seed=1, done=lambda: 5, expect=expected.extend)
    taken = 0
    for batch, same in zip(sampler, plain, strict=True):
        assert batch == same == expected[taken : taken + len(batch)]
        taken += len(batch)
    assert taken == len(expected) > 2000


def test_expected_scenes_are_the_scenes() -> None:
    dataset, plain = (ShapeSceneDataset(size=100, canvas_size=32, seed=3) for _ in range(2))
    dataset.expect([5, 99, 7])
    for indices in ([7, -1], [7, 8], list(range(80)), [99]):
        for item, index in zip(dataset.__getitems__(indices), indices, strict=True):
            assert item.caption == plain[index].caption
            assert item.index == index
            assert (item.image == plain[index].image).all()
