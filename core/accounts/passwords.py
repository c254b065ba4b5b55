"""Passwords: argon2id, off the event loop and in few threads, so that a rush of sign-ins cannot take all memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import argon2

from pickmesh.core.kit import refusals
from pickmesh.core.kit.texts import sentence

LENGTH_MIN = 8
LENGTH_MAX = 128
THREADS = 2

# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
# The hash of a thrown-away secret: an unknown name costs as much time as a wrong password.
_DECOY = "$argon2id$v=19$m=19456,t=2,p=1$OQ2Q4jAzxSdT2WwEv/Yoxg$Blj3Ack6GVxrF/wvoo4m44Zgay0vBqnsYY1iYbA1lGQ"


async def hash_password(password: str) -> str:
    """Return the argon2id hash to keep of a password of 8 to 128 characters; refuses other lengths."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        message = sentence("A password has {least} to {most} characters.", least=LENGTH_MIN, most=LENGTH_MAX)
        raise refusals.InvalidInput(message, field=("password",))
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


async def matches(password: str, password_hash: str | None) -> bool:
    """Tell whether a password is the one a hash was made of; without a hash it takes as long and says no."""
    if len(password) > LENGTH_MAX:
        return False
    right = await asyncio.get_running_loop().run_in_executor(_POOL, _verify, password, password_hash or _DECOY)
    return right and password_hash is not None


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except argon2.exceptions.VerifyMismatchError:
        return False
