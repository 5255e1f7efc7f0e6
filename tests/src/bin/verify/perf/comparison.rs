//! A figure beside the one that is kept.

use std::fmt;

/// By how much a path may grow. Counts of one program differ by up to 0.3 %; those of two builds, whose
/// sources differ elsewhere, by up to 1.7 %, because the compiler then inlines otherwise.
pub(super) const TOLERANCE: f64 = 0.03;

/// One row of the table.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    pub(super) path: &'a str,
    pub(super) mode: &'a str,
    /// Instructions for each operation.
    pub(super) kept: Option<f64>,
    pub(super) now: f64,
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Within the tolerance.
    Same,
    Worse,
    Better,
    /// Nothing is kept.
    New,
}

impl Comparison<'_> {
    /// Over the rows.
    pub(super) const HEADING: &'static str = concat!(
        "instructions for each operation                    mode                   kept",
        "           now    change"
    );

    fn change(&self) -> Option<f64> {
        self.kept.map(|kept| self.now / kept - 1.0)
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self.change() {
            None => Outcome::New,
            Some(change) if change > TOLERANCE => Outcome::Worse,
            Some(change) if change < -TOLERANCE => Outcome::Better,
            Some(_) => Outcome::Same,
        }
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mode, kept, now } = self;
        let kept = kept.map_or_else(|| "-".to_owned(), |kept| format!("{kept:.1}"));
        let change =
            self.change().map_or_else(String::new, |change| format!("{:+.1} %", 100.0 * change));
        let remark = match self.outcome() {
            Outcome::Same => "",
            Outcome::Worse => "  WORSE",
            Outcome::Better => "  better",
            Outcome::New => "  new",
        };
        write!(f, "{path:<50} {mode:<13} {kept:>13} {now:>13.1} {change:>9}{remark}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kept: Option<f64>, now: f64) -> Comparison<'static> {
        Comparison { path: "lock/Lock", mode: "gil", kept, now }
    }

    #[test]
    fn more_than_the_tolerance_is_worse() {
        assert_eq!(row(Some(1000.0), 1029.0).outcome(), Outcome::Same);
        assert_eq!(row(Some(1000.0), 1031.0).outcome(), Outcome::Worse);
        assert_eq!(row(Some(1000.0), 971.0).outcome(), Outcome::Same);
        assert_eq!(row(Some(1000.0), 969.0).outcome(), Outcome::Better);
        assert_eq!(row(None, 1.0).outcome(), Outcome::New);
    }

    #[test]
    fn a_row_stands_under_the_heading() {
        let text = row(Some(1000.0), 1100.0).to_string();
        assert!(text.starts_with("lock/Lock  "), "{text}");
        assert!(text.ends_with("+10.0 %  WORSE"), "{text}");
        let end = |text: &str, word: &str| text.find(word).map(|start| start + word.len());
        assert_eq!(end(&text, "1000.0"), end(Comparison::HEADING, "kept"));
        assert_eq!(end(&text, "1100.0"), end(Comparison::HEADING, "now"));
        assert_eq!(end(&text, "%"), end(Comparison::HEADING, "change"));
        assert!(row(None, 1.0).to_string().contains(" - "));
    }
}
