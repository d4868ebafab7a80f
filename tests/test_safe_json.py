"""safe_json: the only JSON parser, with a limit on depth, in linear time."""

from __future__ import annotations

import ast
import json
import random

import pytest

from klimawerk import safe_json
from klimawerk.config import ROOT

JSON, PARSERS = {"json", "flask.json"}, {"load", "loads", "JSONDecoder"}
SOURCES = sorted((ROOT / "klimawerk").rglob("*.py"))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "[" * 200_000 + "]" * 200_000,
        '{"a":' * 200_000 + "1" + "}" * 200_000,
        '{"a":"' + '\\"' * 100_000 + '","b":' + "[" * 500,
        "[[],{}]" + "[" * 101,
        "[" * 101 + "]" * 101,
        ("[" * 200_000).encode(),
    ],
    ids=["open", "closed", "objects", "behind quotes", "after shallow ones", "one too many", "bytes"],
)
def test_what_is_nested_too_deep_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(safe_json.TooDeep):
        safe_json.loads(text)


@pytest.mark.parametrize("text", ["", "{", '"', "[1,]", b"\xff", "9" * 5_000, "nul", b"\xff\xfe[\x001\x00]\x00"])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        safe_json.loads(text)


def test_brackets_in_texts_and_side_by_side_do_not_count() -> None:
    flat = ["[" * 500, '"[' * 500, "\\" * 500 + "{" * 500, [[]] * 500, {"{" * 500: "]" * 500}]
    assert safe_json.loads(json.dumps(flat)) == flat
    deepest = "[" * 100 + "]" * 100
    assert safe_json.loads(deepest) == json.loads(deepest)
    with pytest.raises(safe_json.TooDeep) as caught:
        safe_json.loads('["a", [[1]]]', max_depth=2)
    assert caught.value.position == 7


def test_random_values_are_read_as_the_standard_library_reads_them() -> None:
    rng = random.Random(7)
    for _ in range(300):
        value, depth = _random_value(rng, 6)
        text = json.dumps(value)
        assert safe_json.loads(text, max_depth=depth) == value
        if depth:
            with pytest.raises(safe_json.TooDeep):
                safe_json.loads(text, max_depth=depth - 1)


def _random_value(rng: random.Random, levels: int) -> tuple[object, int]:
    """A random value and its depth."""
    kind = rng.randrange(4) if levels else rng.randrange(2)
    if kind < 2:
        return rng.choice([1, 1.5, None, True, "", '"', "\\", '\\"[{', "]}", "a\n[", "é[\u2028"]), 0
    inner = [_random_value(rng, levels - 1) for _ in range(rng.randrange(4))]
    values, depth = [value for value, _depth in inner], max((depth for _value, depth in inner), default=0) + 1
    return (values if kind == 2 else {f'{number}{{["\\': value for number, value in enumerate(values)}), depth


def test_no_other_module_parses_json() -> None:
    parsing = {source for source in SOURCES if _parses_json(source.read_text())}
    assert parsing == {ROOT / "klimawerk" / "safe_json.py"}, "use klimawerk.safe_json.loads"


@pytest.mark.parametrize(
    "code",
    ["import json\njson.loads(x)", "from json import loads", "import json as j\nj.load(f)", "request.get_json()"],
)
def test_the_rule_finds_other_parsers(code: str) -> None:
    assert _parses_json(code)


def _parses_json(code: str) -> bool:
    nodes = list(ast.walk(ast.parse(code)))
    imports = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names = {alias.asname or alias.name for alias in imports if alias.name in JSON}
    return any(
        (isinstance(node, ast.ImportFrom) and node.module in JSON and {one.name for one in node.names} & PARSERS)
        or (isinstance(node, ast.Attribute) and node.attr == "get_json")
        or (isinstance(node, ast.Attribute) and node.attr in PARSERS and ast.unparse(node.value) in names)
        for node in nodes
    )
