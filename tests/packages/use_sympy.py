from sympy import Eq, Matrix, diff, exp, integrate, oo, pi, simplify, sin, cos, solve, sqrt, symbols, sympify

x, y = symbols("x y")
assert diff(sin(x) * exp(x), x) == exp(x) * sin(x) + exp(x) * cos(x)
assert integrate(exp(-(x**2)), (x, -oo, oo)) == sqrt(pi)
assert solve(x**2 - 5 * x + 6, x) == [2, 3]
assert solve([Eq(x + y, 3), Eq(x - y, 1)], [x, y]) == {x: 2, y: 1}
assert simplify(sin(x) ** 2 + cos(x) ** 2) == 1
assert Matrix([[1, 2], [3, 4]]).det() == -2 and sympify("2*x + 1").subs(x, 3) == 7
assert str(pi.evalf(30)) == "3.14159265358979323846264338328"
