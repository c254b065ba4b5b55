"""Complaints are put to the system where their users meet it: mostly GraphQL over HTTP, signed in as a person."""

from tests.graphql.conftest import client_of, graphql_schema, owner, server, services

__all__ = ["client_of", "graphql_schema", "owner", "server", "services"]
