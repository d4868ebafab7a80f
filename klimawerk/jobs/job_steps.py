"""Registry of job steps: which function the runner's child calls for each kind of job and step.

A step function gets the job's folder, its order and `progress(percent)`. It returns the content of the answer file:
{"result": ...}, or {"problem": {"place", "sentence": {language: text}}} for an error that the user sees. It has no
access to the installation's database.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

Task: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]
Progress: TypeAlias = Callable[[int], None]
StepFunction: TypeAlias = Callable[[Path, Task, Progress], Answer]

JOB_STEPS = {
    ("import", "look"): "klimawerk.exchange.import_steps:preview_file",
    ("import", "prepare"): "klimawerk.exchange.import_steps:prepare_rows",
}
"""Function of each (kind, step), by name: this package imports none of those above it; the runner imports them."""


def find_step(kind: str, step: str) -> StepFunction:
    """The function of a step. Raises KeyError for an unknown step."""
    module, _, name = JOB_STEPS[kind, step].partition(":")
    function: StepFunction = getattr(import_module(module), name)
    return function


def import_steps() -> None:
    """Import all step functions in the runner, so that its forked children import nothing."""
    for kind, step in JOB_STEPS:
        find_step(kind, step)
