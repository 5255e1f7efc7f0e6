import io

import bottle

app = bottle.Bottle()


@app.route("/hello/<n:int>")
def hello(n):
    return bottle.template("{{x}}\n% for i in range(x):\n{{i}}\n% end", x=n)


started = []
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello/2", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()}
body = b"".join(app(environ, lambda status, headers, *_: started.append(status)))
assert started == ["200 OK"] and body == b"2\n0\n1\n", (started, body)
