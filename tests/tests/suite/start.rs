//! What the start of `togil` leaves out, and how it is there when it is wanted.

use crate::harness::{prints, togil};

#[test]
fn modules_that_a_script_does_not_need_are_not_loaded() {
    prints(
        "
        import sys
        loaded = set(sys.modules)
        print(sorted(loaded & {'os', 'site', 'threading', 'collections', '_ast'}))
    ",
        "[]",
    );
}

#[test]
fn the_names_of_site_are_there_as_site_makes_them() {
    prints(
        "
        import builtins, sys
        names = ['quit', 'exit', 'copyright', 'credits', 'license', 'help']
        def state():
            return [(name, type(getattr(builtins, name)).__name__, repr(getattr(builtins, name)),
                     {key: value for key, value in vars(getattr(builtins, name)).items()
                      if 'line' not in key})
                    for name in names]
        before = state()
        import site
        print(state() == before, 'site' in sys.modules)
        try:
            exit(3)
        except SystemExit as error:
            print(error.code)
    ",
        "True True\n3",
    );
}

#[test]
fn site_runs_where_it_finds_something() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("sitecustomize.py"), "print('customized')").expect("a file");
    let path = folder.path().to_str().expect("text");
    let script = "import sys; print('site' in sys.modules)";
    togil(["run", "-c", script]).env("PYTHONPATH", path).output().prints("customized\nTrue");
    togil(["run", "-S", "-c", script]).env("PYTHONPATH", path).output().prints("False");
}

#[test]
fn trees_can_be_made_whether_or_not_ast_was_imported() {
    prints(
        "
        import sys
        PyCF_ONLY_AST = 0x400
        assert '_ast' not in sys.modules
        tree = compile('1 + 1', '<s>', 'eval', PyCF_ONLY_AST)
        print(type(tree).__name__, type(tree).__module__, '_ast' in sys.modules)
        import ast
        print(isinstance(tree, ast.Expression), eval(compile(tree, '<s>', 'eval')))
        print(ast.dump(ast.parse('x', mode='eval')))
    ",
        "Expression ast True\nTrue 2\nExpression(body=Name(id='x', ctx=Load()))",
    );
    prints("print(compile('1', '<s>', 'eval', flags=0x400)._fields)", "('body',)");
    prints(
        "
        print(compile.__name__, compile.__module__, compile.__self__.__name__)
        try:
            compile('1', '<s>', 'eval', 'no flags')
        except TypeError as error:
            print('TypeError')
    ",
        "compile builtins builtins\nTypeError",
    );
}

#[test]
fn other_interpreters_have_ast_too() {
    prints(
        "
        from concurrent import interpreters
        interpreter = interpreters.create()
        interpreter.exec('''if True:
            import ast
            print(ast.unparse(ast.parse('a  +  b')))
            print(type(compile('1', '<s>', 'eval', 0x400)).__name__)
        ''')
        interpreter.close()
    ",
        "a + b\nExpression",
    );
}

#[test]
fn threading_is_there_until_the_end() {
    prints(
        "
        import atexit
        class Late:
            def __del__(self):
                print('late')
        late = Late()
        late.me = late
        def at_exit():
            import threading
            thread = threading.Thread(target=print, args=('at exit',))
            thread.start()
            thread.join()
        atexit.register(at_exit)
    ",
        "at exit\nlate",
    );
}

#[test]
fn the_start_has_small_pages_and_the_script_what_it_asks_for() {
    // Where the kernel has no huge pages, the first number is 0 anyway.
    prints(
        "
        huge = 0
        with open('/proc/self/smaps') as maps:
            for line in maps:
                if line.startswith('AnonHugePages:'):
                    huge += int(line.split()[1])
        assert huge <= 4096, huge
        with open('/proc/self/status') as status:
            print([line.split()[1] for line in status if line.startswith('THP_enabled:')])
    ",
        "['1']",
    );
}
