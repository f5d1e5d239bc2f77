"""The API's description, built from the mounted routes: an OpenAPI 3.1 document and a plain page for people."""

import asyncio
import functools
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.idempotency import Idempotency
from server.key_scopes import KEY_SCOPES
from server.op import Auth, Operation, Route
from server.problems import PROBLEM_JSON, title_of

REFS = "#/components/schemas/{model}"
KEY_WORDS = "A key of one channel, made in its studio. An operation that takes keys names the scope that one needs."
ALWAYS = (400, 404, 408, 429, 431, 500, 503)

Json = dict[str, Any]


class FieldProblem(BaseModel):
    """One wrong field: where (RFC 6901), a code for programs, a sentence for people."""

    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457). `errors` comes with 422, `retry_after` (seconds) with 429 and 503."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []
    retry_after: float = 0


def describe(routes: Sequence[Route], prefix: str, version: str) -> Json:
    """The OpenAPI 3.1 document of the API below `prefix`."""
    schemas = _Schemas(routes)
    paths: Json = {}
    for route in routes:
        path = prefix + re.sub(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _describe_operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guildhall", "version": version, "description": "Errors are problem+json (RFC 9457)."},
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "guildhall"},
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "guildkey", "description": KEY_WORDS},
            },
        },
    }


PROBLEM: tuple[type[BaseModel], JsonSchemaMode] = (Problem, "serialization")


class _Schemas:
    """The JSON schemas of every model the routes name, and where each of them is to be found."""

    def __init__(self, routes: Sequence[Route]) -> None:
        models = [(model, mode) for route in routes for model, mode in _models_of(route.operation)]
        unique = dict.fromkeys([*models, PROBLEM])
        self._refs, definitions = models_json_schema([*unique], ref_template=REFS)
        self.components: Json = definitions.get("$defs", {})

    def of(self, model: type[BaseModel], mode: JsonSchemaMode) -> Json:
        """A reference to the schema of `model`."""
        return dict(self._refs[model, mode])

    def of_shown(self, operation: Operation) -> Json:
        """The schema of what an operation shows, be it a model or a plain type."""
        if _is_model(operation.shown):
            return self.of(operation.shown, "serialization")
        return TypeAdapter(operation.shown).json_schema(ref_template=REFS, mode="serialization")

    def parameters(self, model: type[BaseModel], place: str) -> Iterator[Json]:
        """The fields of a path or query model as parameters."""
        schema = self.of(model, "validation")
        schema = self.components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        for name, each in schema.get("properties", {}).items():
            required = place == "path" or name in schema.get("required", ())
            yield {"name": name, "in": place, "required": required, "schema": each}


def _models_of(operation: Operation) -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
    for model in (operation.path, operation.query, operation.body):
        if model is not None:
            yield model, "validation"
    if _is_model(operation.shown):
        yield operation.shown, "serialization"


def _is_model(shown: Any) -> bool:
    return isinstance(shown, type) and issubclass(shown, BaseModel)


def _describe_operation(route: Route, schemas: _Schemas) -> Json:
    operation = route.operation
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [*operation.tags],
        "security": _security(operation),
        "parameters": [*_parameters(operation, schemas)],
        "responses": _responses(operation, schemas),
    }
    if operation.handler.__doc__:
        described["description"] = operation.handler.__doc__
    if operation.body is not None:
        content = {"application/json": {"schema": schemas.of(operation.body, "validation")}}
        required = any(field.is_required() for field in operation.body.model_fields.values())
        described["requestBody"] = {"required": required, "content": content}
    return described


def _security(operation: Operation) -> list[Mapping[str, list[str]]]:
    scope = KEY_SCOPES.get(operation.name)
    by_key: list[Mapping[str, list[str]]] = [{"key": [scope.value]}] if scope else []
    signed_in: list[Mapping[str, list[str]]] = [{"bearer": []}, {"cookie": []}, *by_key]
    return {Auth.NONE: [], Auth.OPTIONAL: [{}, *signed_in], Auth.REQUIRED: signed_in}[operation.auth]


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[Json]:
    if operation.path is not None:
        yield from schemas.parameters(operation.path, "path")
    if operation.query is not None:
        yield from schemas.parameters(operation.query, "query")
    if operation.idempotent is not Idempotency.NONE:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        required = operation.idempotent is Idempotency.REQUIRED
        yield {"name": "Idempotency-Key", "in": "header", "required": required, "schema": schema}


def _responses(operation: Operation, schemas: _Schemas) -> Json:
    shown: Json = {}
    if operation.shown is not type(None):
        shown["content"] = {"application/json": {"schema": schemas.of_shown(operation)}}
    problem = {PROBLEM_JSON: {"schema": schemas.of(*PROBLEM)}}
    good = (operation.status, *operation.also)
    answers = {str(status): {"description": title_of(status), **shown} for status in good}
    for status in sorted(_statuses_that_refuse(operation)):
        answers[str(status)] = {"description": title_of(status), "content": problem}
    return answers


def _statuses_that_refuse(operation: Operation) -> set[int]:
    statuses = {*ALWAYS, *operation.errors, 422}
    if operation.auth is not Auth.NONE:
        statuses |= {401, 403}
    if operation.body is not None:
        statuses |= {413, 415}
    if operation.idempotent is not Idempotency.NONE:
        statuses |= {409}
    return statuses


def add_description(app: web.Application, routes: Sequence[Route], prefix: str, version: str) -> None:
    """Serve the document at `/openapi.json` and the page at `/api/docs`; both are made once, when first asked for."""

    @functools.cache
    def made() -> "asyncio.Future[tuple[bytes, bytes]]":
        return asyncio.ensure_future(asyncio.to_thread(make))

    def make() -> tuple[bytes, bytes]:
        document = describe(routes, prefix, version)
        return orjson.dumps(document), render_docs(document).encode()

    async def answer_document(_: web.Request) -> web.Response:
        return web.Response(body=(await asyncio.shield(made()))[0], content_type="application/json")

    async def answer_docs(_: web.Request) -> web.Response:
        return web.Response(body=(await asyncio.shield(made()))[1], content_type="text/html", charset="utf-8")

    app.router.add_get("/openapi.json", answer_document)
    app.router.add_get("/api/docs", answer_docs)


def render_docs(document: Json) -> str:
    """A page that lists the operations by their tags, readable without scripts or styles."""
    entries = [
        (operation["tags"][0] if operation["tags"] else "other", method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    parts = []
    for tag in dict.fromkeys(entry[0] for entry in entries):
        lines = "".join(_render_entry(*entry[1:]) for entry in entries if entry[0] == tag)
        parts.append(f"<section><h2>{html.escape(tag.capitalize())}</h2>{lines}</section>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Guildhall API</title></head><body><main>'
        '<h1>Guildhall API</h1><p>The whole description: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"{''.join(parts)}</main></body></html>"
    )


def _render_entry(method: str, path: str, operation: Json) -> str:
    statuses = ", ".join(operation["responses"])
    return (
        f'<details id="{html.escape(operation["operationId"])}"><summary><code>{method} {html.escape(path)}</code> '
        f"{html.escape(operation['summary'])}</summary><p>{html.escape(operation.get('description', ''))}</p>"
        f"<p>Answers: {statuses}</p>{_render_schemas(operation)}</details>"
    )


def _render_schemas(operation: Json) -> str:
    shown = {
        "parameters": operation["parameters"],
        "body": operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema"),
    }
    given = {name: value for name, value in shown.items() if value}
    text = orjson.dumps(given, option=orjson.OPT_INDENT_2).decode()
    return f"<pre>{html.escape(text)}</pre>" if given else ""
