"""Settings, by environment (``DIABAN_…``) or file. Nothing reads them at import."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROLES = ("diaban_public", "diaban_reader", "diaban_writer", "diaban_pump")


class Settings(BaseSettings):
    """What a deployment may choose. ``database_url`` logs in as a role that may migrate (DDL, roles)."""

    model_config = SettingsConfigDict(env_prefix="DIABAN_", extra="ignore")

    database_url: str
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None

    province_code: str = "82"
    province_name: str = "Tỉnh Đồng Tháp"
    public_url: str = ""
    home: Path = Path(".diaban")
    dist_dir: Path = Path("web_map/dist")
    layers_dirs: list[Path] = Field(default_factory=list)

    basemap_tiles: str = ""
    basemap_attribution: str = ""
    # A PMTiles file of our own, raster or vector; it goes before basemap_tiles.
    basemap_file: Path | None = None

    pool_max: int = Field(default=8, ge=2, le=64)
    statement_timeout_ms: int = Field(default=8_000, ge=100)
    # Of disk in ``home``, for each worker: its copy of the tiles that are drawn ahead.
    tile_replica_bytes: int = Field(default=1024**3, ge=0)
    pump_interval_ms: int = Field(default=50, ge=10)
    photo_bytes_max: int = 10 * 1024 * 1024
    reports_per_10_min: int = 20
    trust_proxy: bool = False
    log_level: str = "INFO"

    @field_validator("database_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("DIABAN_DATABASE_URL: postgresql://user:password@host:port/database is needed")
        return value

    @model_validator(mode="after")
    def _read_secret(self) -> Settings:
        if not self.secret.get_secret_value() and self.secret_file is not None:
            self.secret = SecretStr(self.secret_file.read_text(encoding="utf-8").strip())
        if len(self.secret.get_secret_value()) < 16:
            raise ValueError("DIABAN_SECRET or DIABAN_SECRET_FILE: at least 16 characters are needed")
        return self

    @property
    def media_dir(self) -> Path:
        """Where photos lie; never served."""
        return self.home / "media"

    def role_password(self, role: str) -> str:
        """The password of a database role: derived from the one secret, so that nothing else is kept."""
        key = self.secret.get_secret_value().encode()
        return hmac.new(key, role.encode(), hashlib.sha256).hexdigest()

    def role_dsn(self, role: str) -> str:
        """A libpq connection string for one of :data:`ROLES`."""
        url = urlsplit(self.database_url)
        place = url.netloc.rpartition("@")[2]
        return _libpq(url, f"{quote(role)}:{quote(self.role_password(role))}@{place}")

    @property
    def admin_dsn(self) -> str:
        """The migrating role's libpq connection string."""
        url = urlsplit(self.database_url)
        return _libpq(url, url.netloc)

    @property
    def admin_url(self) -> str:
        """The same for SQLAlchemy, through psycopg 3."""
        return self.admin_dsn.replace("postgresql:", "postgresql+psycopg:", 1)


def _libpq(url: SplitResult, netloc: str) -> str:
    # Whatever driver the address names (postgresql+psycopg), libpq knows one scheme.
    return f"postgresql://{netloc}{url.path}" + (f"?{url.query}" if url.query else "")
