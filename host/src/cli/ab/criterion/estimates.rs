//! What criterion 0.8 leaves behind: for each benchmark a folder with `new/benchmark.json` and
//! `new/estimates.json`.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// The median time of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Estimate {
    pub(super) nanoseconds: f64,
    /// Ends of the 95 % interval, in nanoseconds.
    pub(super) low: f64,
    pub(super) high: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

#[derive(Deserialize)]
struct Estimates {
    median: Median,
}

#[derive(Deserialize)]
struct Median {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// All benchmarks below a folder, by their ids. A folder that is missing has none.
///
/// # Errors
///
/// When a file cannot be read, or is not criterion's.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<(String, Estimate)>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error).with_context(|| cannot_read(folder)),
    };
    for entry in entries {
        let path = entry.with_context(|| cannot_read(folder))?.path();
        if !path.is_dir() {
            continue;
        }
        if path.ends_with("new") && path.join("benchmark.json").is_file() {
            found.push(benchmark(&path)?);
        } else {
            found.extend(read(&path)?);
        }
    }
    Ok(found)
}

fn benchmark(folder: &Path) -> anyhow::Result<(String, Estimate)> {
    let Benchmark { full_id } = parse(&folder.join("benchmark.json"))?;
    let Estimates { median } = parse(&folder.join("estimates.json"))?;
    let Interval { lower_bound: low, upper_bound: high } = median.confidence_interval;
    Ok((full_id, Estimate { nanoseconds: median.point_estimate, low, high }))
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| cannot_read(path))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("'{}' is none of criterion's files", path.display()))
}

fn cannot_read(path: &Path) -> String {
    format!("can't read '{}'", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_found_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("missing")).unwrap(), []);
        let new = folder.path().join("group/function/2/new");
        fs::create_dir_all(&new).unwrap();
        fs::create_dir_all(folder.path().join("group/report")).unwrap();
        fs::write(new.join("benchmark.json"), r#"{"full_id": "group/function/2", "x": 1}"#)
            .unwrap();
        let median = r#"{"median": {"point_estimate": 2.5, "standard_error": 1,
                         "confidence_interval": {"lower_bound": 2, "upper_bound": 3}}}"#;
        fs::write(new.join("estimates.json"), median).unwrap();
        let estimate = Estimate { nanoseconds: 2.5, low: 2.0, high: 3.0 };
        assert_eq!(read(folder.path()).unwrap(), [("group/function/2".to_owned(), estimate)]);
        fs::write(new.join("estimates.json"), "{}").unwrap();
        let error = format!("{:#}", read(folder.path()).unwrap_err());
        assert!(error.contains("estimates.json' is none of criterion's files"), "{error}");
    }
}
