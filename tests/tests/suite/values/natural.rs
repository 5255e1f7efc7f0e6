//! What an object is when the Rust type leaves it open.

use serde::Deserialize;
use serde_json::{Value, json};
use togil::{BigInt, Bytes, PyHandle};

use super::{error, get, with_python};

#[test]
fn json_values() {
    with_python(|py| {
        let json = |source| get::<Value>(py, source);
        assert_eq!(
            json("{'a': [1, -2, 2.5, True, None, 'x'], 'b': ({}, [])}"),
            json!({"a": [1, -2, 2.5, true, null, "x"], "b": [{}, []]})
        );
        assert_eq!(json("2 ** 64 - 1"), json!(u64::MAX));
        assert_eq!(json("{3}"), json!([3]));
        assert_eq!(json("range(2)"), json!([0, 1]));
        assert_eq!(json("import enum\nclass C(enum.Enum): A = 5\nC.A"), json!("A"));
        assert_eq!(json("from types import SimpleNamespace as N\nN(a=1)"), json!({"a": 1}));
        assert_eq!(
            json("from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\nP(1)"),
            json!({"x": 1})
        );
        // A tuple is a tuple, whatever it calls its elements.
        assert_eq!(json("from collections import namedtuple\nnamedtuple('P', 'x')(1)"), json!([1]));
    });
}

#[test]
fn what_json_cannot_hold() {
    with_python(|py| {
        let error = |source| error::<Vec<Value>>(py, source);
        assert_eq!(
            error("[print]"),
            "at [0]: expected any valid JSON value, found <built-in function print>"
        );
        assert_eq!(
            error("[2 ** 70]"),
            "at [0]: expected any valid JSON value, found int 1180591620717411303424"
        );
        assert_eq!(error("[b'x']"), "at [0]: expected any valid JSON value, found bytes b'x'");
        assert_eq!(error("[{1: 2}]"), "at [0][1]: expected a string key, found int 1");
        assert_eq!(
            error("[iter([])]"),
            "at [0]: expected any valid JSON value, found <list_iterator object>"
        );
    });
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Argument {
    Flag(bool),
    Small(i64),
    Big(BigInt),
    Real(f64),
    // In this order: bytes can be made of a list, and strings of bytes.
    List(Vec<Argument>),
    Data(Bytes),
    Text(String),
    Object(PyHandle),
}

fn kind(argument: &Argument) -> String {
    match argument {
        Argument::Flag(value) => format!("bool {value}"),
        Argument::Small(value) => format!("small {value}"),
        Argument::Big(value) => format!("big {value}"),
        Argument::Real(value) => format!("float {value}"),
        Argument::Text(value) => format!("text {value}"),
        Argument::Data(value) => format!("bytes {}", value.len()),
        Argument::List(list) => list.iter().map(kind).collect::<Vec<_>>().join(", "),
        Argument::Object(object) => format!("{object:?}"),
    }
}

#[test]
fn untagged_enums_see_the_type() {
    with_python(|py| {
        let argument: Argument =
            get(py, "[True, 1, 2 ** 63, 2 ** 100, 1.5, 'one', b'12', [1], print, int, iter([])]");
        assert_eq!(
            kind(&argument),
            "bool true, small 1, big 9223372036854775808, big 1267650600228229401496703205376, \
             float 1.5, text one, bytes 2, small 1, \
             PyHandle(<builtin_function_or_method object>), PyHandle(<type object>), \
             PyHandle(<list_iterator object>)"
        );
    });
}
