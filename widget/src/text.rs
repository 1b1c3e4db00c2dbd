//! Texts made of pieces. The standard library's `concat` and `to_string` do the same with more code, and bring its
//! formatting along, which nothing else in the widget needs.

/// The pieces, one behind the other.
pub(crate) fn concat(pieces: &[&str]) -> String {
    let mut text = String::new();
    for piece in pieces {
        text.push_str(piece);
    }
    text
}

/// The pieces between these marks, which are ASCII.
pub(crate) fn pieces(text: &str, mark: u8) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == mark {
            pieces.push(text.get(from..at).unwrap_or_default());
            from = at + 1;
        }
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces
}

/// A number as it is written.
pub(crate) fn decimal(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from(b'0' + u8::try_from(number % 10).unwrap_or(0)));
        number /= 10;
        if number == 0 {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_pieces_are_as_the_standard_library_writes_them() {
        for number in [0, 7, 10, 4_000, 65_535] {
            assert_eq!(decimal(number), number.to_string());
        }
        assert_eq!(concat(&["a", "", "bc"]), "abc");
        assert_eq!(concat(&[]), "");
        for text in ["", "|", "a|bü||c|", "ü"] {
            assert_eq!(pieces(text, b'|'), text.split('|').collect::<Vec<_>>());
        }
    }
}
