"""Rules and dashboards speak of figures that the product has: asked of its own registry, after it has worked."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from providers.breaker import Breaker
from providers.embedded import EmbeddedValkey
from server.metrics import METRICS
from server.sockets import WIRE
from settings import Settings
from tests.infra.promql import grouped, selectors
from tests.webapp import Web, settings_for
from tests.world import World
from workers.figures import Telling

FOLDER = Path(__file__).parents[2] / "infra" / "observability"
RULES, BOARDS = sorted((FOLDER / "rules").glob("*.yml")), sorted((FOLDER / "dashboards").glob("*.json"))
# What Prometheus itself says of each process that it asks.
OF_PROMETHEUS = {"up": {"job", "instance"}}
TARGET = {"job", "instance"}
JOBS = ("jobs_waiting", "jobs_running", "jobs_failed", "jobs_oldest_seconds")


def rules() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every rule, with its file's name."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from ((path.stem, rule) for rule in group["rules"])


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel, with its dashboard's name."""
    for path in BOARDS:
        yield from ((path.stem, panel) for panel in json.loads(path.read_text())["panels"])


def asked() -> list[tuple[str, str, str]]:
    """Every expression, with its file's name and its legend or text."""
    of_rules = [(name, rule["expr"], json.dumps(rule["annotations"])) for name, rule in rules()]
    return of_rules + [
        (name, each["expr"], each["legendFormat"]) for name, panel in panels() for each in panel["targets"]
    ]


@pytest.fixture
async def known(web: Web, world: World, valkey: EmbeddedValkey, home: Path) -> dict[str, set[str]]:
    """The labels of each figure of a process that has answered, refused, and has jobs."""
    await web.get(f"/c/{world.pottery.slug}")
    await web.get("/verify/7K4MQ2XD9FTAH")
    await web.call("GET", "/channels")
    given = {"email": f"{world.pottery.slug}@guildhall.example", "password": "a long enough one", "name": "New"}
    await web.call("POST", "/auth/sign-up", given)
    asked = Breaker("a provider")
    with asked.call():
        metrics = web.app[METRICS]
    figures = web.app[WIRE].figures
    figures.answered("typing", 0.01)
    figures.refused["typing", "too_fast"] += 1
    figures.ended["transport error"] += 1
    figures.sent_away["banned"] += 1
    Telling(
        valkey.redis_url,
        settings_for("postgresql://here/x", "", home / "var", 1).deployment,
        "default",
        web.house.tenancy,
    ).tell()
    for refresh in metrics.before_look:
        await refresh()
    found: dict[str, set[str]] = dict(OF_PROMETHEUS)
    for family in metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set(TARGET)).update(sample.labels)
    return found


async def test_every_figure_that_is_asked_for_exists_with_its_labels(known: dict[str, set[str]]) -> None:
    # A queue without any job has no figures; their labels are then those of the gauge.
    for name in JOBS:
        known.setdefault(name, TARGET | {"queue"})
    missing = []
    for place, expression, text in asked():
        read = dict.fromkeys(name for name, _ in selectors(expression))
        missing += [f"{place}: {name}" for name in read if name not in known]
        missing += [
            f"{place}: {name}{{{label}}}"
            for name, labels in selectors(expression)
            for label in labels - known.get(name, set())
        ]
        here = set().union(*(known.get(name, set()) for name in read))
        kept = grouped(expression) | set(re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", text))
        missing += [f"{place}: {expression} by {label}" for label in kept - here]
    assert missing == []


async def test_jobs_have_the_labels_that_rules_rely_on(web: Web) -> None:
    gauges = [vars(each) for each in web.app[METRICS].registry._collector_to_names]
    labels = {each["_name"]: set(each["_labelnames"]) for each in gauges if "_labelnames" in each}
    assert all(labels[name] == {"queue"} for name in JOBS)


async def test_every_route_that_is_chosen_is_a_route(web: Web) -> None:
    routes = {resource.canonical for resource in web.app.router.resources()} | {"none"}
    chosen = {
        each
        for _, expression, _ in asked()
        for pattern in re.findall(r'route(?:=~|!~|=|!=)"([^"]*)"', expression)
        for each in pattern.split("|")
    }
    lost = [each for each in chosen if not any(re.fullmatch(as_pattern(each), route) for route in routes)]
    assert chosen
    assert lost == []


def as_pattern(chosen: str) -> str:
    """The matcher of a rule, in which a template's braces stand for themselves."""
    return chosen.replace("{", r"\{").replace("}", r"\}")


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    names = [rule["alert"] for _, rule in rules()]
    assert len(names) == len(set(names))
    for _, rule in rules():
        assert rule["labels"]["severity"] in {"page", "look"}
        assert set(rule["annotations"]) == {"summary", "cure"}
        assert "`guildhall " not in rule["annotations"]["cure"] or re.search(
            r"`guildhall (doctor|jobs)`", rule["annotations"]["cure"]
        )


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_whole(path: Path) -> None:
    board = json.loads(path.read_text())
    assert board["uid"] == f"guildhall-{path.stem}"
    assert {each["datasource"]["uid"] for each in board["panels"]} == {"${source}"}
    assert board["templating"]["list"][0]["name"] == "source"
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in board["panels"]]
    assert len(places) == len(set(places))


def test_prometheus_asks_with_the_token_of_the_settings_and_reads_these_rules() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert config["rule_files"] == ["rules/*.yml"]
    (job,) = config["scrape_configs"]
    assert job["job_name"] == "guildhall"
    assert job["authorization"]["credentials_file"].rpartition("/")[2] in Settings.model_fields
