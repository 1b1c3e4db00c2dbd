//! An answer that comes line by line (NDJSON), read as it comes.

use super::http::{Call, HeaderMap};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read};

/// An answer whose lines are read one by one. Dropping it hangs up.
pub struct Lines {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: BufReader<Box<dyn Read>>,
}

impl Call {
    /// Sends it, and gives the lines of the answer as they come.
    ///
    /// # Panics
    /// Where nothing comes back, or something else than lines.
    #[must_use]
    #[track_caller]
    pub fn lines(self) -> Lines {
        let (status, headers, body) = self.open();
        let mut lines = Lines { status, headers, body: BufReader::new(body) };
        if status != 200 {
            let mut text = String::new();
            let _ = lines.body.read_to_string(&mut text);
            panic!("wanted lines, got {status}: {text}");
        }
        lines
    }
}

impl Lines {
    /// The next line; none where the answer is over.
    ///
    /// # Panics
    /// Where it isn't JSON, or the answer breaks off.
    #[track_caller]
    pub fn next_line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.body.read_line(&mut line).expect("the answer doesn't break off");
        assert!(read == 0 || line.ends_with('\n'), "a whole line: {line:?}");
        (read > 0).then(|| serde_json::from_str(&line).expect("a line is JSON"))
    }

    /// The next line, of this type.
    ///
    /// # Panics
    /// Where it isn't there, or of another type.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> Value {
        let line = self.next_line().unwrap_or_else(|| panic!("wanted {kind}, got the end"));
        assert_eq!(line["type"], kind, "{line}");
        line
    }

    /// All lines to the end.
    ///
    /// # Panics
    /// As [`Self::next_line`].
    #[must_use]
    #[track_caller]
    pub fn rest(mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.next_line()).collect()
    }
}
