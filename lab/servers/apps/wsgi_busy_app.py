# SERVICE_MS=10 gunicorn wsgi_busy_app:app
import os
import time

SERVICE_SECONDS = float(os.environ.get("SERVICE_MS", "10")) / 1000


def app(environ, start_response):
    time.sleep(SERVICE_SECONDS)
    start_response("200 OK", [("Content-Length", "1")])
    return [b"x"]
