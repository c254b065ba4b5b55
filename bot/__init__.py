"""The chat front: people talk to pickmesh in a messenger or a terminal, and it talks GraphQL to the server."""
