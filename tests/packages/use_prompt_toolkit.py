from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

with create_pipe_input() as keys:
    session = PromptSession(completer=WordCompleter(["select"]), input=keys, output=DummyOutput())
    keys.send_text("hellp\x7fo\n")
    assert session.prompt("> ") == "hello"
