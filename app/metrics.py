"""What is counted for /metrics."""

from functools import cache

from prometheus_client import Counter, Histogram

REQUESTS = Counter("pickmesh_requests", "HTTP requests answered.", ["path", "status"])
REQUEST_SECONDS = Histogram("pickmesh_request_seconds", "How long HTTP requests took.", ["path"])
PICTURES = Counter("pickmesh_pictures", "Pictures of barcodes answered, by what came of them.", ["outcome"])
PICTURE_SECONDS = Histogram("pickmesh_picture_seconds", "How long a picture took that was read, waiting included.")
EVENTS_DONE = Counter("pickmesh_events_done", "Events a room of this process has dealt with.", ["room"])
REACTIONS_FAILED = Counter("pickmesh_reactions_failed", "Reactions that failed and are tried again.", ["room"])
LETTERS_SENT = Counter("pickmesh_letters_sent", "Letters that left the outbox.", ["channel"])
LETTERS_FAILED = Counter("pickmesh_letters_failed", "Attempts to send a letter that failed.", ["channel"])
LETTERS_DEAD = Counter("pickmesh_letters_dead", "Letters given up on; a person must look at them.")


def answered(path: str, status: int, seconds: float) -> None:
    """Count a request that was answered; there are few paths and few statuses."""
    _requests(path, status).inc()
    _seconds(path).observe(seconds)


@cache
def _requests(path: str, status: int) -> Counter:
    return REQUESTS.labels(path, str(status))


@cache
def _seconds(path: str) -> Histogram:
    return REQUEST_SECONDS.labels(path)
