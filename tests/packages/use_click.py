import click
from click.testing import CliRunner


@click.group()
def cli():
    """A tool."""


@cli.command()
@click.argument("names", nargs=-1)
@click.option("--times", default=1, type=click.IntRange(1, 3), help="How often.")
def greet(names, times):
    for _ in range(times):
        click.echo(click.style("hello ", fg="red") + ", ".join(names))


run = CliRunner().invoke
result = run(cli, ["greet", "--times", "2", "a", "b"])
assert result.exit_code == 0 and result.output == "hello a, b\n" * 2, result.output
assert "How often." in run(cli, ["greet", "--help"]).output
result = run(cli, ["greet", "--times", "9"])
assert result.exit_code == 2 and "is not in the range 1<=x<=3" in result.output, result.output
