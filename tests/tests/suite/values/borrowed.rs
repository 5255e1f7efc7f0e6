//! Borrowing from objects that never change.

use std::borrow::Cow;

use serde::Deserialize;
use togil::from_python_borrowed;

use super::{eval, with_python};

#[test]
fn strings_and_bytes_are_borrowed() {
    with_python(|py| {
        let object = eval(py, "('text', b'bytes', ('inner', 5))");
        let (text, bytes, (inner, five)): (&str, &[u8], (&str, u8)) =
            from_python_borrowed(py, &object).expect("it fits");
        assert_eq!((text, bytes, inner, five), ("text", &b"bytes"[..], "inner", 5));
        // The same memory each time: nothing was copied.
        let again: (&str, &[u8], (&str, u8)) = from_python_borrowed(py, &object).expect("it fits");
        assert_eq!((text.as_ptr(), bytes.as_ptr()), (again.0.as_ptr(), again.1.as_ptr()));
    });
}

#[test]
fn what_can_change_is_not_borrowed() {
    with_python(|py| {
        let object = eval(py, "['text']");
        let error = from_python_borrowed::<Vec<&str>>(py, &object).expect_err("a list can change");
        assert_eq!(error.to_string(), "at [0]: expected a borrowed string, found str 'text'");
        let object = eval(py, "bytearray(b'bytes')");
        let error = from_python_borrowed::<&[u8]>(py, &object).expect_err("it can change");
        assert_eq!(
            error.to_string(),
            "expected a borrowed byte array, found bytearray bytearray(b'bytes')"
        );

        #[derive(Deserialize)]
        struct Either<'a>(#[serde(borrow)] Cow<'a, str>);
        let object = eval(py, "'text'");
        let Either(text) = from_python_borrowed(py, &object).expect("it fits");
        assert!(matches!(text, Cow::Borrowed("text")));
        let object = eval(py, "['text']");
        let texts: Vec<Either> = from_python_borrowed(py, &object).expect("it fits");
        assert!(matches!(&texts[0].0, Cow::Owned(text) if text == "text"));
    });
}
