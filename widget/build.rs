//! Prepares what the widget carries: the style sheet without comments and blanks, which every visitor downloads, and its
//! own words in English with the names of all words and languages (`languages/*.txt`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=src/style.css");
    println!("cargo::rerun-if-changed=languages");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("style.css"), minify(&std::fs::read_to_string("src/style.css")?))?;
    Ok(std::fs::write(out.join("words.rs"), words(Path::new("languages"))?)?)
}

/// The enum of all words in the order of `en.txt`, their English texts, and the codes of the other languages.
fn words(dir: &Path) -> Result<String> {
    let english = std::fs::read_to_string(dir.join("en.txt"))?;
    let words: Vec<(&str, &str)> = english.lines().filter_map(|line| line.split_once(" = ")).collect();
    let mut languages: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        languages.extend(name.strip_suffix(".txt").filter(|code| *code != "en").map(str::to_owned));
    }
    languages.sort();
    let mut out = String::from("#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub(crate) enum Word {");
    for (name, text) in &words {
        write!(out, "\n/// {text}\n{},", in_camel_case(name))?;
    }
    let texts: Vec<&str> = words.iter().map(|(_, text)| *text).collect();
    writeln!(out, "}}\nconst ENGLISH: [&str; {}] = {texts:?};", texts.len())?;
    writeln!(out, "const OTHERS: [&str; {}] = {languages:?};", languages.len())?;
    Ok(out)
}

fn in_camel_case(name: &str) -> String {
    let capitalize = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    name.split('_').map(capitalize).collect()
}

/// The sheet without comments, and without blanks where they mean nothing. (A blank before `:` or around `+` and `-`
/// means something.) Strings in it hold no braces and no comments.
fn minify(style: &str) -> String {
    let mut bare = String::new();
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let mut out = String::new();
    for word in bare.split_ascii_whitespace() {
        let is_parted = !out.ends_with(['{', '}', ';', ':', ',']) && !word.starts_with(['{', '}', ';', ',']);
        if is_parted && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.replace(";}", "}")
}
