"""The application of wsgi.py on the server of Python's own library, with a thread for each connection."""

import os
import socketserver
from wsgiref.simple_server import WSGIServer, make_server

from wsgi import application


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


make_server("127.0.0.1", int(os.environ["SETUP_PORT"]), application, Server).serve_forever()
