"""What the published description says is true, whatever is asked: `DESCRIBED_EXAMPLES=2000` asks
for longer than `make test` does."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from tests.hard.describing import CHECKS, ask, described, open_house, operations
from tests.whole.house import House

# Schemathesis draws lots of its own within hypothesis's.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")

EXAMPLES = int(os.environ.get("DESCRIBED_EXAMPLES", "8"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=5,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < 100,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# Nothing can be asked of these in a wrong way: they have no parameters. The description itself is
# not asked for again.
PLAIN = {"GET /status.js", "GET /healthz", "GET /readyz"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("described")) as made:
        yield made


@pytest.fixture(scope="module")
def schema(house: House) -> Any:
    return described(house)


def asked(house: House, operation: Any, mode: GenerationMode) -> Counter[int]:
    """How often each status was answered."""
    seen: Counter[int] = Counter()

    @SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case: Case[Any]) -> None:
        seen[ask(house, case).status_code] += 1

    each()
    return seen


def test_every_path_that_is_served_is_described(schema: Any) -> None:
    labels = {each.label for each in operations(schema)}
    assert labels >= PLAIN | {"POST /emails", "POST /webhooks/{provider}", "GET /status/{token}"}


def test_what_is_asked_rightly_is_answered_as_described(house: House, schema: Any) -> None:
    found = {each.label: asked(house, each, MODES[0]) for each in operations(schema)}
    assert all(found[label][200] for label in PLAIN)
    assert found["POST /emails"][200], "no mail of the description is one"
    assert found["POST /emails/batch"][200]
    assert found["GET /emails"][200]


def test_what_is_asked_wrongly_is_answered_as_described(house: House, schema: Any) -> None:
    refused: Counter[str] = Counter()
    for each in operations(schema):
        try:
            seen = asked(house, each, MODES[1])
        except Unsatisfiable:
            assert each.label in PLAIN
        else:
            refused[each.label] = sum(count for status, count in seen.items() if status >= 400)
    assert all(refused[each.label] for each in operations(schema) if each.label not in PLAIN)


def test_what_follows_on_an_answer_is_answered_as_described(house: House, schema: Any) -> None:
    seen: Counter[tuple[str, int]] = Counter()

    class Following(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            headers = {"authorization": f"Bearer {house.key}"}
            return {"base_url": house.url, "headers": headers, "timeout": 10.0}

        def validate_response(self, response: Any, case: Case[Any], *_: Any, **_given: Any) -> None:
            seen[case.operation.label, response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

    Following.run(settings=SETTINGS)
    assert seen["POST /emails", 200]
    assert sum(
        count for (label, status), count in seen.items() if "{id}" in label and status == 200
    )


def test_nothing_of_it_was_a_defect(house: House) -> None:
    assert not house.log.found("request.crashed")
    assert not house.log.found("library.logged", level="error")
