//! Where a Python file has comments. `#` in a text is none.

/// From the `#` to the end of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    /// 1 for the first line.
    pub(super) line: u32,
    /// Where the `#` is, in bytes from the beginning of the line.
    pub(super) column: usize,
    /// With the `#`.
    pub(super) text: String,
}

/// The comments of a text, in their order. An f-string that has its own quotation marks inside ends too
/// early for this, but no later than its line.
pub(super) fn of(text: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    // The quotation marks of the text that goes on from the line before.
    let mut open: Option<&str> = None;
    for (line, number) in text.lines().zip(1..) {
        let mut at = 0;
        while at < line.len() {
            let rest = &line[at..];
            let first = rest.chars().next().map_or(1, char::len_utf8);
            at += match open {
                Some(_) if rest.starts_with('\\') => {
                    first + rest[first..].chars().next().map_or(0, char::len_utf8)
                }
                Some(end) if rest.starts_with(end) => {
                    open = None;
                    end.len()
                }
                Some(_) => first,
                None if rest.starts_with('#') => {
                    found.push(Comment { line: number, column: at, text: rest.to_owned() });
                    line.len()
                }
                None => {
                    let begins = |quotes: &&&str| rest.starts_with(**quotes);
                    open = ["\"\"\"", "'''", "\"", "'"].iter().find(begins).copied();
                    open.map_or(first, str::len)
                }
            };
        }
        let goes_on = |quotes: &&str| quotes.len() == 3 || line.ends_with('\\');
        open = open.filter(goes_on);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::of;

    fn texts(source: &str) -> Vec<(u32, usize, String)> {
        let found = of(source).into_iter();
        found.map(|comment| (comment.line, comment.column, comment.text)).collect()
    }

    #[test]
    fn a_comment_is_not_a_text() {
        let source = "x = '#' # a\n'''\n# b\n'''\ny = \"\\\"#\" #c\nr'\\' # d'\n#e";
        assert_eq!(
            texts(source),
            [(1, 8, "# a".into()), (5, 10, "#c".into()), (7, 0, "#e".to_owned())]
        );
    }

    #[test]
    fn a_text_that_is_not_closed_ends_with_its_line() {
        assert_eq!(texts("x = 'a\n# b"), [(2, 0, "# b".to_owned())]);
        assert_eq!(texts("x = 'a\\\n# b' # c"), [(2, 5, "# c".to_owned())]);
        assert_eq!(texts("'é' # é\\"), [(1, 5, "# é\\".to_owned())]);
    }
}
