//! What else Python has that fits a Rust type.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use togil::Bytes;

use super::{error, get, with_python};

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: i32,
    y: i32,
    #[serde(default)]
    label: Option<String>,
}

fn point(x: i32, y: i32) -> Point {
    Point { x, y, label: None }
}

#[derive(Debug, PartialEq, Deserialize)]
enum Color {
    Red,
    #[serde(rename = "green")]
    Green,
    Mixed(u8, u8),
}

#[test]
fn numbers() {
    with_python(|py| {
        assert_eq!(get::<f64>(py, "7"), 7.0);
        assert_eq!(get::<f64>(py, "2 ** 100"), 2_f64.powi(100));
        assert_eq!(get::<i64>(py, "class N(int): pass\nN(9)"), 9);
        assert_eq!(get::<f64>(py, "class F(float): pass\nF(0.5)"), 0.5);
        assert_eq!(get::<u8>(py, "import enum\nclass E(enum.IntEnum): A = 4\nE.A"), 4);
        assert_eq!(get::<String>(py, "class S(str): pass\nS('text')"), "text");
    });
}

#[test]
fn bytes() {
    with_python(|py| {
        for source in [
            "b'abc'",
            "bytearray(b'abc')",
            "memoryview(b'abc')",
            "memoryview(bytearray(b'xabcx'))[1:4]",
            "class B(bytes): pass\nB(b'abc')",
            "import array\narray.array('B', b'abc')",
        ] {
            assert_eq!(get::<Bytes>(py, source), Bytes(b"abc".to_vec()), "{source}");
        }
        // A plain `Vec<u8>` is a sequence of ints to serde, and `bytes` are one, too.
        assert_eq!(get::<Vec<u8>>(py, "b'abc'"), b"abc");
        assert_eq!(get::<Vec<u8>>(py, "bytearray(b'abc')"), b"abc");
    });
}

#[test]
fn sequences() {
    with_python(|py| {
        for source in [
            "[1, 2, 3]",
            "(1, 2, 3)",
            "{1, 2, 3}",
            "frozenset([1, 2, 3])",
            "{1: 0, 2: 0, 3: 0}.keys()",
            "{'a': 1, 'b': 2, 'c': 3}.values()",
            "range(1, 4)",
            "(n for n in [1, 2, 3])",
            "map(int, '123')",
            "import collections\ncollections.deque([1, 2, 3], 3)",
            "import array\narray.array('i', [1, 2, 3])",
            "class L(list):\n  def __iter__(self): return iter([1, 2, 3])\nL()",
            "class Old:\n  def __getitem__(self, i): return [1, 2, 3][i]\nOld()",
        ] {
            assert_eq!(get::<BTreeSet<u8>>(py, source), BTreeSet::from([1, 2, 3]), "{source}");
        }
        let items: Vec<(String, u8)> = get(py, "{'a': 1, 'b': 2}.items()");
        assert_eq!(items, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        // As much as is asked for is taken from an endless one, and one more to see that.
        let text = error::<(u8, u8)>(py, "import itertools\nitertools.count()");
        assert_eq!(text, "expected 2 items, found more in count count(3)");
    });
}

#[test]
fn structs() {
    with_python(|py| {
        for source in [
            "{'x': 1, 'y': 2}",
            "from types import SimpleNamespace as N\nN(x=1, y=2)",
            "from types import MappingProxyType as P\nP({'x': 1, 'y': 2})",
            "from collections import OrderedDict as D\nD(x=1, y=2)",
            "from collections import namedtuple\nnamedtuple('P', 'x y')(1, 2)",
            "from typing import NamedTuple\nclass P(NamedTuple):\n  x: int\n  y: int = 2\nP(1)",
            "from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\n  y: int\nP(1, 2)",
            "from dataclasses import dataclass\n@dataclass(slots=True)\nclass P:\n  x: int\n  y: int\nP(1, 2)",
            "class P:\n  def __init__(self): self.x, self.y = 1, 2\nP()",
            "class M:\n  def keys(self): return ['x', 'y']\n  def __getitem__(self, k): return 'xy'.index(k) + 1\nM()",
            "from collections import ChainMap\nChainMap({'x': 1}, {'y': 2, 'x': 3})",
        ] {
            assert_eq!(get::<Point>(py, source), point(1, 2), "{source}");
            let map: HashMap<String, i32> = get(py, source);
            assert_eq!(map, HashMap::from([("x".to_owned(), 1), ("y".to_owned(), 2)]), "{source}");
        }
        let with_more = "{'x': 1, 'y': 2, 'other': print, 'label': 'l'}";
        assert_eq!(get::<Point>(py, with_more).label.as_deref(), Some("l"));
    });
}

#[test]
fn mappings_keep_their_own_order() {
    with_python(|py| {
        let source = "from collections import OrderedDict
d = OrderedDict(a=1, b=2)
d.move_to_end('a')
d";
        // Pairs, in the order in which they come.
        struct Pairs(Vec<(String, i32)>);
        impl<'de> Deserialize<'de> for Pairs {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Pairs;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a map")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Pairs, A::Error> {
                        let mut pairs = Vec::new();
                        while let Some(pair) = map.next_entry()? {
                            pairs.push(pair);
                        }
                        Ok(Pairs(pairs))
                    }
                }
                d.deserialize_map(Visitor)
            }
        }
        let pairs: Pairs = get(py, source);
        assert_eq!(pairs.0, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
    });
}

#[test]
fn keys_of_any_type() {
    with_python(|py| {
        let map: BTreeMap<(i64, Option<String>), bool> =
            get(py, "{(1, 'a'): True, (2, None): False}");
        assert_eq!(map.get(&(2, None)), Some(&false));
        let map: BTreeMap<i64, char> = get(py, "{-5: 'x'}");
        assert_eq!(map, BTreeMap::from([(-5, 'x')]));
    });
}

#[test]
fn enums() {
    with_python(|py| {
        let class = "import enum\nclass C(enum.Enum):\n  Red = 1\n  green = 2\n";
        assert_eq!(get::<Color>(py, &format!("{class}C.Red")), Color::Red);
        assert_eq!(get::<Color>(py, &format!("{class}C.green")), Color::Green);
        // By name, and for a string enum also by value.
        let class = "import enum\nclass C(enum.StrEnum):\n  Red = 'x'\n  GREEN = 'green'\n";
        assert_eq!(get::<Color>(py, &format!("{class}C.Red")), Color::Red);
        assert_eq!(get::<Color>(py, &format!("{class}C.GREEN")), Color::Green);
        let class = "import enum\nclass C(enum.IntFlag):\n  Red = 1\n";
        assert_eq!(get::<Color>(py, &format!("{class}C.Red")), Color::Red);
        assert_eq!(get::<Color>(py, "{'Red': None}"), Color::Red);
        assert_eq!(get::<Color>(py, "{'Mixed': [1, 2]}"), Color::Mixed(1, 2));
    });
}

#[test]
fn ignored_values_are_not_looked_at() {
    with_python(|py| {
        let source = "class Trap:
  def __iter__(self): raise ValueError('looked at')
  __getattr__ = __repr__ = __iter__
loop = []
loop.append(loop)
{'x': 1, 'y': 2, 'trap': Trap(), 'loop': loop}";
        assert_eq!(get::<Point>(py, source), point(1, 2));
    });
}
