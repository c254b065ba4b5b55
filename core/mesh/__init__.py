"""The mesh: merchants as each other's suppliers and distributors."""
