//! The widget's files as the Worker's static assets: the loader under its stable name, all else under names that hold
//! a hash of the content, and the headers for both.

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::fingerprint::hex;
use crate::languages;
use crate::project::Project;
use crate::setup::Tools;
use crate::shorten;

/// The loader: the one script of a page.
pub const LOADER: &str = "weft.js";
/// How the names of languages' files end: a page loads one of them at most.
pub const LANGUAGE_EXTENSION: &str = "txt";
/// How the names of files begin that come when a developer calls for them, and for no visitor.
pub const ON_DEMAND: &str = "weft-doctor-";

/// Any page may load the widget (CORS, CORP), no browser may take a file for another kind. A hashed name never has
/// another content; the loader changes with a deploy and names the rest.
const HEADERS: &str = "\
/widget/*
  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
  X-Content-Type-Options: nosniff
/widget/weft.js
  Cache-Control: public, max-age=300, stale-while-revalidate=86400
/widget/weft-*
  Cache-Control: public, max-age=31536000, immutable
/widget/weft_bg-*
  Cache-Control: public, max-age=31536000, immutable
";

/// Where the widget's files are.
#[must_use]
pub fn dir(project: &Project) -> PathBuf {
    project.path("build/assets/widget")
}

/// Whether the files of a build are there.
#[must_use]
pub fn are_complete(project: &Project) -> bool {
    let has = |extension: &str| {
        let names = fs::read_dir(dir(project)).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter(|name| name != LOADER).any(|name| Path::new(&name).extension() == Some(OsStr::new(extension)))
    };
    dir(project).join(LOADER).is_file()
        && has("js")
        && has("wasm")
        && has(LANGUAGE_EXTENSION)
        && project.path("build/assets/_headers").is_file()
}

/// Writes them from what wasm-pack left in `package`, and removes those of earlier builds.
///
/// # Errors
/// Where a file is missing or esbuild fails.
pub fn write(project: &Project, tools: &Tools, package: &Path) -> Result<()> {
    let languages = languages::read(&project.path("widget/languages"))?;
    // One hash for all: the module carries it, and the widget asks for the file of the language that it speaks.
    let words: String = languages.values().map(String::as_str).collect();
    let words_hash = content_hash(words.as_bytes());
    let doctor = minify(tools, &project.path("widget/loader/doctor.js"), &["--bundle", "--format=esm"])?;
    let doctor_name = hashed_name(ON_DEMAND.trim_end_matches('-'), "js", &doctor);
    // Only what the loader calls: the bundler leaves out the rest.
    let entry = package.join("entry.js");
    fs::write(&entry, module_entry(&words_hash, &doctor_name)).context("can't write the module's entry")?;
    let module = minify(tools, &entry, &["--bundle", "--format=esm", "--external:./weft-doctor-*"])?;
    let wasm = package.join("weft_bg.wasm");
    let wasm = fs::read(&wasm).with_context(|| format!("can't read {}", wasm.display()))?;
    let (module, wasm) = shorten::names(core::str::from_utf8(&module).context("esbuild writes text")?, &wasm)?;
    let module = module.into_bytes();
    let module_name = hashed_name("weft", "js", &module);
    let wasm_name = hashed_name("weft_bg", "wasm", &wasm);

    let source = project.path("widget/loader/weft.js");
    let text = fs::read_to_string(&source).with_context(|| format!("can't read {}", source.display()))?;
    let filled = package.join("loader.js");
    fs::write(&filled, with_names(&text, &module_name, &wasm_name)?).context("can't write the filled-in loader")?;
    let loader = minify(tools, &filled, &[])?;

    let dir = dir(project);
    fs::create_dir_all(&dir).with_context(|| format!("can't make the folder {}", dir.display()))?;
    let put = |path: PathBuf, content: &[u8]| {
        fs::write(&path, content).with_context(|| format!("can't write {}", path.display()))
    };
    put(project.path("build/assets/_headers"), HEADERS.as_bytes())?;
    put(dir.join(&wasm_name), &wasm)?;
    put(dir.join(&doctor_name), &doctor)?;
    put(dir.join(&module_name), &module)?;
    let mut current = vec![LOADER.to_owned(), module_name, wasm_name, doctor_name];
    for (code, words) in &languages {
        let name = format!("weft-{words_hash}-{code}.{LANGUAGE_EXTENSION}");
        put(dir.join(&name), words.as_bytes())?;
        current.push(name);
    }
    // Last: whoever reads the new loader finds what it names.
    put(dir.join(LOADER), &loader)?;
    for entry in fs::read_dir(&dir).with_context(|| format!("can't list {}", dir.display()))?.flatten() {
        if !current.iter().any(|name| entry.file_name() == name.as_str()) {
            fs::remove_file(entry.path()).with_context(|| format!("can't remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// What the module gives to the loader. The words on a policy and the doctor's name stand here and not in the loader, where each byte is paid for by
/// every page; the module works without its WebAssembly as far as that goes.
fn module_entry(words_hash: &str, doctor_name: &str) -> String {
    format!(
        r#"import init, {{ mount as start }} from "./weft.js";
export default async (paths) => {{
  try {{
    await init(paths);
  }} catch (cause) {{
    if (cause.name != "CompileError") throw cause;
    throw new Error("script-src of this page's policy lacks 'wasm-unsafe-eval'", {{ cause }});
  }}
}};
export const mount = (host, root, launcher, options) => start(host, root, launcher, options, new URL("weft-{words_hash}-", import.meta.url).href);
export const doctor = async (options) => (await import("./{doctor_name}")).default(options);
"#
    )
}

/// The loader's text with the two names in it.
fn with_names(loader: &str, module: &str, wasm: &str) -> Result<String> {
    for placeholder in ["__WEFT_MODULE__", "__WEFT_WASM__"] {
        if loader.matches(placeholder).count() != 1 {
            bail!("the loader must hold {placeholder} exactly once");
        }
    }
    Ok(loader.replace("__WEFT_MODULE__", module).replace("__WEFT_WASM__", wasm))
}

fn hashed_name(stem: &str, extension: &str, content: &[u8]) -> String {
    format!("{stem}-{}.{extension}", content_hash(content))
}

fn content_hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content))[..10].to_owned()
}

fn minify(tools: &Tools, script: &Path, options: &[&str]) -> Result<Vec<u8>> {
    let output = tools
        .esbuild()?
        .arg(script)
        .args(options)
        .args(["--minify", "--target=es2022", "--legal-comments=none", "--charset=utf8", "--log-level=warning"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("can't start esbuild")?;
    if !output.status.success() || output.stdout.is_empty() {
        bail!("esbuild could not minify {} ({})", script.display(), output.status);
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_with_the_content_and_only_then() {
        let name = hashed_name("weft", "js", b"a");
        assert_eq!(name, "weft-ca978112ca.js");
        assert_eq!(name, hashed_name("weft", "js", b"a"));
        assert_ne!(name, hashed_name("weft", "js", b"b"));
    }

    #[test]
    fn loader_without_its_placeholders_is_refused() {
        let loader = r#"import("__WEFT_MODULE__"); f("__WEFT_WASM__")"#;
        assert_eq!(with_names(loader, "m.js", "w.wasm").expect("whole"), r#"import("m.js"); f("w.wasm")"#);
        assert!(with_names(r#"import("__WEFT_MODULE__")"#, "m.js", "w.wasm").is_err());
    }

    #[test]
    fn hashed_names_are_cached_for_ever_and_the_loader_is_not() {
        let rules: Vec<&str> = HEADERS.lines().collect();
        let after = |rule: &str| rules[rules.iter().position(|line| *line == rule).expect("a rule") + 1];
        assert!(after("/widget/weft-*").ends_with("immutable"));
        assert!(after("/widget/weft_bg-*").ends_with("immutable"));
        assert!(after("/widget/weft.js").contains("max-age=300"));
    }
}
