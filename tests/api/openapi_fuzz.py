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
    from schemathesis.schemas import BaseSchema

# Such an answer never ends: what it begins with is looked at.
ENDLESS = "text/event-stream"
# What a part of a path may be described with and still be any text; without a character it is another path.
SAYS_NOTHING = frozenset({"type", "title", "description", "example", "minLength"})


@dataclass
class Findings:
    """How many requests were made, and what was found: (operation, what) with one example of each."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, case: Case, answer: requests.Response) -> None:
        """One answer: no 5xx, no status or media type but those that the document names, problems as such."""
        self.requests += 1
        self.statuses[answer.status_code] += 1
        operation = case.operation.label
        documented = {str(code) for code in case.operation.responses.status_codes}
        kind = answer.headers.get("content-type", "none")
        what = ""
        if answer.status_code >= 500:
            what = f"server error {answer.status_code}"
        elif str(answer.status_code) not in documented:
            what = f"undocumented {answer.status_code}"
        elif answer.status_code >= 400:
            what = "" if "json" in kind else f"{answer.status_code} as {kind}"
        elif kind != "none" and not {_bare(kind), "*/*"} & _media_types(case.operation, answer):
            what = f"undocumented {answer.status_code} as {kind}"
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
    asked = _askable(schemathesis.openapi.from_url(f"{base}{document}"), found)
    assert asked, document
    begun, round_ = found.requests, 0
    with requests.Session() as session:
        # An operation without parameters gives fewer than it was asked for: further rounds make up for it.
        while asked and (left := begun + total - found.requests) > 0:
            share = Share(max(1, left // len(asked)), round_)
            made = {
                (operation.label, mode): _ask(operation, mode, share, session, headers, found)
                for operation, mode in asked
            }
            # Two rounds, so that what has one request alone is asked by both callers. To look for more where
            # there is nothing costs seconds: Hypothesis gives up after hundreds of tries, each time.
            asked = [
                (operation, mode)
                for operation, mode in asked
                if made[operation.label, mode] >= (share.most if round_ else 1)
            ]
            round_ += 1


def _askable(schema: BaseSchema, found: Findings) -> list[tuple[APIOperation, GenerationMode]]:
    """Every operation with what may be asked of it; one that is not valid is a finding."""
    asked: list[tuple[APIOperation, GenerationMode]] = []
    for one in schema.get_all_operations():
        if isinstance(one, Err):
            error = one.err()
            found.wrong[f"{error.method} {error.path}", "not valid"] = str(error)
            continue
        operation = one.ok()
        asked.append((operation, GenerationMode.POSITIVE))
        if not _anything_fits(operation):
            asked.append((operation, GenerationMode.NEGATIVE))
    return asked


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _media_types(operation: APIOperation, answer: requests.Response) -> set[str]:
    """Those that the document names for this status, without their parameters."""
    found = operation.responses.find_by_status_code(answer.status_code)
    return {_bare(name) for name in (found.definition.get("content", {}) if found else ())}


def _anything_fits(operation: APIOperation) -> bool:
    """Whether no request could contradict the document: only parts of the path, and they may be any text."""
    if operation.query or operation.headers or operation.cookies or operation.body:
        return False
    parts = operation.path_parameters.schema["properties"].values()
    return all(part.get("type") == "string" and part.keys() <= SAYS_NOTHING for part in parts)


def _ask(
    operation: APIOperation,
    mode: GenerationMode,
    share: Share,
    session: requests.Session,
    headers: dict[str, str],
    found: Findings,
) -> int:
    """How many requests could be made, of ``share.most``."""
    begun = found.requests

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
        more = headers if (found.requests - begun + share.round) % 2 else {}
        wanted = case.as_transport_kwargs(headers=more)
        with session.request(**wanted, timeout=400, stream=True) as answer:
            found.add(case, answer)
            if ENDLESS not in answer.headers.get("content-type", ""):
                answer.content  # noqa: B018 (to the end: a server can fail on the way, too)

    try:
        ask()
    except Exception as error:
        # Where all that could be wrong is ruled out in the end, there is nothing that does not fit.
        if mode is GenerationMode.POSITIVE or type(error).__name__ not in ("Unsatisfiable", "SkipTest"):
            raise
    return found.requests - begun
