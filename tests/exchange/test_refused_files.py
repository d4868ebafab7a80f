"""Invalid files are refused as a whole, with a message that names the position; the database stays unchanged."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from klimawerk.exchange.import_problems import ImportRefused
from klimawerk.exchange.service import import_programme
from tests.exchange.conftest import EXAMPLE, Census, Json, as_bytes
from tests.long_runs import steps


def refusal(data: bytes) -> str:
    with pytest.raises(ImportRefused) as caught:
        import_programme(data, by=None)
    return str(caught.value)


def test_the_untouched_example_comes_in(census: Census) -> None:
    """The control for all tests below."""
    before = census()
    import_programme(EXAMPLE, by=None)
    assert census()["measure"] == before["measure"] + 10


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (EXAMPLE[: len(EXAMPLE) // 2], "not complete JSON: something is wrong at line"),
        (EXAMPLE[:-2], "not complete JSON"),
        (b"[1, 2]", "does not hold a programme"),
        (b"null", "does not hold a programme"),
        (b"{}", "its part “meta” is missing"),
        (EXAMPLE[:200] + b"\xff" + EXAMPLE[200:], "not text in UTF-8 (line "),
        (EXAMPLE.decode().encode("utf-16"), "not text in UTF-8"),
        (b"[" * 10_000 + b"]" * 10_000, "More than 100 levels inside each other (line 1)"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "More than 100 levels"),
        (b'{"a":"' + b'\\"' * 3_000_000, "not complete JSON"),
        (b'{"a":"' + b'\\"' * 3_000_000 + b"[" * 101, "not complete JSON"),
        (b'"' + b"x" * 21_000_000 + b'"', "larger than 20 MB"),
        (EXAMPLE.replace(b'"state": "drafting"', b'"state": "drafting", "state": "draft\\u0061"'), "stands here twice"),
        (EXAMPLE.replace(b'"rate": 13.0', b'"rate": NaN'), "meta → exchange_rate → rate: NaN is not a number"),
        (EXAMPLE.replace(b'"rate": 13.0', b'"rate": -Infinity'), "-Infinity is not a number"),
        (EXAMPLE.replace(b'"rate": 13.0', b'"rate": 1e999999999'), "meta → exchange_rate → rate: This number is too"),
        (EXAMPLE.replace(b'"rate": 13.0', b'"rate": 1' + b"0" * 5_000), "This number is too long"),
        (EXAMPLE.replace(b"Kofi Adu-Mensah", b"Kofi\\u0000Adu"), "characters that are not text"),
        (EXAMPLE.replace(b"Kofi Adu-Mensah", b"Kofi\\ud800"), "characters that are not text"),
    ],
)
def test_what_is_no_programme_at_all(data: bytes, sentence: str, census: Census) -> None:
    before = census()
    assert sentence in refusal(data)
    assert census() == before


def put(path: str, value: Any) -> Callable[[Json], None]:
    """Set the value at a path such as "measures.3.costs.2.category"."""

    def corrupt(file: Json) -> None:
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        target: Any = file
        for step in steps:
            target = target[step]
        target[last] = value

    return corrupt


def drop(path: str) -> Callable[[Json], None]:
    def corrupt(file: Json) -> None:
        *steps, last = path.split(".")
        target: Any = file
        for step in steps:
            target = target[int(step)] if step.isdigit() else target[step]
        del target[last]

    return corrupt


@pytest.mark.parametrize(
    ("corrupt", "sentence"),
    [
        (put("measures.3.costs.2.category", "gold"),
         "measures[3] (EN-01) → costs[2] → category: “gold” is not a code of the list “cost_category”."),
        (put("measures.0.priority", 3), "measures[0] (WA-01) → priority: “3” is not a code"),
        (put("measures.0.priority", ["high"]), "There must be a code here, not a list"),
        (put("measures.0.markers.gender", True), "markers → gender: There must be a code here, not true or false"),
        (put("measures.0.markers.gender", 3), "“3” is not a code of the list “marker”"),
        (put("measures.0.sdgs", [11, 11]), "sdgs: “11” stands here twice"),
        (put("measures.0.sdgs.1", 18), "measures[0] (WA-01) → sdgs[1]: “18” is not a code"),
        (put("measures.0.title", "Bins"), "title: There must be an object with keys here, not a text"),
        (put("measures.0.title.en", 5), "title → en: There must be a text here, not a number"),
        (put("measures.0.title.fr", "Bacs"), "title → fr: “fr” is not a language of this programme"),
        (put("measures.0.title.en", "x" * 5_000_000), "title → en: This text has 5,000,000 characters"),
        (put("measures.0.description.en", {"type": "doc", "content": [{"type": "script"}]}),
         "description → en: The editor could not have written this formatted text"),
        (put("measures.0.description.en", {"type": "doc", "content": 3}), "The editor could not have written"),
        (put("measures.0.description.en", {"type": "doc", "content": [{"type": ["paragraph"]}]}), "could not have"),
        (put("measures.0.description.en",
             {"type": "doc", "content": [{"type": "ordered_list", "attrs": {"order": {"a": 1}}, "content": [
                 {"type": "list_item", "content": [{"type": "paragraph"}]}]}]}), "could not have written"),
        (put("measures.0.responsible.0.contact", "x" * 121), "responsible[0] → contact: This text has 121 characters"),
        (put("measures.0.responsible.0.side", "neutral"), "“neutral” is not a code of the list “side”"),
        (put("measures.0.steps", {"no": 1}), "steps: There must be a list here, not an object"),
        (put("measures.0.steps.2", "buy bins"), "steps[2]: There must be an object with keys here, not a text"),
        (put("measures.0.steps.2.due", "2028-13"), "steps[2] → due: “2028-13” is not a date"),
        (put("measures.0.steps.2.due", "2028-02-30"), "is not a date"),
        (put("measures.0.steps.2.due", "٢٠٢٨-٠١"), "is not a date"),
        (put("measures.0.steps.2.due", 2028), "There must be a text here, not a number"),
        (put("measures.0.indicators.0.target", "forty"), "indicators[0] (WA-01-I1) → target: There must be a number"),
        (put("measures.0.indicators.0.target", True), "There must be a number here, not true or false"),
        (put("measures.0.indicators.0.target_year", 20280), "The number must be between 1900 and 2200"),
        (put("measures.0.indicators.0.target_year", 2028.5), "There must be a whole number"),
        (put("measures.0.indicators.0.measurements", [{"date": "202"}]), "measurements[0] → date: “202” is not a"),
        (put("measures.0.costs.0.eur", -1), "costs[0] → eur: An amount cannot be negative"),
        (put("measures.0.costs.0.eur", 10**13), "This amount is too large"),
        (put("measures.0.costs.0.eur", 0.001), "An amount has at most two decimals"),
        (put("measures.0.costs.0.currency", "XXX"), "currency: “XXX” is not a code of the list “currency”"),
        (put("measures.0.goal", "Z9"), "measures[0] (WA-01) → goal: “Z9” is referred to, but is not in the file"),
        (put("measures.0.field", "ZZ"), "field: “ZZ” is referred to"),
        (put("measures.0.field", "🌍" * 5_000), "This text has 5,000 characters"),
        (put("measures.0.related", ["WA-99"]), "measures[0] (WA-01) → related[0]: “WA-99” is referred to"),
        (drop("measures.0.goal"), "measures[0] (WA-01) → goal: There must be a text here, not nothing"),
        (put("goals.0.field", "ZZ"), "goals[0] (Z1) → field: “ZZ” is referred to"),
        (put("comments_sample.0.measure", "XX-1"), "comments_sample[0] → measure: “XX-1” is referred to"),
        (put("comments_sample.0.thread.0.side", "both"), "thread[0] → side: “both” is not a code"),
        (put("workshop_sample.agenda.0.method", "dance"), "agenda[0] → method: “dance” is not a code"),
        (put("measures.1.code", "WA-01"), "measures[1] (WA-01) → code: The code “WA-01” stands twice"),
        (put("measures.1.code", " "), "A code cannot be empty"),
        (put("measures.1.code", None), "measures[1] → code: There must be a text here, not nothing"),
        (put("fields.1.code", "WA"), "fields[1] (WA) → code: The code “WA” stands twice"),
        (put("fields.1.code", "ENERGIE"), "This text has 7 characters; at most 6 are possible"),
        (put("meta.languages", []), "meta → languages: The programme needs at least one language"),
        (put("meta.languages", ["de", "tlh"]), "languages[1]: “tlh” is not a code"),
        (put("meta.languages", ["de", "de"]), "stands here twice"),
        (put("meta.languages", ["de"]), "meta → language_lead: The original's language is not among"),
        (put("meta.language_lead", "fr"), "not among the languages"),
        (put("meta.currency_local", "EUR"), "The two currencies are the same"),
        (put("meta.currency_local", "PEN"), "exchange_rate → to: The planning rate is not one from EUR to PEN"),
        (put("meta.exchange_rate.rate", 0), "rate: The planning rate must be greater than zero"),
        (put("meta.exchange_rate.date", "2026-11"), "There must be a day here"),
        (put("partnership.municipalities", []), "Each of the two sides needs a municipality"),
        (put("partnership.municipalities.0.side", "partner"), "Each of the two sides needs a municipality"),
        (put("partnership.municipalities.0.timezone", "Mars/Olympus"), "“Mars/Olympus” is not a time zone"),
        (put("partnership.municipalities.0.timezone", "../../etc/passwd"), "is not a time zone"),
        (put("partnership.municipalities.0.country", "XX"), "“XX” is not a code of the list “country”"),
        (put("partnership.name", {}), "partnership → name: The partnership needs a name"),
        (put("programme", []), "programme: There must be an object with keys here, not a list"),
        (put("programme.period", "2027"), "programme → period: There must be an object with keys"),
        (put("programme.state", "finished"), "programme → state: “finished” is not a code"),
        (put("milestones.0.kind", "party"), "milestones[0] → kind: “party” is not a code"),
        (put("decisions_sample.0.side", "neutral"), "decisions_sample[0] → side: “neutral” is not a code"),
        (put("goals", {"Z1": {}}), "goals: There must be a list here, not an object"),
    ],
)  # fmt: skip
def test_one_mistake_refuses_the_whole_file(
    corrupt: Callable[[Json], None], sentence: str, example: Json, census: Census
) -> None:
    before = census()
    corrupt(example)
    assert sentence in refusal(as_bytes(example))
    assert census() == before


def test_too_many_measures(example: Json, census: Census) -> None:
    before = census()
    example["measures"] = [{"code": f"M-{n}", "goal": "Z1"} for n in range(100_000)]
    assert "measures: There are 100,000 entries; at most 300 are possible" in refusal(as_bytes(example))
    assert census() == before


def test_too_many_rows(example: Json, census: Census) -> None:
    example["measures"][0]["steps"] = [{} for _ in range(501)]
    assert "measures[0] (WA-01) → steps: There are 501 entries" in refusal(as_bytes(example))


def test_too_many_rows_in_all(example: Json, census: Census) -> None:
    example["measures"] = [{"code": f"M-{n}", "goal": "Z1", "steps": [{}] * 400} for n in range(100)]
    del example["comments_sample"]
    assert "steps: The file has more than 20,000 rows in all" in refusal(as_bytes(example))


INVALID_VALUES: list[Any] = [
    None, True, -1, 0, 3.5, 10**20, "", "x", "🌍", "<script>", [], [None], [[]], {}, {"de": 1}, {"": ""}, "x" * 3_000,
]  # fmt: skip


def test_random_mutations_are_refused_or_taken_whole(census: Census) -> None:
    """Random changes: each file is refused with a message, or can be validated. No exception of another kind."""
    from klimawerk.exchange.import_validator import validate_import
    from klimawerk.exchange.json_reader import read_json

    seed = random.randrange(10**6)
    print(f"seed {seed}")
    generator = random.Random(seed)
    original = json.loads(EXAMPLE)
    before, refused = census(), 0
    changes = steps(100, 1_500)
    for _ in range(changes):
        file = copy.deepcopy(original)
        for _change in range(generator.choice((1, 1, 2))):
            mutate(file, generator)
        data = as_bytes(file)
        if generator.random() < 0.1:
            data = data[: generator.randrange(len(data))]
        try:
            validate_import(read_json(data, 20_000_000))
        except ImportRefused as why:
            refused += len(str(why.problem.sentence)) > 10
    assert refused > changes * 0.3
    assert census() == before


def mutate(file: Json, generator: random.Random) -> None:
    """Walk down at random, then replace, remove, duplicate or rename a value."""
    target: Any = file
    while True:
        keys = list(target) if isinstance(target, dict) else range(len(target))
        if not keys:
            return
        key = generator.choice(list(keys))
        inner = target[key]
        if isinstance(inner, dict | list) and inner and generator.random() < 0.85:
            target = inner
            continue
        change = generator.randrange(3)
        if change == 0:
            target[key] = generator.choice(INVALID_VALUES)
        elif change == 1:
            del target[key]
        elif isinstance(target, list):
            target.append(copy.deepcopy(inner))
        else:
            target[f"{key}x"] = target.pop(key)
        return
