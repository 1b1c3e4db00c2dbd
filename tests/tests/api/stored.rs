//! What a Worker's state holds on disk.

use std::fs;
use std::path::Path;

/// How many SQLite databases below `dir` hold this text, their logs included.
pub(crate) fn files_with(dir: &Path, text: &[u8]) -> usize {
    let holds =
        |path: &Path| fs::read(path).is_ok_and(|content| content.windows(text.len()).any(|window| window == text));
    let mut found = 0;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found += files_with(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "sqlite") {
            let log = path.with_extension("sqlite-wal");
            found += usize::from(holds(&path) || holds(&log));
        }
    }
    found
}
