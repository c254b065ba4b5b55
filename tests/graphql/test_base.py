"""What every mutation promises: done once per key, refusals as data, nothing half done."""

from typing import Any

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ApiKey
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role

CREATE = """
mutation Create($input: ApiKeyCreateInput!) {
  apiKeyCreate(input: $input) { apiKeyId token userErrors { code field message data } }
}
"""
END = "mutation End($input: ApiKeyEndInput!) { apiKeyEnd(input: $input) { apiKeyId userErrors { code field } } }"

KEYS = "{ apiKeys { nodes { id name permissions createdAt endedAt } } }"


async def keys_of(database: Database, merchant: Actor) -> int:
    async with database.reading(merchant) as uow:
        return int(await uow.scalar(sa.select(sa.func.count()).select_from(ApiKey).where(uow.mine(ApiKey))))


def key(name: str, idempotency_key: str | None = "k1") -> dict[str, Any]:
    return {"name": name, "permissions": ["STOCK_READ"], "idempotencyKey": idempotency_key}


async def test_the_same_key_and_body_answers_the_same_and_does_nothing_more(
    owner: Any, database: Database, merchant: Actor
) -> None:
    first = (await owner.run(CREATE, input=key("erp")))["apiKeyCreate"]
    second = (await owner.run(CREATE, input=key("erp")))["apiKeyCreate"]
    assert second["apiKeyId"] == first["apiKeyId"] is not None
    assert (first["token"] is not None, second["token"]) == (True, None)
    assert await keys_of(database, merchant) == 1


async def test_another_body_under_the_same_key_is_refused(owner: Any, database: Database, merchant: Actor) -> None:
    await owner.run(CREATE, input=key("erp"))
    (error,) = (await owner.run(CREATE, input=key("other")))["apiKeyCreate"]["userErrors"]
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])
    assert await keys_of(database, merchant) == 1


async def test_a_key_belongs_to_one_caller_and_one_mutation(
    owner: Any, client_of: Any, database: Database, merchant: Actor
) -> None:
    made = (await owner.run(CREATE, input=key("erp")))["apiKeyCreate"]["apiKeyId"]
    other = await client_of(merchant)
    assert (await other.run(CREATE, input=key("erp")))["apiKeyCreate"]["apiKeyId"] not in {made, None}
    ended = await owner.run(END, input={"apiKeyId": made, "idempotencyKey": "k1"})
    assert ended["apiKeyEnd"] == {"apiKeyId": made, "userErrors": []}
    assert await keys_of(database, merchant) == 2


async def test_keys_are_listed_without_their_tokens_so_that_a_lost_id_can_be_ended(
    owner: Any, client_of: Any, merchant: Actor, stranger: Actor
) -> None:
    lost = (await owner.run(CREATE, input=key("erp")))["apiKeyCreate"]
    await owner.run(CREATE, input=key("till", None))
    till, erp = (await owner.run(KEYS))["apiKeys"]["nodes"]
    assert (erp["id"], erp["name"], till["name"]) == (lost["apiKeyId"], "erp", "till")
    assert (erp["permissions"], erp["endedAt"]) == (["STOCK_READ"], None)
    assert erp["createdAt"].endswith("Z")
    await owner.run(END, input={"apiKeyId": erp["id"]})
    till, erp = (await (await client_of(merchant, Role.MANAGER)).run(KEYS))["apiKeys"]["nodes"]
    assert (till["endedAt"], erp["endedAt"]) == (None, erp["createdAt"])
    assert (await (await client_of(stranger)).run(KEYS))["apiKeys"]["nodes"] == []
    assert await (await client_of(merchant, Role.PICKER)).code(KEYS) == "NOT_PERMITTED"


async def test_without_a_key_each_request_counts(owner: Any, database: Database, merchant: Actor) -> None:
    for _ in range(2):
        await owner.run(CREATE, input=key("erp", None))
    assert await keys_of(database, merchant) == 2


async def test_a_refused_command_is_not_kept_under_its_key(owner: Any) -> None:
    (error,) = (await owner.run(CREATE, input=key(" ")))["apiKeyCreate"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["name"])
    assert (await owner.run(CREATE, input=key("erp")))["apiKeyCreate"]["userErrors"] == []


async def test_an_empty_or_endless_key_is_refused(owner: Any) -> None:
    for wrong in ("", "k" * 201):
        (error,) = (await owner.run(CREATE, input=key("erp", wrong)))["apiKeyCreate"]["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["idempotencyKey"])


async def test_a_role_that_may_not_is_told_in_user_errors(client_of: Any, database: Database, merchant: Actor) -> None:
    picker = await client_of(merchant, Role.PICKER)
    (error,) = (await picker.run(CREATE, input=key("erp")))["apiKeyCreate"]["userErrors"]
    assert (error["code"], error["data"]) == ("NOT_PERMITTED", {"permission": "account:write"})
    assert await keys_of(database, merchant) == 0


async def test_nobody_signed_in_is_a_bad_request(nobody: Any) -> None:
    assert await nobody.code(CREATE, input=key("erp")) == "SIGN_IN_NEEDED"


async def test_an_id_of_another_type_or_of_nobody_is_refused(owner: Any) -> None:
    for wrong in ("", "nonsense", "U2hvcDpub3Qtb25l", "好"):
        (error,) = (await owner.run(END, input={"apiKeyId": wrong}))["apiKeyEnd"]["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["apiKeyId"])


async def test_mutations_of_one_document_run_one_after_the_other(owner: Any) -> None:
    document = """mutation ($a: ApiKeyCreateInput!, $b: ApiKeyCreateInput!) {
      a: apiKeyCreate(input: $a) { apiKeyId userErrors { code } }
      b: apiKeyCreate(input: $b) { apiKeyId userErrors { code } }
    }"""
    data = await owner.run(document, a=key("erp"), b=key("other"))
    assert (data["a"]["userErrors"], data["b"]["userErrors"]) == ([], [{"code": "IDEMPOTENCY_KEY_REUSED"}])
