"""Objects to bytes and back."""

import copy
import dataclasses
import pickle


@dataclasses.dataclass
class Node:
    name: str
    children: list = dataclasses.field(default_factory=list)


class Session:
    def __init__(self, user):
        self.user = user
        self.lock = object()

    def __getstate__(self):
        return {"user": self.user}

    def __setstate__(self, state):
        self.__init__(state["user"])


tree = Node("root", [Node("leaf"), Node("loop")])
tree.children[1].children.append(tree)
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    again = pickle.loads(pickle.dumps(tree, protocol))
    assert again.children[1].children[0] is again, protocol
print(again.name, [child.name for child in again.children])
values = [None, True, 2**100, 1.5, "ä", b"\x00", (1, [2, {3}]), {"k": frozenset([4])}, range(3)]
print(pickle.loads(pickle.dumps(values)) == values)
session = pickle.loads(pickle.dumps(Session("ada")))
print(session.user, hasattr(session, "lock"))
try:
    pickle.dumps(lambda: 0)
except (pickle.PicklingError, AttributeError):
    print("a lambda has no name to find it by")
print(copy.deepcopy([tree])[0] is not tree)
