"""Settings: what the environment (PICKMESH_…) or a .env file says, with defaults that run on one machine."""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pickmesh.core.db import engines
from pickmesh.core.kit.vault import MASTER_BYTES_MIN, Vault

PREFIX = "PICKMESH_"
DEMO_DATA = Path("var") / "demo"
"""Where `pickmesh demo` keeps what it makes, unless told otherwise."""
SECRET_FILE = "secret.key"
SECRET_KEY_ID = "1"
DATABASE_FILE = "pickmesh.sqlite3"
_ORIGIN = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?/?")


class SettingsError(Exception):
    """A setting does not make sense; the message names it and what it may be."""


class LogFormat(StrEnum):
    """How log lines look: JSON for machines, console for people; auto looks whether a person is there."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class TelegramMode(StrEnum):
    """How the bot gets its updates: `pickmesh bot` fetches them, or Telegram brings them to `serve`."""

    POLLING = "polling"
    WEBHOOK = "webhook"
    OFF = "off"


class Settings(BaseSettings):
    """Everything that differs between one machine and another; each is PICKMESH_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(
        default=Path("var"), description="Folder for the embedded database, the outbox files and the secret."
    )
    database_url: SecretStr | None = Field(
        default=None, description="sqlite:///file or postgresql://…; a file in `data`."
    )
    migrate_url: SecretStr | None = Field(default=None, description="The owner's login, for `pickmesh migrate` only.")
    database_connections_max: int = Field(default=20, ge=2, le=500, description="Connections one process keeps open.")
    secret_key: SecretStr | None = Field(
        default=None, description="The key personal data is sealed with, 32 bytes or more."
    )
    secret_keys: SecretStr | None = Field(default=None, description="Several: `id=key,id=key`, the oldest first.")
    allow_unwalled: bool = Field(default=False, description="Serve with a login that row-level security does not hold.")
    host: str = Field(default="127.0.0.1", description="Address to listen at.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen at; 0 takes a free one.")
    public_url: str | None = Field(
        default=None, description="What phones reach, where that is not host and port: https://pick.example.com."
    )
    tls_cert: Path | None = Field(default=None, description="Certificate to serve https with, PEM, and its chain.")
    tls_key: Path | None = Field(default=None, description="The certificate's private key, PEM, without a passphrase.")
    log_format: LogFormat = LogFormat.AUTO
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    graphiql: bool = Field(default=True, description="Answer browsers at /graphql with GraphiQL, and introspection.")
    body_bytes_max: int = Field(default=1_000_000, ge=1_000, description="Largest request body.")
    request_seconds_max: float = Field(default=30.0, gt=0, description="Longest a request may take.")
    picture_bytes_max: int = Field(default=12_000_000, ge=1_000, description="Largest picture /scan reads.")
    picture_pixels_max: int = Field(default=50_000_000, ge=10_000, description="Most pixels of a picture.")
    picture_budget_seconds: float = Field(default=1.0, gt=0, description="Work after which a picture is not tried on.")
    picture_seconds_max: float = Field(default=6.0, gt=0, description="Longest a picture may take before it is killed.")
    picture_memory_bytes_max: int = Field(
        default=1_500_000_000, ge=500_000_000, description="Most memory a process that reads pictures may have."
    )
    picture_readers: int = Field(
        default=min(2, os.cpu_count() or 1), ge=1, le=64, description="Processes that read pictures."
    )
    pictures_waiting_max: int = Field(default=16, ge=0, le=1_000, description="Pictures that may wait for a reader.")
    file_bytes_max: int = Field(default=100_000_000, ge=1, description="Largest file an import reads.")
    file_rows_max: int = Field(default=1_000_000, ge=1, description="Most rows an import reads from a file.")
    stop_seconds_max: int = Field(default=20, ge=1, description="Longest wait for running requests when stopping.")
    bot_secret: SecretStr | None = Field(
        default=None, description="What a bot on another machine shows to be the bot; here it is made from the key."
    )
    bot_server: str | None = Field(default=None, description="Where a bot finds the server; this machine's, if unset.")
    telegram_token: SecretStr | None = Field(default=None, description="The bot's token, from Telegram's @BotFather.")
    telegram_bot: str | None = Field(
        default=None, description="The bot's name without @, for links that open a chat with it."
    )
    telegram_mode: TelegramMode = Field(
        default=TelegramMode.POLLING, description="polling: run `pickmesh bot`; webhook: `serve` is the bot."
    )
    telegram_base_url: str = Field(
        default="https://api.telegram.org", description="Another Bot API server: one's own, or an emulator."
    )
    worker_poll_seconds: float = Field(default=1.0, gt=0, description="How often a worker looks for due merchants.")
    worker_sweep_seconds: float = Field(default=60.0, gt=0, description="How often a worker looks at every merchant.")
    worker_lease_seconds: float = Field(default=30.0, gt=0, description="How long a worker holds a merchant unrenewed.")

    @field_validator("public_url")
    @classmethod
    def _origin(cls, given: str | None) -> str | None:
        return None if given is None else require_origin(given)

    @property
    def url(self) -> str:
        """The application's database URL."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / DATABASE_FILE}"

    @property
    def owner_url(self) -> str:
        """The URL that may change the schema: MIGRATE_URL, or the application's own."""
        return self.migrate_url.get_secret_value() if self.migrate_url is not None else self.url

    @property
    def outbox_folder(self) -> Path:
        """Where files for shops are dropped."""
        return self.data / "outbox"


def load(*, data: Path | None = None) -> Settings:
    """Read the settings, with another default for the data folder; refuses naming those that do not make sense."""
    try:
        chosen = Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}" for each in error.errors()
        )
        raise SettingsError(f"These settings do not make sense: {problems}.") from None
    if data is not None and "data" not in chosen.model_fields_set:
        chosen = chosen.model_copy(update={"data": data})
    if (chosen.tls_cert is None) != (chosen.tls_key is None):
        raise SettingsError(f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY belong together: set both for https, or neither.")
    for url in (chosen.url, chosen.owner_url):
        _require_database(url)
    return chosen


def require_origin(given: str) -> str:
    """Return an address as a browser's origin; refuses one that is none: the app lies at /app/ of a host of its own."""
    if not _ORIGIN.fullmatch(given):
        raise SettingsError(
            f"“{given}” is no address of the app: write it as https://pick.example.com or http://10.0.0.5:8000."
        )
    return given.rstrip("/")


def _require_database(url: str) -> None:
    try:
        engines.normalised_url(url)
    except sa.exc.ArgumentError:
        raise SettingsError(f"{PREFIX}DATABASE_URL is no URL; write sqlite:///file or postgresql://….") from None
    except ValueError as error:
        raise SettingsError(f"{PREFIX}DATABASE_URL: {error}.") from None


def vault(settings: Settings, *, make: bool = True) -> Vault:
    """Return the vault over the given keys; without any, one is made once and kept in the data folder (mode 0600).

    `make=False` keeps nothing: where no key is kept yet, the vault's own is forgotten with it.
    """
    if settings.secret_keys is not None:
        return _vault_of(_listed_keys(settings.secret_keys.get_secret_value()))
    if settings.secret_key is not None:
        return _vault_of({SECRET_KEY_ID: settings.secret_key.get_secret_value().encode()})
    if not make and not (settings.data / SECRET_FILE).exists():
        return _vault_of({SECRET_KEY_ID: secrets.token_hex(32).encode()})
    return _vault_of({SECRET_KEY_ID: kept_secret(settings.data)})


def bot_secret(settings: Settings) -> str:
    """Return what the bot shows to be the bot: the given secret, else one made from this installation's newest key.

    So `serve`, `bot` and `chat` on one machine agree without being told; a bot elsewhere is given one.
    """
    if settings.bot_secret is not None:
        given = settings.bot_secret.get_secret_value()
        if len(given) < MASTER_BYTES_MIN:
            raise SettingsError(f"{PREFIX}BOT_SECRET must have {MASTER_BYTES_MIN} characters or more.")
        return given
    if settings.secret_keys is not None:
        *_, key = _listed_keys(settings.secret_keys.get_secret_value()).values()
    elif settings.secret_key is not None:
        key = settings.secret_key.get_secret_value().encode()
    else:
        key = kept_secret(settings.data)
    return hmac.new(key, b"pickmesh bot credential", hashlib.sha256).hexdigest()


def bot_server(settings: Settings) -> str:
    """Return where a bot on this machine finds the server; refuses a port that only the running server knows."""
    if settings.bot_server is not None:
        return require_origin(settings.bot_server)
    if settings.port == 0:
        raise SettingsError(f"{PREFIX}PORT is 0, so the server's port is not known here: set {PREFIX}BOT_SERVER.")
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def secret_path(settings: Settings) -> Path | None:
    """Return where the secret is kept, None when the keys come from the environment."""
    is_given = settings.secret_key is not None or settings.secret_keys is not None
    return None if is_given else settings.data / SECRET_FILE


def _listed_keys(text: str) -> dict[str, bytes]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or not all(name.strip() and key for name, _, key in pairs):
        raise SettingsError(f"{PREFIX}SECRET_KEYS must be written as id=key,id=key with the oldest key first.")
    return {name.strip(): key.strip().encode() for name, _, key in pairs}


def _vault_of(keys: dict[str, bytes]) -> Vault:
    if any(len(key) < MASTER_BYTES_MIN for key in keys.values()):
        raise SettingsError(
            f"{PREFIX}SECRET_KEY must have {MASTER_BYTES_MIN} bytes or more; `openssl rand -hex 32` makes one."
        )
    return Vault(keys)


def kept_secret(folder: Path) -> bytes:
    """Return the secret kept in a folder, making it when there is none; only its owner may read the file.

    It is written aside and then given its name, so that of processes that start at once all read the same whole one.
    """
    path = folder / SECRET_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{SECRET_FILE}.") as file:  # mode 0600
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_bytes().strip()


def make_folders(settings: Settings) -> None:
    """Make the data folder, and the folder of an SQLite file."""
    settings.data.mkdir(parents=True, exist_ok=True)
    url = sa.make_url(settings.url)
    if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)


def database_kind(url: str) -> str:
    """Return what a URL leads to in words that hold no password: its kind, host and name."""
    parsed = engines.normalised_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"SQLite file {parsed.database}"
    return f"PostgreSQL {parsed.database} at {parsed.host or 'the local socket'}"
