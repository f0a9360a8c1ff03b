"""What an attacker does: threads of a process of its own, with bytes that were made before."""

import multiprocessing
import os
import select
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .request import classify, read_to_end

# A refused caller waits before it comes again: the generator shares the cores of the server.
PAUSE_AFTER_REFUSAL = 0.1
ENDLESS_PIECE = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
# What an endless body sends at once; a piece every tenth of a second follows.
ENDLESS_BYTES = 15 << 20
Stop = threading.Event


@dataclass(frozen=True)
class Calls:
    """Sends the requests again and again, each on a connection of its own, and reads every reply."""

    requests: list[bytes]
    count: int
    # None: until the end.
    times: int | None = None
    pause: float = 0

    def work(self, port: int, stop: Stop, tally: Counter) -> None:
        done = 0
        while not stop.is_set() and done != self.times:
            request = self.requests[done % len(self.requests)]
            done += 1
            try:
                with _connected(port) as connection:
                    connection.sendall(request)
                    answer = read_to_end(connection, stop.is_set)
            except OSError:
                answer = "connection broken"
            tally[answer] += 1
            stop.wait(self.pause if answer.startswith("200") else max(self.pause, PAUSE_AFTER_REFUSAL))


@dataclass(frozen=True)
class HangUps:
    """Sends a request, and closes the connection before the reply."""

    request: bytes
    count: int
    after: float

    def work(self, port: int, stop: Stop, tally: Counter) -> None:
        while not stop.is_set():
            with suppress(OSError), _connected(port) as connection:
                connection.sendall(self.request)
                stop.wait(self.after)
            tally["hung up"] += 1


@dataclass(frozen=True)
class EndlessBodies:
    """Sends the head of a request, 15 MB of its body, and then a little of it for ever."""

    head: bytes
    count: int

    def work(self, port: int, stop: Stop, tally: Counter) -> None:
        while not stop.is_set():
            with suppress(OSError), _connected(port) as connection:
                connection.sendall(self.head)
                tally[self._feed(connection, stop)] += 1
            stop.wait(PAUSE_AFTER_REFUSAL)

    def _feed(self, connection: socket.socket, stop: Stop) -> str:
        sent = 0
        connection.settimeout(0.25)
        while not stop.is_set():
            if select.select([connection], [], [], 0)[0]:
                return classify(connection.recv(4096))
            with suppress(TimeoutError):
                connection.sendall(ENDLESS_PIECE)
            sent += len(ENDLESS_PIECE)
            if sent > ENDLESS_BYTES:
                stop.wait(0.1)
        return "still sending at the end"


@dataclass(frozen=True)
class UnreadReplies:
    """Asks for a long reply, and reads nothing of it."""

    request: bytes
    count: int

    def work(self, port: int, stop: Stop, tally: Counter) -> None:
        with suppress(OSError), _connected(port, receive_bytes=4096) as connection:
            connection.sendall(self.request)
            stop.wait()
            connection.settimeout(1)
            tally[classify(connection.recv(4096)) + ", unread"] += 1


@dataclass(frozen=True)
class Commands:
    """Runs a command again and again."""

    command: list[str]
    variables: dict[str, str]
    count: int

    def work(self, port: int, stop: Stop, tally: Counter) -> None:
        while not stop.is_set():
            running = subprocess.Popen(
                self.command,
                env=os.environ | self.variables,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while running.poll() is None and not stop.wait(0.05):
                pass
            if running.poll() is None:
                running.terminate()
                running.wait(10)
            else:
                tally[f"{self.command[1]} {self.command[2]}: status {running.returncode}"] += 1
                stop.wait(PAUSE_AFTER_REFUSAL)


Worker = Calls | HangUps | EndlessBodies | UnreadReplies | Commands


class Attack:
    """The workers of one attack, under way for the length of a `with`."""

    def __init__(self, port: int, workers: list[Worker]) -> None:
        context = multiprocessing.get_context("fork")
        self._stop = context.Event()
        self._here, there = context.Pipe()
        arguments = (port, workers, self._stop, there)
        self._process = context.Process(target=_attack, args=arguments, daemon=True)
        self.answers: dict[str, int] = {}

    def __enter__(self) -> "Attack":
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._here.poll(15):
            self.answers = self._here.recv()
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _attack(port: int, workers: list[Worker], ended, report) -> None:
    stop, threads = threading.Event(), []
    for worker in workers:
        for _ in range(worker.count):
            tally: Counter = Counter()
            arguments = (worker, port, stop, tally)
            thread = threading.Thread(target=_work, args=arguments, daemon=True)
            threads.append((thread, tally))
            thread.start()
    ended.wait()
    stop.set()
    deadline = time.monotonic() + 10
    for thread, _ in threads:
        thread.join(max(0, deadline - time.monotonic()))
    report.send(dict(sum((tally for _, tally in threads), Counter())))


def _work(worker: Worker, port: int, stop: Stop, tally: Counter) -> None:
    # An attacker would bring a processor of its own; an export is made on the server's machine.
    if not isinstance(worker, Commands):
        os.nice(10)
    worker.work(port, stop, tally)


@contextmanager
def _connected(port: int, receive_bytes: int | None = None):
    connection = socket.socket()
    try:
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", port))
        yield connection
    finally:
        connection.close()
