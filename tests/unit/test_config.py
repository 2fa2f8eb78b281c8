"""Settings are read from the environment and from .env, and a wrong one is named."""

import os
from pathlib import Path

import pytest

from conversational_rag import config
from conversational_rag.errors import ConfigurationError


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = config.load()
    assert settings.model_name == "openai/gpt-oss-120b"
    assert settings.fallback_models == ("openai/gpt-oss-20b", "qwen/qwen3.8-27b")
    assert settings.session_ttl == 30 * 24 * 3600
    assert settings.session_db_path == Path("data/sessions.db")
    assert settings.groq_api_key is None


def test_an_env_file_is_read_and_the_environment_wins(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / ".env").write_text("PORT=9000\nTOP_K=7\nGROQ_API_KEY=\nUNKNOWN=ignored\n")
    monkeypatch.setenv("PORT", "9001")
    settings = config.load()
    assert (settings.port, settings.top_k, settings.groq_api_key) == (9001, 7, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("TEMPERATURE", "2.1"),
        ("LOG_LEVEL", "LOUD"),
        ("MEMORY_TYPE", "elephant"),
        ("VECTOR_STORE_TYPE", "faiss"),
        ("SESSION_TTL", "-1"),
        ("GROQ_API_BASE", "api.groq.com"),
        ("MAX_CACHED_SESSIONS", "0"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        config.load()
    assert name in raised.value.detail
    assert value in raised.value.detail
    assert "\n" not in raised.value.detail


def test_values_may_be_written_in_any_case_and_with_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("MEMORY_TYPE", "Buffer_Window")
    monkeypatch.setenv("FALLBACK_MODELS", " one , two,, ")
    settings = config.load()
    assert (settings.log_level, settings.memory_type, settings.fallback_models) == (
        "DEBUG",
        "buffer_window",
        ("one", "two"),
    )


def test_the_address_that_openai_clients_use_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_BASE", "https://api.groq.com/openai/v1/")
    assert config.load().groq_api_base == "https://api.groq.com"


def test_a_data_dir_of_its_own_takes_the_database_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "/srv/rag")
    assert config.load().session_db_path == Path("/srv/rag/sessions.db")
    monkeypatch.setenv("SESSION_DB_PATH", "./data/sessions.db")
    assert config.load().session_db_path == Path("/srv/rag/sessions.db"), "as .env.example spells it"
    monkeypatch.setenv("SESSION_DB_PATH", "/elsewhere/s.db")
    assert config.load().session_db_path == Path("/elsewhere/s.db")


def test_the_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_very_secret")
    assert "gsk_very_secret" not in repr(config.load())


def test_tracing_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    config.load()
    assert "LANGSMITH_TRACING" not in os.environ


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_without_keys_this_machine_is_served(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HOST", host)
    assert config.load().is_local_only


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "rag.example.org"])
def test_without_keys_the_network_is_not_served_and_both_ways_out_are_named(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HOST", host)
    with pytest.raises(ConfigurationError) as raised:
        config.load()
    for named in (f"HOST={host}", "AUTH_MODE=keys", "key create", "ALLOW_OPEN=true"):
        assert named in raised.value.detail
    assert "\n" not in raised.value.detail
    for name, value in (("AUTH_MODE", "keys"), ("ALLOW_OPEN", "true")):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            assert not config.load().is_local_only


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "www.example.org"),
        ("ALLOWED_ORIGINS", "https://www.example.org/page"),
        ("ALLOWED_ORIGINS", "https://*.example.org"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "https://rag.example.org"),
        ("ALLOWED_HOSTS", "rag.example.org:8000"),
    ],
)
def test_what_would_let_everybody_in_or_nobody_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        config.load()


def test_origins_are_kept_as_browsers_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://WWW.example.org:443, http://localhost:3000,http://a.example:80")
    assert config.load().allowed_origins == ("https://www.example.org", "http://localhost:3000", "http://a.example")
    monkeypatch.setenv("ALLOWED_HOSTS", "rag.example.org, *.example.net,[2001:db8::1],192.0.2.1")
    assert len(config.load().allowed_hosts) == 4
