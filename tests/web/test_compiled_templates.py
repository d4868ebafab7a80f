"""The first readers after a start do not wait until templates are compiled."""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import DictLoader

from klimawerk.web.cooperative_templates import compile_all


def test_a_template_is_compiled_before_somebody_needs_it_and_a_broken_one_keeps_no_other_back(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    env = app.jinja_env.overlay(loader=DictLoader({"a.html": "{{ 1 }}", "b.html": "{% if %}", "c.html": "{{ 3 }}"}))
    app.jinja_env, before = env, app.jinja_env
    compile_all(app)
    app.jinja_env = before
    assert env.cache is not None
    assert sorted(name for _, name in env.cache) == ["a.html", "c.html"]
    assert "b.html" in caplog.text
