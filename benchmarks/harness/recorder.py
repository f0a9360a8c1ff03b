"""An upstream that remembers the headers it was sent: the judge of what a proxy passes on."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Recorder:
    """Says "hello" like bare hyper and keeps the last request's headers, names in lower case."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                # A header that comes twice shows as both, so that a forged one cannot hide.
                seen: dict[str, str] = {}
                for name, value in self.headers.items():
                    seen[name.lower()] = ", ".join(filter(None, [seen.get(name.lower()), value]))
                recorder.seen = seen
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> "Recorder":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
