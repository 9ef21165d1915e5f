"""The S3 server of tests: moto, one request after the other.

moto looks whether a key is free, and then writes: two requests at once may both find it free. S3 promises that
exactly one of them wins.
"""
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple


class OneByOne:
    def __init__(self, app):
        self.app, self.lock = app, threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            return self.app(environ, start_response)


app = DomainDispatcherApplication(create_backend_app)
app.debug = True
run_simple("127.0.0.1", int(sys.argv[1]), OneByOne(app), threaded=True, request_handler=MotoRequestHandler)
