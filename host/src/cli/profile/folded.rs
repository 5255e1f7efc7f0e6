//! Folded stacks: a line for each, `outermost;...;innermost;[activity] milliseconds`, as
//! flamegraph.pl and its like read them. <https://github.com/brendangregg/FlameGraph>

use std::fmt::Write as _;

use togil_interp::sampling::{Line, Spent};

/// A stack and the time spent on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Stack {
    /// Outermost first, as `function (file:line)`.
    pub(in crate::cli) frames: Vec<String>,
    /// What the threads did there, in words.
    pub(in crate::cli) activity: String,
    /// Of all threads together.
    pub(in crate::cli) milliseconds: u64,
}

impl From<&Spent> for Stack {
    fn from(spent: &Spent) -> Self {
        Stack {
            frames: spent.stack.iter().map(frame).collect(),
            activity: spent.activity.as_str().to_owned(),
            milliseconds: spent.ticks,
        }
    }
}

/// A semicolon would end it, a line end the stack.
fn frame(line: &Line) -> String {
    let text = format!("{} ({}:{})", line.function, line.file, line.number);
    text.replace(';', ":").replace(['\n', '\r'], " ")
}

/// The stacks, a line for each.
pub(in crate::cli) fn render(stacks: &[Stack]) -> String {
    let mut text = String::new();
    for stack in stacks {
        for frame in &stack.frames {
            text.push_str(frame);
            text.push(';');
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "[{}] {}", stack.activity, stack.milliseconds);
    }
    text
}

/// Reads back what [`render`] wrote. Lines that it did not write are passed over.
pub(in crate::cli) fn parse(text: &str) -> Vec<Stack> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Stack> {
    let (stack, milliseconds) = line.rsplit_once(' ')?;
    let mut frames: Vec<String> = stack.split(';').map(str::to_owned).collect();
    let activity = frames.pop()?;
    let activity = activity.strip_prefix('[')?.strip_suffix(']')?.to_owned();
    Some(Stack { frames, activity, milliseconds: milliseconds.parse().ok()? })
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    use super::*;

    /// Stacks to write, and to look at.
    pub(in crate::cli) fn stack(frames: &[&str], activity: &str, milliseconds: u64) -> Stack {
        let frames = frames.iter().map(|&frame| frame.to_owned()).collect();
        Stack { frames, activity: activity.to_owned(), milliseconds }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let stacks = [
            stack(&["<module> (a b.py:3)", "f (a b.py:1)"], "waiting for the GIL", 12),
            stack(&[], "running", 1),
        ];
        let text = render(&stacks);
        assert_eq!(
            text,
            "<module> (a b.py:3);f (a b.py:1);[waiting for the GIL] 12\n[running] 1\n"
        );
        assert_eq!(parse(&text), stacks);
        assert_eq!(parse("no number\nx;[running] many\n"), []);
    }

    #[test]
    fn a_name_cannot_end_a_stack() {
        let line = Line { file: "a;b\n.py".to_owned(), function: "f".to_owned(), number: 7 };
        assert_eq!(frame(&line), "f (a:b .py:7)");
    }
}
