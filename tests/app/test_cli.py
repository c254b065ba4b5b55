import csv
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import run

CATALOG = "sku,name_zh,shop_codes\nMUG,马克杯,taobao:1001\n"
ORDERS = (
    "shop,order,line,ordered_at,sku,quantity,unit_price,recipient,phone,street\n"
    "taobao,8001,1,2026-11-24 09:00:00,1001,1,35.90,吴㛃,15700003003,环城东路877号\n"
    "taobao,8002,1,2026-11-24 09:00:00,1001,1,35.90,孙思远,15800009838,世纪大道312号\n"
)


# The tests of this module share what its fixtures made: one worker runs them all.
pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated SQLite file, a merchant and a shop, all made on the command line."""
    folder = tmp_path_factory.mktemp("cli")
    for arguments in (
        ("migrate",),
        ("merchant", "add", "linan", "--name", "林安家居"),
        ("shop", "add", "taobao", "--name", "旗舰店", "--platform", "taobao", "--merchant", "linan"),
    ):
        done = run(folder, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    (folder / "catalog.csv").write_text(CATALOG, encoding="utf-8")
    assert run(folder, "import-catalog", "catalog.csv", merchant="linan").returncode == 0
    return folder


@pytest.fixture
def database(shop: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(shop / "var" / "pickmesh.sqlite3")
    yield connection
    connection.close()


def events(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM event").fetchone()[0])


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    for command in ("demo", "serve", "worker", "migrate", "import-places", "import-stock", "import-catalog",
                    "import-orders", "export-catalog", "user", "doctor", "bench"):  # fmt: skip
        assert f" {command} " in done.stdout
    heavy = (
        "import sys, pickmesh.app.cli; print({'sqlalchemy', 'graphene', 'starlette', 'zxingcpp'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.strip() == "set()"


@pytest.mark.parametrize("command", ["demo", "serve", "import-orders", "user add", "doctor"])
def test_every_command_has_help_of_its_own(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, *command.split(), "--help")
    assert done.returncode == 0
    assert f"Usage: pickmesh {command}" in done.stdout


def test_the_secret_is_made_once_for_its_owner_only_and_never_shown(shop: Path) -> None:
    path = shop / "var" / "secret.key"
    secret = path.read_text().strip()
    assert len(secret) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = run(shop, "doctor", "--json")
    assert secret not in done.stdout + done.stderr
    assert path.read_text().strip() == secret


def test_an_import_reports_every_row_beside_the_file_and_a_second_run_changes_nothing(
    shop: Path, database: sqlite3.Connection
) -> None:
    (shop / "orders.csv").write_text(ORDERS, encoding="utf-8")
    first = run(shop, "import-orders", "orders.csv", "--json", merchant="linan")
    assert first.returncode == 0
    assert json.loads(first.stdout) == {
        "rows": 2, "created": 2, "changed": 0, "unchanged": 0, "refused": 0, "held": 0,
        "report": "orders.csv.report.csv", "refused_rows": None, "refusals": [], "notes": [],
    }  # fmt: skip
    before = events(database)
    second = run(shop, "import-orders", "orders.csv", merchant="linan")
    assert second.returncode == 0
    assert "orders.csv: 2 rows: 2 unchanged." in second.stdout
    assert events(database) == before
    with (shop / "orders.csv.report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["row", "status", "key", "column", "code", "message"],
            ["2", "unchanged", "8001", "", "", ""],
            ["3", "unchanged", "8002", "", "", ""],
        ]


def test_a_command_wakes_the_workers_for_its_merchant(shop: Path, database: sqlite3.Connection) -> None:
    """A command ends before the task that tells of commits; workers must not wait for their sweep."""
    database.execute("DELETE FROM merchant_wake")
    database.commit()
    (shop / "more.csv").write_text(CATALOG.replace("MUG", "LID").replace("1001", "1002"), encoding="utf-8")
    assert run(shop, "import-catalog", "more.csv", merchant="linan").returncode == 0
    woken = {row[0] for row in database.execute("SELECT consumer FROM merchant_wake")}
    assert woken == {"reactions", "outbox", "chat"}


def test_refused_rows_give_exit_code_1_and_stand_in_the_report(shop: Path) -> None:
    text = ORDERS.replace("8001,1,", "8003,1,").replace("8002,1,2026", "8004,1,20x6")
    (shop / "some.csv").write_text(text, encoding="utf-8")
    done = run(shop, "import-orders", "some.csv", "--report", "elsewhere.csv", merchant="linan")
    assert done.returncode == 1
    sentence = "ordered_at “20x6-11-24 09:00:00” is not a time; write it as 2026-11-24 09:30:00."
    assert "some.csv: 2 rows: 1 created, 1 refused." in done.stdout
    assert f"row 3: {sentence}" in done.stdout
    with (shop / "elsewhere.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1:] == [
            ["3", "refused", "8004", "ordered_at", "BAD_CELL", sentence],
            ["2", "created", "8003", "", "", ""],
        ]
    assert not (shop / "some.csv.report.csv").exists()
    assert "Refused rows, to mend and import again: some.csv.refused.csv" in done.stdout
    refused = shop / "some.csv.refused.csv"
    text = refused.read_text(encoding="utf-8-sig")
    assert text.splitlines()[1].endswith(f",{sentence}")
    refused.write_text(text.replace("20x6-", "2026-"), encoding="utf-8")
    again = run(shop, "import-orders", "some.csv.refused.csv", "--json", merchant="linan")
    assert (again.returncode, json.loads(again.stdout)["created"]) == (0, 1)
    assert not (shop / "some.csv.refused.csv.refused.csv").exists()


def test_the_report_does_not_go_where_refused_rows_do(shop: Path) -> None:
    done = run(shop, "import-catalog", "catalog.csv", "--report", "catalog.csv.refused.csv", merchant="linan")
    assert (done.returncode, "say another --report PATH" in done.stderr) == (2, True)


def test_an_exported_catalogue_is_imported_again_unchanged(shop: Path) -> None:
    for name in ("out.csv", "out.xlsx"):
        done = run(shop, "export-catalog", name, merchant="linan")
        assert (done.returncode, done.stdout.startswith(f"{name}: ")) == (0, True), done.stderr
        told = json.loads(run(shop, "import-catalog", name, "--json", merchant="linan").stdout)
        assert told["unchanged"] == told["rows"] > 0
    assert run(shop, "export-catalog", "out.txt", merchant="linan").returncode == 2


def test_orders_on_hold_say_why_on_the_screen_and_for_machines(shop: Path) -> None:
    (shop / "held.csv").write_text(ORDERS.replace("taobao,8", "taobao,81").replace(",1001,", ",X,"), encoding="utf-8")
    sentence = (
        "On hold: the code “X” is not mapped to a SKU yet; map it in the catalogue (shop_codes) and import the"
        " catalogue."
    )
    text = run(shop, "import-orders", "held.csv", "--shop", "taobao", merchant="linan")
    assert text.returncode == 0
    assert "held.csv: 2 rows: 2 created; 2 of them on hold.\n" in text.stdout
    assert f"  row 2: {sentence}\n  row 3: {sentence}\n" in text.stdout
    told = json.loads(run(shop, "import-orders", "held.csv", "--json", merchant="linan").stdout)
    assert (told["unchanged"], told["held"], told["refused"]) == (2, 2, 0)
    assert told["notes"][0] == {"row": 2, "column": "sku", "code": "UNMAPPED_SKU", "message": sentence}
    with (shop / "held.csv.report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["2", "unchanged", "81001", "sku", "UNMAPPED_SKU", sentence]


def test_an_unknown_shop_is_refused_even_when_the_file_names_its_own(shop: Path) -> None:
    (shop / "shops.csv").write_text(ORDERS, encoding="utf-8")
    done = run(shop, "import-orders", "shops.csv", "--shop", "nope", merchant="linan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pickmesh: There is no shop “nope”; `pickmesh shop list` lists those there are.\n"
    assert not (shop / "shops.csv.report.csv").exists()


def test_a_report_over_the_file_itself_is_refused_and_the_file_is_kept(
    shop: Path, database: sqlite3.Connection
) -> None:
    (shop / "kept.csv").write_text(ORDERS, encoding="utf-8")
    (shop / "link.csv").symlink_to("kept.csv")
    (shop / "twin.csv").hardlink_to(shop / "kept.csv")
    before = events(database)
    for report in ("kept.csv", shop / "kept.csv", "link.csv", "twin.csv"):
        done = run(shop, "import-orders", "kept.csv", "--report", report, merchant="linan")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"pickmesh: The report “{report}” is the file to import itself; say another --report PATH.\n"
        )
    assert (shop / "kept.csv").read_text(encoding="utf-8") == ORDERS
    assert events(database) == before


BROKEN = {
    "columns.csv": (
        b"shop,order\n",
        "“columns.csv” lacks the columns ordered_at, sku, quantity, recipient, phone, street; its first row must name:",
    ),
    "bytes.csv": (
        ORDERS.encode() + b"\xff\xfe\n",
        "“bytes.csv” is neither UTF-8 nor GB18030",
    ),
    "empty.csv": (b"", "“empty.csv” is empty; its first row must name the columns:"),
    "orders.xlsx": (ORDERS.encode(), "“orders.xlsx” is not an Excel workbook (.xlsx) that can be read;"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_file_is_refused_whole_with_exit_code_2(shop: Path, database: sqlite3.Connection, name: str) -> None:
    content, sentence = BROKEN[name]
    (shop / name).write_bytes(content)
    before = events(database)
    done = run(shop, "import-orders", name, merchant="linan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"pickmesh: {sentence}")
    assert events(database) == before
    assert not (shop / f"{name}.report.csv").exists()


def test_a_file_over_the_limit_is_refused_by_the_settings_name(shop: Path) -> None:
    (shop / "large.csv").write_text(ORDERS, encoding="utf-8")
    done = run(shop, "import-orders", "large.csv", merchant="linan", file_bytes_max="100")
    assert done.returncode == 2
    assert done.stderr == (
        f"pickmesh: “large.csv” has {len(ORDERS.encode())} bytes and the limit is 100;"
        " split it into smaller files, or raise PICKMESH_FILE_BYTES_MAX.\n"
    )


def test_without_a_merchant_or_with_an_unknown_one_nothing_is_read(shop: Path) -> None:
    nobody = run(shop, "import-orders", "any.csv")
    assert (nobody.returncode, nobody.stderr) == (
        2,
        "pickmesh: Say for which merchant: --merchant CODE, or PICKMESH_MERCHANT in the environment.\n",
    )
    unknown = run(shop, "import-orders", "any.csv", "--merchant", "nobody")
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "pickmesh: There is no merchant “nobody”; `pickmesh doctor` lists those there are.\n",
    )


def test_settings_that_make_no_sense_are_named(shop: Path) -> None:
    done = run(shop, "doctor", port="many")
    assert done.returncode == 2
    assert "PICKMESH_PORT: Input should be a valid integer" in done.stderr
    other = run(shop, "merchant", "list", database_url="mysql://me@here/it")
    assert other.stderr == (
        "pickmesh: PICKMESH_DATABASE_URL: “mysql” is not a database pickmesh runs on;"
        " use sqlite:///file or postgresql://….\n"
    )
    short = run(shop, "merchant", "list", secret_key="too short")
    assert short.stderr == (
        "pickmesh: PICKMESH_SECRET_KEY must have 32 bytes or more; `openssl rand -hex 32` makes one.\n"
    )


def test_people_are_added_listed_and_given_passwords(shop: Path) -> None:
    arguments = ("user", "add", "zhou@linan", "--name", "周思远", "--role", "packer")
    added = run(shop, *arguments, merchant="linan", user_password="correct horse")
    assert (added.returncode, added.stdout) == (0, "zhou@linan can sign in as PACKER.\n")
    assert run(shop, *arguments, merchant="linan", user_password="correct horse").returncode == 2
    listed = run(shop, "user", "list", "--json", merchant="linan")
    assert json.loads(listed.stdout) == [
        {"sign_in": "zhou@linan", "name": "周思远", "role": "PACKER", "locale": "zh-CN"}
    ]
    changed = run(shop, "user", "password", "zhou@linan", merchant="linan", user_password="battery staple")
    assert changed.returncode == 0
    asking = run(shop, "user", "password", "zhou@linan", merchant="linan")
    assert asking.returncode == 2
    assert "set PICKMESH_USER_PASSWORD" in asking.stderr


def test_the_doctor_is_content_with_an_empty_machine_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")
    assert done.returncode == 0
    assert "There is no database yet" in done.stdout
    assert "reads what it draws" in done.stdout
    listed = run(tmp_path, "user", "list", merchant="linan")
    assert (listed.returncode, listed.stdout) == (2, "")
    assert listed.stderr.startswith("pickmesh: There is no database yet: `pickmesh demo`")
    assert list(tmp_path.iterdir()) == []


def test_where_only_the_demo_has_a_database_its_folder_is_named(shop: Path, tmp_path: Path) -> None:
    shutil.copytree(shop / "var", tmp_path / "var" / "demo")
    said = (
        "There is no database here, but the demo's data is under var/demo: say PICKMESH_DATA=var/demo for it,"
        " or `pickmesh migrate` for a database of your own.\n"
    )
    assert f"\n{said}" in run(tmp_path, "doctor").stdout
    assert run(tmp_path, "user", "list", merchant="linan").stderr == f"pickmesh: {said}"
    assert run(tmp_path, "merchant", "list", data="var/demo").returncode == 0


def test_the_doctor_finds_a_planted_violation_and_says_where(shop: Path, database: sqlite3.Connection) -> None:
    assert run(shop, "doctor").returncode == 0
    (last,) = database.execute("SELECT last FROM counter WHERE kind = 'event'").fetchone()
    database.execute("UPDATE counter SET last = last + 5 WHERE kind = 'event'")
    database.commit()
    done = run(shop, "doctor")
    assert done.returncode == 1
    assert (
        f"OFF: linan: The event counter stands at {last + 5} but the last event is {last}. (invariant 9, journal;"
        in (done.stdout)
    )
    assert done.stdout.endswith("\n1 thing is off.\n")
    as_data = json.loads(run(shop, "doctor", "--json").stdout)
    assert (as_data["ok"], len(as_data["off"]), as_data["merchants"][0]["off"]) == (False, 1, 1)
    database.execute("UPDATE counter SET last = ? WHERE kind = 'event'", (last,))
    database.commit()
    assert run(shop, "doctor").returncode == 0


def test_a_lost_or_foreign_secret_is_noticed_before_another_is_made(
    shop: Path, tmp_path: Path, database: sqlite3.Connection
) -> None:
    (shop / "sealed.csv").write_text(ORDERS, encoding="utf-8")
    run(shop, "import-orders", "sealed.csv", merchant="linan")
    path, before = shop / "var" / "secret.key", events(database)
    kept = path.rename(tmp_path / "kept.key")
    mend = "restore that file from your backup, or set PICKMESH_SECRET_KEY to the key it held."
    missing = f"The secret “{path}” is missing, and personal data of the merchant “linan” needs it; {mend}"
    sealed = "personal data of the merchant “linan” in this database was sealed with another key"
    given = f"PICKMESH_SECRET_KEY cannot open what is kept: {sealed}; set the key it was sealed with."
    commands = (("serve",), ("worker",), ("demo",), ("import-orders", "sealed.csv"), ("user", "list"))
    for command in commands:
        done = run(shop, *command, merchant="linan", port="0")
        assert (done.returncode, done.stderr) == (2, f"pickmesh: {missing}\n")
    assert f"OFF: {missing}" in run(shop, "doctor").stdout
    assert not path.exists()
    path.write_text("x" * 64)
    foreign = f"The secret in “{path}” cannot open what is kept: {sealed}; {mend}"
    assert run(shop, "serve", port="0").stderr == f"pickmesh: {foreign}\n"
    doctor = run(shop, "doctor")
    assert (doctor.returncode, f"OFF: {foreign}" in doctor.stdout) == (1, True)
    assert run(shop, "serve", port="0", secret_key="y" * 64).stderr == f"pickmesh: {given}\n"
    assert run(shop, "user", "list", merchant="linan", secret_key=kept.read_text().strip()).returncode == 0
    kept.replace(path)
    assert run(shop, "doctor").returncode == 0
    assert events(database) == before


def test_a_database_nobody_answers_for_is_one_sentence(tmp_path: Path) -> None:
    url = "postgresql://pickmesh:secret-word@127.0.0.1:9/none"
    done = run(tmp_path, "merchant", "list", database_url=url)
    assert done.returncode == 2
    assert done.stderr.startswith("pickmesh: The database cannot be reached or used (")
    doctor = run(tmp_path, "doctor", database_url=url)
    assert doctor.returncode == 1
    assert "OFF: The database cannot be reached" in doctor.stdout
    assert "secret-word" not in doctor.stdout + doctor.stderr + done.stderr


def test_an_unknown_bench_names_those_there_are(tmp_path: Path) -> None:
    done = run(tmp_path, "bench", "nothing")
    assert done.returncode == 2
    assert done.stderr.startswith("pickmesh: There is no bench “nothing”; there are: import")


def test_a_shop_is_added_whose_orders_wait_for_a_person(shop: Path) -> None:
    told = ("--name", "专营店", "--platform", "jd", "--review", "manual")
    added = run(shop, "shop", "add", "jd", *told, merchant="linan")
    assert added.returncode == 0, added.stderr
    listed = json.loads(run(shop, "shop", "list", "--json", merchant="linan").stdout)
    assert {each["code"]: each["review_policy"] for each in listed} == {"taobao": "AUTOMATIC", "jd": "MANUAL"}
