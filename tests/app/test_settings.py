from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pickmesh.app import logs, settings
from pickmesh.app.settings import Settings, SettingsError
from pickmesh.core.kit.ids import NIL_ID

OLD, NEW = "an old key of at least 32 characters", "the new key of at least 32 characters too"


def loaded(monkeypatch: pytest.MonkeyPatch, folder: Path, **given: str) -> Settings:
    monkeypatch.chdir(folder)
    for name, value in given.items():
        monkeypatch.setenv(f"PICKMESH_{name.upper()}", value)
    return settings.load()


def test_without_settings_everything_lies_in_one_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = loaded(monkeypatch, tmp_path)
    assert (chosen.url, chosen.owner_url) == ("sqlite:///var/pickmesh.sqlite3", "sqlite:///var/pickmesh.sqlite3")
    assert chosen.outbox_folder == Path("var/outbox")
    assert not (tmp_path / "var").exists()


def test_a_file_named_env_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PICKMESH_PORT=9001\nPICKMESH_HOST=0.0.0.0\n")
    chosen = loaded(monkeypatch, tmp_path, port="9002")
    assert (chosen.host, chosen.port) == ("0.0.0.0", 9002)


def test_no_secret_is_in_what_settings_print(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = loaded(
        monkeypatch, tmp_path, secret_key=OLD, database_url="postgresql://me:my-password@db/it", migrate_url="sqlite://"
    )
    assert OLD not in repr(chosen)
    assert "my-password" not in repr(chosen)
    assert settings.database_kind(chosen.url) == "PostgreSQL it at db"


def test_keys_are_listed_oldest_first_and_what_the_old_one_sealed_stays_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = settings.vault(loaded(monkeypatch, tmp_path, secret_keys=f"2026={OLD}"))
    key_id, sealed = before.seal(NIL_ID, "name", "吴㛃".encode())
    after = settings.vault(loaded(monkeypatch, tmp_path, secret_keys=f"2026={OLD},2027={NEW}"))
    assert after.open(NIL_ID, "name", key_id, sealed).decode() == "吴㛃"
    assert after.seal(NIL_ID, "name", b"x")[0] == "2027"
    assert after.blind(NIL_ID, "phone", "1") == before.blind(NIL_ID, "phone", "1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"secret_keys": "no key at all"},
            "PICKMESH_SECRET_KEYS must be written as id=key,id=key with the oldest key first.",
        ),
        (
            {"secret_keys": "1=short"},
            "PICKMESH_SECRET_KEY must have 32 bytes or more; `openssl rand -hex 32` makes one.",
        ),
    ],
)
def test_keys_that_are_none_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    chosen = loaded(monkeypatch, tmp_path, **given)
    with pytest.raises(SettingsError) as refused:
        settings.vault(chosen)
    assert str(refused.value) == sentence


def test_who_starts_at_once_keeps_one_whole_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(settings.kept_secret, [tmp_path / "new"] * 64))
    assert [len(secret) for secret in secrets] == [64]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]


def test_log_lines_hide_secrets_by_name_and_tokens_wherever_they_stand() -> None:
    token = f"pm1_{NIL_ID.hex}_{'s' * 43}"
    line = {
        "event": f"opened with {token} at postgresql://me:my-password@db/it",
        "password": "p",
        "recipient": "吴㛃",
        "merchant_id": "1",
        "exception": "IntegrityError\nDETAIL:  Key (name)=(吴㛃) exists.\n[parameters: ('吴㛃',)]\n(Background on …)",
    }
    assert logs.hide_secrets(None, "info", line) == {
        "event": "opened with [hidden] at postgresql://me:[hidden]@db/it",
        "password": "[hidden]",
        "recipient": "[hidden]",
        "merchant_id": "1",
        "exception": "IntegrityError\nDETAIL:  [hidden]\n[parameters: [hidden]\n(Background on …)",
    }
