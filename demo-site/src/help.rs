//! The help pages: Markdown files in `help/`, compiled in. The same files are the tenant's sources, from which the
//! chat answers, so an answer's source is a page that the visitor can open.

use pulldown_cmark::{Event, Parser, Tag, TagEnd, html};
use std::sync::LazyLock;

/// A help page.
#[derive(Debug)]
pub struct HelpPage {
    /// Its name in addresses: the file's name without `.md`.
    pub slug: &'static str,
    /// Front matter `title`.
    pub title: &'static str,
    /// Front matter `url`: its path on this site.
    pub url: &'static str,
    /// The text below the front matter, Markdown.
    pub body: &'static str,
}

/// All pages, in the order in which they are listed.
pub static PAGES: LazyLock<Vec<HelpPage>> = LazyLock::new(|| {
    [
        ("shipping", include_str!("../help/shipping.md")),
        ("returns", include_str!("../help/returns.md")),
        ("payment", include_str!("../help/payment.md")),
        ("brewing", include_str!("../help/brewing.md")),
        ("care", include_str!("../help/care.md")),
        ("repairs", include_str!("../help/repairs.md")),
        ("sizes", include_str!("../help/sizes.md")),
        ("contact", include_str!("../help/contact.md")),
    ]
    .into_iter()
    .filter_map(|(slug, file)| HelpPage::parse(slug, file))
    .collect()
});

/// The page of that name.
#[must_use]
pub fn find(slug: &str) -> Option<&'static HelpPage> {
    PAGES.iter().find(|page| page.slug == slug)
}

impl HelpPage {
    /// Reads a file: `---`, lines of `name: value`, `---`, then Markdown.
    fn parse(slug: &'static str, file: &'static str) -> Option<Self> {
        let (front, body) = file.strip_prefix("---\n")?.split_once("\n---\n")?;
        let field = |name| front.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| *key == name);
        Some(Self { slug, title: field("title")?.1.trim(), url: field("url")?.1.trim(), body: body.trim() })
    }

    /// The page as HTML. The files are the shop's own, so they may hold HTML themselves.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = String::new();
        html::push_html(&mut out, Parser::new(self.body));
        out
    }

    /// The first paragraph's text: what the page is about.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = String::new();
        let mut events = Parser::new(self.body).skip_while(|event| !matches!(event, Event::Start(Tag::Paragraph)));
        for event in events.by_ref() {
            match event {
                Event::Text(text) | Event::Code(text) => out.push_str(&text),
                Event::SoftBreak | Event::HardBreak => out.push(' '),
                Event::End(TagEnd::Paragraph) => break,
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_folder_is_a_page() {
        let files: BTreeSet<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/help"))
            .expect("the folder is there")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        let pages: BTreeSet<String> = PAGES.iter().map(|page| format!("{}.md", page.slug)).collect();
        assert_eq!(files, pages);
    }

    #[test]
    fn every_page_has_a_title_an_address_and_a_summary() {
        for page in PAGES.iter() {
            assert_eq!(page.url, format!("/help/{}", page.slug));
            assert!(!page.title.is_empty() && page.body.len() > 500, "{}", page.slug);
            let summary = page.summary();
            assert!((40..200).contains(&summary.len()), "{}: {summary}", page.slug);
            assert!(page.html().contains("<h2>"), "{}", page.slug);
        }
    }

    #[test]
    fn file_without_front_matter_is_no_page() {
        assert!(HelpPage::parse("x", "# Title\n").is_none());
        assert!(HelpPage::parse("x", "---\ntitle: X\n---\nno address").is_none());
        let page =
            HelpPage::parse("x", "---\ntitle: X: y\nurl: /help/x\n---\n\nText *here*\nand there.\n").expect("a page");
        assert_eq!((page.title, page.summary().as_str()), ("X: y", "Text here and there."));
    }
}
