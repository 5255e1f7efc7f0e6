import jsonschema

jsonschema.validate({"n": 1}, {"type": "object", "required": ["n"]})
