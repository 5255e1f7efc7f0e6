//! What is converted. The program of `benches/pyo3` includes this file, too: both convert the same.

use serde::{Deserialize, Serialize};

/// One of the things that go to Python and back.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    id: u64,
    name: String,
    tags: Vec<String>,
    score: f64,
    parent: Option<u64>,
}

/// About this many bytes as JSON.
pub(crate) fn records(bytes: usize) -> Vec<Record> {
    let record = |n: u64| Record {
        id: n,
        name: format!("record number {n:05}"),
        tags: vec!["red".into(), "green".into()],
        score: n as f64 / 3.0,
        parent: n.checked_sub(1),
    };
    (0..bytes as u64 / 100).map(record).collect()
}
