"""Requests made from an OpenAPI document, and what was wrong with their answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Err

if TYPE_CHECKING:
    from schemathesis import APIOperation, Case
    from schemathesis.core.transport import Response

# They never end: an answer to wait for does not come.
ENDLESS = frozenset({"/api/events"})
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass
class Findings:
    """How many requests were made, and what was found: (operation, what) with one example of each."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, case: Case, answer: Response) -> None:
        """One answer: no 5xx, no status that the document does not name, problems as problems."""
        self.requests += 1
        self.statuses[answer.status_code] += 1
        operation = case.operation.label
        documented = {str(code) for code in case.operation.responses.status_codes}
        what = ""
        if answer.status_code >= 500:
            what = f"server error {answer.status_code}"
        elif str(answer.status_code) not in documented:
            what = f"undocumented {answer.status_code}"
        elif answer.status_code >= 400:
            kind = answer.headers.get("content-type", ["none"])[0]
            what = "" if "json" in kind else f"{answer.status_code} as {kind}"
        if what:
            example = f"{case.as_curl_command()}\n      {answer.text[:200]}"
            self.wrong.setdefault((operation, what), example)

    def told(self) -> str:
        """The findings, for a person."""
        lines = [f"{operation}: {what}\n      {text}" for (operation, what), text in self.wrong.items()]
        return "\n".join([f"{len(lines)} findings in {self.requests} requests", *lines])


@dataclass(frozen=True)
class Share:
    """How many requests an operation gets, in which round; each round has other ones."""

    most: int
    round: int


def fuzz(base: str, document: str, total: int, headers: dict[str, str], found: Findings) -> None:
    """Make at least ``total`` requests by the document at ``document``, spread over its operations.

    Half fit the document and half do not; ``headers`` go with every second of each.
    """
    schema = schemathesis.openapi.from_url(f"{base}{document}")
    asked: list[APIOperation] = []
    for one in schema.get_all_operations():
        if isinstance(one, Err):
            error = one.err()
            found.wrong[f"{error.method} {error.path}", "not valid"] = str(error)
        elif one.ok().path not in ENDLESS:
            asked.append(one.ok())
    assert asked, document
    begun, round_ = found.requests, 0
    with requests.Session() as session:
        # An operation without parameters gives fewer than it was asked for: further rounds make up for it.
        while (left := begun + total - found.requests) > 0:
            each = max(1, left // (len(asked) * len(MODES)))
            for operation in asked:
                for mode in MODES:
                    _ask(operation, mode, Share(each, round_), session, headers, found)
            round_ += 1


def _ask(
    operation: APIOperation,
    mode: GenerationMode,
    share: Share,
    session: requests.Session,
    headers: dict[str, str],
    found: Findings,
) -> None:
    @seed(20_260_701 + share.round)
    @settings(
        max_examples=share.most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        more = headers if found.requests % 2 else {}
        found.add(case, case.call(session=session, headers=more, timeout=60))

    try:
        ask()
    except Exception as error:
        # An operation without parameters or body has nothing that could not fit.
        if mode is GenerationMode.POSITIVE or type(error).__name__ not in ("Unsatisfiable", "SkipTest"):
            raise
