//! How much is looked at while a text is read: counted in tests, where time would tell of the machine. Every loop over text
//! or marks tells [`look`].

/// So many bytes, or marks, are looked at.
#[cfg(not(test))]
pub(super) const fn look(_count: usize) {}

/// So many bytes, or marks, are looked at.
#[cfg(test)]
pub(super) fn look(count: usize) {
    tests::LOOKS.set(tests::LOOKS.get() + count);
}

#[cfg(test)]
mod tests {
    use crate::markdown::Stream;
    use std::cell::Cell;

    thread_local! {
        pub(super) static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    fn looks(text: &str) -> usize {
        LOOKS.set(0);
        Stream::default().update(text, true);
        Stream::default().update(text, false);
        LOOKS.get()
    }

    /// Texts on which careless readers take quadratic time, or worse.
    fn hostile(len: usize) -> Vec<String> {
        let repeat = |piece: &str| piece.repeat(len / piece.len());
        let mut texts: Vec<String> = [
            "*a **a ",
            "*a_ ",
            "**x* ",
            "_*",
            "*",
            "a**b",
            "[",
            "![",
            "]",
            "[]",
            "[a](",
            "[a](b",
            "[a](<b",
            "[a](b \"",
            "[a](b 'c\" ",
            "[a](b (c",
            "[a](b)",
            "[[a](b)",
            "`",
            "` `` ",
            "`a``b```c````",
            "<",
            "<a:",
            "<https://",
            "&",
            "&#",
            "&amp",
            "\\",
            "~~a ",
            "~~",
            ">",
            "> ",
            "- ",
            "-",
            "1. ",
            "#",
            "# a\n",
            "|",
            "|a",
            "a\n",
            "> a\n",
            "- a\n",
            "- a\n\n",
            "\n",
            " ",
            "\t",
            "```\n",
            "    a\n",
            "    a\n\n",
            "a\n---\n",
            "a  \n",
            "\u{1f600}",
            "\"",
            "(",
            "((",
            "!",
            "*\u{a0}",
        ]
        .into_iter()
        .map(repeat)
        .collect();
        texts.push((0..).map(|n| "`".repeat(n % 40) + " ").take(len / 20).collect());
        texts.push(repeat("|a") + "\n" + &repeat("|-") + "\n" + &repeat("|\n"));
        texts.push(repeat("[") + &repeat("](https://a)"));
        texts.push(repeat("![") + &repeat("](https://a)[b](https://c)"));
        texts
    }

    #[test]
    fn work_is_linear_on_hostile_texts() {
        for (short, long) in hostile(2_000).iter().zip(hostile(64_000)) {
            let (few, many) = (looks(short), looks(&long));
            // Nothing is read without being counted, twice here.
            assert!(many >= long.len(), "{many} in {}: {short:.30}", long.len());
            // 32 times as much text; quadratic work would be 1,024 times as much.
            assert!(many <= 48 * few, "{few}, and {many} for 32 times as much: {short:.30}");
        }
    }
}
