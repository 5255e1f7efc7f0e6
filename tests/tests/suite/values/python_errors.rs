//! What [`PythonError`] keeps of an exception.

use std::error::Error;

use togil::{Python, PythonError};

use super::with_python;

#[track_caller]
fn raised(py: Python<'_>, source: &str) -> PythonError {
    let exception = py.run_string(py.new_scope_with_builtins(), source, "<test>");
    PythonError::new(py, exception.expect_err(source))
}

/// The traceback in Python's own words, less the markers under the source lines.
fn expected(py: Python<'_>, error: &PythonError) -> String {
    let vm = py.vm();
    let traceback = py.import("traceback", 0).expect("the module");
    let exception = error.object().bind(py).to_owned();
    let lines = vm.call_method(&traceback, "format_exception", (exception,)).expect("lines");
    let lines: Vec<String> = togil::from_python(py, &lines).expect("strings");
    let lines = lines.concat();
    let is_marker = |line: &&str| line.trim().chars().all(|c| "~^".contains(c)) && line.len() > 1;
    lines.split_inclusive('\n').filter(|line| !is_marker(line)).collect()
}

#[test]
fn texts_are_pythons() {
    with_python(|py| {
        for source in [
            "1 / 0",
            "raise ValueError",
            "raise OSError(2, 'No such file')",
            "raise KeyError('k')",
            "class E(Exception):\n  def __str__(self): return 'custom\\nlines'\nraise E(1, 2)",
            "import json\njson.loads('{')",
            "try: 1 / 0\nexcept ZeroDivisionError as e: raise ValueError('later') from e",
            "try: 1 / 0\nexcept ZeroDivisionError: raise ValueError('later')",
            "try: 1 / 0\nexcept ZeroDivisionError: raise ValueError('later') from None",
            "e = ValueError('with notes')\ne.add_note('one')\ne.add_note('two')\nraise e",
            "print(undefinde)",
            "[].apend",
            "from json import load\nload(5)",
            "raise Exception from None",
            "raise SystemExit(3)",
            "def f(): raise TypeError('deep')\ndef g(): f()\ng()",
        ] {
            let error = raised(py, source);
            assert_eq!(error.traceback(), expected(py, &error), "{source}");
        }
    });
}

#[test]
fn syntax_errors_show_the_place() {
    with_python(|py| {
        let text = raised(py, "eval('1 +')").traceback().to_owned();
        assert!(text.starts_with("Traceback (most recent call last):\n  File \"<test>\", line 1"));
        assert!(text.contains("\n  File \"<string>\", line 1\n    1 +\n"), "{text}");
        assert_eq!(text.matches("Traceback").count(), 1, "{text}");
        assert!(text.ends_with("SyntaxError: invalid syntax\n"), "{text}");
    });
}

#[test]
fn type_and_message() {
    with_python(|py| {
        let error = raised(py, "import json\njson.loads('{')");
        assert_eq!(error.type_name(), "json.decoder.JSONDecodeError");
        assert!(
            error.to_string().starts_with("json.decoder.JSONDecodeError: Expecting"),
            "{error}"
        );
        let error = raised(py, "class E(Exception): pass\nraise E()");
        assert_eq!((error.type_name(), error.message()), ("E", ""));
        assert_eq!(error.to_string(), "E");
        let error = raised(py, "class E(Exception):\n  def __str__(self): 1/0\nraise E()");
        assert_eq!(error.message(), "<exception str() failed>");
    });
}

#[test]
fn causes_are_sources() {
    with_python(|py| {
        let error = raised(
            py,
            "try:\n  try: 1 / 0\n  except Exception as e: raise ValueError('second') from e
except Exception: raise KeyError('third')",
        );
        let second = error.source().expect("a context");
        assert_eq!(second.to_string(), "ValueError: second");
        let first = second.source().expect("a cause");
        assert_eq!(first.to_string(), "ZeroDivisionError: division by zero");
        assert!(first.source().is_none());
        let error = raised(py, "try: 1 / 0\nexcept Exception: raise ValueError() from None");
        assert!(error.source().is_none());
    });
}

#[test]
fn chains_without_an_end() {
    with_python(|py| {
        let error = raised(
            py,
            "a, b = ValueError('a'), ValueError('b')
a.__cause__, b.__cause__ = b, a
raise a",
        );
        assert_eq!(error.source().expect("a cause").to_string(), "ValueError: b");
        assert!(error.source().and_then(Error::source).is_none());
        let error = raised(
            py,
            "e = None
for n in range(100_000):
    new = ValueError(n)
    new.__cause__ = e
    e = new
raise e",
        );
        let mut length = 0;
        let mut last: &dyn Error = &error;
        while let Some(source) = last.source() {
            (length, last) = (length + 1, source);
        }
        assert_eq!((length, last.to_string()), (64, "ValueError: 99935".to_owned()));
        // The chain of objects itself is taken apart link by link.
        error.object().bind(py).set_attr("__cause__", py.vm().ctx.none(), py.vm()).expect("set");
    });
}
