//! A tenant's sources and the full-text index of their passages.

use super::sql::{Database, SqlError};
use super::{before, instant, limit_of};
use serde::{Deserialize, Serialize};
use weft_shared::ids::SourceId;
use weft_shared::protocol::http::{Page, SourceView};
use weft_shared::time::Timestamp;

/// How much text a source has.
#[derive(Deserialize)]
struct Size {
    number: i64,
    bytes: usize,
}

#[derive(Deserialize)]
struct Row {
    id: SourceId,
    title: String,
    body: String,
    url: Option<String>,
    created_at: Timestamp,
}

/// Stores a source and indexes its passages. Call it in a transaction.
pub(crate) fn add(db: &Database, source: &SourceView, passages: &[String]) -> Result<(), SqlError> {
    db.run(
        "INSERT INTO sources (id, title, body, url, created_at) VALUES (?, ?, ?, ?, ?)",
        vec![
            source.id.as_str().into(),
            source.title.as_str().into(),
            source.body.as_str().into(),
            source.url.clone().into(),
            instant(source.created_at),
        ],
    )?;
    for passage in passages {
        db.run(
            "INSERT INTO passages (title, text, source) VALUES (?, ?, ?)",
            vec![source.title.as_str().into(), passage.as_str().into(), source.id.as_str().into()],
        )?;
    }
    Ok(())
}

/// How many sources there are.
pub(crate) fn count(db: &Database) -> Result<usize, SqlError> {
    #[derive(Deserialize)]
    struct Count {
        count: usize,
    }
    Ok(db.row::<Count>("SELECT COUNT(*) AS count FROM sources", vec![])?.map_or(0, |row| row.count))
}

/// A page of sources, newest first. Their sizes are read before their texts: 200 long ones would be 12 MB.
pub(crate) fn page(db: &Database, page: &Page) -> Result<(Vec<SourceView>, Option<String>), SqlError> {
    let sizes: Vec<Size> = db.rows(
        "SELECT number, LENGTH(CAST(body AS BLOB)) AS bytes FROM sources WHERE number < ? ORDER BY number DESC LIMIT ?",
        vec![before(page), limit_of(page)],
    )?;
    let held = page.holds(sizes.iter().map(|size| size.bytes));
    let Some(last) = sizes.iter().take(held).next_back() else { return Ok((Vec::new(), None)) };
    let next_cursor = (held < sizes.len()).then(|| last.number.to_string());
    let rows: Vec<Row> = db.rows(
        "SELECT id, title, body, url, created_at FROM sources WHERE number < ? AND number >= ? ORDER BY number DESC",
        vec![before(page), last.number.into()],
    )?;
    let view = |Row { id, title, body, url, created_at }| SourceView { id, title, body, url, created_at };
    Ok((rows.into_iter().map(view).collect(), next_cursor))
}

/// Removes a source and its passages. Says whether it was there. Call it in a transaction.
pub(crate) fn remove(db: &Database, id: &SourceId) -> Result<bool, SqlError> {
    #[derive(Deserialize)]
    struct Removed {
        #[expect(dead_code, reason = "only whether there is a row counts")]
        id: String,
    }
    let removed = db.row::<Removed>("DELETE FROM sources WHERE id = ? RETURNING id", vec![id.as_str().into()])?;
    if removed.is_some() {
        // The index has no key on `source`; it is small, and removing is rare.
        db.run("DELETE FROM passages WHERE source = ?", vec![id.as_str().into()])?;
    }
    Ok(removed.is_some())
}

/// A passage that was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Hit {
    /// Its source's title.
    pub(crate) title: String,
    /// Where the source can be read.
    pub(crate) url: Option<String>,
    /// The passage.
    pub(crate) text: String,
    /// bm25: the lower, the better.
    pub(crate) score: f64,
}

/// The passages that fit an FTS5 expression best. A title counts twice as much as the text.
pub(crate) fn search(db: &Database, expression: &str, limit: u32) -> Result<Vec<Hit>, SqlError> {
    db.rows(
        "SELECT passages.title AS title, sources.url AS url, passages.text AS text, bm25(passages, 2.0, 1.0) AS score
         FROM passages JOIN sources ON sources.id = passages.source
         WHERE passages MATCH ? ORDER BY score LIMIT ?",
        vec![expression.into(), i64::from(limit).into()],
    )
}
