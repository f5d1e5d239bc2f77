"""Fuzzing by the API's own description: what schemathesis makes of each operation, asked in each role."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.description import text
from tests.api.stage import Stage, sign_in_again
from tests.webapp import Web
from tests.world import Somebody

# Not asked: whether all data of the right form is accepted (a cursor, a slug or a code has rules that no schema can
# say), nor what one operation does to another's things (the twin fuzz asks that with two channels).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TOO_BIG = frozenset({413, 431})
# These end what the others need, so they come last.
LAST = ("sign_out", "leave_channel", "ban_member", "edit_member")


@dataclass(slots=True)
class Findings:
    """How much was asked, and what was wrong, in words."""

    calls: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def note(self, response: schemathesis.Response) -> None:
        """Count an answer."""
        self.calls += 1
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1


async def fuzz(web: Web, stage: Stage, roles: Mapping[str, Somebody | None], examples: int) -> Findings:
    """Ask every operation as each role (None: as nobody), `examples` times in each of three ways."""
    findings = Findings()
    document = orjson.loads(text())
    schema = schemathesis.openapi.from_dict(document)
    operations = sorted(
        (schema[path][method] for path, methods in document["paths"].items() for method in methods),
        key=lambda each: (each.definition.raw["operationId"] in LAST, each.method.upper() == "DELETE", each.path),
    )
    for role, who in roles.items():
        for operation in operations:
            token = await sign_in_again(web.house.tenancy, who) if who else ""
            await asyncio.to_thread(_ask, web.url, operation, stage.named, (role, token), examples, findings)
    return findings


def _ask(
    url: str, operation: Any, named: Mapping[str, str], role: tuple[str, str], examples: int, findings: Findings
) -> None:
    """One operation as one role: well-formed and ill-formed input at things that exist, and at things that do not."""
    name, token = role
    known = {each: value for each, value in named.items() if "{" + each + "}" in operation.path}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    ways: Sequence[tuple[GenerationMode, dict[str, str]]] = (
        (GenerationMode.POSITIVE, known),
        (GenerationMode.NEGATIVE, known),
        (GenerationMode.POSITIVE, {}),
    )
    with requests.Session() as session:
        for mode, fixed in ways:
            cases = operation.as_strategy(mode, path_parameters=fixed or None)
            try:
                _ask_in_one_way(url, cases, headers, session, examples, findings)
            except FailureGroup as group:
                findings.wrong += [f"{operation.label} as {name}: {each}" for each in group.exceptions]
            except Unsatisfiable:
                continue  # nothing about this operation can be ill-formed


def _ask_in_one_way(
    url: str, cases: Any, headers: dict[str, str], session: requests.Session, examples: int, findings: Findings
) -> None:
    @seed(20260101)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    @given(cases)
    def ask(case: Case[Any]) -> None:
        response = case.call(base_url=url, session=session, headers=headers)
        findings.note(response)
        # The check of ill-formed input does not know that it may also be refused for its size.
        checks = CHECKS if response.status_code in TOO_BIG else [*CHECKS, negative_data_rejection]
        case.validate_response(response, checks=checks)

    ask()
