"""The description of the API: valid OpenAPI 3.1, complete, and true of what is served."""

import aiohttp
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.op import Auth, Route, op
from server.openapi import describe
from tests.server.toy import ROUTES, BowlPath, Kiln, toy_house


def test_the_document_is_valid_and_lists_every_route() -> None:
    document = describe(ROUTES, "/api/v1", "1.0")
    OpenAPIV31SpecValidator(document).validate()
    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert listed == {(route.method, "/api/v1" + route.path) for route in ROUTES}


def test_every_operation_lists_its_refusals_as_problems() -> None:
    document = describe(ROUTES, "/api/v1", "1.0")
    for methods in document["paths"].values():
        for operation in methods.values():
            refusals = {status: each for status, each in operation["responses"].items() if status >= "400"}
            assert {"400", "404", "422", "429", "500"} <= refusals.keys()
            for each in refusals.values():
                assert each["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    making = document["paths"]["/api/v1/bowls"]["post"]["responses"]
    assert {"201", "401", "403", "409", "413", "415"} <= making.keys()


def test_parameters_bodies_and_answers_come_from_the_models() -> None:
    paths = describe(ROUTES, "/api/v1", "1.0")["paths"]
    limit = paths["/api/v1/bowls"]["get"]["parameters"][0]
    assert limit == {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50, "title": "Limit"},
    }
    making = paths["/api/v1/bowls"]["post"]
    assert making["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/NewBowl")
    assert [each["name"] for each in making["parameters"]] == ["Idempotency-Key"]
    showing = paths["/api/v1/bowls/{bowl}"]["get"]["responses"]["200"]
    assert showing["content"]["application/json"]["schema"]["$ref"].endswith("/Bowl")
    assert "content" not in paths["/api/v1/bowls/{bowl}"]["delete"]["responses"]["204"]


def test_who_may_call_is_said() -> None:
    paths = describe(ROUTES, "/api/v1", "1.0")["paths"]
    assert paths["/api/v1/bowls/{bowl}"]["get"]["security"] == []
    assert paths["/api/v1/bowls"]["get"]["security"] == [{}, {"bearer": []}, {"cookie": []}]
    assert paths["/api/v1/bowls"]["post"]["security"] == [{"bearer": []}, {"cookie": []}]


def test_patterns_of_routes_stay_out_of_the_document() -> None:
    @op("Show", auth=Auth.NONE)
    async def show(kiln: Kiln, *, path: BowlPath) -> None: ...

    assert [*describe([Route("GET", r"/x/{bowl:[a-z]{2,3}}/y", show)], "", "1")["paths"]] == ["/x/{bowl}/y"]


async def test_it_is_served_with_a_page_for_people() -> None:
    async with toy_house() as house, aiohttp.ClientSession(house.url) as client:
        async with client.get("/openapi.json") as answer:
            assert (await answer.json())["openapi"] == "3.1.0"
        async with client.get("/api/docs") as answer:
            page = await answer.text()
            assert answer.content_type == "text/html"
    assert "POST /api/v1/bowls" in page
    assert "http://" not in page
    assert "https://" not in page
