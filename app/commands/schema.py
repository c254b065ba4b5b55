"""`pickmesh schema`: the GraphQL schema as text."""

from graphql import print_schema

from pickmesh.graphql import schema as graphql_schema


def schema() -> int:
    """Print the GraphQL schema, as schema.graphql holds it."""
    print(print_schema(graphql_schema.build()))
    return 0
