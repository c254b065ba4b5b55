"""The chat front: a GraphQL client that knows no core."""
