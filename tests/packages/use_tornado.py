import asyncio

from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.template import Template
from tornado.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self, name):
        self.write({"hello": name})


async def main():
    server = HTTPServer(Application([(r"/(.*)", Hello)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/a")
    assert answer.body == b'{"hello": "a"}', answer.body
    server.stop()


asyncio.run(main())
assert Template("{% for i in xs %}{{ i }},{% end %}").generate(xs=[1, 2]) == b"1,2,"
