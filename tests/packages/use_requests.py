import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests


class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "seen=1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
with requests.Session() as session:
    session.trust_env = False
    answer = session.post(f"http://127.0.0.1:{server.server_port}/x", json={"a": [1, "ü"]}, timeout=20)
    assert answer.status_code == 200 and answer.json() == {"a": [1, "ü"]}
    assert session.cookies["seen"] == "1"
server.shutdown()
prepared = requests.Request("GET", "http://example.org/a", params={"q": "x y"}).prepare()
assert prepared.url == "http://example.org/a?q=x+y"
