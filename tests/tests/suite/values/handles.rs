//! Objects that pass through as they are.

use std::collections::BTreeMap;

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use togil::vm::AsObject;
use togil::{Interpreter, PyHandle, from_python, to_python};

use super::{error, eval, repr, with_python};

#[derive(Debug, Serialize, Deserialize)]
struct Job {
    name: String,
    callback: PyHandle,
    more: Vec<Option<PyHandle>>,
    #[serde(default)]
    by_name: BTreeMap<String, (PyHandle, u8)>,
}

#[test]
fn identity_is_kept() {
    with_python(|py| {
        let source = "f = lambda: 0
{'name': 'j', 'callback': f, 'more': [5, None, f], 'by_name': {'x': (f, 1)}}";
        let object = eval(py, source);
        let job: Job = from_python(py, &object).expect("it fits");
        let f = job.callback.bind(py);
        assert!(job.more[2].as_ref().expect("not None").bind(py).is(f));
        assert!(job.by_name["x"].0.bind(py).is(f));
        assert!(job.more[1].is_none());
        let back = to_python(py, &job).expect("it goes back");
        let vm = py.vm();
        assert!(back.get_item("callback", vm).expect("there").is(f));
        assert_eq!(repr(py, &back), repr(py, &object));
        let handle: PyHandle = from_python(py, &object).expect("any object");
        assert!(handle.bind(py).is(&object));
        assert!(to_python(py, &handle).expect("it goes back").is(&object));
        // What can be hashed can be a key.
        let keyed = to_python(py, &Keyed(vec![(job.callback.clone(), 1)])).expect("a dict");
        assert_eq!(keyed.length(vm).expect("a dict"), 1);
    });
}

#[test]
fn handles_are_called_with_rust_values() {
    #[derive(Serialize)]
    struct Options {
        sep: String,
    }
    with_python(|py| {
        let join = "lambda *args, sep=' ': sep.join(map(repr, args))";
        let join = PyHandle::new(py, eval(py, join));
        assert_eq!(join.call::<String>(py, (1, "a", None::<u8>)).expect("a text"), "1 'a' None");
        assert_eq!(join.call::<String>(py, ()).expect("a text"), "");
        let dash = Options { sep: "-".into() };
        assert_eq!(join.call_with::<String>(py, [1, 2], dash).expect("a text"), "1-2");
        for (error, expected) in [
            (
                join.call::<String>(py, 5).expect_err("no tuple"),
                "cannot convert the arguments: expected a tuple or an array of arguments, found \
                 int; write `(x,)` for one argument",
            ),
            (
                join.call_with::<String>(py, (), 5).expect_err("no map"),
                "cannot convert the keyword arguments: expected a struct or a map, found int",
            ),
            (
                join.call_with::<String>(py, (), BTreeMap::from([(1, 2)])).expect_err("no names"),
                "cannot convert the keyword arguments: expected names (`str`) as keys, found int",
            ),
            (
                join.call::<i64>(py, ()).expect_err("no number"),
                "cannot convert the result: expected i64, found str ''",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
        let error = join.call_with::<String>(py, (), BTreeMap::from([("sep", 1)]));
        let error = error.expect_err("a number joins nothing");
        assert_eq!(error.as_python().expect("an exception").type_name(), "AttributeError");
    });
}

struct Keyed(Vec<(PyHandle, u8)>);

impl Serialize for Keyed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[test]
fn handles_pass_through_serdes_buffers() {
    #[derive(Serialize, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Serialize, Deserialize)]
    struct Inner {
        call: PyHandle,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Call { call: PyHandle },
        Other { other: u8 },
    }
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "kind", content = "content")]
    enum Adjacent {
        Call(PyHandle, u8),
    }
    with_python(|py| {
        let object = eval(py, "{'id': 1, 'call': print}");
        let flat: Flat = from_python(py, &object).expect("it fits");
        assert_eq!(repr(py, &to_python(py, &flat).expect("it goes back")), repr(py, &object));
        let object = eval(py, "{'kind': 'Call', 'call': print}");
        let tagged: Tagged = from_python(py, &object).expect("it fits");
        assert_eq!(repr(py, &to_python(py, &tagged).expect("it goes back")), repr(py, &object));
        let object = eval(py, "{'content': (print, 1), 'kind': 'Call'}");
        let adjacent: Adjacent = from_python(py, &object).expect("it fits");
        let back = to_python(py, &adjacent).expect("it goes back");
        assert_eq!(repr(py, &back), "{'kind': 'Call', 'content': (<built-in function print>, 1)}");
        // Serde has already read the int when the handle is asked for.
        let text = error::<Tagged_>(py, "{'kind': 'Call', 'call': 5}");
        assert!(text.contains("a Python object"), "{text}");
    });
    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "only read by Debug")]
    enum Tagged_ {
        Call { call: PyHandle },
    }
}

const ONLY_HERE: &str = "a PyHandle exists only inside this process: \
    togil::to_python and togil::from_python can convert it, no other serializer can";

#[test]
fn other_serializers_say_no() {
    with_python(|py| {
        let handle = PyHandle::new(py, eval(py, "print"));
        let error = serde_json::to_string(&vec![handle.clone()]).expect_err("not in JSON");
        assert_eq!(error.to_string(), ONLY_HERE);
        assert!(serde_json::from_str::<PyHandle>("[1, 2]").is_err());

        // Also inside of a conversion.
        struct AsJson(PyHandle);
        impl Serialize for AsJson {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let json = serde_json::to_string(&self.0).map_err(S::Error::custom)?;
                serializer.serialize_str(&json)
            }
        }
        let error = to_python(py, &AsJson(handle)).expect_err("not in JSON");
        assert_eq!(error.to_string(), ONLY_HERE);
    });
}

#[test]
fn interpreters_do_not_mix() {
    let first = Interpreter::builder().build().expect("the interpreter starts");
    let second = Interpreter::builder().build().expect("the interpreter starts");
    let handle = first.attach(|py| PyHandle::new(py, eval(py, "[]")));
    second.attach(|py| {
        let error = to_python(py, &vec![&handle]).expect_err("of another interpreter");
        assert_eq!(
            error.to_string(),
            "at [0]: expected a PyHandle of this interpreter, found one of another interpreter: \
             their objects must not mix"
        );
    });
    drop(handle);
    assert_eq!(second.finalize(None), 0);
    assert_eq!(first.finalize(None), 0);
}

#[test]
fn nothing_is_kept_after_a_conversion() {
    with_python(|py| {
        let object = eval(py, "class C: pass\n[C()]");
        let element = object.get_item(&0_usize, py.vm()).expect("an element");
        let before = element.strong_count();
        let handles: Vec<PyHandle> = from_python(py, &object).expect("it fits");
        to_python(py, &handles).expect("it goes back");
        assert!(from_python::<Vec<(PyHandle, u8)>>(py, &object).is_err());
        drop(handles);
        assert_eq!(element.strong_count(), before);
    });
}
