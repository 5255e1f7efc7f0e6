import yaml

text = """
list: [1, 2.5, yes, null]
nested: &anchor {a: 'x', b: "\\u00fc"}
again: *anchor
folded: >
  one
  two
when: 2024-02-29
"""
loaded = yaml.safe_load(text)
assert loaded["list"] == [1, 2.5, True, None] and loaded["again"]["b"] == "ü", loaded
assert loaded["folded"] == "one two\n" and loaded["when"].isoformat() == "2024-02-29"
assert yaml.safe_load(yaml.safe_dump(loaded)) == loaded
try:
    yaml.safe_load("a: [1")
except yaml.YAMLError as error:
    assert error.problem_mark.line == 0
else:
    raise AssertionError("no error")
