"""Asks a contestant by hand, before it is timed, whether it does the work that it is timed for."""

import http.client
from dataclasses import dataclass
from datetime import timedelta

from . import instances
from .failures import ContestantFailed
from .settings import ORIGIN


@dataclass(frozen=True)
class Reply:
    """One answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.body[:500].decode(errors='replace')!r}"


def get(port: int, path: str, headers: dict[str, str] | None = None) -> Reply:
    """One GET on a connection of its own."""
    return ask(port, "GET", path, headers)


def ask(
    port: int,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10,
) -> Reply:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"not HTTP: {error!r}") from error
    finally:
        connection.close()
    return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body)


def page_headers(authorization: str) -> dict[str, str]:
    """What a page of the app sends; the same two headers for every contestant."""
    return {"Authorization": authorization, "Origin": ORIGIN}


class Examination:
    """The questions that one contestant must answer before it may be timed."""

    def __init__(self, name: str, port: int, path: str) -> None:
        self._name, self._port, self._path = name, port, path

    def admits(
        self, instance: instances.SignedInstance, *, cors: bool, forged: bool = False
    ) -> Reply:
        """A valid caller gets 200; `forged` also claims to be somebody else in a header."""
        headers = page_headers(instance.text)
        if forged:
            headers |= {"x-backlot-instance-id": "forged", "x-backlot-role": "forged"}
        reply = self._ask(headers)
        self._require(reply.status == 200, f"a valid instance was answered {reply}")
        if cors:
            allowed = reply.headers.get("access-control-allow-origin")
            self._require(allowed == ORIGIN, f"the page's origin was answered with {allowed!r}")
        return reply

    def says(self, reply: Reply, expected: str) -> None:
        text = reply.body.decode(errors="replace")
        self._require(expected in text, f"{expected!r} is not in the answer {text[:500]!r}")

    def refuses_forgeries(self, instance: instances.SignedInstance) -> None:
        self._refuses("a tampered instance", instances.tampered(instance))
        self._refuses("an instance without its signature", instance.text.partition(".")[2])

    def refuses_what_the_payload_forbids(self) -> None:
        """For those that read the payload: expiry and the app it was made for."""
        expired = instances.sign(lifetime=timedelta(hours=-1))
        self._refuses("an expired instance", expired.text)
        foreign = instances.sign(app_id="00000000-0000-4000-8000-000000000000")
        self._refuses("another app's instance", foreign.text, (401, 403))

    def told_upstream(self, instance: instances.SignedInstance, seen: dict[str, str]) -> None:
        expected = {"x-backlot-instance-id": instance.instance_id, "x-backlot-role": "owner"}
        for name, value in expected.items():
            self._require(
                seen.get(name) == value,
                f"the upstream got {name}: {seen.get(name)!r}, not {value!r}",
            )

    def _refuses(self, what: str, authorization: str, statuses: tuple[int, ...] = (401,)) -> None:
        reply = self._ask(page_headers(authorization))
        self._require(reply.status in statuses, f"{what} was answered {reply}")

    def _ask(self, headers: dict[str, str]) -> Reply:
        try:
            return get(self._port, self._path, headers)
        except OSError as error:
            raise ContestantFailed(f"{self._name}: GET {self._path}: {error}") from error

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise ContestantFailed(f"{self._name}: GET {self._path}: {otherwise}")
