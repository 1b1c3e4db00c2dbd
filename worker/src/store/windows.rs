//! The windows of a key: the requests that count, one row for each second (`weft_shared::limits::StoredSecond`).

use super::json;
use super::sql::{Database, SqlError};
use serde::Deserialize;
use weft_shared::limits::{Counting, StoredSecond, Window};

/// What was stored of a window.
pub(crate) fn read(db: &Database, counting: Counting) -> Result<Window, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        second: String,
    }
    let rows: Vec<Row> = db.rows("SELECT second FROM accepted WHERE window = ?", vec![counting.name().into()])?;
    let seconds: Vec<StoredSecond> =
        rows.iter().map(|row| serde_json::from_str(&row.second)).collect::<Result<_, _>>()?;
    Ok(Window::from_stored(seconds.iter().flat_map(StoredSecond::accepted)))
}

/// Puts a second in its place, over whatever was there.
pub(crate) fn put(db: &Database, counting: Counting, second: &StoredSecond) -> Result<(), SqlError> {
    let bindings = vec![counting.name().into(), second.slot().into(), json(second)?];
    db.run("INSERT OR REPLACE INTO accepted (window, slot, second) VALUES (?, ?, ?)", bindings)
}
