"""The OpenAPI document: a validator accepts it, and the server does what its examples say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from support.server import REPO, binary, serving

DOCUMENT = json.loads((REPO / "docs" / "openapi.json").read_text(encoding="utf-8"))
REGISTRY: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(DOCUMENT))

# what has to be there before an example can be carried out: the examples of other operations
BEFORE = {
    "heartbeat": ["claim_card"],
    "release_card": ["claim_card"],
    "complete_card": ["claim_card"],
    "restore_card": ["delete_card"],
    "remove_dependency": ["add_dependency"],
    "get_comment": ["create_comment"],
    "delete_comment": ["create_comment"],
    "get_attachment": ["create_attachment"],
    "delete_attachment": ["create_attachment"],
    # what is deleted must be empty
    "delete_column": ["create_column"],
    "delete_workspace": ["create_workspace"],
    "get_token": ["create_token"],
    "revoke_token": ["create_token"],
    "get_tenant": ["create_tenant"],
    "suspend_tenant": ["create_tenant"],
    "resume_tenant": ["create_tenant"],
    # what works is not deleted
    "delete_tenant": ["create_tenant", "suspend_tenant"],
}

# what the examples call the thing that one of them makes
MADE = {
    "create_comment": "N1",
    "create_attachment": "F1",
    "create_column": "C1",
    "create_workspace": "W1",
    "create_token": "T1",
}


def resolved(thing: dict[str, Any]) -> dict[str, Any]:
    """The thing itself where there is a reference to it."""
    while "$ref" in thing:
        pointer = thing["$ref"].removeprefix("#/").split("/")
        thing = DOCUMENT
        for name in pointer:
            thing = thing[name]
    return thing


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


BY_ID = {operation["operationId"]: (method, path, operation) for method, path, operation in operations()}


def bodies(operation: dict[str, Any]) -> list[tuple[str | None, Any]]:
    """The examples of the body, with their media types; one without a body where none is taken."""
    content = operation.get("requestBody", {}).get("content", {})
    return [(media, content[media]["example"]) for media in content] or [(None, None)]


def check(value: Any, schema: dict[str, Any]) -> None:
    """The value is what the schema says."""
    # references in the schema are to the document
    schema = json.loads(json.dumps(schema).replace('"#/', '"urn:api#/'))
    Draft202012Validator(schema, registry=REGISTRY, format_checker=FormatChecker()).validate(value)


def example(parameter: dict[str, Any]) -> Any:
    """The parameter's example, by itself or by its schema."""
    if "example" in parameter:
        return parameter["example"]
    examples = parameter["schema"].get("examples") or resolved(parameter["schema"]).get("examples")
    assert examples, f"the parameter {parameter['name']} has no example"
    return examples[0]


class Board:
    """The demo board behind a server; the ids of the examples stand for what is on it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        board = self._http.get("/v1/boards/AB").json()
        card = self._http.get("/v1/cards/AB-1").json()
        todo, doing, _ = board["columns"]
        self._ids = {
            "W1": board["workspace_id"],
            "B1": board["id"],
            "C1": todo["id"],
            "C2": doing["id"],
            "D1": card["id"],
        }

    def carry_out(self, operation_id: str, media: str | None, body: Any) -> httpx.Response:
        """Sends the example of an operation."""
        method, path, operation = BY_ID[operation_id]
        headers, query = {}, {}
        for parameter in map(resolved, operation.get("parameters", [])):
            if not parameter["required"]:
                continue
            value = self._real(str(example(parameter)))
            match parameter["in"]:
                case "path":
                    path = path.replace(f"{{{parameter['name']}}}", quote(value, safe=""))
                case "query":
                    query[parameter["name"]] = value
                case "header":
                    headers[parameter["name"]] = value
        content = None
        if media is not None:
            headers["Content-Type"] = media
            content = self._real(json.dumps(body))
        request = self._http.build_request(method.upper(), path, params=query, headers=headers, content=content)
        return self._http.send(request, stream=True)

    def prepare(self, operation_id: str) -> None:
        """Carries out what must have been before."""
        for earlier in BEFORE.get(operation_id, []):
            answer = self.carry_out(earlier, *bodies(BY_ID[earlier][2])[0])
            made = json.loads(answer.raise_for_status().read())
            if earlier in MADE:
                self._ids[MADE[earlier]] = made["id"]

    def _real(self, text: str) -> str:
        return re.sub(r"01JD8QGZ5R0{14}(\w\d)", lambda found: self._ids[found[1]], text)


def test_a_validator_accepts_the_document() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_a_validator_refuses_a_document_that_is_wrong() -> None:
    wrong = json.loads(json.dumps(DOCUMENT))
    del wrong["info"]["version"]
    assert list(OpenAPIV31SpecValidator(wrong).iter_errors())


def test_every_example_is_what_its_schema_says() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for value in schema.get("examples", []):
            check(value, {"$ref": f"#/components/schemas/{name}"})
    for _, _, operation in operations():
        for parameter in map(resolved, operation.get("parameters", [])):
            if parameter["required"]:
                check(example(parameter), parameter["schema"])
        for media, body in bodies(operation):
            if media is not None:
                check(body, operation["requestBody"]["content"][media]["schema"])


@pytest.mark.parametrize("operation_id", BY_ID)
def test_the_server_does_what_the_examples_say(operation_id: str, databases: Any) -> None:
    operation = BY_ID[operation_id][2]
    (first, *_) = sorted(status for status in operation["responses"] if status.startswith("2"))
    for media, body in bodies(operation):
        with (
            databases.fresh() as url,
            serving(binary(), url, demo=True) as address,
            httpx.Client(base_url=address) as http,
        ):
            board = Board(http)
            board.prepare(operation_id)
            answer = board.carry_out(operation_id, media, body)
            expected = "201" if "201" in operation["responses"] else first
            assert str(answer.status_code) == expected, answer.read()
            documented = operation["responses"][expected]
            content = documented["content"][answer.headers["content-type"].partition(";")[0]]
            if "text/event-stream" in documented["content"]:
                # it does not end by itself
                assert next(answer.iter_lines()).startswith((":", "retry:"))
                answer.close()
            elif "application/json" in documented["content"]:
                check(json.loads(answer.read()), content["schema"])
            else:
                check(answer.read().decode(), content["schema"])
            for name in ("ETag", "Location"):
                assert (name in answer.headers) == (name in documented["headers"]), name
