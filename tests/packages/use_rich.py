import io

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.table import Table
from rich.traceback import Traceback
from rich.tree import Tree

out = io.StringIO()
console = Console(file=out, width=60, force_terminal=True, color_system="truecolor")
table = Table("Name", "Size", title="Files")
table.add_row("[bold]a[/bold]", "1")
tree = Tree("root")
tree.add("leaf")
for thing in [table, tree, Markdown("# Head\n\n* item"), Syntax("def f(): pass", "python")]:
    console.print(thing)
try:
    {}["missing"]
except KeyError:
    console.print(Traceback())
text = out.getvalue()
assert "\x1b[1ma\x1b[0m" in text and "leaf" in text and "Head" in text and "KeyError" in text, text
