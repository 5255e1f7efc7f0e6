from flask import Flask, jsonify, render_template_string, request, session

app = Flask(__name__)
app.secret_key = "key"


@app.route("/hello/<name>")
def hello(name):
    session["name"] = name
    return render_template_string("hello {{ name }}", name=name)


@app.post("/sum")
def total():
    return jsonify(total=sum(request.get_json()["numbers"]), name=session.get("name"))


client = app.test_client()
assert client.get("/hello/a<b").text == "hello a&lt;b"
assert client.post("/sum", json={"numbers": [1, 2]}).get_json() == {"total": 3, "name": "a<b"}
assert client.get("/missing").status_code == 404
