//! What stands beside a run of marks decides what it may be.

/// What stands beside a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Blank,
    Punctuation,
    Other,
}

impl Beside {
    /// Beyond ASCII: the blocks of punctuation and symbols that are in use. The whole of Unicode's tables would take more
    /// room than all of this.
    pub(super) fn of(char: Option<char>) -> Self {
        match char {
            None => Self::Blank,
            Some(char) if char.is_whitespace() => Self::Blank,
            Some(
                '!'..='/'
                | ':'..='@'
                | '['..='`'
                | '{'..='~'
                | '\u{a1}'..='\u{a9}'
                | '\u{ab}'..='\u{b4}'
                | '\u{b6}'..='\u{b8}'
                | '\u{bb}'..='\u{bf}'
                | '\u{2010}'..='\u{2bff}'
                | '\u{3001}'..='\u{3030}'
                | '\u{ff01}'..='\u{ff0f}',
            ) => Self::Punctuation,
            Some(_) => Self::Other,
        }
    }
}
