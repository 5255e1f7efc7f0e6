use super::{announced, announced_with_ends};
use crate::race::instrument::What;

/// What a function `f` announces between its entry and its end.
fn in_function(setup: &str, body: &str) -> Vec<String> {
    with(setup, body, &What::default())
}

fn with(setup: &str, body: &str, what: &What) -> Vec<String> {
    let body = body.replace('\n', "\n    ");
    let announced = announced(&format!("{setup}\ndef f():\n    {body}\nf()"), what);
    let [entry, rest @ ..] = &announced[..] else { panic!("no entry") };
    assert_eq!(entry, "Entry");
    // What the set-up stores after a call is announced; that is not what these tests are about.
    rest.iter().filter(|line| !line.starts_with("LoadGlobal")).cloned().collect()
}

const BOX: &str = "class Box: pass\nbox = Box()\nbox.n = 1\n";

#[test]
fn attributes_show_the_object() {
    assert_eq!(in_function(BOX, "box.n"), [r#"LoadAttr("n") Box"#]);
    assert_eq!(in_function(BOX, "box.n = 2"), [r#"StoreAttr("n") Box 2"#]);
    assert_eq!(in_function(BOX, "del box.n"), [r#"DeleteAttr("n") Box"#]);
    assert_eq!(in_function(BOX, "box.n += 1"), [r#"LoadAttr("n") Box"#, r#"StoreAttr("n") Box 2"#]);
}

#[test]
fn items_show_the_object_and_the_key() {
    let setup = "d = {1: 2}\nl = [1, 2, 3]";
    assert_eq!(in_function(setup, "d[1]"), ["LoadItem {1: 2} 1"]);
    assert_eq!(in_function(setup, "d[1] = 3"), ["StoreItem {1: 2} 1 3"]);
    assert_eq!(in_function(setup, "del d[1]"), ["DeleteItem {1: 2} 1"]);
    // The compiler makes one object of constant bounds.
    assert_eq!(in_function(setup, "l[0:1]"), ["LoadItem [1, 2, 3] slice"]);
    assert_eq!(in_function(setup, "i = 1\nl[0:i]"), ["LoadSlice [1, 2, 3]"]);
    assert_eq!(in_function(setup, "i = 1\nl[0:i] = []"), ["StoreSlice [1, 2, 3]"]);
    assert_eq!(in_function(setup, "'abc'[l[0]]"), ["LoadItem [1, 2, 3] 0"]);
    assert_eq!(in_function(setup, "2 in l"), ["Contains [1, 2, 3] 2"]);
    assert_eq!(in_function(setup, "7 not in (1, 2)"), [""; 0]);
}

#[test]
fn globals_that_change_are_announced_and_others_are_not() {
    let setup = "n = 1\nfixed = 5";
    assert_eq!(
        in_function(setup, "global n\nn = fixed\ndel n"),
        [r#"StoreGlobal("n") 5"#, r#"DeleteGlobal("n")"#]
    );
    let source = "n = 1\ndef g():\n    global n\n    n = 2\ndef f(): n; len; g\nf()";
    assert_eq!(announced(source, &What::default()), ["Entry", r#"LoadGlobal("n")"#]);
}

#[test]
fn a_module_announces_what_it_stores_after_a_call() {
    let source = "
fixed = 1
def f():
    fixed
    late
print
int()
late = 2
alone = 3
import sys
def g(): pass
class C: pass
def h(): g, C, sys
f()
";
    assert_eq!(super::announced(source, &What::default()), ["Entry", r#"LoadGlobal("late")"#]);
    let asked = ["fixed".to_owned()].into();
    let what = What { globals: asked, ..What::default() };
    assert_eq!(
        super::announced(source, &what),
        ["Entry", r#"LoadGlobal("fixed")"#, r#"LoadGlobal("late")"#]
    );
}

#[test]
fn a_loop_with_a_call_comes_after_the_call() {
    let source = "
def f(): return n
for i in [1, 2]:
    n = i
    f()
";
    let once = ["Entry", r#"LoadGlobal("n")"#];
    assert_eq!(super::announced(source, &What::default()), [once, once].concat());
}

#[test]
fn shared_variables_show_their_cell() {
    let body = "x = 1\ndef g():\n    nonlocal x\n    x = 2\nx\ndel x\nreturn g";
    assert_eq!(
        in_function("", body),
        [r#"StoreCell("x") cell 1"#, r#"LoadCell("x") cell"#, r#"DeleteCell("x") cell"#]
    );
}

#[test]
fn loops_show_the_object_then_the_iterator() {
    assert_eq!(
        in_function("l = [1]", "for i in l: pass"),
        [
            "GetIter [1]",
            "GotIter list_iterator",
            "ForIter list_iterator",
            "BackEdge { pure: false }",
            "ForIter list_iterator",
        ]
    );
    assert_eq!(in_function("l = [1]\ndef g(): yield from l", "for i in g(): pass")[0], "Call g");
    let source = "l = [1]\ndef f(): yield from l\nfor i in f(): pass";
    assert_eq!(
        announced(source, &What::default()),
        [
            "Entry",
            "GetIter [1]",
            "GotIter list_iterator",
            "ForIter list_iterator",
            "ForIter list_iterator"
        ]
    );
}

#[test]
fn a_loop_is_pure_if_it_only_looks() {
    let setup = "
class Box: n = 0; done = property(lambda self: self.n)
box = Box()
box.l = [0]
def end(): box.n = 1
";
    let edge = |body: &str| {
        let announced = in_function(setup, body);
        announced.into_iter().find(|line| line.starts_with("BackEdge")).expect(body)
    };
    let (pure, not) = ("BackEdge { pure: true }", "BackEdge { pure: false }");
    // A property is Python that ends the loops, without a call in them.
    let once = "Box.done = property(lambda self: setattr(box, 'n', box.n + 1) or box.n > 3)\n";
    assert_eq!(edge(&format!("{once}while not box.done: pass")), pure);
    assert_eq!(edge(&format!("{once}while box.done is False and box.l[0] == 0: pass")), pure);
    assert_eq!(edge(&format!("{once}while not box.done:\n    if box.l[0]: break")), pure);
    assert_eq!(edge("while box.n < 3: box.n += 1"), not);
    // Which function it is, is known when it is called.
    assert_eq!(edge("while not box.n: end()"), pure);
    assert_eq!(edge("i = 0\nwhile i < 2: i += 1"), not);
    assert_eq!(edge("while box.l: del box.l[0]"), not);
}

#[test]
fn what_is_read_as_a_whole_is_shown() {
    let setup = "l = [1, 2]\nd = {}";
    assert_eq!(in_function(setup, "a, b = l"), ["Read [1, 2]"]);
    assert_eq!(in_function(setup, "a, *b = l"), ["Read [1, 2]"]);
    assert_eq!(in_function(setup, "[*l]"), ["Read [1, 2]"]);
    assert_eq!(in_function(setup, "{*l}"), ["Read [1, 2]"]);
    assert_eq!(in_function(setup, "{**d}"), ["Read {}"]);
    assert_eq!(in_function(setup, "f'{l}'"), ["Read [1, 2]"]);
    assert_eq!(in_function(setup, "f'{l!r}'"), ["Read [1, 2]"]);
    assert_eq!(in_function(setup, "f'{d!s:>4}'"), ["Read {}"]);
    assert_eq!(in_function(setup, "dict(**d)"), ["Read {}", "Call dict"]);
    assert_eq!(in_function(setup, "[1, 2, 3]"), [""; 0]);
}

#[test]
fn operators_show_both_sides_unless_one_is_a_number() {
    let setup = "l = [1]\nn = 1\ns = 'a'";
    assert_eq!(in_function(setup, "l + l"), ["Operator { inplace: false } [1] [1]"]);
    assert_eq!(in_function("", "l = [1]\nl += [2]"), ["Operator { inplace: true } [1] [2]"]);
    assert_eq!(in_function("", "l = [1]\nl *= 2"), ["Operator { inplace: true } [1] 2"]);
    assert_eq!(in_function("", "l = []\nl += 'a'"), ["Operator { inplace: true } [] 'a'"]);
    assert_eq!(in_function(setup, "'%s' % l"), ["Operator { inplace: false } '%s' [1]"]);
    assert_eq!(in_function(setup, "l == l"), ["Operator { inplace: false } [1] [1]"]);
    assert_eq!(in_function(setup, "n + 1\n2 - n\nn == 1\ns + 'b'\n'b' + s"), [""; 0]);
    assert_eq!(in_function("", "n = 1\nn += 1\nn -= 2.5"), [""; 0]);
}

#[test]
fn truth_is_shown_unless_it_is_a_bool_already() {
    let setup = "l = [1]";
    assert_eq!(in_function(setup, "if l: pass"), ["Truth [1]"]);
    assert_eq!(in_function(setup, "return not l"), ["Truth [1]"]);
    assert_eq!(in_function(setup, "return l and 2"), ["Truth [1]"]);
    assert_eq!(in_function(setup, "if l is None: pass"), [""; 0]);
    assert_eq!(in_function(setup, "n = 1\nif n == 2: pass"), [""; 0]);
    assert_eq!(in_function(setup, "n = 1\nreturn not n < 2"), [""; 0]);
}

#[test]
fn calls_show_the_callable_and_the_first_argument() {
    let setup =
        "l = [1]\nd = {}\ndef g(*a, **k): pass\nclass C:\n    def m(self, *a): pass\nc = C()";
    assert_eq!(in_function(setup, "g()"), ["Call g"]);
    assert_eq!(in_function(setup, "g(1, 2)"), ["Call g 1"]);
    assert_eq!(in_function(setup, "g(1, k=2)"), ["Call g 1"]);
    assert_eq!(in_function(setup, "g(k=2)"), ["Call g"]);
    assert_eq!(in_function(setup, "g(*l, 5, **d)"), ["Read [1]", "Read {}", "Call g"]);
    assert_eq!(in_function(setup, "g(*l)"), ["Read [1]", "Call g"]);
    assert_eq!(in_function(setup, "c.m(7)"), [r#"LoadAttr("m") C"#, "Call method 7"]);
    assert_eq!(in_function(setup, "l.append(7)"), [r#"LoadAttr("append") [1]"#, "Call append 7"]);
    assert_eq!(in_function(setup, "C.m(c)"), [r#"LoadAttr("m") C"#, "Call m C"]);
    assert_eq!(in_function(setup, "@g\ndef h(): pass"), ["Call g h"]);
    assert_eq!(in_function(setup, "class D: pass"), [""; 0]);
    assert_eq!(in_function("", "(i for i in ())"), [""; 0]);
}

#[test]
fn a_with_statement_is_not_a_call() {
    let setup = "class C:\n    def __enter__(self): pass\n    def __exit__(self, *a): return True";
    assert_eq!(in_function(setup, "with C(): pass"), ["Call C"]);
    // What `__exit__` returns is asked for its truth.
    assert_eq!(in_function(setup, "with C():\n    1 / 0"), ["Call C", "Truth True"]);
}

#[test]
fn values_come_after_the_reads() {
    let what = What { values: true, ..What::default() };
    let setup = "class C: n = 5\nl = [6]";
    assert_eq!(with(setup, "C.n", &what), [r#"LoadAttr("n") C"#, "Value 5"]);
    assert_eq!(with(setup, "l[0]", &what), ["LoadItem [6] 0", "Value 6"]);
    assert_eq!(
        with(setup, "l.append(1)", &what),
        [r#"LoadAttr("append") [6]"#, "Value append", "Call append 1"]
    );
    let source = "g = 1\ndef f(): global g; g = g; g()\ng = print\nf()";
    assert_eq!(
        announced(&source.replace("print", "int"), &what)[..6],
        [
            "Entry",
            r#"LoadGlobal("g")"#,
            "Value int",
            r#"StoreGlobal("g") int"#,
            r#"LoadGlobal("g")"#,
            "Value int"
        ]
    );
    assert_eq!(
        with(setup, "x = 1\nlambda: x\nx", &what),
        [r#"StoreCell("x") cell 1"#, r#"LoadCell("x") cell"#, "Value 1"]
    );
    assert_eq!(
        with("", "for i in [3]: pass", &what)[..2],
        ["ForIter tuple_iterator", "Value 3"].map(str::to_owned)
    );
}

#[test]
fn a_generator_is_entered_again_behind_each_yield() {
    let source = "def f():\n    yield 1\n    yield 2\nfor i in f(): pass";
    assert_eq!(announced(source, &What::default()), ["Entry", "Entry", "Entry"]);
}

#[test]
fn functions_and_generators_announce_where_they_go_back() {
    let source = "def f():\n    yield 1\n    return 2\nfor i in f(): pass";
    let announced = announced_with_ends(source, &What::default());
    assert_eq!(announced, ["Entry", "Leave", "Entry", "Leave"]);
}

#[test]
fn references_that_are_given_up_are_shown() {
    let what = What { drops: true, ..What::default() };
    let setup = "class C: pass\ndef new(): return C()\nclass D: pass";
    // Behind each that gives up something nothing is shown: there it may die.
    let shown = |body: &str| {
        let all = with(setup, body, &what);
        all.into_iter().filter(|line| line != "Drop" && line != "Call new").collect::<Vec<_>>()
    };
    assert_eq!(shown("x = new()\nx = 5\ndel x"), ["Drop C", "Drop 5"]);
    assert_eq!(shown("new()"), ["Drop C"]);
    assert_eq!(shown("x = new()\ny = D()"), ["Call D", "End None C D"]);
    assert_eq!(shown("x = new()\nreturn x"), ["End C C"]);
    // It may have no value: nothing is shown of it, and nothing is raised.
    assert_eq!(shown("for i in ():\n    x = i"), ["ForIter tuple_iterator"]);
    let mut comprehension = shown("x = 1\n[x for x in (2,)]");
    comprehension.retain(|line| line.starts_with("Drop"));
    assert_eq!(comprehension, ["Drop [2]"]);
}
