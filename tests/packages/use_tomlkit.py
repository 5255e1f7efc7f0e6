import tomlkit

document = tomlkit.parse("# comment\n[a]\nb = 1  # one\nc = [1, 2]\n")
document["a"]["b"] = 2
document["a"]["d"] = {"e": "x"}
text = tomlkit.dumps(document)
assert "# comment" in text and "b = 2  # one" in text and tomlkit.parse(text)["a"]["d"]["e"] == "x", text
