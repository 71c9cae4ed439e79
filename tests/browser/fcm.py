"""A push service on loopback that Chromium takes for its own (`--gcm-checkin-url` and its like): it gives out subscriptions,
takes messages at their addresses as RFC 8030 has it, and hands them to the browser over the line that the browser keeps (MCS)."""

import base64
import hashlib
import http.server
import pathlib
import socketserver
import ssl
import subprocess
import threading
import urllib.parse

LOGIN_ANSWER, DATA, VERSION = 3, 8, 41


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, value):
    """One field of a protobuf message: bytes, text or a number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64(number, value):
    return varint(number << 3 | 1) + value.to_bytes(8, "little")


class Service:
    """`known`: what the browser registered, by token. `taken`: messages that came, token, headers and body."""

    def __init__(self, folder):
        self.lines, self.known, self.taken, self.news = [], {}, [], threading.Condition()
        self.given = 0
        self.folder = pathlib.Path(folder)
        self.web = self.serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.web_handler()))
        self.line = self.serve(self.line_server())

    def serve(self, server):
        server.handle_error = lambda *_: None  # the browser goes away in the middle of an answer
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    def arguments(self):
        """Of Chromium."""
        web = f"http://127.0.0.1:{self.web}"
        return [f"--gcm-checkin-url={web}/checkin", f"--gcm-registration-url={web}/register",
                f"--gcm-mcs-endpoint=https://127.0.0.1:{self.line}",
                f"--ignore-certificate-errors-spki-list={self.spki}"]

    def web_handler(service):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, kind, answer = service.answer(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, path, headers, body):
        if path == "/checkin":
            # AndroidCheckinResponse: stats_ok, time_msec, android_id, security_token
            return 200, "application/x-protobuffer", field(1, 1) + field(3, 1) + fixed64(7, 1234567) + fixed64(8, 7654321)
        if path == "/register":
            form = {k: v[0] for k, v in urllib.parse.parse_qs(body.decode()).items()}
            if form.get("delete"):
                self.known = {t: f for t, f in self.known.items() if f.get("appid") != form.get("appid")}
                return 200, "text/plain", f"token={form.get('appid')}".encode()
            self.given += 1
            token = f"token-{self.given}"
            self.known[token] = form
            return 200, "text/plain", f"token={token}".encode()
        token = path.rsplit("/", 1)[-1]
        if token not in self.known:
            return 410, "text/plain", b""
        with self.news:
            self.taken.append((token, headers, body))
            self.news.notify_all()
        return 201, "text/plain", b""

    def next(self, n):
        """The n-th message, from 0 on; waits for it."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.taken) > n, 60), f"no message {n}: {self.known.keys()}"
        return self.taken[n]

    def push(self, token, headers, body):
        """Hands a message to the browser, as it came: encrypted for it."""
        form = self.known[token]
        pair = lambda key, value: field(7, field(1, key) + field(2, value))
        stanza = (field(3, form["sender"]) + field(5, form["app"]) + pair("subtype", form["X-subtype"])
                  + pair("content-encoding", headers["Content-Encoding"]) + field(9, f"0:{len(self.taken)}") + field(21, body))
        self.lines[-1].sendall(bytes([DATA]) + varint(len(stanza)) + stanza)

    def line_server(service):
        """What the browser's line ends at; the browser is told its key, since nobody vouches for it."""
        cert, key = service.folder / "line.crt", service.folder / "line.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        service.spki = base64.b64encode(hashlib.sha256(public).digest()).decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    line = context.wrap_socket(self.request, server_side=True)
                    line.recv(65536)  # its version and login
                    answer = field(1, "login-1")
                    line.sendall(bytes([VERSION, LOGIN_ANSWER]) + varint(len(answer)) + answer)
                    service.lines.append(line)
                    while line.recv(65536):
                        pass
                except OSError:
                    pass  # the browser went away

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        return server
