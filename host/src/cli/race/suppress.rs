//! `# togil: ignore[race] REASON`: findings that somebody has looked at and lets be.

use super::comments::Comment;
use crate::race::Verdict;

/// What a comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suppression {
    /// Where it stands.
    pub(super) file: String,
    /// 1 for the first line.
    pub(super) line: u32,
    /// Which verdicts it is about; every one if it is empty.
    verdicts: Vec<Verdict>,
    /// Why.
    pub(super) reason: String,
}

const VERDICTS: [Verdict; 6] = [
    Verdict::Fails,
    Verdict::Deadlock,
    Verdict::Livelock,
    Verdict::Outlived,
    Verdict::Differs,
    Verdict::TooLong,
];

/// What the comments of a file say. An error names the line of one that cannot be understood, or gives
/// no reason.
pub(super) fn of(file: &str, comments: &[Comment]) -> Result<Vec<Suppression>, String> {
    let found = comments.iter().filter_map(|comment| {
        let rest = ours(&comment.text)?;
        let read = read(rest).map(|(verdicts, reason)| Suppression {
            file: file.to_owned(),
            line: comment.line,
            verdicts,
            reason: reason.to_owned(),
        });
        Some(read.map_err(|error| format!("{file}:{}: {error}", comment.line)))
    });
    found.collect()
}

impl Suppression {
    /// Whether it is about such a finding at this place.
    pub(super) fn fits(&self, verdict: Verdict, file: &str, line: u32) -> bool {
        let about = self.verdicts.is_empty() || self.verdicts.contains(&verdict);
        about && self.line == line && self.file == file
    }

    /// `file:line`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// What follows `# togil:` in a comment, which may have something for another tool before. The reason may
/// have a `#` in it, too.
fn ours(comment: &str) -> Option<&str> {
    comment.match_indices('#').find_map(|(index, _)| {
        let rest = comment[index + 1..].trim_start().strip_prefix("togil:")?.trim();
        rest.starts_with("ignore").then_some(rest)
    })
}

fn read(text: &str) -> Result<(Vec<Verdict>, &str), String> {
    const HOW: &str = "write '# togil: ignore[race] REASON'";
    let Some((kinds, reason)) = text.strip_prefix("ignore[").and_then(|rest| rest.split_once(']'))
    else {
        return Err(format!("'# togil: {text}' is not understood: {HOW}"));
    };
    let mut verdicts = Vec::new();
    let kinds: Vec<&str> = kinds.split(',').map(str::trim).collect();
    for kind in kinds.iter().filter(|kind| **kind != "race") {
        let verdict = VERDICTS.into_iter().find(|verdict| verdict.as_str() == *kind);
        verdicts.push(verdict.ok_or_else(|| {
            let known = VERDICTS.map(Verdict::as_str).join(", ");
            format!("'{kind}' cannot be ignored: it takes race, which is all of it, or {known}")
        })?);
    }
    if kinds.contains(&"race") {
        verdicts.clear();
    }
    match reason.trim() {
        "" => Err(format!("a finding is ignored without a reason: {HOW}")),
        reason => Ok((verdicts, reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::race::comments;

    fn read(source: &str) -> Result<Vec<(u32, Vec<Verdict>, String)>, String> {
        let all = of("m.py", &comments::of(source))?.into_iter();
        Ok(all.map(|one| (one.line, one.verdicts, one.reason)).collect())
    }

    #[test]
    fn a_reason_may_say_anything() {
        let source = "x # noqa # togil: ignore[race] see #12\n#togil:ignore[deadlock, fails]  b ";
        assert_eq!(
            read(source).unwrap(),
            [
                (1, vec![], "see #12".to_owned()),
                (2, vec![Verdict::Deadlock, Verdict::Fails], "b".to_owned())
            ]
        );
        assert_eq!(
            read("x # mytogil: ignore\ny = '# togil: ignore'\n# togil: a tool").unwrap(),
            []
        );
    }

    #[test]
    fn what_is_not_understood_names_its_line() {
        for (source, said) in [
            ("\nx # togil: ignore[race]", "m.py:2: a finding is ignored without a reason"),
            ("# togil: ignore[races] why", "m.py:1: 'races' cannot be ignored"),
            ("# togil: ignore why", "m.py:1: '# togil: ignore why' is not understood"),
        ] {
            let error = read(source).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
