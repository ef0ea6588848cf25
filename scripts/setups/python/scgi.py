"""A plain SCGI application: a header in a netstring, then the answer of CGI, one write per event.

GET /ready      200, "ready TOKEN"
GET /feed/PLAN  the events of a plan of feed.py, once
"""

import socketserver
import sys

import feed


class Request(socketserver.StreamRequestHandler):
    def handle(self):
        size = int(b"".join(iter(lambda: self.rfile.read(1), b":")))
        fields = self.rfile.read(size).split(b"\0")
        environ = dict(zip(fields[::2], fields[1::2]))
        path = environ.get(b"PATH_INFO", b"").decode()
        if path == "/ready":
            self.wfile.write(b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n" + feed.ready())
            return
        head = "".join(f"{name}: {value}\r\n" for name, value in feed.HEADERS)
        self.wfile.write(f"Status: 200 OK\r\n{head}\r\n".encode())
        try:
            for event in feed.play(path):
                self.wfile.write(event)
        except OSError:
            pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


Server(sys.argv[1], Request).serve_forever()
