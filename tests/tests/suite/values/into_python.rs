//! Rust to Python, where it is no round trip.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use togil::vm::AsObject;
use togil::{Bytes, to_python};

use super::{repr, shown, with_python};

#[test]
fn sets_become_lists() {
    with_python(|py| {
        assert_eq!(shown(py, &BTreeSet::from([2, 1])), "[1, 2]");
        assert_eq!(shown(py, "borrowed"), "'borrowed'");
        assert_eq!(shown(py, &[1_u8, 2][..]), "[1, 2]");
    });
}

#[test]
fn types_are_pythons_own() {
    with_python(|py| {
        let ctx = &py.vm().ctx;
        let same = |value: bool| to_python(py, &value).expect("a bool").is(&ctx.new_bool(value));
        assert!(same(true) && same(false));
        assert!(to_python(py, &5).expect("an int").class().is(ctx.types.int_type));
        assert!(to_python(py, &1.0_f32).expect("a float").class().is(ctx.types.float_type));
        assert!(to_python(py, &[0; 2]).expect("a tuple").class().is(ctx.types.tuple_type));
    });
}

#[test]
fn bytes_move_into_the_object() {
    with_python(|py| {
        let bytes = Bytes(vec![7; 100_000]);
        let address = bytes.as_ptr();
        let object = bytes.into_python(py);
        let seen: &[u8] = togil::from_python_borrowed(py, &object).expect("bytes");
        assert_eq!((seen.as_ptr(), seen.len()), (address, 100_000));
    });
}

#[test]
fn errors_say_where() {
    #[derive(Serialize)]
    struct Outer {
        inner: Vec<BTreeMap<Vec<u8>, u8>>,
    }
    #[derive(Serialize)]
    enum Choice {
        One(Broken),
        Two(u8, Broken),
        Three { field: Broken },
    }
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken on purpose"))
        }
    }
    with_python(|py| {
        let value = Outer { inner: vec![BTreeMap::new(), BTreeMap::from([(vec![1, 2], 3)])] };
        let error = to_python(py, &value).expect_err("a list as a key");
        let text = "at .inner[1][[1, 2]]: expected a hashable key, found list [1, 2]";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.path(), ".inner[1][[1, 2]]");
        let path = |value: Choice| {
            let error = to_python(py, &value).expect_err("broken");
            assert_eq!(error.message(), "broken on purpose");
            error.path()
        };
        assert_eq!(path(Choice::One(Broken)), ".One");
        assert_eq!(path(Choice::Two(1, Broken)), ".Two[1]");
        assert_eq!(path(Choice::Three { field: Broken }), ".Three.field");
        let keyed = BTreeMap::from([("two words", BTreeMap::from([(5, Broken)]))]);
        let error = to_python(py, &keyed).expect_err("broken");
        assert_eq!(error.path(), "[\"two words\"][5]");
    });
}

#[test]
fn nesting_has_a_limit() {
    #[derive(Serialize)]
    struct Link(Option<Box<Link>>);
    let chain = |length: usize| (0..length).fold(Link(None), |next, _| Link(Some(Box::new(next))));
    with_python(|py| {
        assert_eq!(repr(py, &to_python(py, &chain(255)).expect("not too deep")), "None");
        let error = to_python(py, &chain(256)).expect_err("too deep");
        let text = "expected at most 256 levels of nesting, found more \
            (does the value contain itself?)";
        assert_eq!(error.to_string(), text);
    });
}
