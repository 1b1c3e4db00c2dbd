//! Draft and live config. A deploy is one step: the version, the pointer to it and the note of whom to tell are stored
//! together. Then the live config is copied to KV and the guards of the environment's keys are told its version.
//!
//! Interrupted before the step is stored, the old config is live; after it, the new one is, and the alarm tells who was
//! not told yet. Requests with a key whose guard wasn't told get the old config until then: a few seconds.

use super::keys::note_inheritance;
use super::{Answer, Tenant};
use crate::clock;
use crate::settings::Settings;
use crate::store::outbox::{self, Target};
use crate::store::{audit, configs};
use weft_shared::audit::{Act, Action, By};
use weft_shared::config::{Change, Live, changes};
use weft_shared::ids::Environment;
use weft_shared::protocol::http::{ConfigBody, Deployed};

impl Tenant {
    pub(super) fn read_config(&self, environment: Environment) -> Answer<ConfigBody> {
        let (db, _) = self.registered()?;
        Ok(configs::read(db, &environment)?.body(environment))
    }

    pub(super) fn stage(&self, environment: Environment, body: &serde_json::Value, by: &By) -> Answer<ConfigBody> {
        let (db, _) = self.registered()?;
        let allow_scripted = Settings::read(&self.env)?.allows_scripted;
        let mut staged = configs::read(db, &environment)?;
        let before = staged.draft();
        staged.stage(body, allow_scripted)?;
        db.transaction(|| {
            let changes = changes(&staged.draft(), Some(&before));
            if !changes.is_empty() {
                let act = by.did(Action::ConfigStaged).on(environment.as_str());
                audit::add(db, &with_changes(act, changes), clock::now())?;
            }
            configs::put_draft(db, &environment, staged.draft.as_ref())
        })?;
        Ok(staged.body(environment))
    }

    pub(super) async fn deploy(&self, environment: Environment, by: &By) -> Answer<Deployed> {
        let (db, _) = self.registered()?;
        let mut staged = configs::read(db, &environment)?;
        let before = staged.live.as_ref().map(|live| live.version);
        let changes = staged.changes();
        let live = staged.deploy(clock::now()).clone();
        db.transaction(|| {
            if before != Some(live.version) {
                configs::put_live(db, &environment, &live)?;
                note_inheritance(db, Some(&environment))?;
                let act = by.did(Action::ConfigDeployed).on(environment.as_str()).with("version", live.version);
                audit::add(db, &with_changes(act, changes), clock::now())?;
            }
            configs::put_draft(db, &environment, None)?;
            // Also where nothing changed: who deploys again may do so because a copy seems old.
            outbox::add(db, &Target::Config(environment.clone()))
        })?;
        self.deliver().await;
        Ok(live.body(environment))
    }

    pub(super) fn discard(&self, environment: Environment, by: &By) -> Answer<ConfigBody> {
        let (db, _) = self.registered()?;
        let mut staged = configs::read(db, &environment)?;
        if staged.draft.is_some() {
            staged.discard();
            db.transaction(|| {
                audit::add(db, &by.did(Action::ConfigDiscarded).on(environment.as_str()), clock::now())?;
                configs::put_draft(db, &environment, None)
            })?;
        }
        Ok(staged.body(environment))
    }

    pub(super) fn read_live(&self, environment: &Environment) -> Answer<Option<Live>> {
        let (db, _) = self.registered()?;
        Ok(configs::read(db, environment)?.live)
    }
}

/// Each field that changed, with what it is now.
fn with_changes(act: Act, changes: Vec<Change>) -> Act {
    changes.into_iter().fold(act, |act, change| act.with(&change.field, change.draft))
}
