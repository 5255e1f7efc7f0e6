"""A closure looks a variable up when it is called, not when it is made."""

functions = [lambda: n for n in range(3)]
print([f() for f in functions])
functions = [lambda n=n: n for n in range(3)]
print([f() for f in functions])


def counter():
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    return step


a, b = counter(), counter()
print(a(), a(), b())


def default(items=[]):
    items.append(len(items))
    return items


print(default(), default(), default([9]))
