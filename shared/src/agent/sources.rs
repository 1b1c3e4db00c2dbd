//! The agent provider `sources`: answers by quoting the tenant's sources, and says plainly when nothing fits.
//!
//! Searching is full-text search with bm25, which the store does. Decided here: how a source is cut into passages,
//! what is searched for, which hits fit the question, and how the answer reads. Nothing is made up: each sentence of
//! an answer but the first is the tenant's own.

use super::terms::{Question, Term, words};
use crate::protocol::ws::SourceRef;

/// Paragraphs of a section are joined up to about this: an answer needs its context.
const JOINED_CHARS: usize = 480;
/// A paragraph shorter than this is joined also beyond that: it says nothing alone.
const MIN_PASSAGE_CHARS: usize = 80;
/// A passage longer than this is cut between sentences.
const MAX_PASSAGE_CHARS: usize = 900;
/// A longer heading is a paragraph.
const MAX_HEADING_CHARS: usize = 120;
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
    let question = Question::parse(question);
    let is_german = question.is_german;
    if question.terms.is_empty() {
        return Composed::new(if is_german { ASK_DE } else { ASK_EN }, Vec::new());
    }
    let fitting = fitting(&question, hits);
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
        let mut heading = None;
        for passage in fitting.iter().filter(|passage| passage.title == first.title && passage.url == first.url) {
            let (its_heading, body) = split_heading(&passage.text);
            text.push_str("\n\n");
            // Two passages of one section need its heading once. Marks of its own would close the bold too early.
            if let Some(its_heading) = its_heading.filter(|its_heading| heading != Some(*its_heading)) {
                let mark = if its_heading.contains('*') { "" } else { "**" };
                text.extend([mark, its_heading, mark, "\n"]);
            }
            text.push_str(&quote(body));
            heading = its_heading;
        }
        text.push_str("\n— ");
        text.push_str(&first.title);
        sources.push(SourceRef { title: first.title.clone(), url: first.url.clone() });
    }
    Composed::new(&text, sources)
}

/// The hits that fit the question, best first: what a model is given to answer from.
#[must_use]
pub fn best<'a>(question: &str, hits: &'a [Passage]) -> Vec<&'a Passage> {
    let question = Question::parse(question);
    if question.terms.is_empty() { Vec::new() } else { fitting(&question, hits) }
}

/// The sources of these passages, in their order, each once.
#[must_use]
pub fn named(passages: &[&Passage]) -> Vec<SourceRef> {
    let mut sources: Vec<SourceRef> = Vec::new();
    for passage in passages {
        let source = SourceRef { title: passage.title.clone(), url: passage.url.clone() };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

/// How well a hit fits the question.
struct Fit<'a> {
    hit: &'a Passage,
    /// How many of the question's topics are there.
    met: usize,
    /// For each topic: 1 for the text, 2 for the title or the heading, 3 for both of them.
    weight: usize,
    /// How many words the heading shares with the question, small words too: "How do I return something?" asks for
    /// "How to return something" before "What can't be returned".
    shared: usize,
}

impl<'a> Fit<'a> {
    /// None where the hit doesn't fit. One word in common is chance once a question has several topics; with two it
    /// is enough if the source or section is about it.
    fn of(question: &Question, hit: &'a Passage) -> Option<Self> {
        let (heading, body) = split_heading(&hit.text);
        let [title, heading, body] =
            [&hit.title, heading.unwrap_or_default(), body].map(|text| words(text).collect::<Vec<_>>());
        let has = |words: &[String], term: &Term| words.iter().any(|word| term.matches(word));
        let weigh = |term: &Term| match (has(&title, term), has(&heading, term)) {
            (true, true) => 3,
            (true, false) | (false, true) => 2,
            (false, false) => usize::from(has(&body, term)),
        };
        let weights: Vec<usize> = question.terms.iter().map(weigh).collect();
        // Where there are strong topics, they alone decide whether it fits.
        let has_strong = question.terms.iter().any(|term| !term.is_weak);
        let counts = |term: &Term| !(has_strong && term.is_weak);
        let topics = || question.terms.iter().zip(&weights).filter(|(term, _)| counts(term)).map(|(_, weight)| *weight);
        let met = topics().filter(|weight| *weight > 0).count();
        let fits = match topics().count() {
            0 | 1 => met == 1,
            2 => topics().sum::<usize>() >= 2,
            3..=5 => met >= 2,
            _ => met >= 3,
        };
        let shared = question.words.iter().filter(|word| heading.contains(word)).count();
        fits.then(|| Self { hit, met, weight: weights.iter().sum(), shared })
    }
}

/// The hits that are worth quoting, best first.
fn fitting<'a>(question: &Question, hits: &'a [Passage]) -> Vec<&'a Passage> {
    let mut fitting: Vec<Fit<'a>> = hits.iter().filter_map(|hit| Fit::of(question, hit)).collect();
    let rank = |fit: &Fit<'_>| (fit.met, fit.weight, fit.shared);
    fitting.sort_by(|a, b| rank(b).cmp(&rank(a)).then(a.hit.score.total_cmp(&b.hit.score)));
    let (best_met, best_weight) = fitting.first().map_or((0, 0), |fit| (fit.met, fit.weight));
    let best_score = fitting.iter().map(|fit| fit.hit.score).fold(0.0, f64::min);
    let mut chars = 0;
    let mut chosen: Vec<&Passage> = Vec::new();
    for Fit { hit, met, weight, .. } in fitting {
        // A hit that is far behind the best one only waters the answer down.
        let is_close = met * 3 >= best_met * 2 && weight * 3 >= best_weight * 2 && hit.score <= best_score * 0.35;
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

/// A passage's heading and the rest: [`passages`] puts the heading on a line of its own.
fn split_heading(text: &str) -> (Option<&str>, &str) {
    match text.split_once('\n') {
        Some((first, rest))
            if first.chars().count() <= MAX_HEADING_CHARS
                && !first.ends_with(['.', ',', ';', ':'])
                && !keeps_its_line(first) =>
        {
            (Some(first), rest)
        }
        _ => (None, text),
    }
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
/// and a long paragraph between its sentences. Each passage begins with the heading that it stands under, on a line of
/// its own, so that it is found by it and makes sense alone.
#[must_use]
pub fn passages(body: &str) -> Vec<String> {
    sections(body).iter().flat_map(Section::passages).collect()
}

/// What stands under one heading.
#[derive(Default)]
struct Section {
    heading: String,
    paragraphs: Vec<String>,
}

impl Section {
    fn passages(&self) -> Vec<String> {
        let mut joined: Vec<String> = Vec::new();
        let count = |text: &String| text.chars().count();
        for paragraph in &self.paragraphs {
            match joined.last_mut() {
                Some(last) if joins(count(last), count(paragraph)) => {
                    last.push_str("\n\n");
                    last.push_str(paragraph);
                }
                _ => joined.push(paragraph.clone()),
            }
        }
        if self.heading.is_empty() {
            return joined.iter().flat_map(|text| cut(text, MAX_PASSAGE_CHARS)).collect();
        }
        if joined.is_empty() {
            return cut(&self.heading, MAX_PASSAGE_CHARS);
        }
        let heading = &self.heading;
        let most = MAX_PASSAGE_CHARS - MAX_HEADING_CHARS - 1;
        joined.iter().flat_map(|text| cut(text, most)).map(|text| format!("{heading}\n{text}")).collect()
    }
}

/// Whether two paragraphs of these lengths make one passage.
fn joins(first: usize, second: usize) -> bool {
    let sum = first + second;
    sum <= JOINED_CHARS || (first.min(second) < MIN_PASSAGE_CHARS && sum < MAX_PASSAGE_CHARS - MAX_HEADING_CHARS)
}

fn sections(body: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut section = Section::default();
    let mut paragraph = String::new();
    for line in body.lines().map(str::trim).chain([""]) {
        let heading = heading(line);
        if (line.is_empty() || heading.is_some()) && !paragraph.is_empty() {
            section.paragraphs.push(core::mem::take(&mut paragraph));
        }
        if let Some(heading) = heading {
            sections.push(core::mem::take(&mut section));
            heading.clone_into(&mut section.heading);
        } else if !line.is_empty() {
            // Wrapped lines are one sentence; items of a list and rows of a table keep theirs.
            if !paragraph.is_empty() {
                paragraph.push(if keeps_its_line(line) { '\n' } else { ' ' });
            }
            paragraph.push_str(line);
        }
    }
    sections.push(section);
    sections
}

/// The text of a Markdown heading.
fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let is_heading = (1..=6).contains(&level) && (rest.is_empty() || rest.starts_with(char::is_whitespace));
    let text = rest.trim().trim_end_matches('#').trim_end();
    (is_heading && text.chars().count() <= MAX_HEADING_CHARS).then_some(text)
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
