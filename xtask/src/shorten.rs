//! Short names between the widget's module and its script. wasm-bindgen names each function that one has for the other
//! by its path and a hash, in both files; none of that is read by anybody, and hashes don't compress.

use anyhow::{Result, bail, ensure};
use std::collections::HashMap;

const HEADER_BYTES: usize = 8;
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
/// The kind of an import or export that is a function.
const FUNCTION: u8 = 0;

/// Gives the script and the module the same short names.
///
/// # Errors
/// Where the module isn't one, or the script keeps one of its names.
pub fn names(script: &str, module: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut names = Names::default();
    let mut short = module.get(..HEADER_BYTES).map(<[u8]>::to_vec).unwrap_or_default();
    let mut rest = Reader(module.get(HEADER_BYTES..).unwrap_or_default());
    while !rest.0.is_empty() {
        let id = rest.byte()?;
        let section = rest.block()?;
        let section = match id {
            IMPORTS => imports(section, &mut names)?,
            EXPORTS => exports(section, &mut names)?,
            _ => section.to_vec(),
        };
        short.push(id);
        put_block(&mut short, &section);
    }
    let changed = names.replace_in(script);
    for name in names.0.keys() {
        ensure!(!changed.contains(name.as_str()), "the script still holds the name {name}");
    }
    Ok((changed, short))
}

/// The names that were given so far.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn short(&mut self, name: &str) -> String {
        let number = self.0.len();
        self.0.entry(name.to_owned()).or_insert_with(|| format!("_{}", in_base_36(number))).clone()
    }

    /// Replaces whole words.
    fn replace_in(&self, script: &str) -> String {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let mut out = String::with_capacity(script.len());
        let mut rest = script;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| is_of_word(c) != is_of_word(first)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            out.push_str(self.0.get(word).map_or(word, String::as_str));
            rest = behind;
        }
        out
    }
}

fn in_base_36(mut number: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// WebAssembly 2.0, section 5.5.5.
fn imports(section: &[u8], names: &mut Names) -> Result<Vec<u8>> {
    let mut reader = Reader(section);
    let mut out = Vec::new();
    let count = reader.number()?;
    put_number(&mut out, count);
    for _ in 0..count {
        put_block(&mut out, reader.block()?);
        let name = reader.text()?;
        put_block(&mut out, names.short(name).as_bytes());
        let kind = reader.byte()?;
        ensure!(kind == FUNCTION, "the widget imports something that is no function: {name}");
        out.push(kind);
        put_number(&mut out, reader.number()?);
    }
    Ok(out)
}

/// WebAssembly 2.0, section 5.5.10.
fn exports(section: &[u8], names: &mut Names) -> Result<Vec<u8>> {
    let mut reader = Reader(section);
    let mut out = Vec::new();
    let count = reader.number()?;
    put_number(&mut out, count);
    for _ in 0..count {
        let name = reader.text()?;
        // What wasm-bindgen made up. `memory` and the widget's own functions are called so by others too.
        let is_made_up = name.starts_with("__") || name.starts_with("wasm_bindgen__");
        put_block(&mut out, if is_made_up { names.short(name) } else { name.to_owned() }.as_bytes());
        out.push(reader.byte()?);
        put_number(&mut out, reader.number()?);
    }
    Ok(out)
}

/// Reads a module's bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8> {
        let Some((first, rest)) = self.0.split_first() else { bail!("the module ends too early") };
        self.0 = rest;
        Ok(*first)
    }

    /// A number, LEB128.
    fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        bail!("a number in the module is too long")
    }

    /// Bytes behind their number.
    fn block(&mut self) -> Result<&'a [u8]> {
        let len = self.number()?;
        let Some((block, rest)) = self.0.split_at_checked(len) else { bail!("the module ends too early") };
        self.0 = rest;
        Ok(block)
    }

    fn text(&mut self) -> Result<&'a str> {
        Ok(core::str::from_utf8(self.block()?)?)
    }
}

fn put_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn put_block(out: &mut Vec<u8>, block: &[u8]) {
    put_number(out, block.len());
    out.extend_from_slice(block);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one import, one export of wasm-bindgen's and one of our own.
    fn module(import: &str, made_up: &str) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut imports = vec![1];
        put_block(&mut imports, b"./weft_bg.js");
        put_block(&mut imports, import.as_bytes());
        imports.extend([FUNCTION, 5]);
        let mut exports = vec![2];
        for name in ["memory", made_up] {
            put_block(&mut exports, name.as_bytes());
            exports.extend([0, 1]);
        }
        for (id, section) in [(1, vec![0; 200]), (IMPORTS, imports), (EXPORTS, exports)] {
            module.push(id);
            put_block(&mut module, &section);
        }
        module
    }

    #[test]
    fn both_files_get_the_same_short_names() {
        let script = "w.__wbindgen_malloc(1);const o={__wbg_new_12ab:f,memory};__wbg_new_12abc;$__wbg_new_12ab";
        let (script, short) = names(
            &script.replace("__wbg_new_12abc;$__wbg_new_12ab", ""),
            &module("__wbg_new_12ab", "__wbindgen_malloc"),
        )
        .expect("a module");
        assert_eq!(script, "w._1(1);const o={_0:f,memory};");
        assert_eq!(short, module("_0", "_1"));
    }

    #[test]
    fn only_whole_words_are_replaced() {
        let mut names = Names::default();
        names.short("__a");
        assert_eq!(names.replace_in("__a __ab $__a x__a.__a(__a)"), "_0 __ab $__a x__a._0(_0)");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let whole = module("__wbg_a", "__b");
        for len in HEADER_BYTES + 1..whole.len() {
            // A cut between two sections leaves a module.
            let cut = names("", &whole[..len]);
            assert!(cut.is_err() || cut.is_ok_and(|(_, short)| short.len() <= len));
        }
        assert!(names("x__wbg_a", &whole).is_err(), "a name that stays in the script");
    }
}
