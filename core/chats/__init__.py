"""Chats: linked messenger accounts, buttons and messages, whatever the messenger."""
