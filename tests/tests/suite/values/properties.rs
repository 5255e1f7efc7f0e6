//! Round trips of whatever quickcheck makes up.

use std::collections::BTreeMap;

use quickcheck::{Arbitrary, Gen, QuickCheck};
use serde::{Deserialize, Serialize};
use togil::{BigInt, Bytes, Interpreter, from_python, to_python};

/// A bit of everything, nested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Tree {
    Nothing,
    Flag(bool),
    Small(i8),
    Wide(i128),
    Unsigned(u128),
    Huge(Digits),
    Real(f64),
    Single(f32),
    Letter(char),
    Text(String),
    Data(Bytes),
    Maybe(Option<Box<Tree>>),
    Pair(Box<Tree>, u16),
    Many(Vec<Tree>),
    Map(BTreeMap<(i16, Option<String>), Tree>),
    Record { id: u64, tags: BTreeMap<String, Vec<Tree>>, unit: () },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Digits(BigInt);

impl Tree {
    fn make(g: &mut Gen, depth: usize) -> Self {
        let leaves = 11;
        let kinds: Vec<u8> = (0..if depth == 0 { leaves } else { 16 }).collect();
        let inner = |g: &mut Gen| Self::make(g, depth - 1);
        let few = |g: &mut Gen| -> Vec<Self> {
            let length = usize::arbitrary(g) % 4;
            (0..length).map(|_| Self::make(g, depth - 1)).collect()
        };
        match g.choose(&kinds).expect("not empty") {
            0 => Self::Nothing,
            1 => Self::Flag(bool::arbitrary(g)),
            2 => Self::Small(i8::arbitrary(g)),
            3 => Self::Wide(i128::arbitrary(g)),
            4 => Self::Unsigned(u128::arbitrary(g)),
            5 => Self::Huge(Digits(big(g))),
            6 => Self::Real(number(f64::arbitrary(g))),
            7 => Self::Single(number(f64::from(f32::arbitrary(g))) as f32),
            8 => Self::Letter(char::arbitrary(g)),
            9 => Self::Text(String::arbitrary(g)),
            10 => Self::Data(Bytes(Vec::arbitrary(g))),
            11 => Self::Maybe(bool::arbitrary(g).then(|| Box::new(inner(g)))),
            12 => Self::Pair(Box::new(inner(g)), u16::arbitrary(g)),
            13 => Self::Many(few(g)),
            14 => {
                let values = few(g);
                Self::Map(
                    values.into_iter().map(|value| (Arbitrary::arbitrary(g), value)).collect(),
                )
            }
            _ => {
                let tags =
                    few(g).into_iter().map(|tag| (String::arbitrary(g), vec![tag])).collect();
                Self::Record { id: u64::arbitrary(g), tags, unit: () }
            }
        }
    }
}

/// NaN is not equal to itself.
fn number(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

fn big(g: &mut Gen) -> BigInt {
    let digits: Vec<u32> = Vec::arbitrary(g);
    let digits: String = digits.iter().map(ToString::to_string).collect();
    let sign = if bool::arbitrary(g) { "-" } else { "" };
    format!("{sign}0{digits}").parse().expect("digits")
}

impl Arbitrary for Tree {
    fn arbitrary(g: &mut Gen) -> Self {
        Self::make(g, 4)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        match self {
            Self::Many(trees) => Box::new(trees.shrink().map(Self::Many)),
            Self::Pair(tree, _) | Self::Maybe(Some(tree)) => {
                Box::new(std::iter::once((**tree).clone()))
            }
            Self::Map(map) => Box::new(map.values().cloned().collect::<Vec<_>>().into_iter()),
            Self::Record { tags, .. } => {
                Box::new(tags.values().flatten().cloned().collect::<Vec<_>>().into_iter())
            }
            Self::Text(text) => Box::new(text.shrink().map(Self::Text)),
            _ => quickcheck::empty_shrinker(),
        }
    }
}

#[test]
fn a_tree_comes_back_as_it_went() {
    let interpreter = Interpreter::builder().build().expect("the interpreter starts");
    let handle = interpreter.handle();
    let comes_back = move |tree: Tree| {
        handle.attach(|py| {
            let object = to_python(py, &tree).expect("it goes in");
            from_python::<Tree>(py, &object).expect("it comes back") == tree
        })
    };
    QuickCheck::new().tests(400).quickcheck(Property(comes_back));
    assert_eq!(interpreter.finalize(None), 0);
}

#[test]
fn python_sees_a_tree_as_it_sees_its_own_copy() {
    let interpreter = Interpreter::builder().build().expect("the interpreter starts");
    let handle = interpreter.handle();
    let copies = move |tree: Tree| {
        handle.attach(|py| {
            let vm = py.vm();
            let object = to_python(py, &tree).expect("it goes in");
            let text = object.repr(vm).expect("a repr").to_string();
            let scope = py.new_scope_with_builtins();
            let source = format!("inf = float('inf')\n{text}");
            let copy = py.run_block_expr(scope, &source).expect("a literal");
            vm.bool_eq(&object, &copy).expect("comparable")
                && from_python::<Tree>(py, &copy).expect("it comes back") == tree
        })
    };
    QuickCheck::new().tests(100).quickcheck(Property(copies));
    assert_eq!(interpreter.finalize(None), 0);
}

/// quickcheck itself takes only functions that capture nothing.
struct Property<F>(F);

impl<F: Fn(Tree) -> bool + 'static> quickcheck::Testable for Property<F> {
    fn result(&self, g: &mut Gen) -> quickcheck::TestResult {
        let tree = Tree::arbitrary(g);
        if (self.0)(tree.clone()) {
            return quickcheck::TestResult::passed();
        }
        // The smallest that still fails.
        let mut smallest = tree;
        while let Some(smaller) = smallest.shrink().find(|smaller| !(self.0)(smaller.clone())) {
            smallest = smaller;
        }
        quickcheck::TestResult::error(format!("{smallest:?}"))
    }
}
