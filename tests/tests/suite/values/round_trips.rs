//! A table: the Rust value, and the Python value that it becomes and comes back from.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use togil::{BigInt, Bytes, Python};

use super::{get, shown, with_python};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u8);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    Circle(f64),
    Line(i32, i32),
    Box { width: u8, label: Option<String> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Small { size: u8 },
    Named { name: String },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
    Many(Vec<Loose>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    point: Point,
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

#[track_caller]
fn both<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    py: Python<'_>,
    value: T,
    python: &str,
) {
    assert_eq!(shown(py, &value), python);
    assert_eq!(get::<T>(py, python), value, "from {python}");
}

#[test]
fn scalars() {
    with_python(|py| {
        both(py, true, "True");
        both(py, false, "False");
        both(py, (i8::MIN, i8::MAX, u8::MAX), "(-128, 127, 255)");
        both(py, (i16::MIN, u16::MAX), "(-32768, 65535)");
        both(py, (i32::MIN, u32::MAX), "(-2147483648, 4294967295)");
        both(py, i64::MIN, "-9223372036854775808");
        both(py, u64::MAX, "18446744073709551615");
        both(py, i128::MIN, "-170141183460469231731687303715884105728");
        both(py, i128::MAX, "170141183460469231731687303715884105727");
        both(py, u128::MAX, "340282366920938463463374607431768211455");
        both(py, 1.5_f32, "1.5");
        both(py, -0.0_f64, "-0.0");
        both(py, 1e300_f64, "1e+300");
        both(py, 'ß', "'ß'");
        both(py, "a\0b \u{1f40d}".to_owned(), "'a\\x00b \u{1f40d}'");
        both(py, String::new(), "''");
        both(py, (), "None");
        both(py, Unit, "None");
    });
}

#[test]
fn floats_keep_their_bits() {
    with_python(|py| {
        let infinities: (f64, f64) = get(py, "(float('inf'), float('-inf'))");
        assert_eq!(infinities, (f64::INFINITY, f64::NEG_INFINITY));
        assert!(get::<f64>(py, "float('nan')").is_nan());
        assert!(get::<f64>(py, "-0.0").is_sign_negative());
        assert_eq!(get::<f32>(py, "0.1"), 0.1_f32);
    });
}

#[test]
fn integers_of_any_size() {
    with_python(|py| {
        let digits = format!("-{}", "1234567890".repeat(40));
        let big: BigInt = digits.parse().expect("digits");
        both(py, big, &digits);
        both(py, BigInt::from(0), "0");
        both(py, vec![BigInt::from(-1), BigInt::from(u64::MAX)], "[-1, 18446744073709551615]");
        both(py, BigInt::from(i128::MIN), &i128::MIN.to_string());
        let shifted: BigInt = get(py, "1 << 128");
        assert_eq!(shifted.to_string(), "340282366920938463463374607431768211456");
        assert!(u128::try_from(&shifted).is_err());
        assert_eq!(i128::try_from(&BigInt::from(-7)), Ok(-7));
        assert!("12a".parse::<BigInt>().is_err() && "--1".parse::<BigInt>().is_err());
    });
}

#[test]
fn big_integers_in_json_are_numbers_or_digits() {
    for text in ["-5", "18446744073709551615", "\"36893488147419103232\""] {
        let big: BigInt = serde_json::from_str(text).expect("an integer");
        assert_eq!(serde_json::to_string(&big).expect("JSON"), text);
    }
}

#[test]
fn containers() {
    with_python(|py| {
        both(py, Some(5), "5");
        both(py, None::<i32>, "None");
        both(py, Some(Some("x".to_owned())), "'x'");
        both(py, vec![Some(1), None], "[1, None]");
        both(py, Vec::<u8>::new(), "[]");
        both(py, (1, "a".to_owned(), 2.5), "(1, 'a', 2.5)");
        both(py, [1, 2, 3], "(1, 2, 3)");
        both(py, Bytes(b"\0\xff".to_vec()), "b'\\x00\\xff'");
        both(py, Bytes::default(), "b''");
        both(py, HashMap::from([("k".to_owned(), vec![1])]), "{'k': [1]}");
        both(py, BTreeMap::from([(1, 'a'), (2, 'b')]), "{1: 'a', 2: 'b'}");
        both(py, BTreeMap::from([((1, "x".to_owned()), true)]), "{(1, 'x'): True}");
        both(py, BTreeMap::from([(Bytes(vec![65]), ())]), "{b'A': None}");
        both(py, BTreeMap::from([(None, 0), (Some(false), 1)]), "{None: 0, False: 1}");
        both(py, "127.0.0.1".parse::<IpAddr>().expect("an address"), "'127.0.0.1'");
    });
}

#[test]
fn structs_and_enums() {
    with_python(|py| {
        both(py, Newtype(3), "3");
        both(py, Pair(3, "c".into()), "(3, 'c')");
        both(py, Point { x: -1, y: Some(2.0) }, "{'x': -1, 'y': 2.0}");
        both(py, Point { x: 0, y: None }, "{'x': 0, 'y': None}");
        both(py, Shape::Nothing, "'Nothing'");
        both(py, Shape::Circle(0.5), "{'Circle': 0.5}");
        both(py, Shape::Line(1, 2), "{'Line': (1, 2)}");
        both(py, Shape::Box { width: 1, label: None }, "{'Box': {'width': 1, 'label': None}}");
        both(py, Ok::<u8, String>(1), "{'Ok': 1}");
        both(py, BTreeMap::from([("a".to_owned(), Shape::Nothing)]), "{'a': 'Nothing'}");
    });
}

#[test]
fn other_representations_of_enums() {
    with_python(|py| {
        both(py, Tagged::Small { size: 2 }, "{'kind': 'small', 'size': 2}");
        both(py, Tagged::Named { name: "n".into() }, "{'kind': 'named', 'name': 'n'}");
        both(
            py,
            Loose::Many(vec![Loose::Number(1), Loose::Text("t".into()), Loose::Many(vec![])]),
            "[1, 't', []]",
        );
        let rest = BTreeMap::from([("extra".to_owned(), 9)]);
        both(
            py,
            Flat { id: 1, point: Point { x: 2, y: None }, rest },
            "{'id': 1, 'x': 2, 'y': None, 'extra': 9}",
        );
    });
}
