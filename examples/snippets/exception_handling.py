"""try, except, else, finally: which runs when."""


def divide(a, b):
    try:
        result = a / b
    except ZeroDivisionError as error:
        print("except:", error)
        return None
    else:
        print("else:", result)
        return result
    finally:
        print("finally")


print(divide(6, 3))
print(divide(1, 0))


def overridden():
    try:
        return "try"
    finally:
        print("cleaning up")


print(overridden())

try:
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("bad configuration") from error
except ValueError as error:
    print(repr(error), "from", repr(error.__cause__))

try:
    raise ExceptionGroup("several", [ValueError(1), TypeError(2), ValueError(3)])
except* ValueError as group:
    print("values:", [error.args[0] for error in group.exceptions])
except* TypeError as group:
    print("types:", [error.args[0] for error in group.exceptions])
