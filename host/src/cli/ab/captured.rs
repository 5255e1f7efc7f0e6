//! What a run printed, read back in bounded memory.

use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::Serialize;

/// Most bytes of an output that are kept in memory.
const KEPT: usize = 1 << 20;

/// The end of the standard error that may be quoted, in bytes.
const TAIL: u64 = 16 << 10;

/// The standard output of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Captured {
    /// How long it is.
    pub(super) bytes: u64,
    /// A checksum of all of it, beyond what is kept too, in hexadecimal: as a
    /// number it would be rounded by many readers of JSON.
    pub(super) digest: String,
    /// Whether it is longer than what is kept (1 MiB).
    pub(super) cut: bool,
    /// Its first bytes.
    #[serde(skip)]
    head: Vec<u8>,
}

impl Captured {
    /// Reads the output back. Of a long one all is compared, by its checksum, but
    /// only the first MiB is kept.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut captured =
            Captured { bytes: 0, digest: String::new(), cut: false, head: Vec::new() };
        // With fixed keys, so that the checksum is the same in every report.
        let mut hasher = std::hash::DefaultHasher::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let length = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let read = &buffer[..length];
            hasher.write(read);
            let room = KEPT - captured.head.len();
            captured.head.extend_from_slice(&read[..length.min(room)]);
            captured.bytes += length as u64;
        }
        captured.cut = captured.bytes > captured.head.len() as u64;
        captured.digest = format!("{:016x}", hasher.finish());
        Ok(captured)
    }

    /// Where this output and another one first differ, in words.
    pub(super) fn difference(&self, other: &Captured) -> String {
        // One more than the last line of each, so that a missing line is seen.
        let lines = |head| <[u8]>::split(head, |byte| *byte == b'\n').map(Some).chain([None, None]);
        let pairs = lines(&self.head).zip(lines(&other.head));
        let different = pairs.enumerate().find(|(_, (ours, theirs))| ours != theirs);
        match different {
            Some((number, (ours, theirs))) => {
                format!("line {}: {} and {}", number + 1, quoted(ours), quoted(theirs))
            }
            None if self.cut => "after the first MiB, which is all that was read back".to_owned(),
            None => "nowhere".to_owned(),
        }
    }
}

/// The last line of a file that has any text in it, such as the exception at the
/// end of a traceback.
pub(super) fn last_line(path: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let text = String::from_utf8_lossy(&tail);
    Ok(text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .map(|line| shortened(line, 200)))
}

fn quoted(line: Option<&[u8]>) -> String {
    match line {
        Some(line) => format!("'{}'", shortened(&String::from_utf8_lossy(line), 40)),
        None => "nothing".to_owned(),
    }
}

/// Control characters could do anything to the terminal, so they are spelt out.
fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text
        .chars()
        .take(most)
        .flat_map(|character| {
            let spelt = character.is_control().then(|| character.escape_default());
            let plain = (!character.is_control()).then_some(character);
            spelt.into_iter().flatten().chain(plain)
        })
        .collect();
    if text.chars().nth(most).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(text: &[u8]) -> Captured {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Captured::read(file.path()).unwrap()
    }

    #[test]
    fn outputs_are_compared_as_bytes() {
        assert_eq!(captured(b"a\xff\n"), captured(b"a\xff\n"));
        assert_ne!(captured(b"a\n"), captured(b"a"));
    }

    #[test]
    fn the_first_difference_is_quoted() {
        let difference =
            |a: &str, b: &str| captured(a.as_bytes()).difference(&captured(b.as_bytes()));
        assert_eq!(difference("1\n2\n3\n", "1\nx\x1b\n3\n"), r"line 2: '2' and 'x\u{1b}'");
        assert_eq!(difference("1\n", "1\n2\n"), "line 2: '' and '2'");
        assert_eq!(difference("1", "1\n"), "line 2: nothing and ''");
    }

    #[test]
    fn a_long_output_is_cut_but_compared_to_its_end() {
        let mut text = vec![b'x'; KEPT + 10];
        let one = captured(&text);
        text[KEPT + 5] = b'y';
        let other = captured(&text);
        assert!(one.cut && one.bytes == KEPT as u64 + 10 && one.head.len() == KEPT);
        assert_ne!(one, other);
        assert!(one.difference(&other).contains("first MiB"));
    }

    #[test]
    fn the_last_line_says_what_went_wrong() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = format!("{}\nValueError: no\n \n", "x".repeat(50_000));
        std::fs::write(file.path(), text).unwrap();
        assert_eq!(last_line(file.path()).unwrap().as_deref(), Some("ValueError: no"));
        std::fs::write(file.path(), "").unwrap();
        assert_eq!(last_line(file.path()).unwrap(), None);
    }
}
