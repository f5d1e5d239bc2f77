"""The cloud, held against the code: each setting has a home, no right is wide, no module hangs in the air."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli.main import app
from settings import Settings
from tenants.jobs import QUEUES
from tests.infra.hcl import META, Module, modules, walk

FOLDER = Path(__file__).parents[2] / "infra" / "terraform"
INSTALLATION = Module(FOLDER / "installation")
ALL = modules(FOLDER)
LEFT_ALONE = {
    "PORT": "Cloud Run sets it to the port that it asks",
    "WEB": "one process a container; Cloud Run starts more containers",
    "GUILDHALL_DEMO": "the demo is for loopback alone",
    "LIMITS": "standard, which is the default; relaxed limits are for the demo",
}
RIGHTS = {
    "google_secret_manager_secret_iam_member": {"roles/secretmanager.secretAccessor"},
    "google_storage_bucket_iam_member": {"roles/storage.objectUser"},
    "google_service_account_iam_member": {"roles/iam.serviceAccountTokenCreator"},
}
SECRET = {
    name.upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr or not field.repr
}
# What Terraform knows anyhow, from Google, and what holds no key: an address, and a public certificate.
KNOWN_TO_THE_STATE = {"redis", "authority"}


def shown(module: Module) -> str:
    """The folder as people say it."""
    return module.folder.relative_to(FOLDER).as_posix()


def in_the_open() -> set[str]:
    """Names of settings that are plain values."""
    found = INSTALLATION.locals
    return set(found["settings"]) | set(found["money"])


def test_every_setting_has_one_home() -> None:
    secrets = set(INSTALLATION.locals["secrets"])
    names = {name.upper() for name in Settings.model_fields}
    assert sorted(names - in_the_open() - secrets - set(LEFT_ALONE)) == [], "give it a home in installation/settings.tf"
    assert sorted((in_the_open() | secrets | set(LEFT_ALONE)) - names) == []
    assert not in_the_open() & secrets


def test_no_secret_lies_in_the_open() -> None:
    assert sorted(SECRET & in_the_open()) == []
    assert set(INSTALLATION.locals["secrets"]) <= SECRET


def test_containers_get_their_environment_from_these_two_maps_alone() -> None:
    for name in ("web", "pool", "job"):
        body = Module(FOLDER / "modules" / name).blocks["resource"]
        assert not [value for key, value in walk(body) if key == "env" and not isinstance(value, dict)]
        sources = [value["env"]["for_each"] for key, value in walk(body) if key == "dynamic" for value in value]
        assert sources == ["${var.settings}", "${var.secrets}"]


def test_values_of_secrets_are_in_no_state() -> None:
    for module in ALL:
        for kind, name, body in module.resources:
            assert kind not in {"random_password", "random_string", "google_service_account_key"}
            if kind == "google_secret_manager_secret_version" and "secret_data" in body:
                assert name in KNOWN_TO_THE_STATE
            assert not {"password", "root_password"} & set(body), (shown(module), kind, name)


def test_only_listed_rights_are_given_and_each_on_one_thing() -> None:
    for module in ALL:
        for kind, name, body in module.resources:
            if "_iam_" in kind:
                assert kind in RIGHTS, f"{shown(module)}: {kind}.{name} is wider than one thing for one account"
                assert body["role"] in RIGHTS[kind]
                assert body["member"] == "${google_service_account.this.member}"
    assert not [module for module in ALL if "allUsers" in module.mentioned(r"(allUsers|allAuthenticatedUsers)")]


def test_each_role_has_an_account_of_its_own_and_is_a_command() -> None:
    found = INSTALLATION.locals
    assert set(re.findall(r"\w+", found["workers"])) - {"toset"} == set(QUEUES)
    commands = {command.name for command in app.registered_commands}
    roles = {"web", "steward", "migrate", "worker"}
    assert roles <= commands
    assert INSTALLATION.calls["account"]["for_each"] == "${local.roles}"
    for name in ("migrate", "web", "pool"):
        assert "module.account[" in INSTALLATION.calls[name]["account"]


def test_the_owner_of_the_database_is_for_migrate_alone() -> None:
    secrets = INSTALLATION.locals["secrets"]
    assert secrets["DATABASE_URL"] == secrets["DATABASE_URL_BACKUP"] == "${toset([migrate])}"


@pytest.mark.parametrize("module", ALL, ids=shown)
def test_a_module_is_given_what_it_needs_and_nothing_else(module: Module) -> None:
    for name, call in module.calls.items():
        called = module.called(name)
        given = set(call) - META
        assert called.required - given == set(), f"{name} is not given"
        assert given - set(called.named("variable")) == set(), f"{name} takes no such thing"


@pytest.mark.parametrize("module", ALL, ids=shown)
def test_what_is_read_of_a_module_is_one_of_its_outputs(module: Module) -> None:
    read = re.findall(r"\bmodule\.(\w+)(?:\[[^\]]*\])?\.(\w+)", "\n".join(each.read_text() for each in sources(module)))
    for name, output in read:
        assert output in module.called(name).named("output"), f"module.{name}.{output}"


def sources(module: Module) -> list[Path]:
    """Its files."""
    return sorted(module.folder.glob("*.tf"))


@pytest.mark.parametrize("module", ALL, ids=shown)
def test_variables_are_typed_described_and_used(module: Module) -> None:
    declared = module.named("variable")
    assert module.mentioned(r"\bvar\.(\w+)") == set(declared)
    for name, body in (declared | module.named("output")).items():
        assert body["description"].endswith("."), name
    assert [name for name, body in declared.items() if "type" not in body] == []
    assert module.mentioned(r"\blocal\.(\w+)") == set(module.locals)


def test_both_roots_keep_their_state_apart_and_in_a_bucket() -> None:
    prefixes = set()
    for name in ("staging", "production"):
        (settings,) = Module(FOLDER / name).blocks["terraform"]
        (backend,) = settings["backend"]
        prefixes.add(backend["gcs"]["prefix"])
    assert prefixes == {"guildhall/staging", "guildhall/production"}


def test_the_cache_keeps_what_it_is_given_and_the_bucket_is_private() -> None:
    bodies = {kind: body for module in ALL for kind, _, body in module.resources}
    cache, bucket = bodies["google_memorystore_instance"], bodies["google_storage_bucket"]
    assert cache["engine_configs"]["maxmemory-policy"] == "noeviction"
    assert cache["persistence_config"][0]["mode"] == "AOF"
    assert cache["transit_encryption_mode"] == "SERVER_AUTHENTICATION"
    assert (bucket["uniform_bucket_level_access"], bucket["public_access_prevention"]) == (True, "enforced")
    database = bodies["google_sql_database_instance"]["settings"][0]
    assert database["ip_configuration"][0]["ipv4_enabled"] is False
    assert database["backup_configuration"][0]["point_in_time_recovery_enabled"] is True
