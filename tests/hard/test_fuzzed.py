"""A few thousand inputs that nobody sends on purpose, the same in every run; `bench/fuzz.py` draws
a million."""

import pytest

from tests.hard.fuzzing import at_the_gateway, decoding, explaining, mime
from tests.hard.fuzzing.areas import Area, Wrong, alone
from tests.hard.fuzzing.running import drawn, run

SEED = 1
COUNT = 4_000
AREAS = (*at_the_gateway.AREAS, *explaining.AREAS, *decoding.AREAS, *mime.AREAS)


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_whatever_comes_in_is_taken_as_it_should_be(area: Area) -> None:
    count = max(COUNT * area.share // sum(each.share for each in AREAS), area.batch)
    done = run(area, count, SEED)
    assert not done.findings, "\n".join(
        f"{each.error}\npython -m bench.fuzz --seed {SEED} --only {each.number} {area.name}"
        for each in done.findings
    )


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_an_input_can_be_had_again_by_its_number(area: Area) -> None:
    assert drawn(area, SEED, 7) == drawn(area, SEED, 7)
    assert len({repr(drawn(area, SEED, number)) for number in range(20)}) > 10


def test_a_crash_a_wrong_answer_and_a_hang_are_findings() -> None:
    def check(number: int) -> None:
        if number == 3:
            raise KeyError("a defect")
        if number == 5:
            raise Wrong("not what it should be")
        while number == 7:
            pass

    area = Area("sample", 1, lambda lots: next(numbers), alone(check))
    numbers = iter(range(10))
    found = [each.error for each in run(area, 10, SEED).findings]
    assert [error.split()[0] for error in found] == ["KeyError", "Wrong", "TimeoutError"]
