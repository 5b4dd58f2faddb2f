"""Every setting of Kith, parsed once at start-up into one frozen object.

Each field is read from the environment variable `KITH_` + its name in capitals (`KITH_DATABASE_URL`).
Nothing else in the code reads the environment.
"""

import base64
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """The whole configuration; immutable. Wrong values raise pydantic's ValidationError, which names them."""

    model_config = SettingsConfigDict(env_prefix="KITH_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(
        SecretStr("postgresql://kith_app@127.0.0.1:5432/kith"),
        description="Postgres for the server, as the role that row-level security binds.",
    )
    migration_database_url: SecretStr = Field(
        SecretStr("postgresql://kith_owner@127.0.0.1:5432/kith"),
        description="Postgres for migrations, as the owner of the tables.",
    )
    database_pool_size: int = Field(12, ge=1, le=200, description="Connections each worker process keeps.")
    database_statement_timeout_ms: int = Field(
        10_000, ge=100, description="Longest a statement may run where the caller set no nearer deadline."
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis or Valkey; `redis+cluster://` for a cluster.",
    )
    redis_timeout_ms: int = Field(500, ge=10, description="Longest wait for Redis before it counts as gone.")

    grpc_host: str = Field("127.0.0.1", description="Address the gRPC server listens on.")
    grpc_port: int = Field(
        50051,
        ge=0,
        le=65535,
        description="Port of the gRPC server, shared by all worker processes.",
    )
    grpc_tls_cert: Path | None = Field(
        None,
        description="PEM certificate chain of the gRPC server; with its key, TLS is on.",
    )
    grpc_tls_key: Path | None = Field(None, description="PEM private key of the gRPC server.")
    grpc_tls_ca: Path | None = Field(
        None,
        description="PEM authorities by which the gateway trusts the gRPC server; unset: its certificate file itself.",
    )
    http_side_host: str = Field("127.0.0.1", description="Address of the server's small HTTP side (JWKS, health).")
    http_side_port: int = Field(
        50052,
        ge=0,
        le=65535,
        description="Port of the HTTP side, shared by all worker processes.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address of the metrics port; keep it inside.")
    metrics_port: int = Field(
        9464,
        ge=0,
        le=65535,
        description="Prometheus metrics of all worker processes; 0 turns it off.",
    )
    workers: int = Field(1, ge=1, le=256, description="Server worker processes, one per core.")
    drain_seconds: float = Field(10, ge=0, description="How long calls in flight may finish at a stop.")
    max_request_bytes: int = Field(262_144, ge=1024, description="Cap of one request; REST's is on its JSON.")

    master_key: SecretStr = Field(
        SecretStr(""),
        description="32 bytes in base64 under which stored secrets are encrypted; older ones after it, with commas.",
    )
    providers_allow_private: bool = Field(
        False,
        description="Lets tenants name language models, embedders and channels on private addresses and without TLS.",
    )
    encoder_folder: Path | None = Field(
        None,
        description="Folder with the files of all-MiniLM-L6-v2, for tenants who rank with it; unset: the package's.",
    )
    jwks_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Files or URLs of JWKS whose tokens are accepted besides Kith's own, comma-separated."
    )
    jwks_refresh_seconds: float = Field(300, ge=1, description="How old a fetched JWKS may grow.")
    jwt_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256"),
        description="Signature algorithms accepted.",
    )
    jwt_tenant_claim: str = Field("tenant_id", description="Claim that names the tenant.")
    jwt_subject_claim: str = Field("sub", description="Claim that names the user.")
    jwt_permissions_claim: str = Field(
        "permissions",
        description="Claim that lists permissions (array, or space-separated).",
    )
    jwt_issuer: str | None = Field(None, description="Issuer that tokens must name; unset accepts any of the key sets.")
    jwt_audience: str | None = Field(None, description="Audience that tokens must name; unset accepts any.")

    gateway_host: str = Field("127.0.0.1", description="Address Envoy listens on.")
    gateway_port: int = Field(8080, ge=0, le=65535, description="Port of the gateway.")
    gateway_admin_port: int = Field(9901, ge=0, le=65535, description="Admin port of Envoy, on loopback only.")
    public_url: str = Field(
        "",
        description="What the gateway is reached by from outside, `https://kith.example`; unset: its address and port.",
    )
    gateway_tls_cert: Path | None = Field(
        None,
        description="PEM certificate chain of the gateway; with its key, TLS is on.",
    )
    gateway_tls_key: Path | None = Field(None, description="PEM private key of the gateway.")
    gateway_cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Browser origins that may call, comma-separated.",
    )

    rate_limits: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Overrides of the contract's rate limits, `Rpc=per_second/burst` comma-separated; `*` for all.",
    )
    context_cache_bytes: int = Field(
        268_435_456,
        ge=0,
        description="Most bytes of contact snapshots each worker keeps.",
    )
    snapshot_ttl_seconds: int = Field(3600, ge=1, description="How long an unused snapshot stays in Redis.")
    idempotency_hours: int = Field(24, ge=1, description="How long an Idempotency-Key is remembered.")

    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    otlp_endpoint: str | None = Field(
        None,
        description="OTLP gRPC endpoint for traces, e.g. `http://127.0.0.1:4317`; unset turns them off.",
    )
    environment: str = Field("development", description="Name of the deployment, for logs and traces.")

    @field_validator("jwks_sources", "jwt_algorithms", "gateway_cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("rate_limits", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return dict(pair.strip().split("=", 1) for pair in value.split(",") if pair.strip())

    @field_validator("jwt_algorithms")
    @classmethod
    def _pinned(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unsafe = set(value) - {"RS256", "ES256"}
        if unsafe or not value:
            raise ValueError(f"only RS256 and ES256 are accepted, not {', '.join(sorted(unsafe)) or 'none'}")
        return value

    @field_validator("master_key")
    @classmethod
    def _thirty_two_bytes(cls, value: SecretStr) -> SecretStr:
        keys = value.get_secret_value().split(",") if value.get_secret_value() else []
        if any(len(base64.b64decode(key)) != 32 for key in keys):
            raise ValueError("must be 32 bytes in base64")
        return value

    @field_validator("public_url")
    @classmethod
    def _bare_url(cls, value: str) -> str:
        parts = urlsplit(value)
        # Reading the port refuses one that is none.
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0):
            raise ValueError("must be an http or https URL")
        if parts.query or parts.fragment or parts.username is not None:
            raise ValueError("must have no query, fragment or user")
        return value.rstrip("/")

    @cached_property
    def outside_url(self) -> str:
        """What the gateway is reached by from outside, without a slash at its end."""
        if self.public_url:
            return self.public_url
        host = f"[{self.gateway_host}]" if ":" in self.gateway_host else self.gateway_host
        return f"{'https' if self.gateway_tls_cert else 'http'}://{host}:{self.gateway_port}"

    @cached_property
    def sqlalchemy_url(self) -> str:
        """The server's database URL in SQLAlchemy's form, with the psycopg 3 driver."""
        return self.database_url.get_secret_value().replace("postgresql://", "postgresql+psycopg://", 1)
