//! `--fail-if`: a figure, a comparison, a number.

use std::str::FromStr;

use super::change;
use super::document::Row;
use crate::cli::ab::mode::Mode;
use crate::cli::ab::statistics::Change;

/// Such as `ratio<0.95`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Condition {
    figure: Figure,
    below: bool,
    limit: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    /// Old over new in one mode.
    Mode(Mode),
    /// Old over new in either mode.
    Ratio,
    /// With the GIL over without, in the new report.
    Gain,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is no condition: write gil, free, ratio or gain, then < or >, then a number, as in ratio<0.95"
            )
        };
        let place = text.find(['<', '>']).ok_or_else(wrong)?;
        let (figure, rest) = text.split_at(place);
        let figure = match figure.trim() {
            "gil" => Figure::Mode(Mode::Gil),
            "free" => Figure::Mode(Mode::Free),
            "ratio" => Figure::Ratio,
            "gain" => Figure::Gain,
            _ => return Err(wrong()),
        };
        let limit: f64 = rest[1..].trim().parse().map_err(|_| wrong())?;
        if !limit.is_finite() || limit <= 0.0 {
            return Err(wrong());
        }
        Ok(Condition { figure, below: rest.starts_with('<'), limit })
    }
}

impl Condition {
    /// Where it holds, in words.
    pub(super) fn holds(&self, old: &Row, new: &Row) -> Vec<String> {
        let old_over_new = |mode: Mode| (mode.to_string(), change(old, new, mode));
        let figures = match self.figure {
            Figure::Mode(mode) => vec![old_over_new(mode)],
            Figure::Ratio => Mode::TURNS.map(old_over_new).to_vec(),
            Figure::Gain => {
                let gain = Change::of(&new.walls(Mode::Gil), &new.walls(Mode::Free));
                vec![("gil over free-threaded".to_owned(), gain)]
            }
        };
        let sign = if self.below { '<' } else { '>' };
        figures
            .into_iter()
            .filter_map(|(what, change)| Some((what, change?)))
            .filter(|(_, change)| self.is_met(change))
            .map(|(what, change)| {
                format!("{}: {what}: {:.3} {sign} {}", old.title(), change.ratio, self.limit)
            })
            .collect()
    }

    fn is_met(&self, change: &Change) -> bool {
        let beyond = match self.below {
            true => change.ratio < self.limit,
            false => change.ratio > self.limit,
        };
        // The gain is no difference between two reports: a small one is what it is.
        beyond && (self.figure == Figure::Gain || !change.could_be_chance())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let expected = Condition { figure: Figure::Ratio, below: true, limit: 0.95 };
        assert_eq!("ratio<0.95".parse(), Ok(expected));
        assert_eq!(" ratio < 0.95 ".parse(), Ok(expected));
        let free = Condition { figure: Figure::Mode(Mode::Free), below: false, limit: 1.0 };
        assert_eq!("free>1".parse(), Ok(free));
        for wrong in ["", "ratio", "ratio<", "ratio=1", "speed<1", "ratio<x", "ratio<-1", "gil>inf"]
        {
            let error = wrong.parse::<Condition>().unwrap_err();
            assert!(error.contains("as in ratio<0.95"), "{wrong}: {error}");
        }
    }
}
