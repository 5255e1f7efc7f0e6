//! The user's files, for what reports show of them.

use std::collections::HashMap;

use super::comments::{self, Comment};

/// A file's text by lines, and its comments.
#[derive(Debug, Default)]
struct Source {
    lines: Vec<String>,
    comments: Vec<Comment>,
}

/// Files, read when they are first asked for. One that cannot be read has no lines.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: HashMap<String, Source>,
}

impl Sources {
    /// Takes a file's text as known.
    pub(super) fn add(&mut self, file: &str, text: &str) {
        let lines = text.lines().map(str::to_owned).collect();
        let source = Source { lines, comments: comments::of(text) };
        self.files.insert(file.to_owned(), source);
    }

    fn get(&mut self, file: &str) -> &Source {
        if !self.files.contains_key(file) {
            self.add(file, &std::fs::read_to_string(file).unwrap_or_default());
        }
        &self.files[file]
    }

    /// A line, 1 for the first, without the space around it. Empty where there is none.
    pub(super) fn line(&mut self, file: &str, line: u32) -> &str {
        let index = (line as usize).checked_sub(1);
        let lines = &self.get(file).lines;
        index.and_then(|index| lines.get(index)).map_or("", |line| line.trim())
    }

    /// What a line says to Python: without its comment, and each space as one.
    pub(super) fn code(&mut self, file: &str, line: u32) -> String {
        let source = self.get(file);
        let text = (line as usize).checked_sub(1).and_then(|index| source.lines.get(index));
        let comment = source.comments.iter().find(|comment| comment.line == line);
        let end = comment.map_or(usize::MAX, |comment| comment.column);
        let code = text.map_or("", |text| &text[..end.min(text.len())]);
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The comments of a file.
    pub(super) fn comments(&mut self, file: &str) -> &[Comment] {
        &self.get(file).comments
    }

    /// The line on which a function of the module is defined.
    pub(super) fn definition(&mut self, file: &str, function: &str) -> Option<u32> {
        let is_it = |line: &String| {
            let rest = line.strip_prefix("def ").and_then(|line| line.strip_prefix(function));
            rest.is_some_and(|rest| rest.trim_start().starts_with('('))
        };
        let index = self.get(file).lines.iter().position(is_it)?;
        u32::try_from(index + 1).ok()
    }
}
