//! Conversions while other threads change what is converted.

use std::collections::HashMap;

use togil::{Interpreter, Python, from_python, to_python};

use super::{eval, with_python};

/// Starts threads that change `shared`, and stops them with `done.set()`.
const CHANGING: &str = "
import threading
done = threading.Event()
def change():
    n = 0
    while not done.is_set():
        n += 1
        shared_list.append(n)
        shared_dict[n] = n
        shared_set.add(n)
        if n % 50 == 0:
            shared_list.clear()
            shared_dict.clear()
            shared_set.clear()
shared_list, shared_dict, shared_set = [], {}, set()
threads = [threading.Thread(target=change) for _ in range(2)]
for thread in threads: thread.start()
def stop():
    done.set()
    for thread in threads: thread.join()
(shared_list, shared_dict, shared_set, shared_dict.items(), stop)
";

#[test]
fn what_changes_meanwhile_is_read_as_it_was_once() {
    with_python(|py| {
        let shared = eval(py, CHANGING);
        let [list, dict, set, view, stop] =
            from_python::<[togil::PyHandle; 5]>(py, &shared).expect("five objects");
        // As long as this takes, the others run: in parallel, or when this thread lets them.
        for _ in 0..300 {
            let numbers: Vec<i64> = from_python(py, list.bind(py)).expect("a list");
            assert!(numbers.iter().all(|n| *n > 0));
            let numbers: HashMap<i64, i64> = from_python(py, dict.bind(py)).expect("a dict");
            assert!(numbers.iter().all(|(key, value)| key == value));
            let numbers: Vec<i64> = from_python(py, set.bind(py)).expect("a set");
            assert!(numbers.iter().all(|n| *n > 0));
            let pairs: Vec<(i64, i64)> = from_python(py, view.bind(py)).expect("a view");
            assert!(pairs.iter().all(|(key, value)| key == value));
            py.detach(std::thread::yield_now);
        }
        stop.bind(py).call((), py.vm()).expect("they stop");
    });
}

#[test]
fn a_mapping_that_changes_while_it_is_iterated_over_is_an_error() {
    with_python(|py| {
        let source = "class M(dict):
    def items(self):
        for pair in super().items():
            self[len(self)] = 0
            yield pair
M({-1: 0, -2: 0})";
        let error = super::error::<HashMap<i64, i64>>(py, source);
        assert_eq!(error, "Python raised RuntimeError: dictionary changed size during iteration");
    });
}

#[test]
fn a_small_stack_is_not_overrun() {
    let interpreter = Interpreter::builder().build().expect("the interpreter starts");
    let handle = interpreter.handle();
    let body = move || {
        handle.attach(|py| {
            let object = eval(py, "loop = []\nloop.append(loop)\nloop");
            let error = from_python::<Wide>(py, &object).expect_err("it has no end");
            error.message().to_owned()
        })
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(body).expect("a thread");
    assert_eq!(
        thread.join().expect("it has not failed"),
        "expected a value that fits the native stack, found deeper nesting than the stack of \
         this thread has room for"
    );
    assert_eq!(interpreter.finalize(None), 0);
}

/// Takes much of the stack at each level.
#[derive(Debug)]
struct Wide;

impl<'de> serde::Deserialize<'de> for Wide {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wide = std::hint::black_box([1_u8; 8 << 10]);
        let inner = Vec::<Self>::deserialize(deserializer);
        std::hint::black_box(&wide);
        inner.map(|_| Self)
    }
}

#[test]
fn threads_convert_at_once() {
    let interpreter = Interpreter::builder().build().expect("the interpreter starts");
    let handle = interpreter.handle();
    let body = |py: Python<'_>| {
        for n in 0..200_u64 {
            let value: Vec<(u64, String)> = (0..20).map(|i| (i * n, format!("{i}"))).collect();
            let object = to_python(py, &value).expect("it goes in");
            let object = togil::PyHandle::new(py, object);
            let object = to_python(py, &vec![object]).expect("it goes in");
            let back: Vec<Vec<(u64, String)>> = from_python(py, &object).expect("it comes back");
            assert_eq!(back, [value]);
        }
    };
    let threads: Vec<_> =
        (0..4).map(|i| handle.spawn(format!("converter {i}"), body).expect("a thread")).collect();
    for thread in threads {
        thread.join().expect("no thread failed");
    }
    assert_eq!(interpreter.finalize(None), 0);
}
