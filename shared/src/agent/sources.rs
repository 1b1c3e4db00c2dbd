//! The agent provider `sources`: answers by quoting the tenant's sources, and says plainly when nothing fits.
//!
//! Searching is full-text search with bm25, which the store does. Decided here: how a source is cut into passages,
//! what is searched for, which hits fit the question, and how the answer reads. Nothing is made up: each sentence of
//! an answer but the first is the tenant's own.

use super::terms::{Question, Term, words};
use crate::protocol::ws::SourceRef;

/// A passage shorter than this is joined with the next one.
const MIN_PASSAGE_CHARS: usize = 80;
/// A passage longer than this is cut between sentences.
const MAX_PASSAGE_CHARS: usize = 900;
/// The most passages that an answer quotes.
pub const MAX_PASSAGES: usize = 3;
/// About how long an answer may get.
const MAX_ANSWER_CHARS: usize = 1_500;
/// About how long a streamed piece is.
const CHUNK_CHARS: usize = 24;

// The answer's own words, in the language of the question.
const FOUND_EN: &str = "Here is what I found:";
const FOUND_DE: &str = "Das habe ich dazu gefunden:";
const NOTHING_EN: &str = "I could not find anything about that in our help pages. Asking in other words may help.";
const NOTHING_DE: &str = "Dazu habe ich in unseren Hilfeseiten nichts gefunden. Vielleicht hilft es, anders zu fragen.";
const ASK_EN: &str = "What would you like to know? Ask, and I will look it up in our help pages.";
const ASK_DE: &str = "Was möchten Sie wissen? Fragen Sie, und ich sehe in unseren Hilfeseiten nach.";

/// A hit of the search.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Its source's title.
    pub title: String,
    /// Where the source can be read.
    pub url: Option<String>,
    /// The passage, as [`passages`] cut it.
    pub text: String,
    /// bm25 as SQLite gives it: the lower, the better.
    pub score: f64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The pieces to stream; together they are the text.
    pub chunks: Vec<String>,
    /// The sources that it quotes, best first, each once.
    pub sources: Vec<SourceRef>,
}

impl Composed {
    /// The whole answer.
    #[must_use]
    pub fn text(&self) -> String {
        self.chunks.concat()
    }

    fn new(text: &str, sources: Vec<SourceRef>) -> Self {
        Self { chunks: chunks(text), sources }
    }
}

/// What to search for: an FTS5 `MATCH` expression over the question's topics, any of which may match. None where the
/// question has none ("hello"). Every term stands in quotes, so that nothing in a question is FTS5 syntax.
#[must_use]
pub fn search_terms(question: &str) -> Option<String> {
    let terms = Question::parse(question).terms;
    (!terms.is_empty()).then(|| terms.iter().map(Term::expression).collect::<Vec<_>>().join(" OR "))
}

/// Composes the answer from the search's hits.
#[must_use]
pub fn compose(question: &str, hits: &[Passage]) -> Composed {
    let Question { terms, is_german } = Question::parse(question);
    if terms.is_empty() {
        return Composed::new(if is_german { ASK_DE } else { ASK_EN }, Vec::new());
    }
    let fitting = fitting(&terms, hits);
    if fitting.is_empty() {
        return Composed::new(if is_german { NOTHING_DE } else { NOTHING_EN }, Vec::new());
    }
    let mut text = String::from(if is_german { FOUND_DE } else { FOUND_EN });
    let mut sources: Vec<SourceRef> = Vec::new();
    // Passages of one source stand together, under one title.
    for first in &fitting {
        if sources.iter().any(|source| source.title == first.title && source.url == first.url) {
            continue;
        }
        for passage in fitting.iter().filter(|passage| passage.title == first.title && passage.url == first.url) {
            text.push_str("\n\n");
            text.push_str(&quote(&passage.text));
        }
        text.push_str("\n— ");
        text.push_str(&first.title);
        sources.push(SourceRef { title: first.title.clone(), url: first.url.clone() });
    }
    Composed::new(&text, sources)
}

/// The hits that are worth quoting, best first.
fn fitting<'a>(terms: &[Term], hits: &'a [Passage]) -> Vec<&'a Passage> {
    // One word in common is chance once a question has two topics, unless it is what the whole source is about.
    let needed = match terms.len() {
        0 => return Vec::new(),
        1 => 1,
        2..=4 => 2,
        _ => 3,
    };
    let mut fitting: Vec<(usize, &Passage)> =
        hits.iter().map(|hit| (weight(terms, hit), hit)).filter(|(weight, _)| *weight >= needed).collect();
    fitting.sort_by(|(a, one), (b, other)| b.cmp(a).then(one.score.total_cmp(&other.score)));
    let best = fitting.first().map_or(0, |(weight, _)| *weight);
    let best_score = fitting.iter().map(|(_, hit)| hit.score).fold(0.0, f64::min);
    let mut chars = 0;
    let mut chosen: Vec<&Passage> = Vec::new();
    for (weight, hit) in fitting {
        // A hit that is far behind the best one only waters the answer down.
        let is_close = weight * 3 >= best * 2 && hit.score <= best_score * 0.35;
        let is_new = chosen.iter().all(|other| other.text != hit.text);
        let length = hit.text.chars().count().min(MAX_PASSAGE_CHARS);
        if chosen.is_empty() || (is_close && is_new && chars + length <= MAX_ANSWER_CHARS) {
            chars += length;
            chosen.push(hit);
        }
        if chosen.len() == MAX_PASSAGES {
            break;
        }
    }
    chosen
}

/// How much of the question a passage is about: 2 for each topic in its title, 1 for each in its text alone.
fn weight(terms: &[Term], hit: &Passage) -> usize {
    let title: Vec<String> = words(&hit.title).collect();
    let text: Vec<String> = words(&hit.text).collect();
    let has = |words: &[String], term: &Term| words.iter().any(|word| term.matches(word));
    terms.iter().map(|term| if has(&title, term) { 2 } else { usize::from(has(&text, term)) }).sum()
}

/// The passage as it is quoted: cut at a sentence's end where it is longer than a passage should be.
fn quote(text: &str) -> String {
    let pieces = cut(text.trim(), MAX_PASSAGE_CHARS);
    match pieces.split_first() {
        Some((first, rest)) if !rest.is_empty() => format!("{first} …"),
        Some((first, _)) => first.clone(),
        None => String::new(),
    }
}

/// Cuts a source's text (plain or Markdown) into passages of about 80 to 900 characters: by blank line, by heading,
/// and a long paragraph between its sentences. A heading stays with what follows it.
#[must_use]
pub fn passages(body: &str) -> Vec<String> {
    let mut passages: Vec<String> = Vec::new();
    // A section is what stands under one heading: its short paragraphs are joined with each other only.
    for section in sections(body) {
        let mut current = String::new();
        let mut done: Vec<String> = Vec::new();
        for paragraph in section {
            let fits = current.chars().count() + 2 + paragraph.chars().count() <= MAX_PASSAGE_CHARS;
            if !current.is_empty() && (current.chars().count() >= MIN_PASSAGE_CHARS || !fits) {
                done.push(core::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push('\n');
            }
            current.push_str(&paragraph);
        }
        match done.last_mut() {
            Some(last)
                if current.chars().count() < MIN_PASSAGE_CHARS
                    && last.chars().count() + current.chars().count() < MAX_PASSAGE_CHARS =>
            {
                last.push('\n');
                last.push_str(&current);
            }
            _ => done.push(current),
        }
        passages.extend(done.iter().flat_map(|passage| cut(passage, MAX_PASSAGE_CHARS)));
    }
    passages
}

/// The paragraphs under each heading, the heading first, without its `#`.
fn sections(body: &str) -> Vec<Vec<String>> {
    let mut sections: Vec<Vec<String>> = Vec::new();
    let mut section: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    for line in body.lines().map(str::trim) {
        let heading = heading(line);
        if line.is_empty() || heading.is_some() {
            section.extend(Some(core::mem::take(&mut paragraph)).filter(|text| !text.is_empty()));
        }
        if let Some(heading) = heading {
            sections.extend(Some(core::mem::take(&mut section)).filter(|section| !section.is_empty()));
            section.extend(Some(heading.to_owned()).filter(|text| !text.is_empty()));
        } else if !line.is_empty() {
            // Wrapped lines are one sentence; items of a list and rows of a table keep theirs.
            if !paragraph.is_empty() {
                paragraph.push(if keeps_its_line(line) { '\n' } else { ' ' });
            }
            paragraph.push_str(line);
        }
    }
    section.extend(Some(paragraph).filter(|text| !text.is_empty()));
    sections.extend(Some(section).filter(|section| !section.is_empty()));
    sections
}

/// The text of a Markdown heading.
fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    ((1..=6).contains(&level) && (rest.is_empty() || rest.starts_with(' ')))
        .then(|| rest.trim().trim_end_matches('#').trim_end())
}

fn keeps_its_line(line: &str) -> bool {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['|', '>'])
        || ["- ", "* ", "+ ", "• "].iter().any(|mark| line.starts_with(mark))
        || (digits.len() < line.len() && (digits.starts_with(". ") || digits.starts_with(") ")))
}

/// Cuts a text into pieces of at most `most` characters: at a line's or sentence's end, else at a space, else anywhere.
fn cut(text: &str, most: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while let Some((limit, _)) = rest.char_indices().nth(most) {
        let head = &rest[..limit];
        let sentence = head
            .char_indices()
            .zip(head.chars().skip(1).chain([' ']))
            .filter(|((_, c), next)| *c == '\n' || (matches!(c, '.' | '!' | '?' | '…') && next.is_whitespace()))
            .map(|((at, c), _)| at + c.len_utf8())
            .last();
        let at = sentence.or_else(|| head.rfind(' ')).filter(|at| *at > 0).unwrap_or(limit);
        let (piece, after) = rest.split_at(at);
        pieces.push(piece.trim_end().to_owned());
        rest = after.trim_start();
    }
    pieces.extend(Some(rest.to_owned()).filter(|rest| !rest.is_empty()));
    pieces
}

/// The text in small pieces that end between words; together they are the text.
fn chunks(text: &str) -> Vec<String> {
    let mut chunks = Vec::new();
    let mut chunk = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        chunk.push_str(word);
        if chunk.chars().count() >= CHUNK_CHARS {
            chunks.push(core::mem::take(&mut chunk));
        }
    }
    chunks.extend(Some(chunk).filter(|chunk| !chunk.is_empty()));
    chunks
}
