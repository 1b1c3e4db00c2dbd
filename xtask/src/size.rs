//! What a page loads, in bytes: before anyone shows intent, and after. A page speaks one language, so of the languages'
//! files the largest counts, though English needs none.

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write as _;

use crate::assets::{self, LANGUAGE_EXTENSION, LOADER, ON_DEMAND};
use crate::project::Project;

/// Brotli bytes that a page without a chat may cost.
const MAX_BEFORE: usize = 1_024;
/// Brotli bytes in all that the widget is to come down to.
const GOAL_ALL: usize = 40 * 1_024;
/// Brotli bytes in all that it may have until it does. To be lowered as it shrinks, never to be raised.
const MAX_ALL: usize = 43 * 1_024;

/// A file's size, as it is and compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    raw: usize,
    gzip: usize,
    /// At quality 11.
    pub(crate) brotli: usize,
}

impl Size {
    pub(crate) fn of(content: &[u8]) -> Result<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(content).context("a Vec takes any bytes")?;
        let gzip = gzip.finish().context("a Vec takes any bytes")?;
        let mut brotli = Vec::new();
        // Quality 11, a window of 4 MiB: what a server does that compresses once.
        let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
        brotli::BrotliCompress(&mut &*content, &mut brotli, &parameters).context("a Vec takes any bytes")?;
        Ok(Self { raw: content.len(), gzip: gzip.len(), brotli: brotli.len() })
    }

    fn plus(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, gzip: self.gzip + other.gzip, brotli: self.brotli + other.brotli }
    }
}

/// Prints the table of the built files.
///
/// # Errors
/// Where they can't be read, or are over the limits.
pub fn print(project: &Project) -> Result<()> {
    let dir = assets::dir(project);
    let mut before = Vec::new();
    let mut after = Vec::new();
    let mut languages = Vec::new();
    let mut on_demand = Vec::new();
    for entry in fs::read_dir(&dir).with_context(|| format!("can't list {}", dir.display()))? {
        let entry = entry.with_context(|| format!("can't list {}", dir.display()))?;
        let content = fs::read(entry.path()).with_context(|| format!("can't read {}", entry.path().display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_language = entry.path().extension().is_some_and(|extension| extension == LANGUAGE_EXTENSION);
        match (name.as_str(), is_language) {
            (LOADER, _) => &mut before,
            (_, true) => &mut languages,
            (name, _) if name.starts_with(ON_DEMAND) => &mut on_demand,
            _ => &mut after,
        }
        .push((name, Size::of(&content)?));
    }
    languages.sort_by_key(|(_, size)| size.brotli);
    let others = languages.len().saturating_sub(1);
    after.extend(languages.pop());
    before.sort_by(|a, b| a.0.cmp(&b.0));
    after.sort_by(|a, b| a.0.cmp(&b.0));

    println!("{:<36}{:>10}{:>10}{:>10}", "bytes", "raw", "gzip -9", "brotli 11");
    let before = table("before intent", &before);
    let all = before.plus(table("after intent", &after));
    row("in all", all);
    println!("(The languages' largest file counts; {others} more are no larger.)");
    table("for developers, when called", &on_demand);
    check(before, all)?;
    println!("Within the limits: {MAX_BEFORE} bytes of brotli before intent, {MAX_ALL} in all.");
    match all.brotli.checked_sub(GOAL_ALL) {
        None | Some(0) => println!("The goal of {GOAL_ALL} in all is kept: {MAX_ALL} can become {GOAL_ALL}."),
        Some(over) => println!("The goal is {GOAL_ALL} in all: {over} bytes have yet to go."),
    }
    Ok(())
}

fn table(heading: &str, files: &[(String, Size)]) -> Size {
    let total = files.iter().fold(Size::default(), |total, (_, size)| total.plus(*size));
    row(heading, total);
    for (name, size) in files {
        row(&format!("  {name}"), *size);
    }
    total
}

fn row(name: &str, size: Size) {
    println!("{name:<36}{:>10}{:>10}{:>10}", size.raw, size.gzip, size.brotli);
}

fn check(before: Size, all: Size) -> Result<()> {
    let over: Vec<String> = [("before intent", before.brotli, MAX_BEFORE), ("in all", all.brotli, MAX_ALL)]
        .into_iter()
        .filter(|(_, size, limit)| size > limit)
        .map(|(what, size, limit)| {
            format!("{what}: {size} bytes of brotli, {} over the limit of {limit}", size - limit)
        })
        .collect();
    if over.is_empty() { Ok(()) } else { bail!("too large: {}", over.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brotli(bytes: usize) -> Size {
        Size { brotli: bytes, ..Size::default() }
    }

    #[test]
    fn limits_hold_to_the_byte() {
        assert!(check(brotli(MAX_BEFORE), brotli(MAX_ALL)).is_ok());
        assert!(check(brotli(MAX_BEFORE + 1), brotli(MAX_ALL)).is_err());
        assert!(check(brotli(MAX_BEFORE), brotli(MAX_ALL + 1)).is_err());
    }

    #[test]
    fn sizes_are_those_of_the_compressed_bytes() {
        let size = Size::of(&b"weft ".repeat(1_000)).expect("compresses");
        assert_eq!(size.raw, 5_000);
        assert!(size.gzip > 20 && size.gzip < 100, "{size:?}");
        assert!(size.brotli > 10 && size.brotli < 50, "{size:?}");
    }
}
