//! The Worker's secrets and settings on this machine: `.dev.vars`, the environment above it, and the file that hands
//! them over.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::entropy::random_secret;
use crate::project::write_private;

/// Every variable that the Worker reads. One of these in the environment wins over `.dev.vars`.
pub const NAMES: [&str; 15] = [
    "WEFT_MASTER_KEY",
    "WEFT_MASTER_KEY_PREVIOUS",
    "ADMIN_API_KEY",
    "WIDGET_API_KEY",
    "TEST_WIDGET_TOKEN_API_KEY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "ENVIRONMENT",
    "ISSUER",
    "REVOKE_EXPOSED_KEYS",
    "WIDGET_TOKENS_PER_MINUTE",
    "NEW_SOCKETS_PER_MINUTE",
    "HELD_SOCKETS",
    "TEST_AGENT",
];

/// What a local Worker can't do without. Each gets a random value.
const NEEDED: [&str; 2] = ["WEFT_MASTER_KEY", "ADMIN_API_KEY"];

/// Reads `.dev.vars`; writes it, or what it lacks of the needed names, with random values.
///
/// # Errors
/// Where it can't be read or written, or isn't understood.
pub fn read_dev_vars(path: &Path) -> Result<BTreeMap<String, String>> {
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "# Secrets of the Worker on this machine. Never committed. A variable of the same name in the environment\n\
             # of `cargo xtask dev` wins. In production: `npx wrangler secret put NAME`.\n"
                .to_owned()
        }
        Err(error) => return Err(error).with_context(|| format!("can't read {}", path.display())),
    };
    let mut vars = parse(&text).with_context(|| format!("in {}", path.display()))?;
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !vars.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(vars);
    }
    for name in &missing {
        let value = random_secret()?;
        if !text.ends_with('\n') && !text.is_empty() {
            text.push('\n');
        }
        writeln!(text, "{name}={value}").context("a String takes any text")?;
        vars.insert((*name).to_owned(), value);
    }
    write_private(path, &text)?;
    println!("Wrote random values into {}: {}.", path.display(), missing.join(", "));
    Ok(vars)
}

/// `.dev.vars` with the environment above it. An empty variable of the environment counts as not set.
#[must_use]
pub fn with_environment(
    mut vars: BTreeMap<String, String>,
    lookup: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    for name in NAMES {
        if let Some(value) = lookup(name).filter(|value| !value.is_empty()) {
            vars.insert(name.to_owned(), value);
        }
    }
    vars
}

/// Reads lines of `NAME=value`, with `#` comments and optional quotes: what Wrangler understands of `.dev.vars`,
/// without expansion.
fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let mut vars = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line itself is not shown: it may be a secret in the wrong place.
        let unreadable = || format!("line {} is not NAME=value", index + 1);
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=').with_context(unreadable)?;
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            bail!(unreadable());
        }
        vars.insert(name.to_owned(), unquote(value.trim()).with_context(unreadable)?);
    }
    Ok(vars)
}

fn unquote(value: &str) -> Option<String> {
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '\'' | '"' | '`')) else {
        // Unquoted: a `#` after a space begins a comment.
        return Some(value.split_once(" #").map_or(value, |(value, _)| value.trim_end()).to_owned());
    };
    let (inside, rest) = value[1..].split_once(quote)?;
    (rest.trim().is_empty() || rest.trim_start().starts_with('#')).then(|| inside.to_owned())
}

/// The text of a file for `wrangler dev --env-file` that gives exactly these values.
///
/// # Errors
/// Where a value can't be written in that format. The message names the variable, never its value.
pub(crate) fn env_file(vars: &BTreeMap<String, String>) -> Result<String> {
    let mut text = String::new();
    for (name, value) in vars {
        if value.chars().any(char::is_control) {
            bail!("the value of {name} holds a line break or another control character");
        }
        if value.contains("\\$") {
            bail!("the value of {name} holds a backslash before a dollar sign, which Wrangler can't take");
        }
        // Inside single quotes or backticks nothing is unescaped; only `$` is expanded after all.
        let Some(quote) = ['\'', '`'].into_iter().find(|quote| !value.contains(*quote)) else {
            bail!("the value of {name} holds both ' and `, which Wrangler can't take");
        };
        writeln!(text, "{name}={quote}{}{quote}", value.replace('$', "\\$")).context("a String takes any text")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn dev_vars_are_read_as_wrangler_reads_them() {
        let text = "# comment\n\nA=1\n B = two words # why\nC='it # is'\nD=\"x\"\nexport E=`y'z`\nF=\nG=a#b\n";
        let expected =
            [("A", "1"), ("B", "two words"), ("C", "it # is"), ("D", "x"), ("E", "y'z"), ("F", ""), ("G", "a#b")];
        assert_eq!(parse(text).expect("readable"), vars(&expected));
    }

    #[test]
    fn unreadable_line_is_named_and_not_shown() {
        for bad in ["A=1\nhidden-value", "A=1\n=hidden-value", "A=1\nB='hidden-value", "A=1\nB C=hidden-value"] {
            let message = format!("{:#}", parse(bad).expect_err("unreadable"));
            assert!(message.contains("line 2") && !message.contains("hidden-value"), "{message}");
        }
    }

    #[test]
    fn environment_wins_unless_it_is_empty() {
        let environment = vars(&[("ADMIN_API_KEY", "env"), ("ISSUER", ""), ("PATH", "/bin")]);
        let merged =
            with_environment(vars(&[("ADMIN_API_KEY", "file"), ("ISSUER", "file"), ("OTHER", "file")]), |name| {
                environment.get(name).cloned()
            });
        assert_eq!(merged, vars(&[("ADMIN_API_KEY", "env"), ("ISSUER", "file"), ("OTHER", "file")]));
    }

    #[test]
    fn values_are_handed_over_unchanged_or_not_at_all() {
        let text = env_file(&vars(&[("A", "a#b \"c\" \\n"), ("B", "it's"), ("C", "x$HOME")])).expect("writable");
        assert_eq!(text, "A='a#b \"c\" \\n'\nB=`it's`\nC='x\\$HOME'\n");
        for bad in ["hidden-value\nB=1", "hidden-value'`", "hidden-value\\$"] {
            let message = env_file(&vars(&[("A", bad)])).expect_err("refused").to_string();
            assert!(message.contains("value of A") && !message.contains("hidden-value"), "{message}");
        }
    }
}
