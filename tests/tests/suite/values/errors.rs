//! The exact texts of errors: where, what was expected, what was found.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use togil::{BigInt, Bytes};

use super::{error, read, with_python};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read by Debug")]
struct User {
    name: String,
    age: u8,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read by Debug")]
struct Team {
    users: Vec<User>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read by Debug")]
enum Shape {
    Nothing,
    Circle(f64),
    Box { width: u8 },
}

#[test]
fn scalars() {
    with_python(|py| {
        assert_eq!(error::<i64>(py, "'7'"), "expected i64, found str '7'");
        assert_eq!(error::<i64>(py, "7.0"), "expected i64, found float 7.0");
        assert_eq!(error::<i64>(py, "True"), "expected i64, found bool True");
        assert_eq!(error::<u8>(py, "300"), "expected u8, found int 300");
        assert_eq!(error::<u8>(py, "-1"), "expected u8, found int -1");
        assert_eq!(error::<i64>(py, "2 ** 63"), "expected i64, found int 9223372036854775808");
        assert_eq!(error::<u128>(py, "1 << 4000"), "expected u128, found <int of 4001 bits>");
        assert_eq!(error::<BigInt>(py, "'1'"), "expected an integer, found str '1'");
        assert_eq!(error::<f64>(py, "'x'"), "expected f64, found str 'x'");
        assert_eq!(error::<f64>(py, "False"), "expected f64, found bool False");
        assert_eq!(error::<f64>(py, "10 ** 400"), "expected f64, found <int of 1329 bits>");
        assert_eq!(error::<bool>(py, "1"), "expected a boolean, found int 1");
        assert_eq!(error::<String>(py, "None"), "expected a string, found None");
        assert_eq!(error::<String>(py, "b'x'"), "expected a string, found bytes b'x'");
        assert_eq!(error::<String>(py, "'\\ud800'"), "expected a string, found str '\\ud800'");
        assert_eq!(error::<char>(py, "'ab'"), "expected a character, found str 'ab'");
        assert_eq!(error::<()>(py, "0"), "expected unit, found int 0");
        assert_eq!(error::<Bytes>(py, "'x'"), "expected bytes, found str 'x'");
        assert_eq!(error::<Bytes>(py, "[1]"), "expected bytes, found list [1]");
        let text = error::<Bytes>(py, "memoryview(b'abcd')[::2]");
        assert_eq!(text, "expected bytes in one piece, found <memory>");
    });
}

#[test]
fn paths() {
    with_python(|py| {
        let team = |users| error::<Team>(py, &format!("{{'users': [{users}]}}"));
        assert_eq!(
            team("{'name': 'A', 'age': 1}, {'name': 7, 'age': 1}"),
            "at .users[1].name: expected a string, found int 7"
        );
        assert_eq!(
            team("{'name': 'A'}"),
            "at .users[0]: missing field `age` in dict {'name': 'A'}"
        );
        assert_eq!(
            team("{'name': 'A', 'agee': 1}"),
            "at .users[0].agee: unknown field `agee`, expected `name` or `age`"
        );
        assert_eq!(team("{1: 2}"), "at .users[0][1]: expected field identifier, found int 1");
        assert_eq!(
            error::<HashMap<String, HashMap<i64, bool>>>(py, "{'two words': {5: 0}}"),
            "at [\"two words\"][5]: expected a boolean, found int 0"
        );
        assert_eq!(
            error::<BTreeMap<(u8, u8), u8>>(py, "{(1, 'x'): 0}"),
            "at [(1, 'x')][1]: expected u8, found str 'x'"
        );
    });
}

#[test]
fn sequences_and_mappings() {
    with_python(|py| {
        let seq = |source| error::<Vec<u8>>(py, source);
        assert_eq!(seq("'text'"), "expected a sequence, found str 'text'");
        assert_eq!(seq("{1: 2}"), "expected a sequence, found dict {1: 2}");
        assert_eq!(seq("7"), "expected a sequence, found int 7");
        assert_eq!(seq("print"), "expected a sequence, found <built-in function print>");
        let pair = |source| error::<(u8, u8)>(py, source);
        assert_eq!(pair("(1,)"), "expected a tuple of size 2, found tuple (1,)");
        assert_eq!(pair("[1, 2, 3]"), "expected 2 items, found more in list [1, 2, 3]");
        let map = |source| error::<HashMap<String, u8>>(py, source);
        assert_eq!(map("[1]"), "expected a map, found list [1]");
        assert_eq!(map("'a'"), "expected a map, found str 'a'");
        assert_eq!(map("lambda: 0"), "expected a map, found <function <lambda>>");
        assert_eq!(map("int"), "expected a map, found <class 'int'>");
        assert_eq!(error::<User>(py, "('A', 1)"), "expected struct User, found tuple ('A', 1)");
    });
}

#[test]
fn enums() {
    with_python(|py| {
        let shape = |source| error::<Shape>(py, source);
        let variants = "expected one of `Nothing`, `Circle`, `Box`";
        assert_eq!(shape("'Square'"), format!("unknown variant `Square`, {variants}"));
        assert_eq!(shape("{'Square': 1}"), format!("unknown variant `Square`, {variants}"));
        assert_eq!(shape("7"), "expected enum Shape, found int 7");
        assert_eq!(
            shape("{}"),
            "expected a dict with one key, the name of a variant, found dict {}"
        );
        assert_eq!(
            shape("'Circle'"),
            "expected a dict {\"Circle\": value}, because the variant has a value, found str 'Circle'"
        );
        assert_eq!(shape("{'Circle': 'x'}"), "at .Circle: expected f64, found str 'x'");
        assert_eq!(shape("{'Box': {'width': 'x'}}"), "at .Box.width: expected u8, found str 'x'");
        assert_eq!(shape("{'Nothing': 1}"), "at .Nothing: expected unit, found int 1");
    });
}

#[test]
fn what_was_found_is_short() {
    with_python(|py| {
        let found = |source: &str| {
            let text = error::<bool>(py, source);
            text.strip_prefix("expected a boolean, found ").expect(source).to_owned()
        };
        assert_eq!(found("'x' * 10_000_000"), format!("str '{}...", "x".repeat(59)));
        assert_eq!(found("b'x' * 10_000_000"), format!("bytes b'{}...", "x".repeat(58)));
        assert_eq!(
            found("list(range(10_000_000))"),
            "list [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1..."
        );
        assert_eq!(found("[[[[1]]]]"), "list [[[[...]]]]");
        assert_eq!(found("(1,), set(), {1}, {'a': {}}"), "tuple ((1,), set(), {1}, {'a': {}})");
        assert_eq!(found("class C: pass\nC()"), "<__main__.C object>");
        assert_eq!(found("class C:\n  def __repr__(self): return 'C()'\nC()"), "C C()");
        assert_eq!(found("class C:\n  def __repr__(self): 1/0\nC()"), "<C object>");
        assert_eq!(found("loop = []\nloop.append(loop)\nloop"), "list [[[[...]]]]");
    });
}

#[test]
fn a_value_that_contains_itself() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read by Debug")]
    struct Nested(Vec<Nested>);
    with_python(|py| {
        let error = read::<Nested>(py, "loop = []\nloop.append(loop)\nloop");
        let error = error.expect_err("it has no end");
        let shown = "[0]".repeat(8);
        assert_eq!(error.path(), format!("{shown} (112 more) {shown}"));
        assert_eq!(
            error.message(),
            "expected at most 256 levels of nesting, found more (does the value contain itself?)"
        );
        let error = read::<serde_json::Value>(py, "loop = {}\nloop['me'] = loop\nloop");
        let shown = ".me".repeat(8);
        assert_eq!(error.expect_err("no end").path(), format!("{shown} (240 more) {shown}"));
        // Not every nesting is of containers.
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read by Debug")]
        struct Endless(Option<Box<Endless>>);
        assert_eq!(read::<Endless>(py, "1").expect_err("no end").path(), "");
    });
}

#[test]
fn exceptions_of_python_code_are_kept() {
    with_python(|py| {
        let broken = "class B:
  def __iter__(self): raise ValueError('no luck')
  def __len__(self): return 1
[B()]";
        let error = read::<Vec<Vec<u8>>>(py, broken).expect_err("it raises");
        assert_eq!(error.to_string(), "at [0]: Python raised ValueError: no luck");
        let exception = error.exception().expect("it is kept");
        assert_eq!(exception.type_name(), "ValueError");
        assert!(exception.traceback().contains("in __iter__"), "{}", exception.traceback());

        let error = error_of_generator(py);
        assert_eq!(error, "at [2]: Python raised KeyError: 'gone'");
        let source = "class M(dict):
  def items(self): raise OSError(2, 'No such thing')
M()";
        let text = super::error::<HashMap<String, u8>>(py, source);
        assert_eq!(text, "Python raised FileNotFoundError: [Errno 2] No such thing");
        let source = "from dataclasses import dataclass
@dataclass
class D:
  name: str
  age: int
d = D('x', 1)
del d.age
d";
        let text = super::error::<User>(py, source);
        assert_eq!(
            text,
            "at .age: Python raised AttributeError: 'D' object has no attribute 'age'"
        );
        let source = "class M(dict):
  def items(self): return [1]
M()";
        let text = super::error::<HashMap<String, u8>>(py, source);
        assert_eq!(text, "expected items() to give pairs, found int 1");
    });
}

fn error_of_generator(py: togil::Python<'_>) -> String {
    let source = "def numbers():
  yield 1
  yield 2
  raise KeyError('gone')
numbers()";
    error::<Vec<u8>>(py, source)
}
