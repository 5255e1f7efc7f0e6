//! Reports as plain text: what a failing `#[test]` prints.

use std::fmt;

use super::{End, Finding, Report, Witness};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, model) = (self.verdict.as_str(), &self.model);
        write!(f, "{model} {verdict}, {} ({} executions)", self.granularity(), self.executions)?;
        if let Some(inexact) = &self.inexact {
            write!(f, "\nan execution that was run twice was not the same: {inexact}")?;
        }
        match &self.finding {
            Some(finding) => write!(f, "\n{finding}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            End::Failed(failure) => writeln!(f, "{}", failure.message)?,
            End::Differs { first, this } => writeln!(f, "first {first}, here {this}")?,
            _ => {}
        }
        write!(f, "{}", self.witness)
    }
}

impl fmt::Display for Witness {
    /// A line for each step; a star where threads meet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.threads.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for row in &self.rows {
            let mark = if row.conflicts { " *" } else { "" };
            let thread = self.threads.get(row.thread).map_or("", String::as_str);
            writeln!(f, "  {thread:widest$}  {} {}{mark}", row.place, row.operation)?;
        }
        Ok(())
    }
}
