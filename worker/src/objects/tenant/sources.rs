//! What the default agent answers from.

use super::{Answer, Tenant};
use crate::clock;
use crate::store::audit;
use crate::store::sources::{self, Hit};
use crate::store::sql::SqlError;
use weft_shared::agent::passages;
use weft_shared::audit::{Action, By};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::SourceId;
use weft_shared::protocol::http::{NewSource, Page, SourceView};

/// The most sources of a tenant: what an object's search answers in milliseconds.
const MAX_SOURCES: usize = 10_000;

impl Tenant {
    pub(super) fn add_source(&self, id: SourceId, source: NewSource, by: &By) -> Answer<SourceView> {
        let (db, _) = self.registered()?;
        if sources::count(db)? >= MAX_SOURCES {
            return Err(Refusal::new(ErrorCode::Conflict, "A tenant has at most 10,000 sources; remove one first."));
        }
        let NewSource { title, body, url } = source;
        let passages = passages(&body);
        let source = SourceView { id, title, body, url, created_at: clock::now() };
        db.transaction(|| {
            let act = by.did(Action::SourceCreated).on(source.id.as_str()).with("title", source.title.as_str());
            audit::add(db, &act, source.created_at)?;
            sources::add(db, &source, &passages)
        })?;
        Ok(source)
    }

    pub(super) fn list_sources(&self, page: &Page) -> Answer<(Vec<SourceView>, Option<String>)> {
        let (db, _) = self.registered()?;
        Ok(sources::page(db, page)?)
    }

    pub(super) fn remove_source(&self, id: &SourceId, by: &By) -> Answer<()> {
        let (db, _) = self.registered()?;
        let was_there = db.transaction(|| {
            let was_there = sources::remove(db, id)?;
            if was_there {
                audit::add(db, &by.did(Action::SourceDeleted).on(id.as_str()), clock::now())?;
            }
            Ok::<_, SqlError>(was_there)
        })?;
        if was_there { Ok(()) } else { Err(ErrorCode::NotFound.into()) }
    }

    pub(super) fn search(&self, expression: &str, limit: u32) -> Answer<Vec<Hit>> {
        let (db, _) = self.registered()?;
        Ok(sources::search(db, expression, limit)?)
    }
}
