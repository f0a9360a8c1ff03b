"""The two ways a benchmark goes wrong: nothing can run, or one contestant cannot."""


class CannotRun(Exception):
    """The whole run is impossible; the text says what to do about it."""


class ContestantFailed(Exception):
    """One contestant is out: it did not start, answered wrongly, or broke under load."""
