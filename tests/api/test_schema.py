"""The API keeps to its own description, and the description in the repository is that of the code."""

from pathlib import Path

import pytest

from server import routes
from server.description import text
from tenants.scope import Tenancy
from tests.api.fuzzing import fuzz
from tests.api.stage import set_stage
from tests.webapp import Web

EXAMPLES = 3


def test_the_description_in_the_repository_is_up_to_date() -> None:
    kept = Path(__file__).parents[2] / "openapi.json"
    assert kept.read_bytes() == text(), "run `make openapi` and commit openapi.json"


def test_operation_names_are_unique() -> None:
    names = [route.operation.name for route in routes.API]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("role", ["student", "nobody", "owner"])
async def test_whatever_is_asked_the_answer_is_a_described_one(web: Web, tenancy: Tenancy, role: str) -> None:
    stage = await set_stage(tenancy)
    who = {"student": stage.school.sam, "nobody": None, "owner": stage.school.ana}[role]
    found = await fuzz(web, stage, {role: who}, EXAMPLES)
    assert not found.wrong, "\n\n".join(found.wrong)
    assert found.calls > 2 * len(routes.API)
    assert not any(status >= 500 for status in found.statuses)
