"""Configuration: all settings, read once from environment variables. The table in README.md explains each."""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from klimawerk import private_files, scalars


class BadConfiguration(Exception):
    """A setting that cannot work; its text is a sentence for the operator."""


@dataclass(frozen=True)
class Config:
    """Settings of one installation. Sizes are bytes, times are seconds."""

    instance: Path
    database_url: str
    redis_url: str | None
    secret_key: str
    demo_password: str | None
    public_url: str
    https: bool
    workers: int
    async_mode: str
    trusted_proxies: int
    operator_name: str
    smtp_url: str | None
    mail_from: str
    rate_limits: bool
    translate_url: str | None = None
    translate_key: str = field(default="", repr=False)
    join: bool = True
    digests: bool = True
    testing: bool = False
    max_message_size: int = 256_000
    max_update_size: int = 64_000
    max_form_size: int = 2_000_000
    max_import_size: int = 20_000_000
    fragment_cache_size: int = 32_000_000
    session_hours: int = 12
    languages: tuple[str, ...] = ("de", "en")
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def _pool(self) -> dict[str, object]:
        """Options of the connection pool.

        SQLite is a file, so its pool is not limited: a writer would wait for a connection while it holds up other
        writers. PostgreSQL connections are few, expensive to open, and tested before use, since the server may have
        been away.
        """
        if self.is_sqlite:
            return {"pool_size": 10, "max_overflow": -1}
        return {"pool_size": 15, "max_overflow": 0, "pool_pre_ping": True, "connect_args": self._timeouts()}

    def _timeouts(self) -> dict[str, int]:
        """Timeouts for a database server that stops answering; those named in the database URL win."""
        wanted = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 10_000}
        return {name: value for name, value in wanted.items() if f"{name}=" not in self.database_url}

    def flask(self) -> dict[str, object]:
        """The settings under the names that Flask and its extensions use."""
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "MAX_CONTENT_LENGTH": self.max_import_size,
            "MAX_FORM_MEMORY_SIZE": self.max_form_size,
            "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True, **self._pool()},
            "SESSION_COOKIE_NAME": "klimawerk_session",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.https,
            "PERMANENT_SESSION_LIFETIME": self.session_hours * 3600,
            "WTF_CSRF_TIME_LIMIT": None,
            "WTF_CSRF_SSL_STRICT": False,
            "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
            "BABEL_DEFAULT_LOCALE": "en",
            "RATELIMIT_STORAGE_URI": self.redis_url or "memory://",
            "RATELIMIT_HEADERS_ENABLED": False,
            "TESTING": self.testing,
        }


ROOT = Path(__file__).resolve().parent.parent
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def load(**overrides: object) -> Config:
    """Read the environment variables. `overrides` win over them (tests).

    Raises BadConfiguration with a sentence for the operator.
    """
    env = os.environ
    instance = Path(str(overrides.get("instance") or instance_folder()))
    private_files.make_folder(instance)
    public_url = env.get("KLIMAWERK_PUBLIC_URL", f"http://localhost:{env.get('PORT', '8000')}").rstrip("/")
    values: dict[str, object] = {
        "instance": instance,
        "database_url": env.get("KLIMAWERK_DATABASE_URL") or f"sqlite:///{instance / 'klimawerk.sqlite'}",
        "redis_url": env.get("KLIMAWERK_REDIS_URL") or None,
        "secret_key": env.get("KLIMAWERK_SECRET_KEY") or _stored_secret(instance),
        "demo_password": env.get("KLIMAWERK_DEMO_PASSWORD") or None,
        "public_url": public_url,
        "https": public_url.startswith("https://"),
        "workers": _whole_number(env.get("WORKERS", "1"), "WORKERS"),
        "async_mode": env.get("KLIMAWERK_ASYNC_MODE", "threading"),
        "trusted_proxies": _whole_number(env.get("KLIMAWERK_TRUSTED_PROXIES", "0"), "KLIMAWERK_TRUSTED_PROXIES"),
        "operator_name": env.get("KLIMAWERK_OPERATOR", ""),
        "smtp_url": env.get("KLIMAWERK_SMTP_URL") or None,
        "mail_from": env.get("KLIMAWERK_MAIL_FROM", "klimawerk@localhost"),
        "translate_url": _web_address(env.get("KLIMAWERK_TRANSLATE_URL"), "KLIMAWERK_TRANSLATE_URL"),
        "translate_key": env.get("KLIMAWERK_TRANSLATE_KEY", ""),
        "join": env.get("KLIMAWERK_JOIN", "on") != "off",
        "digests": env.get("KLIMAWERK_DIGESTS", "on") != "off",
        "rate_limits": env.get("KLIMAWERK_RATE_LIMITS", "on") != "off",
    }
    values.update({k: v for k, v in overrides.items() if v is not None})
    config = Config(**values)  # type: ignore[arg-type]
    if config.is_sqlite and config.workers > 1:
        raise BadConfiguration(
            "SQLite serves one process only. Set WORKERS=1, or KLIMAWERK_DATABASE_URL to a PostgreSQL database."
        )
    if config.workers > 1 and not config.redis_url:
        raise BadConfiguration("Several processes need KLIMAWERK_REDIS_URL, the address of a Redis or Valkey.")
    return _with_driver(config)


def instance_folder() -> Path:
    """The installation's folder; it may not exist yet."""
    return Path(os.environ.get("KLIMAWERK_INSTANCE") or ROOT / "instance")


def port() -> int:
    """The (first) port that the server listens on. Raises BadConfiguration."""
    number = _whole_number(os.environ.get("PORT", "8000"), "PORT")
    if not 0 < number < 65536:
        raise BadConfiguration(f"PORT must be between 1 and 65535, not {number}.")
    return number


def _with_driver(config: Config) -> Config:
    """Add the driver to a PostgreSQL URL: psycopg 3."""
    from dataclasses import replace

    for prefix in ("postgresql://", "postgres://"):
        if config.database_url.startswith(prefix):
            return replace(config, database_url="postgresql+psycopg://" + config.database_url[len(prefix) :])
    return config


def _web_address(text: str | None, name: str) -> str | None:
    if text and not text.startswith(("http://", "https://")):
        raise BadConfiguration(f"{name} must begin with http:// or https://.")
    return text.rstrip("/") if text else None


def _whole_number(text: str, name: str) -> int:
    try:
        return scalars.revision(text)
    except ValueError:
        raise BadConfiguration(f"{name} must be a whole number, not {text[:40]!r}.") from None


def _stored_secret(instance: Path) -> str:
    """The installation's secret key, created once and readable by its owner alone."""
    path = instance / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    private_files.restrict(path)
    return path.read_text().strip()
