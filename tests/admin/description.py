"""The operators' API as docs/openapi.yaml describes it, and calls that are held against it."""

import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
METHODS = ("get", "post", "put", "patch", "delete")


def with_null(schema):
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [with_null(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: with_null(value) for name, value in schema.items()}
    if out.pop("nullable", False):
        out["type"] = [out["type"], "null"]
    return out


class Description:
    def __init__(self):
        text = (ROOT / "docs/openapi.yaml").read_text()
        self.tree = with_null(yaml.safe_load(text))
        self.resolver = jsonschema.RefResolver("", self.tree)

    def operations(self):
        """(method, path) of all that is described."""
        for path, item in self.tree["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path

    def resolved(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def check(self, method, path, status, content_type, text):
        """The status is described for this operation, and the body is what is described for it."""
        responses = self.tree["paths"][path][method.lower()]["responses"]
        assert str(status) in responses, f"{method} {path}: {status} is not described: {text}"
        content = self.resolved(responses[str(status)])["content"]
        kind = content_type.split(";")[0]
        assert kind in content, f"{method} {path}: {status} came as {content_type}"
        if kind == "application/json":
            schema = content[kind]["schema"]
            jsonschema.Draft7Validator(schema, resolver=self.resolver).validate(json.loads(text))


class Api:
    """Calls operations by their path in the description, and checks every answer against it."""

    def __init__(self, server, description):
        self.server = server
        self.description = description
        self.headers = {}

    def call(self, method, path, body=None, query=None, headers=None, **params):
        """(status, what came): an object where it is JSON, else text."""
        target = re.sub(
            r"\{(\w+)\}", lambda match: urllib.parse.quote(str(params[match[1]]), safe=""), path
        )
        if query:
            target += "?" + urllib.parse.urlencode(query)
        sent = {**self.headers, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        status, got, text = self.server.admin_answer(target, method, body, sent)
        self.description.check(method, path, status, got.get("content-type", ""), text)
        if "json" in got["content-type"]:
            return status, json.loads(text)
        return status, text

    def get(self, path, **options):
        status, answer = self.call("GET", path, **options)
        assert status == 200, answer
        return answer

    def room(self, name):
        return self.get("/api/v1/rooms/{room}", room=name)

    def publish(self, name, body, **options):
        return self.call("POST", "/api/v1/rooms/{room}/messages", body, room=name, **options)

    def set_room(self, name, **change):
        return self.call("PATCH", "/api/v1/rooms/{room}", change, room=name)

    def close(self, name, **how):
        return self.call("POST", "/api/v1/rooms/{room}/close", how, room=name)

    def kick(self, name, client_id, **how):
        path = "/api/v1/rooms/{room}/members/{client_id}/kick"
        return self.call("POST", path, how, room=name, client_id=client_id)

    def messages(self, name, **query):
        return self.call("GET", "/api/v1/rooms/{room}/messages", query=query, room=name)
