//! The widget's words in languages other than English (`widget/languages/*.txt`), as files that a page loads: the texts
//! alone, one a line, in the order of `en.txt`, which the widget knows too. A file that doesn't fit is not built.

use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The language that is part of the widget itself.
const ENGLISH: &str = "en";
/// CLDR's plural categories.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// All languages but English, by code: what a page loads of each.
///
/// # Errors
/// Where a file can't be read or lacks something: it says what.
pub fn read(dir: &Path) -> Result<BTreeMap<String, String>> {
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir(dir).with_context(|| format!("can't list {}", dir.display()))? {
        let path = entry.with_context(|| format!("can't list {}", dir.display()))?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
        let code = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        sources.insert(code, text);
    }
    let english = sources.remove(ENGLISH).context("widget/languages/en.txt is missing")?;
    let english = lines(&english).context("en.txt")?;
    let mut files = BTreeMap::new();
    for (code, source) in &sources {
        let file = translate(&english, source, code).with_context(|| format!("{code}.txt"))?;
        files.insert(code.clone(), file);
    }
    Ok(files)
}

/// The names and texts of a source.
fn lines(source: &str) -> Result<Vec<(&str, &str)>> {
    source.lines().map(|line| line.split_once(" = ").with_context(|| format!("not `name = text`: {line:?}"))).collect()
}

/// The texts of a source in the order of the English one.
fn translate(english: &[(&str, &str)], source: &str, code: &str) -> Result<String> {
    let source = lines(source)?;
    ensure!(source.len() == english.len(), "{} texts, not {}", source.len(), english.len());
    let mut file = String::new();
    for (name, model) in english {
        let found = source.iter().find(|(known, _)| known == name).map(|(_, text)| *text);
        let text = found.with_context(|| format!("{name} is missing"))?;
        check(name, text, model, code)?;
        file.push_str(text);
        file.push('\n');
    }
    Ok(file)
}

fn check(name: &str, text: &str, model: &str, code: &str) -> Result<()> {
    ensure!(!text.trim().is_empty() && text == text.trim(), "{name} is empty or has space around it");
    ensure!(!text.contains(['<', '>', '&']), "{name} has markup in it");
    ensure!(name != "language" || text == code, "language is not {code}");
    ensure!(name != "direction" || ["ltr", "rtl"].contains(&text), "direction is neither ltr nor rtl");
    if !model.contains('#') {
        ensure!(!text.contains(['#', '|']), "{name} has a placeholder or forms, the English text has none");
        return Ok(());
    }
    let mut last = "";
    for form in text.split('|') {
        let Some((category, form)) = form.split_once(':') else { bail!("{name} has a form without its category") };
        ensure!(CATEGORIES.contains(&category), "{name}: {category} is no plural category");
        // Where a category is one number alone, the text may say it in a word.
        let may_be_word = ["zero", "one", "two"].contains(&category);
        ensure!(may_be_word || form.contains('#'), "{name} lacks # in {category}");
        last = category;
    }
    ensure!(last == "other", "{name} does not end with the form for `other`");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    const ENGLISH: [(&str, &str); 2] = [("close", "Close"), ("left", "one:# left|other:# left")];

    fn fault(source: &str) -> String {
        translate(&ENGLISH, source, "xx").expect_err("it is refused").to_string()
    }

    #[test]
    fn each_language_has_each_text_with_its_placeholders_and_without_markup() {
        let dir = Project::find().expect("tests run in the project").path("widget/languages");
        let files = read(&dir).expect("all of them fit");
        let codes: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(codes, ["ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh"]);
        let english = fs::read_to_string(dir.join("en.txt")).expect("it is there");
        for (code, file) in &files {
            assert_eq!(file.lines().count(), english.lines().count(), "{code}");
            assert_eq!(file.lines().nth(1) == Some("rtl"), code == "ar", "{code}");
        }
        for line in lines(&english).expect("lines") {
            check(line.0, line.1, line.1, super::ENGLISH).expect("English fits too");
        }
    }

    #[test]
    fn texts_come_in_the_order_of_the_english_ones() {
        let source = "left = one:noch #|other:noch #\nclose = Zu";
        assert_eq!(translate(&ENGLISH, source, "xx").expect("it fits"), "Zu\none:noch #|other:noch #\n");
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let with = |close: &str, left: &str| format!("close = {close}\nleft = {left}");
        let forms = "one:eins|other:#";
        assert!(translate(&ENGLISH, &with("Zu", forms), "xx").is_ok());
        assert!(fault("close = Zu").contains("1 texts, not 2"));
        assert!(fault("close = Zu\nopen = Auf").contains("left is missing"));
        assert!(fault("close: Zu\nleft = x").contains("not `name = text`"));
        assert!(fault(&with("<b>Zu</b>", forms)).contains("markup"));
        assert!(fault(&with("Zu #", forms)).contains("placeholder"));
        assert!(fault(&with("Zu", "# left")).contains("without its category"));
        assert!(fault(&with("Zu", "one:eins|other:viele")).contains("lacks #"));
        assert!(fault(&with("Zu", "other:#|one:#")).contains("does not end"));
        assert!(fault(&with("Zu", "several:#|other:#")).contains("no plural category"));
    }
}
