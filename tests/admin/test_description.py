"""docs/openapi.yaml and the server describe the same paths."""

import re

from admin.description import ROOT

PAGES = {"/", "/console/*"}


def test_what_is_described_is_what_is_routed(description):
    source = (ROOT / "src/admin/api.cc").read_text()
    routes = set(re.findall(r'\{Method::(\w+), "([^"]+)"', source))
    routed = {(method.upper(), path) for method, path in routes if path not in PAGES}
    described = {
        (method, re.sub(r"\{\w+\}", "*", path)) for method, path in description.operations()
    }
    assert routed == described


def test_b68_a_method_that_a_path_does_not_take_is_405_and_the_answer_names_those_that_it_does(
    server, description
):
    paths = {}
    for method, path in description.operations():
        paths.setdefault(path, set()).add(method)
    for path, methods in paths.items():
        target = re.sub(r"\{\w+\}", "1", path)
        status, headers, text = server.admin_answer(target, "DELETE")
        assert status == 405, f"{path}: {text}"
        allowed = set(headers["allow"].split(", ")) - {"HEAD"}
        assert allowed == methods, path


def test_the_description_is_served_as_it_stands_in_the_tree(api):
    text = api.get("/api/v1/openapi.yaml")
    assert text == (ROOT / "docs/openapi.yaml").read_text()
