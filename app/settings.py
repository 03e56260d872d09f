"""What the environment says, checked once and frozen. Nobody below `bootstrap` reads it."""

import difflib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from dotenv import dotenv_values

from app.errors import SettingsError

CONFIG = Path(__file__).resolve().parent.parent / "config"
"""The defaults that ship with the project."""

_PROVIDERS = ("GROQ", "GEMINI", "OPENAI")


@dataclass(frozen=True, slots=True)
class Setting:
    """One `MASTERX_` variable as the README and error messages describe it."""

    variable: str
    default: str
    allowed: str
    meaning: str


SETTINGS = (
    Setting(
        "MASTERX_STORE",
        "sqlite:///./masterx.db",
        "sqlite:///PATH or mongodb://… or mongodb+srv://…",
        "where the truth is kept; a MongoDB replica set is recommended",
    ),
    Setting(
        "MASTERX_CACHE",
        "memory://",
        "memory:// or redis://… or rediss://…",
        "what may vanish; Redis lets replicas share it",
    ),
    Setting("MASTERX_PROVIDERS", "config/providers.toml", "a TOML file", "the provider catalogue"),
    Setting("MASTERX_POLICY", "config/policy.toml", "a TOML file", "the first policy"),
    Setting("MASTERX_ALERTS", "config/alerts.toml", "a TOML file", "what is an alert, and who is told"),
    Setting(
        "MASTERX_AUTH",
        "auto",
        "auto or required",
        "`auto`: open on a loopback address, keys required on any other; `required`: keys always",
    ),
    Setting(
        "MASTERX_DENSE",
        "",
        "a folder with `model.safetensors` and `tokenizer.json`",
        "a model2vec model, for recall by meaning; needs `masterx[dense]`",
    ),
    Setting(
        "MASTERX_OTLP",
        "",
        "http://HOST:4318 or https://…",
        "a collector of OpenTelemetry that is told over OTLP how each turn spent its time; no text of anyone's",
    ),
    Setting("MASTERX_LOG", "console on a terminal, else json", "console or json", "form of the log lines"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings; field by field the `MASTERX_` variables, and the providers' own."""

    store: str
    cache: str
    providers: Path
    policy: Path
    alerts: Path
    auth: str
    dense: Path | None
    otlp: str | None
    log: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def sqlite_path(self) -> Path | None:
        """The file of the SQLite store, `None` for another store."""
        prefix = "sqlite:///"
        return Path(self.store.removeprefix(prefix)) if self.store.startswith(prefix) else None

    def base_url(self, provider: str) -> str | None:
        """The address that a provider is to be reached at instead of its own."""
        return self.environment.get(f"{provider.upper().replace('-', '_')}_BASE_URL", "").rstrip("/") or None

    def secret(self, variable: str) -> str | None:
        """A provider's key."""
        return self.environment.get(variable)


def load(environment: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """Settings from the environment, before it from `.env`.

    Raises `SettingsError` with one line for an unknown `MASTERX_` variable or a value that is not allowed.
    """
    given = _written(dotenv) if environment is None else {}
    given |= os.environ if environment is None else environment
    values = {k: v.strip() for k, v in given.items() if v.strip()}
    _refuse_unknown(values)
    _refuse_bad_addresses(values)
    return Settings(
        store=_store(values.get("MASTERX_STORE", "sqlite:///./masterx.db")),
        cache=_cache(values.get("MASTERX_CACHE", "memory://")),
        providers=_file(values, "MASTERX_PROVIDERS", "providers.toml"),
        policy=_file(values, "MASTERX_POLICY", "policy.toml"),
        alerts=_file(values, "MASTERX_ALERTS", "alerts.toml"),
        auth=_choice(values, "MASTERX_AUTH", ("auto", "required"), "auto"),
        dense=_folder(values, "MASTERX_DENSE"),
        otlp=_collector(values),
        log=_choice(values, "MASTERX_LOG", ("console", "json"), "console" if sys.stderr.isatty() else "json"),
        environment=values,
    )


def _written(dotenv: Path) -> dict[str, str]:
    try:
        return {k: v for k, v in dotenv_values(dotenv).items() if v is not None}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{dotenv}: cannot be read: {why}") from error


def _refuse_unknown(values: Mapping[str, str]) -> None:
    known = {setting.variable for setting in SETTINGS}
    # Variables of the tests' own servers may stand in the same environment.
    for name in sorted(n for n in values if n.startswith("MASTERX_") and not n.startswith("MASTERX_TEST_")):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            raise SettingsError(f"{name}={masked(values[name])}: there is no such setting; {hint}")


def _store(value: str) -> str:
    path = value.removeprefix("sqlite:///")
    if (value.startswith("sqlite:///") and path) or value.startswith(("mongodb://", "mongodb+srv://")):
        return value
    raise _refusal("MASTERX_STORE", value)


def _cache(value: str) -> str:
    if value == "memory://" or value.startswith(("redis://", "rediss://")):
        return value
    raise _refusal("MASTERX_CACHE", value)


def _file(values: Mapping[str, str], variable: str, default: str) -> Path:
    if variable not in values:
        return CONFIG / default
    path = Path(values[variable])
    if not path.is_file():
        raise SettingsError(f"{variable}={values[variable]}: there is no such file; allowed is a TOML file")
    return path


def _folder(values: Mapping[str, str], variable: str) -> Path | None:
    if variable not in values:
        return None
    path = Path(values[variable])
    if not path.is_dir():
        raise SettingsError(f"{variable}={values[variable]}: there is no such folder; {_allowed(variable)}")
    return path


def _collector(values: Mapping[str, str]) -> str | None:
    """Where traces are posted to: an address without a path is given OTLP's own."""
    address = values.get("MASTERX_OTLP")
    if address is None:
        return None
    if not address.startswith(("http://", "https://")) or not urlsplit(address).netloc:
        raise _refusal("MASTERX_OTLP", address)
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/v1/traces"


def _choice(values: Mapping[str, str], variable: str, allowed: tuple[str, ...], default: str) -> str:
    value = values.get(variable, default)
    if value not in allowed:
        raise _refusal(variable, value)
    return value


def _refuse_bad_addresses(values: Mapping[str, str]) -> None:
    for name in (f"{provider}_BASE_URL" for provider in _PROVIDERS):
        if not values.get(name, "http://").startswith(("http://", "https://")):
            raise SettingsError(f"{name}={masked(values[name])}: allowed is an http:// or https:// address")


def _refusal(variable: str, value: str) -> SettingsError:
    return SettingsError(f"{variable}={masked(value)}: {_allowed(variable)}")


def _allowed(variable: str) -> str:
    return f"allowed is {next(s.allowed for s in SETTINGS if s.variable == variable)}"


def masked(value: str) -> str:
    """A setting's value without the password in its address.

    >>> masked("redis://user:secret@cache:6379/0")
    'redis://***@cache:6379/0'
    """
    parts = urlsplit(value)
    if "@" not in parts.netloc:
        return value
    return urlunsplit(parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}"))


def table() -> str:
    """All settings as a Markdown table, for the README."""
    rows = (f"| `{s.variable}` | {s.default and f'`{s.default}`'} | {s.allowed} | {s.meaning} |" for s in SETTINGS)
    return "\n".join(("| variable | default | allowed | meaning |", "|---|---|---|---|", *rows))
