//! The files that the report is written to besides stdout.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::options::AbArgs;
use super::{Report, csv, html, markdown};

/// Files that are open already, so that a place that cannot be written to is known before anything
/// is measured.
#[derive(Debug)]
pub(in super::super) struct Files(Vec<(PathBuf, File, Render)>);

type Render = fn(&Report) -> String;

impl Files {
    /// Creates those that the user asks for.
    ///
    /// # Errors
    ///
    /// When one cannot be created.
    pub(in super::super) fn create(args: &AbArgs) -> anyhow::Result<Self> {
        let wanted: [(&Option<PathBuf>, Render); 3] = [
            (&args.html, html::render),
            (&args.markdown, markdown::render),
            (&args.csv, csv::render),
        ];
        let open = |(path, render): (&Option<PathBuf>, _)| {
            let path = path.clone()?;
            Some(create(&path).map(|file| (path, file, render)))
        };
        wanted.into_iter().filter_map(open).collect::<anyhow::Result<_>>().map(Files)
    }

    /// Writes the report into each.
    ///
    /// # Errors
    ///
    /// When one cannot be written; the others are, as far as they come before it.
    pub(in super::super) fn write(self, report: &Report) -> anyhow::Result<()> {
        for (path, mut file, render) in self.0 {
            file.write_all(render(report).as_bytes())
                .with_context(|| format!("can't write the report to '{}'", path.display()))?;
        }
        Ok(())
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("can't create '{}' for the report", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::super::options::tests::options;
    use super::super::tests::report;
    use super::*;
    use std::fs;

    fn create_for(arguments: &[&str]) -> anyhow::Result<Files> {
        Files::create(&options(arguments))
    }

    #[test]
    fn what_is_asked_for_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let files = create_for(&["--html", &path("a.html"), "--csv", &path("a.csv")]).unwrap();
        files.write(&report(Vec::new())).unwrap();
        assert!(fs::read_to_string(path("a.html")).unwrap().starts_with("<!DOCTYPE html>"));
        assert!(fs::read_to_string(path("a.csv")).unwrap().starts_with("name,threads,"));
    }

    #[test]
    fn a_bad_place_is_named_before_anything_is_measured() {
        let error = create_for(&["--markdown", "/nowhere/a.md"]).unwrap_err();
        assert_eq!(error.to_string(), "can't create '/nowhere/a.md' for the report");
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let files = create_for(&["--html", "/dev/full"]).unwrap();
        let error = files.write(&report(Vec::new())).unwrap_err();
        assert_eq!(error.to_string(), "can't write the report to '/dev/full'");
    }
}
