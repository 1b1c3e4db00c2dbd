//! Words as the search sees them: folded, stemmed a little, stop words left out.
//!
//! The same rules make the full-text query and decide whether a passage fits, so the two can't disagree. They match
//! SQLite's FTS5 tokenizer [`TOKENIZER`] for Latin script; other scripts pass unchanged.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The most terms of a search.
const MAX_TERMS: usize = 16;
/// The most words of a question that are looked at.
const MAX_WORDS: usize = 400;

/// A longer word is none.
const MAX_WORD_BYTES: usize = 64;

/// How the full-text table must be tokenized, for `tokenize = '…'` of FTS5.
pub const TOKENIZER: &str = "unicode61 remove_diacritics 2";

/// Words that carry no topic: English, and what people add around a question.
static ENGLISH: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "about after again all also am an and any anyone anything are as ask at be because been before being but by
    can cannot could did do does doing don either else ever every few for from get gets getting give go going
    good got had has have having hello help her here hey hi him his how if in into is isn it its just kind know
    let like ll made make makes many may me might more most much must my need no nor not of off offer offers ok
    okay on once one only or other our out over please possible provide question re really same say sell shall
    she should so some something sort still such sure tell than thank thanks that the their them then there these
    they thing things this those to too try under until up us use using ve very want was we were what when where
    whether which while who whom whose why will with within without would yes yet you your yours"
        .split_whitespace()
        .collect()
});

/// The same for German, folded as [`fold`] does.
static GERMAN: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist bitte da damit danke dann
    das dass dein dem den der des dich die dies diese diesem diesen dieser dieses dir doch du durch ein eine
    einem einen einer eines er es etwas euch euer eure euren eurer frage fur gab gibt habe haben habt hallo hat
    hatte hatten ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja jede jeder jedes jetzt kann kannst
    kein keine keinen konnen konnt konnte konnten mache machen man mehr mein meine meinem meinen meiner mich mir
    mit mochte muss mussen nach nein nicht noch nur ob oder ohne schon sehr sein seine seit sich sie sind so soll
    um und uns unser unsere vom von vor wann war warum was welche welchem welchen welcher welches wenn wer werde
    werden wie wieviel will wir wird wo woher wohin wollen wurde zu zum zur"
        .split_whitespace()
        .collect()
});

/// Words of both languages that help to rank but say little of the topic: whether a passage fits doesn't hang on them.
static WEAK: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "best better big bought buy buying come comes cost costs day days find first hour hours keep last long look maximum
    minimum minute minutes month months new next number old people person price prices purchase put read receive see
    send show small soon take takes taking time times today tomorrow week weeks work works write year years yesterday
    alt bekomme bekommen beste dauer dauern dauert finde finden geht heute kaufe kaufen kosten kostet kriege lange
    morgen neu neue preis preise schnell schicken senden stunde stunden tag tage viel viele woche wochen zeit"
        .split_whitespace()
        .collect()
});

/// A topic of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    stem: String,
    /// Whether it says little.
    pub(super) is_weak: bool,
    /// A stem of four characters or more stands for every word that begins with it.
    is_prefix: bool,
}

impl Term {
    fn of(word: &str, is_german: bool) -> Self {
        let stem = if is_german { german_stem(word) } else { stem(word) };
        let is_prefix = stem.chars().count() >= 4 && !stem.starts_with(|c: char| c.is_numeric());
        Self { stem: stem.to_owned(), is_weak: WEAK.contains(word), is_prefix }
    }

    /// Whether a folded word is of this topic.
    pub(super) fn matches(&self, word: &str) -> bool {
        match word.strip_prefix(self.stem.as_str()) {
            Some(rest) => self.is_prefix || rest.is_empty() || rest == "s",
            None => false,
        }
    }

    /// As an FTS5 expression. The stem is letters and digits only and stands in quotes: no operator can get in.
    pub(super) fn expression(&self) -> String {
        let stem = &self.stem;
        if self.is_prefix { format!("\"{stem}\"*") } else { format!("\"{stem}\" OR \"{stem}s\"") }
    }
}

/// A question as the search sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// Its distinct topics, in its order, at most [`MAX_TERMS`].
    pub(super) terms: Vec<Term>,
    /// All its words, small ones too.
    pub(super) words: Vec<String>,
    /// Whether it is asked in German rather than English, by its small words.
    pub(super) is_german: bool,
}

impl Question {
    pub(super) fn parse(text: &str) -> Self {
        let words: Vec<String> = words(text).take(MAX_WORDS).collect();
        let count = |list: &BTreeSet<&str>| words.iter().filter(|word| list.contains(word.as_str())).count();
        let is_german = count(&GERMAN) > count(&ENGLISH);
        let mut terms: Vec<Term> = Vec::new();
        for word in &words {
            // German small words are topics in English: a hat, a bin, a war.
            let is_small = ENGLISH.contains(word.as_str()) || (is_german && GERMAN.contains(word.as_str()));
            let is_letter = word.chars().nth(1).is_none() && word.chars().all(|c| c.is_ascii_lowercase());
            if is_small || is_letter || word.len() > MAX_WORD_BYTES {
                continue;
            }
            let term = Term::of(word, is_german);
            if terms.iter().all(|other| other.stem != term.stem) {
                terms.push(term);
            }
            if terms.len() == MAX_TERMS {
                break;
            }
        }
        Self { terms, words, is_german }
    }
}

/// What to search messages for: an FTS5 `MATCH` expression that wants every word of the text, each as the beginning of
/// a word. None where the text has no word. Every word is letters and digits only and stands in quotes, so that nothing
/// that anyone types is FTS5 syntax.
#[must_use]
pub fn match_words(text: &str) -> Option<String> {
    let mut wanted: Vec<String> = Vec::new();
    for word in words(text).filter(|word| word.len() <= MAX_WORD_BYTES) {
        if !wanted.contains(&word) {
            wanted.push(word);
        }
        if wanted.len() == MAX_TERMS {
            break;
        }
    }
    (!wanted.is_empty()).then(|| wanted.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" AND "))
}

/// The words of a text, folded.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).map(fold).filter(|word| !word.is_empty())
}

/// Combining marks belong to their word and are dropped by [`fold`].
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Lower-case, without diacritics.
fn fold(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)).map(plain).collect()
}

/// A Latin letter without its diacritic (Latin-1 and Latin Extended-A).
const fn plain(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        c => c,
    }
}

/// What the forms of a word have in common, so that a prefix search finds them: "returns", "returned" and "returning"
/// give "return". Light on purpose; a stem too long misses, one too short finds what nobody asked for.
fn stem(word: &str) -> &str {
    let long_enough = |stem: &str, least: usize| stem.chars().count() >= least;
    let without = |suffix: &str, least: usize| word.strip_suffix(suffix).filter(|stem| long_enough(stem, least));
    if !word.is_ascii() || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word;
    }
    if let Some(stem) = without("ies", 4).or_else(|| without("ied", 4)) {
        return stem;
    }
    if let Some(stem) = without("ing", 4).or_else(|| without("ed", 4)) {
        return single_end(stem);
    }
    if let Some(stem) = ["sses", "shes", "ches", "xes"].into_iter().find_map(|end| without(end, 2)) {
        return &word[..stem.len() + end_len(word)];
    }
    if let Some(stem) = without("en", 5).or_else(|| without("y", 5)) {
        return stem;
    }
    let singular = match without("s", 3) {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem,
        _ => word,
    };
    match singular.strip_suffix('e') {
        Some(stem) if long_enough(stem, 5) => stem,
        _ => singular,
    }
}

/// The same for German: "liefert" and "Lieferung", "kostet" and "Kosten".
fn german_stem(word: &str) -> &str {
    ["en", "et", "st", "e", "n", "s", "t"]
        .into_iter()
        .find_map(|suffix| word.strip_suffix(suffix).filter(|stem| stem.chars().count() >= 4))
        .unwrap_or(word)
}

/// How much of the ending "sses", "shes", "ches" or "xes" belongs to the stem: all but "es".
fn end_len(word: &str) -> usize {
    if word.ends_with("xes") { 1 } else { 2 }
}

/// "shipp" is "ship", but "sell" stays.
fn single_end(stem: &str) -> &str {
    let mut ends = stem.bytes().rev();
    match (ends.next(), ends.next()) {
        (Some(last), Some(before)) if last == before && !matches!(last, b'l' | b's' | b'e') => &stem[..stem.len() - 1],
        _ => stem,
    }
}
