//! What a run wrote about itself, as JSON, read back.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads the file. Nothing if there is no such file, or one that was not written to its end: then
/// the process died before, or writes nothing of this kind.
pub(super) fn read_if_whole<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_to_its_end_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("numbers.json");
        assert_eq!(read_if_whole::<Vec<u32>>(&path).unwrap(), None);
        fs::write(&path, "[1, 2").unwrap();
        assert_eq!(read_if_whole::<Vec<u32>>(&path).unwrap(), None, "cut short");
        fs::write(&path, "[1, 2]").unwrap();
        assert_eq!(read_if_whole(&path).unwrap(), Some(vec![1, 2]));
        assert!(read_if_whole::<Vec<u32>>(directory.path()).is_err(), "a directory");
    }
}
