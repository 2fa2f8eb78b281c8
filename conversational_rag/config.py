"""The settings: the only reader of the environment, and the only place that knows a default.

Each one is described in docs/configuration.md and stands in .env.example; a test compares the three.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from conversational_rag.addresses import ORIGIN_PATTERN, is_local, origin_as_browsers_write_it
from conversational_rag.errors import ConfigurationError

# langchain-core reports every run to LangSmith when one of these is set; documents must not leave that way unasked.
_TRACING_SWITCHES = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
_DATABASE = Path("./data/sessions.db")
_MEGABYTE = 1024 * 1024
# `*` would let every page of the web in.
_HOST_NAME = r"^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$|^\[[0-9A-Fa-f:.]+\]$"


class Settings(BaseSettings):
    """Everything that can be set; a field's name in capitals is the variable's name."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    groq_api_key: SecretStr | None = None
    groq_api_base: str = Field("https://api.groq.com", pattern=r"^https?://[^\s/]+(/[^\s]*)?$")
    model_name: str = Field("openai/gpt-oss-120b", min_length=1)
    fallback_models: Annotated[tuple[str, ...], NoDecode] = ("openai/gpt-oss-20b", "qwen/qwen3.8-27b")
    temperature: float = Field(0.7, ge=0, le=2)
    max_output_tokens: int = Field(1024, ge=16, le=65_536)
    llm_timeout: float = Field(60, gt=0, le=600)
    llm_max_wait: float = Field(30, ge=0, le=600)

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=65_535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["auto", "json", "console"] = "auto"

    auth_mode: Literal["open", "keys"] = "open"
    allow_open: bool = False
    allow_signup: bool = False
    key_pepper: SecretStr | None = None
    sign_in_hours: float = Field(12, gt=0, le=8760)
    allowed_hosts: Annotated[tuple[Annotated[str, Field(pattern=_HOST_NAME)], ...], NoDecode] = ()
    allowed_origins: Annotated[tuple[Annotated[str, Field(pattern=ORIGIN_PATTERN)], ...], NoDecode] = ()
    requests_per_minute: int = Field(600, ge=0)
    uploads_per_hour: int = Field(300, ge=0)
    streams_at_once: int = Field(50, ge=0)
    tokens_per_day: int = Field(0, ge=0)
    audit_days: int = Field(90, ge=1, le=3650)

    data_dir: Path = Path("./data")
    session_store_type: Literal["sqlite"] = "sqlite"
    session_db_path: Path = _DATABASE
    session_ttl: int = Field(2_592_000, ge=0)
    max_cached_sessions: int = Field(100, ge=1, le=100_000)
    cleanup_interval: float = Field(300, ge=1)
    vector_store_type: Literal["chroma"] = "chroma"
    vector_store_path: Path = Path("./chroma_db")
    chroma_open_collections: int = Field(64, ge=16, le=10_000)

    memory_type: Literal["buffer", "buffer_window", "summary"] = "buffer"
    memory_window: int = Field(5, ge=1, le=100)
    max_token_limit: int = Field(2000, ge=0, le=100_000)
    top_k: int = Field(4, ge=1, le=50)
    answer_cache_size: int = Field(1000, ge=0, le=1_000_000)

    embedding_model: str = Field("all-MiniLM-L6-v2", min_length=1)
    embedding_threads: int = Field(2, ge=1, le=64)
    embedding_query_prefix: str | None = None
    embedding_passage_prefix: str | None = None
    reranker_model: str = ""

    url_ingestion: bool = False

    max_file_mb: float = Field(25, gt=0, le=2048)
    max_request_mb: float = Field(100, gt=0, le=8192)
    max_files: int = Field(50, ge=1, le=1000)
    max_pages: int = Field(500, ge=1)
    max_characters: int = Field(10_000_000, ge=1000)
    max_chunks: int = Field(20_000, ge=1)
    max_unpacked_mb: int = Field(128, ge=1)
    max_unpacked_ratio: int = Field(200, ge=2)
    max_parts: int = Field(10_000, ge=10)
    parsing_seconds: float = Field(120, ge=1)
    parsing_memory_mb: int = Field(2048, ge=256)
    min_free_disk_mb: int = Field(200, ge=0)

    @field_validator("fallback_models", "allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return tuple(filter(None, (name.strip() for name in value.split(",")))) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _as_browsers_write_it(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(origin_as_browsers_write_it, value))

    @field_validator("log_level", "memory_type", "log_format", "auth_mode", mode="before")
    @classmethod
    def _any_case(cls, value: Any, info: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.upper() if info.field_name == "log_level" else value.lower()

    @field_validator("groq_api_base")
    @classmethod
    def _without_path(cls, value: str) -> str:
        # The client appends /openai/v1 itself; the address that OpenAI-style clients use is understood too.
        return value.rstrip("/").removesuffix("/openai/v1").rstrip("/")

    def model_post_init(self, _context: Any) -> None:
        # A DATA_DIR of its own takes the database with it, also where .env spells the default out.
        if self.session_db_path == _DATABASE:
            object.__setattr__(self, "session_db_path", self.data_dir / "sessions.db")
        if self.is_local_only and not is_local(self.host):
            raise ConfigurationError(
                f"HOST={self.host} would open the service to the network without keys: set AUTH_MODE=keys and make one "
                "(python -m conversational_rag key create --scope admin), or set ALLOW_OPEN=true if everybody who can "
                "reach it may read and delete everything."
            )

    @property
    def is_local_only(self) -> bool:
        """Whether only this machine is served: there are no keys, and nothing says that others may come without."""
        return self.auth_mode == "open" and not self.allow_open

    @property
    def max_file_bytes(self) -> int:
        """So large may one file be, or one web page."""
        return int(self.max_file_mb * _MEGABYTE)

    @property
    def max_request_bytes(self) -> int:
        """So large may all files of an upload be together."""
        return int(self.max_request_mb * _MEGABYTE)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that may be asked, in order, each once."""
        return tuple(dict.fromkeys((self.model_name, *self.fallback_models)))


def load() -> Settings:
    """Read the environment and `.env`; ConfigurationError with one line that names the wrong variable."""
    for name in _TRACING_SWITCHES:
        os.environ.pop(name, None)
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError("; ".join(_one_line(problem) for problem in error.errors())) from error


def _one_line(problem: Any) -> str:
    name = str(problem["loc"][0]).upper()
    return f"{name}: {problem['msg']} (it is {problem['input']!r}); see docs/configuration.md"
