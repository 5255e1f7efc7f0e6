from marshmallow import Schema, ValidationError, fields, validate


class User(Schema):
    name = fields.Str(required=True, validate=validate.Length(min=2))
    born = fields.Date()
    tags = fields.List(fields.Str())


loaded = User().load({"name": "ab", "born": "2020-02-29", "tags": ["x"]})
assert loaded["born"].day == 29 and User().dump(loaded)["born"] == "2020-02-29"
try:
    User().load({"name": "a", "tags": [1]})
except ValidationError as error:
    assert set(error.messages) == {"name", "tags"}, error.messages
else:
    raise AssertionError("no error")
