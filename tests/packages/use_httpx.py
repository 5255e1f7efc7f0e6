import httpx


def answer(request):
    return httpx.Response(200, json={"path": request.url.path, "q": request.url.params["q"]})


with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x") as client:
    response = client.get("/a", params={"q": "ü"})
assert response.status_code == 200 and response.json() == {"path": "/a", "q": "ü"}
