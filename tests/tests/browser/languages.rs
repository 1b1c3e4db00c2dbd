//! The widget's own words in twelve languages.

use serde_json::{Value, json};
use std::fs;
use weft_tests::browser::{OwnSite, Page};
use xtask::project::Project;

/// What a language's file says, by name.
fn words(code: &str) -> impl Fn(&str) -> String {
    let file = Project::find().expect("tests run in the project").path(&format!("widget/languages/{code}.txt"));
    let text = fs::read_to_string(file).expect("it is there");
    move |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        line.expect("every file has every text").to_owned()
    }
}

fn files(page: &Page) -> Vec<String> {
    let record = page.record();
    let paths = record.requests.iter().map(weft_tests::browser::Request::path);
    paths.filter(|path| path.rsplit('.').next() == Some("txt")).map(str::to_owned).collect()
}

/// The panel's language and direction, and the name of its button to close it.
fn spoken(page: &Page) -> Value {
    let function = "function () { const panel = this.querySelector('[role=dialog]'); \
                    return [panel.lang, panel.dir, this.querySelector('.close').ariaLabel]; }";
    page.in_widget(function, &[]).unwrap_or_default()
}

#[track_caller]
fn assert_speaks(page: &Page, code: &str) {
    let said = words(code);
    let expected = json!([code, said("direction"), said("close")]);
    page.wait_until(&format!("{code} words"), || spoken(page) == expected);
    let shown = page.shown();
    assert_eq!((shown.title, shown.placeholder), (said("title"), said("placeholder")), "{code}");
}

#[test]
fn every_language_is_spoken_and_costs_one_file_of_its_own() {
    let own = OwnSite::new(&json!({}));
    for code in ["ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh", "en"] {
        own.embed_in(code, "", &format!("data-key='{}'", own.key));
        let (_visitor, page) = own.visit();
        assert_eq!(files(&page), Vec::<String>::new(), "nothing before intent");
        page.open_widget();
        assert_speaks(&page, code);
        let files = files(&page);
        assert_eq!(files.len(), usize::from(code != "en"), "{code}: {files:?}");
        assert!(files.iter().all(|path| path.starts_with("/widget/weft-") && path.ends_with(&format!("-{code}.txt"))));
    }
}

#[test]
fn script_tag_wins_over_the_config_and_the_config_over_the_page() {
    let own = OwnSite::new(&json!({ "appearance": { "locale": "nl-BE" } }));
    for (page_language, attributes, spoken) in [
        ("fr-CA", "data-locale='de-AT'", "de"),
        ("fr-CA", "", "nl"),
        ("fr-CA", "data-locale='en'", "en"),
        // What nobody here speaks is passed over.
        ("fr-CA", "data-locale='tlh'", "fr"),
    ] {
        own.embed_in(page_language, "", &format!("data-key='{}' {attributes}", own.key));
        let (_visitor, page) = own.visit();
        page.open_widget();
        assert_speaks(&page, spoken);
    }
}

#[test]
fn words_that_do_not_come_are_english() {
    let own = OwnSite::new(&json!({ "appearance": { "title": "Aide" } }));
    own.embed_in("fr", "", &format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    page.block(&[".txt"]);
    page.open_widget();
    page.ask("say=Voilà.");
    let shown = page.wait_for_answers(1);
    assert_eq!((shown.title.as_str(), shown.placeholder.as_str()), ("Aide", "Write a message"));
    assert_eq!(files(&page).len(), 1, "it was asked for");
    assert_eq!(spoken(&page), json!(["en", "ltr", "Close"]));
}

#[test]
fn words_that_come_late_are_put_on_all_that_is_there() {
    let own = OwnSite::new(&json!({}));
    own.embed_in("de", "", &format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    page.block(&[".txt"]);
    page.open_widget();
    page.ask("words=3 delay_ms=1 then=fail");
    page.wait_for_shown("the English note", |shown| {
        shown.answers().first().is_some_and(|answer| answer.note == "The answer broke off here.")
    });
    page.block(&[]);
    page.reload();
    let said = words("de");
    let shown = page.wait_for_shown("the German note", |shown| {
        shown.answers().first().is_some_and(|answer| answer.note == said("broke_off"))
    });
    assert_eq!(shown.offers, [said("try_again")]);
    assert_eq!(shown.welcome, said("welcome"), "the config's default is translated");
}

#[test]
fn numbers_take_the_plural_forms_of_their_language() {
    let own = OwnSite::new(&json!({}));
    for (code, count, expected) in [
        ("en", 3_999, "1 character left"),
        ("pl", 3_999, "został 1 znak"),
        ("pl", 3_998, "zostały 2 znaki"),
        ("pl", 3_995, "zostało 5 znaków"),
        ("ar", 3_998, "بقي حرفان"),
        ("ar", 3_997, "بقيت 3 أحرف"),
        ("ja", 3_999, "残り1文字"),
    ] {
        own.embed_in(code, "", &format!("data-key='{}'", own.key));
        let (_visitor, page) = own.visit();
        page.open_widget();
        assert_speaks(&page, code);
        page.insert_text(&"a".repeat(count));
        page.wait_for_shown(expected, |shown| shown.counter == expected);
    }
}

#[test]
fn every_plural_category_that_a_browser_asks_for_has_its_form() {
    let own = OwnSite::new(&json!({}));
    own.embed("");
    let (_visitor, page) = own.visit();
    for code in ["ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh"] {
        let asked = page.evaluate(&format!(
            "[...new Set([...Array(4001).keys()].map((n) => new Intl.PluralRules('{code}').select(n)))]"
        ));
        let said = words(code);
        for word in ["unread", "left", "over"] {
            let forms = said(word);
            let has = |category: &str| forms.split('|').any(|form| form.starts_with(&format!("{category}:")));
            for category in asked.as_array().expect("categories") {
                let category = category.as_str().expect("a word");
                assert!(has(category), "{code}: {word} has no form for {category}");
            }
        }
    }
}
