from tabulate import tabulate

text = tabulate([["a", 1.5], ["bb", 20]], headers=["name", "n"], tablefmt="github")
assert text.splitlines()[-1] == "| bb     | 20   |", text
assert "<td>bb" in tabulate([["bb"]], tablefmt="html")
