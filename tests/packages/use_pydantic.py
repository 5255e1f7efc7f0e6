import pydantic


class Model(pydantic.BaseModel):
    n: int


assert Model(n="1").n == 1
