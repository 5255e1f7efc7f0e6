import jedi

script = jedi.Script("class A:\n    def method(self): return ''\nA().method().upp")
assert [name.name for name in script.complete(3, 16)] == ["upper"]
