"""The small items that are read, inserted and listed."""

COLLECTION = "notes"
# What a page of the list holds.
PAGE = 20
TEXT = "the quick brown fox jumps over the lazy dog and is back before tea"
MOST_IN_BULK = 1000


def note(writer: str, number: int) -> dict:
    """A note of about 120 bytes that tells whose it is and which."""
    return {"title": f"{writer} {number}", "stars": number % 5 + 1, "text": TEXT}


def blocks(count: int) -> list[range]:
    """How two members take turns to write so many notes each: a few at a time at first, so that the
    beginning of a list is mixed."""
    found, start = [], 0
    while start < count:
        size = 5 if start < 10 * PAGE else MOST_IN_BULK
        found.append(range(start, min(start + size, count)))
        start += size
    return found
