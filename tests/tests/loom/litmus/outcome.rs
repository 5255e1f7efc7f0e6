//! What a program returns, as Python shows it.

use super::machine::End;

/// `repr(value)`.
pub(crate) trait Repr {
    fn repr(&self) -> String;
}

impl Repr for i64 {
    fn repr(&self) -> String {
        self.to_string()
    }
}

impl Repr for bool {
    fn repr(&self) -> String {
        if *self { "True" } else { "False" }.to_owned()
    }
}

impl Repr for &str {
    fn repr(&self) -> String {
        format!("'{self}'")
    }
}

impl Repr for String {
    fn repr(&self) -> String {
        self.as_str().repr()
    }
}

/// Two different things in one set.
impl<A: Repr, B: Repr> Repr for Result<A, B> {
    fn repr(&self) -> String {
        match self {
            Ok(value) => value.repr(),
            Err(value) => value.repr(),
        }
    }
}

/// A tuple.
impl<A: Repr> Repr for Vec<A> {
    fn repr(&self) -> String {
        let parts: Vec<String> = self.iter().map(Repr::repr).collect();
        if let [part] = parts.as_slice() {
            format!("({part},)")
        } else {
            format!("({})", parts.join(", "))
        }
    }
}

impl<A: Repr, B: Repr> Repr for (A, B) {
    fn repr(&self) -> String {
        format!("({}, {})", self.0.repr(), self.1.repr())
    }
}

impl<A: Repr, B: Repr, C: Repr> Repr for (A, B, C) {
    fn repr(&self) -> String {
        format!("({}, {}, {})", self.0.repr(), self.1.repr(), self.2.repr())
    }
}

/// The end of a program that returns this.
pub(crate) fn returned(value: impl Repr) -> End<String> {
    Ok(value.repr())
}

/// `tuple(sorted(values))`.
pub(crate) fn sorted<V: Ord>(mut values: Vec<V>) -> Vec<V> {
    values.sort();
    values
}
