//! `togil ab compare`: two reports of the same scripts, an old and a new one.

mod condition;
mod document;

use std::path::PathBuf;
use std::process::ExitCode;

use self::condition::Condition;
use self::document::{Document, Row};
use super::mode::Mode;
use super::report::grid::{Align, Cell, GAIN, Grid, HEADING, LOSS, WRONG, styled};
use super::report::units::{self, NONE};
use super::statistics::Change;

/// The condition of `--fail-if` holds somewhere.
const CONDITION_HOLDS: u8 = 3;

const EXAMPLES: &str = "\
Examples:
  See what a change did:
      togil ab --json work.py > old.json
      ... change something ...
      togil ab --json work.py > new.json
      togil ab compare old.json new.json

  In CI, fail if either mode got more than 5 % slower:
      togil ab compare old.json new.json --fail-if 'ratio<0.95'

Exit status:
  0  compared, and no --fail-if holds
  2  wrong usage, or a file that is no report
  3  a --fail-if holds";

/// Options of `togil ab compare`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct CompareArgs {
    /// Report from `togil ab --json`, before the change
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// Report from `togil ab --json`, after the change
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// Exit with status 3 if this holds for a row; may be given again
    ///
    /// A figure, < or >, a number. Figures: `gil` and `free` are the old wall time over the
    /// new one in that mode, so below 1 the new one is slower; `ratio` is either of them; `gain`
    /// is what free-threading brings in the new report, time with the GIL over time without.
    /// A difference that could well be chance (the 95 % interval holds 1) never fails.
    #[arg(long, value_name = "CONDITION")]
    fail_if: Vec<Condition>,
}

/// Compares, prints, and returns the exit status of the program.
///
/// # Errors
///
/// When a file cannot be read, is no report, or the two have no row in common.
pub(super) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let (old, new) = (Document::read(&args.old)?, Document::read(&args.new)?);
    let pairs = old.rows_in_common(&new)?;
    anstream::print!("{}", table(&pairs));
    for name in old.rows_missing_in(&new) {
        anstream::println!("{} only in the old report: {name}", styled("missing:", LOSS));
    }
    for name in new.rows_missing_in(&old) {
        anstream::println!("{} only in the new report: {name}", styled("missing:", LOSS));
    }
    if old.machine != new.machine {
        anstream::println!(
            "{} the reports are from different machines ({} and {}): the figures say little",
            styled("warning:", LOSS),
            old.machine,
            new.machine
        );
    }
    let mut holds = false;
    for (old, new) in &pairs {
        for failed in args.fail_if.iter().flat_map(|condition| condition.holds(old, new)) {
            holds = true;
            anstream::println!("{} {failed}", styled("fails:", WRONG));
        }
    }
    Ok(if holds { ExitCode::from(CONDITION_HOLDS) } else { ExitCode::SUCCESS })
}

/// A line for each row and mode.
fn table(pairs: &[(&Row, &Row)]) -> String {
    let mut grid = Grid::new(vec![
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
        Align::Left,
    ]);
    let headings = ["row", "mode", "old", "new", "old/new", "95 % interval", ""];
    grid.row(headings.iter().map(|heading| Cell::styled(*heading, HEADING)).collect());
    for (old, new) in pairs {
        for mode in Mode::TURNS {
            let change = change(old, new, mode);
            let time = |row: &Row| row.median(mode).map_or(NONE.to_owned(), units::time).into();
            grid.row(vec![
                old.title().into(),
                mode.to_string().into(),
                time(old),
                time(new),
                change.map_or(NONE.to_owned(), |change| format!("{:.2}", change.ratio)).into(),
                change
                    .map_or(NONE.to_owned(), |change| {
                        format!("{:.2} to {:.2}", change.interval.low, change.interval.high)
                    })
                    .into(),
                verdict(change),
            ]);
        }
    }
    grid.render()
}

/// Old over new, as a change in speed.
fn change(old: &Row, new: &Row, mode: Mode) -> Option<Change> {
    Change::of(&old.walls(mode), &new.walls(mode))
}

fn verdict(change: Option<Change>) -> Cell {
    match change {
        None => Cell::styled("not compared: a report has fewer than 2 good runs", LOSS),
        Some(change) if change.could_be_chance() => "no difference".into(),
        Some(change) if change.ratio > 1.0 => {
            Cell::styled(format!("{:.2}x faster", change.ratio), GAIN)
        }
        Some(change) => Cell::styled(format!("{:.2}x slower", 1.0 / change.ratio), LOSS),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::json::{NAME, VERSION};
    use super::*;
    use std::fs;
    use std::path::Path;

    /// A report with one row, whose runs take so long in each mode.
    fn report(directory: &Path, name: &str, gil: f64, free: f64) -> PathBuf {
        let mut samples = Vec::new();
        for i in 0..6 {
            let noise = 1.0 + f64::from(i) / 500.0;
            for (mode, wall) in [("gil", gil), ("free-threaded", free)] {
                samples.push(serde_json::json!({
                    "mode": mode, "warmup": false, "wall_s": wall * noise,
                    "ending": {"kind": "exited", "status": 0},
                }));
            }
        }
        let document = serde_json::json!({
            "schema": {"name": NAME, "version": VERSION},
            "machine": {"cpu": "Some CPU", "cores": 2},
            "rows": [{"name": "a", "threads": 2, "args": [], "samples": samples}],
        });
        let path = directory.join(name);
        fs::write(&path, document.to_string()).unwrap();
        path
    }

    fn status(old: &Path, new: &Path, conditions: &[&str]) -> String {
        let args = CompareArgs {
            old: old.to_owned(),
            new: new.to_owned(),
            fail_if: conditions.iter().map(|text| text.parse().unwrap()).collect(),
        };
        match run(&args) {
            Ok(code) if code == ExitCode::SUCCESS => "0".to_owned(),
            Ok(code) if code == ExitCode::from(3) => "3".to_owned(),
            Ok(code) => format!("{code:?}"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn a_condition_has_an_exit_status_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let old = report(directory.path(), "old.json", 2.0, 1.0);
        let slower = report(directory.path(), "slower.json", 2.0, 1.5);
        assert_eq!(status(&old, &old, &["ratio<0.95", "ratio>1.05"]), "0");
        assert_eq!(status(&old, &slower, &[]), "0");
        assert_eq!(status(&old, &slower, &["ratio<0.95"]), "3");
        assert_eq!(status(&old, &slower, &["free<0.95"]), "3");
        assert_eq!(status(&old, &slower, &["gil<0.95"]), "0");
        assert_eq!(status(&old, &slower, &["gain<1.5"]), "3");
        assert_eq!(status(&slower, &old, &["free>1.2"]), "3");
    }

    #[test]
    fn what_is_no_report_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let good = report(directory.path(), "good.json", 2.0, 1.0);
        let bad = directory.path().join("bad.json");
        let error = status(&good, &bad, &[]);
        assert!(error.contains("can't read") && error.contains("bad.json"), "{error}");
        fs::write(&bad, "{}").unwrap();
        let error = status(&bad, &good, &[]);
        assert!(error.contains("bad.json' is no report of `togil ab --json`"), "{error}");
        let text = fs::read_to_string(&good).unwrap();
        let this = format!("\"version\":{VERSION}");
        fs::write(&bad, text.replace(&this, "\"version\":99")).unwrap();
        assert!(status(&bad, &good, &[]).contains("version 99"), "{}", status(&bad, &good, &[]));
        fs::write(&bad, text.replace("\"name\":\"a\"", "\"name\":\"b\"")).unwrap();
        assert!(status(&bad, &good, &[]).contains("have no row in common"));
    }

    #[test]
    fn the_table_tells_old_from_new() {
        let directory = tempfile::tempdir().unwrap();
        let old = Document::read(&report(directory.path(), "old.json", 2.0, 1.0)).unwrap();
        let new = Document::read(&report(directory.path(), "new.json", 2.0, 2.0)).unwrap();
        let text = table(&old.rows_in_common(&new).unwrap());
        let text = anstream::adapter::strip_str(&text).to_string();
        let expected = "
  row           mode              old     new  old/new  95 % interval
  a, threads 2  gil            2.01 s  2.01 s     1.00  1.00 to 1.00   no difference
  a, threads 2  free-threaded  1.00 s  2.01 s     0.50  0.50 to 0.50   2.00x slower
";
        assert_eq!(format!("\n{text}"), expected);
    }
}
