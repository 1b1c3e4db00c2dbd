//! Server-sent events, read as they come (WHATWG HTML, section 9.2.6): any split, any line end, comments, a byte order
//! mark. Only the data of events counts here; their names, ids and retry times say nothing in chat completions.
//!
//! Two things are stricter than the standard. What is held is bounded, so that a line that never ends can't take the
//! object's memory. Data that isn't UTF-8 is an error: an answer with letters replaced would look whole.

use core::mem;
use thiserror::Error;

/// The most that is held of an event that isn't whole yet. The longest answer fits into one event, in any script.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;

/// Why a stream can't be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// An event is longer than [`MAX_EVENT_BYTES`].
    #[error("an event is too long")]
    TooLong,
    /// An event's data is not UTF-8.
    #[error("an event is not UTF-8")]
    NotUtf8,
}

/// A stream of events that is being read.
#[derive(Debug, Default)]
pub struct EventStream {
    line: Vec<u8>,
    /// The data lines of the event so far.
    data: Option<Vec<u8>>,
    /// The first line, which may begin with a byte order mark, is over.
    has_begun: bool,
    /// The last byte was a carriage return: a line feed behind it belongs to it.
    is_after_cr: bool,
}

impl EventStream {
    /// Takes the next bytes, and gives the data of each event that they complete. After an error nothing more is read.
    /// An event that the end of the stream cuts is none, as the standard has it.
    ///
    /// # Errors
    /// [`Unreadable`], or what `event` gives.
    pub fn read<E: From<Unreadable>>(
        &mut self,
        mut bytes: &[u8],
        mut event: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((first, after_first)) = bytes.split_first() {
            if mem::take(&mut self.is_after_cr) && *first == b'\n' {
                bytes = after_first;
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if self.held_bytes() + part.len() > MAX_EVENT_BYTES {
                return Err(Unreadable::TooLong.into());
            }
            self.line.extend_from_slice(part);
            let Some((end, after_end)) = rest.split_first() else { return Ok(()) };
            self.is_after_cr = *end == b'\r';
            bytes = after_end;
            if let Some(data) = self.end_line() {
                event(core::str::from_utf8(&data).map_err(|_| Unreadable::NotUtf8)?)?;
            }
        }
        Ok(())
    }

    /// How much is held at the moment: never more than [`MAX_EVENT_BYTES`].
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.line.len() + self.data.as_ref().map_or(0, Vec::len)
    }

    /// A line is whole. An empty one ends an event, and gives its data.
    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = mem::take(&mut self.line);
        let is_first = !mem::replace(&mut self.has_begun, true);
        let line = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| is_first).unwrap_or(&line);
        if line.is_empty() {
            return self.data.take();
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        // A comment is a field without a name.
        if name == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&[u8]]) -> (Vec<String>, Result<(), Unreadable>) {
        let (mut stream, mut events) = (EventStream::default(), Vec::new());
        for part in parts {
            let result = stream.read(part, |data| {
                events.push(data.to_owned());
                Ok::<_, Unreadable>(())
            });
            if result.is_err() {
                return (events, result);
            }
        }
        (events, Ok(()))
    }

    fn events(text: &str) -> Vec<String> {
        let (events, result) = read(&[text.as_bytes()]);
        assert_eq!(result, Ok(()));
        events
    }

    #[test]
    fn events_are_read_as_the_standard_has_them() {
        // The standard's own examples, and its corners.
        assert_eq!(events("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        assert_eq!(
            events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
            ["first event", "second event", " third event"]
        );
        assert_eq!(events("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
        assert_eq!(events("data:test\n\ndata: test\n\n"), ["test", "test"]);
        assert_eq!(events("Data: no\n data: no\ndata : no\nevent: no\nretry: 1\n\n\n\n"), Vec::<String>::new());
        assert_eq!(events("data: cut by the end"), Vec::<String>::new());
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        for end in ["\n", "\r", "\r\n"] {
            assert_eq!(events(&["data: a", "data: b", "", "data: c", "", ""].join(end)), ["a\nb", "c"], "{end:?}");
        }
        assert_eq!(read(&[b"data: a\r", b"\n\r", b"\ndata: b\r\r"]).0, ["a", "b"]);
    }

    #[test]
    fn a_byte_order_mark_counts_at_the_beginning_alone() {
        assert_eq!(read(&[b"\xEF", b"\xBB", b"\xBFdata: a\n\n"]).0, ["a"]);
        assert_eq!(events("\u{feff}\u{feff}data: a\n\ndata: b\n\n"), ["b"]);
        assert_eq!(events("data: a\n\n\u{feff}data: b\n\n"), ["a"]);
    }

    #[test]
    fn what_is_not_utf8_is_an_error_in_data_and_nothing_elsewhere() {
        let (events, result) = read(&[b"data: good\n\n: \xFF\n\ndata: a\xC3\n\ndata: never\n\n"]);
        assert_eq!((events, result), (vec!["good".to_owned()], Err(Unreadable::NotUtf8)));
    }

    #[test]
    fn an_event_may_be_as_long_as_the_bound_and_no_longer() {
        let longest = "x".repeat(MAX_EVENT_BYTES - "data: ".len());
        assert_eq!(events(&format!("data: {longest}\n\n")), std::slice::from_ref(&longest));
        for too_long in
            [format!("data: {longest}x"), format!(": {longest}xxxxx"), format!("data: {longest}\ndata: x\n\n")]
        {
            assert_eq!(read(&[too_long.as_bytes()]).1, Err(Unreadable::TooLong));
        }
    }
}
