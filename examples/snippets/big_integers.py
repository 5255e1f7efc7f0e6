"""Integers have no size."""

import math

print(2**200)
print(math.factorial(30) // math.factorial(28) == 30 * 29)
print((10**40 + 1) % 97, divmod(-7, 2), -7 // 2)
print(pow(3, 10**18, 10**9 + 7))
print(int("9" * 30) + 1)
print((1 << 100).bit_length(), hex(2**70), int.from_bytes(b"\xff" * 9, "big"))
