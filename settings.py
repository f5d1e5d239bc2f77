"""One frozen Settings from the environment and `.env`; every default embedded; read only by the process roots.

A field's description says what a right value is: the documentation prints it, and so does the refusal of a wrong one.
"""

import hashlib
import hmac
import ipaddress
import logging
import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

HERE = Path(__file__).parent
CHECKOUT = HERE if (HERE / "pyproject.toml").exists() else Path.cwd()

DATABASE_ROLES = ("guildhall_app", "guildhall_relay", "guildhall_backup")

POSTGRES = r"^(postgresql://.+)?$"
REDIS = r"^(rediss?://.+|unix://.+)?$"
ORIGIN = r"^https?://[^\s/?#@]+/?$"
WEB = r"^(https?://[^\s?#]+)?$"
ENGINE = r"^(https?://[^\s#]+)?$"
SECRET = Field(default=SecretStr(""), description="the secret that the provider shows, or nothing")


class SettingsFault(Exception):
    """Some settings are wrong; `problems` has a sentence for each, with what would be right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """All that can be set; the environment's name of a field is its own in capitals."""

    model_config = SettingsConfigDict(
        env_file=CHECKOUT / ".env", extra="ignore", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    guildhall_home: Path = Field(default=CHECKOUT / "var", description="the folder that keeps all state")
    bind: str = Field(default="127.0.0.1", description="an address of this machine to listen on, such as 127.0.0.1")
    port: int = Field(default=8000, ge=1, le=65535, description="a number from 1 to 65535")
    web: int = Field(default=1, ge=1, le=32, description="a number of web processes from 1 to 32")
    guildhall_demo: bool = Field(default=False, description="1 for the demo world, on loopback only; or 0")
    base_url: str = Field(
        default_factory=lambda given: f"http://127.0.0.1:{given['port']}",
        pattern=ORIGIN,
        description="the address people type, such as https://learn.example.org, without a path",
    )
    secret_key: SecretStr = Field(
        default_factory=lambda given: kept_secret(given["guildhall_home"]),
        min_length=32,
        description="at least 32 random characters (made at the first start and kept if not set)",
    )

    database_url: str = Field(default="", pattern=POSTGRES, repr=False, description="postgresql://owner@host/name")
    database_url_app: str = Field(
        default="", pattern=POSTGRES, repr=False, description="postgresql://… of the app role"
    )
    database_url_relay: str = Field(
        default="", pattern=POSTGRES, repr=False, description="postgresql://… of the relay role"
    )
    database_url_backup: str = Field(
        default="", pattern=POSTGRES, repr=False, description="postgresql://… of the backup role"
    )
    redis_url: str = Field(default="", pattern=REDIS, repr=False, description="redis://, rediss:// or unix://…")
    elasticsearch_url: str = Field(
        default="", pattern=ENGINE, repr=False, description="http(s)://host:port of Elasticsearch"
    )
    storage: str = Field(
        default_factory=lambda given: f"disk:{given['guildhall_home'] / 'files'}",
        pattern=r"^(disk|gcs):.+$",
        description="disk:FOLDER or gcs:BUCKET",
    )

    stripe_secret_key: SecretStr = SECRET
    stripe_webhook_secret: SecretStr = SECRET
    stripe_api_base: str = Field(
        default="https://api.stripe.com", pattern=WEB, description="the https:// address of Stripe"
    )
    payments: Literal["sandbox", "stripe"] = Field(default="sandbox", description="sandbox or stripe")

    mail: str = Field(
        default_factory=lambda given: f"folder:{given['guildhall_home'] / 'mail'}",
        pattern=r"^(folder:.+|smtps?://.+)$",
        repr=False,
        description="folder:FOLDER or smtp://user:password@host:port",
    )
    mail_from: str = Field(
        default="Guildhall <guildhall@localhost>",
        pattern=r"^[^@\r\n]+@[^@\s>]+>?$",
        description="the sender of mails, such as Guildhall <hello@example.org>",
    )

    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="what a reader of /metrics must show, or nothing"
    )
    recording_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="hosts with or without :port, separated by commas"
    )
    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="hosts with :port, separated by commas"
    )
    trusted_proxies: int = Field(default=0, ge=0, le=10, description="how many proxies stand in front, 0 to 10")
    access_token_seconds: int = Field(default=900, ge=10, le=86400, description="10 to 86400 seconds")
    refresh_token_days: int = Field(default=7, ge=1, le=365, description="1 to 365 days")
    sign_up: Literal["open", "confirm", "invite"] = Field(default="open", description="open, confirm or invite")
    limits: Literal["standard", "relaxed"] = Field(
        default_factory=lambda given: "relaxed" if given["guildhall_demo"] else "standard",
        description="standard, or in the demo relaxed",
    )
    chromium: str = Field(default="auto", min_length=1, description="auto or the path of a Chromium")
    sentry_dsn: str = Field(default="", pattern=WEB, repr=False, description="the https:// DSN of Sentry")
    log_format: Literal["console", "json"] = Field(default="console", description="console or json")

    @property
    def home(self) -> Path:
        """The folder that keeps all state, absolute."""
        return self.guildhall_home

    @property
    def demo(self) -> bool:
        """Whether the demo world and its passwords exist."""
        return self.guildhall_demo

    @property
    def log_level(self) -> int:
        """What is worth a line: in the demo's terminal only what is wrong, so that its table stays in sight."""
        return logging.WARNING if self.demo and self.log_format == "console" else logging.INFO

    @property
    def deployment(self) -> str:
        """A short name of this installation, under which it speaks in a Redis that others may share."""
        return f"guildhall-{self.derived_password('deployment')[:10]}"

    @property
    def wire_key(self) -> bytes:
        """What proves to the processes of this installation that a frame on their line is one of theirs."""
        return self.derived_password("wire").encode()

    def stripe_facts(self) -> dict[str, str]:
        """What the adapter of Stripe needs, by the names it knows them."""
        secret, webhooks = self.stripe_secret_key.get_secret_value(), self.stripe_webhook_secret.get_secret_value()
        named = {"stripe_secret_key": secret, "stripe_webhook_secret": webhooks}
        return named | {"stripe_api_base": self.stripe_api_base}

    def role_url(self, role: str) -> str:
        """The DSN of one of DATABASE_ROLES: as given, else the owner's with that role and its password."""
        return self.given_url(role) or as_role(self.database_url, role, self.derived_password(role))

    def role_passwords(self) -> dict[str, str]:
        """The password that each of DATABASE_ROLES is to have."""
        given = {role: unquote(urlsplit(self.given_url(role)).password or "") for role in DATABASE_ROLES}
        return {role: password or self.derived_password(role) for role, password in given.items()}

    def given_url(self, role: str) -> str:
        """The DSN that was set for the role, or nothing."""
        url: str = getattr(self, f"database_url_{role.removeprefix('guildhall_')}")
        return url

    def derived_password(self, role: str) -> str:
        """A password for the role that only SECRET_KEY leads to (HMAC-SHA-256, hexadecimal)."""
        key = self.secret_key.get_secret_value().encode()
        return hmac.new(key, f"database role {role}".encode(), hashlib.sha256).hexdigest()

    @model_validator(mode="before")
    @classmethod
    def drop_mailbox(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Login shells export MAIL as the path of their mailbox: that is nothing that was set for us."""
        return {name: value for name, value in given.items() if name != "mail" or not str(value).startswith("/")}

    @field_validator("guildhall_home")
    @classmethod
    def make_absolute(cls, folder: Path) -> Path:
        """A relative home means the same wherever a process stands."""
        return (CHECKOUT / folder.expanduser()).resolve()

    @field_validator("bind")
    @classmethod
    def check_bind(cls, address: str) -> str:
        """An IP address; `localhost` becomes one."""
        address = "127.0.0.1" if address == "localhost" else address
        ipaddress.ip_address(address)
        return address

    @field_validator("guildhall_demo")
    @classmethod
    def check_demo(cls, demo: bool, given: ValidationInfo) -> bool:
        """The passwords of the demo are known to all, so it is for this machine alone."""
        if demo and "bind" in given.data and not ipaddress.ip_address(given.data["bind"]).is_loopback:
            raise Wish("the demo is only for this machine: take BIND=127.0.0.1, or GUILDHALL_DEMO=0")
        return demo

    @field_validator("base_url")
    @classmethod
    def drop_slash(cls, url: str) -> str:
        """Links are made by joining paths to it."""
        return url.rstrip("/")

    @field_validator("payments")
    @classmethod
    def check_payments(cls, payments: str, given: ValidationInfo) -> str:
        """Stripe without its two secrets could neither be asked nor believed."""
        keys = ("stripe_secret_key", "stripe_webhook_secret")
        missing = [key.upper() for key in keys if key in given.data and not given.data[key].get_secret_value()]
        if payments == "stripe" and missing:
            raise Wish(f"also set {' and '.join(missing)}, or take PAYMENTS=sandbox")
        return payments

    @field_validator("recording_hosts", "webhook_hosts", mode="before")
    @classmethod
    def split_hosts(cls, value: Any) -> Any:
        """The list as people write it in one line."""
        return tuple(host.strip() for host in value.split(",") if host.strip()) if isinstance(value, str) else value

    @field_validator("recording_hosts", "webhook_hosts")
    @classmethod
    def check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """Hosts, not URLs."""
        if not all(re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?", host) for host in hosts):
            raise ValueError("not a host")
        return hosts

    @field_validator("limits")
    @classmethod
    def check_limits(cls, limits: str, given: ValidationInfo) -> str:
        """Wide limits outside the demo would be an open door."""
        if limits == "relaxed" and not given.data.get("guildhall_demo", True):
            raise Wish("relaxed limits are for the demo: take LIMITS=standard, or GUILDHALL_DEMO=1 on loopback")
        return limits


class Wish(ValueError):
    """A wrong value whose cure depends on other settings; the message is the cure."""


def load_settings() -> Settings:
    """The settings of this process; SettingsFault names all wrong ones at once."""
    try:
        return Settings()
    except ValidationError as wrong:
        raise SettingsFault([explain(error) for error in wrong.errors() if error["type"] != NOT_ASKED]) from None


NOT_ASKED = "default_factory_not_called"  # the default of a field rests on another one, which is wrong and said so


def explain(error: ErrorDetails) -> str:
    """One sentence: which setting is wrong, and what would be right."""
    name = str(error["loc"][0])
    cause = error.get("ctx", {}).get("error")
    right = str(cause) if isinstance(cause, Wish) else f"give {Settings.model_fields[name].description}"
    return f"{name.upper()} is wrong: {right}."


def kept_secret(home: Path) -> SecretStr:
    """The secret key of this home, made the first time; SettingsFault if it cannot be kept."""
    path = home / "secret.key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            keep(path, secrets.token_urlsafe(48))
        return SecretStr(path.read_text().strip())
    except OSError as fault:
        problem = f"Cannot keep the secret key in {home} ({fault.strerror}): make it writable, or set GUILDHALL_HOME."
        raise SettingsFault([problem]) from None


def keep(path: Path, secret: str) -> None:
    """Write it whole or not at all; of two who do so at once the first wins."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def as_role(url: str, role: str, password: str) -> str:
    """The same database, entered by another role."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.netloc.rpartition('@')[2]}"))
