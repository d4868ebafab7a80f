"""What a job's steps compute: the functions that the runner's children call. None of them sees the database.

A function gets the job's folder, its order and `progress(percent)`, and answers what goes into the answer's file:
{"result": ...}, or {"problem": {"place", "sentence": {language: words}}} for what its person has to hear.
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
"""By kind of job and step. Names, since this folder knows none of those above it; the runner imports them."""


def find_step(kind: str, step: str) -> StepFunction:
    """The function. Raises KeyError for a step that there is not."""
    module, _, name = JOB_STEPS[kind, step].partition(":")
    work: StepFunction = getattr(import_module(module), name)
    return work


def import_steps() -> None:
    """Import all of them, so that a child has to import nothing."""
    for kind, step in JOB_STEPS:
        find_step(kind, step)
