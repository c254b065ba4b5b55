"""What a page shows is sent to a real server, signed in as an owner."""

from tests.graphql.conftest import client_of, graphql_schema, owner, server, services

__all__ = ["client_of", "graphql_schema", "owner", "server", "services"]
