//! Draft and live of one environment: what staging, deploying and discarding do to them.

use super::{Change, Config, changes};
use crate::ids::Environment;
use crate::protocol::http::{ConfigBody, Deployed};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A config in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Rises by one with each deploy that changes something; the first is 1.
    pub version: u32,
    /// What is in force.
    pub config: Config,
    /// Since when.
    pub deployed_at: Timestamp,
}

/// The draft and the live config of one environment. Each step gives what is to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Staged {
    /// What is staged; none where nothing is.
    pub draft: Option<Config>,
    /// What is in force; none before the first deploy.
    pub live: Option<Live>,
}

impl Staged {
    /// The staged config, whole: the live one where nothing is staged, the defaults where nothing is live either.
    #[must_use]
    pub fn draft(&self) -> Config {
        self.draft.clone().or_else(|| self.live.as_ref().map(|live| live.config.clone())).unwrap_or_default()
    }

    /// What a deploy would change.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        changes(&self.draft(), self.live.as_ref().map(|live| &live.config))
    }

    /// Stages `body`'s fields. Nothing goes live by it.
    ///
    /// # Errors
    /// As [`Config::patch`]; the draft stays as it was.
    pub fn stage(&mut self, body: &serde_json::Value, allow_scripted: bool) -> Result<(), crate::error::Refusal> {
        let next = self.draft().patch(body, allow_scripted)?;
        // A draft that says what is live already is none.
        self.draft = Some(next).filter(|next| self.live.as_ref().is_none_or(|live| live.config != *next));
        Ok(())
    }

    /// Makes the draft live. Where nothing is staged, what is live stays, with its version; before the first deploy
    /// the defaults go live.
    pub fn deploy(&mut self, now: Timestamp) -> &Live {
        let draft = self.draft.take();
        let live = match (self.live.take(), draft) {
            (Some(live), None) => live,
            (Some(live), Some(config)) if live.config == config => live,
            (live, draft) => Live {
                version: live.map_or(0, |live| live.version).saturating_add(1),
                config: draft.unwrap_or_default(),
                deployed_at: now,
            },
        };
        self.live.insert(live)
    }

    /// Drops the draft. What is live stays.
    pub fn discard(&mut self) {
        self.draft = None;
    }

    /// The body of `GET …/config`.
    #[must_use]
    pub fn body(&self, environment: Environment) -> ConfigBody {
        ConfigBody {
            environment,
            draft: self.draft(),
            live: self.live.as_ref().map(|live| live.config.clone()),
            changes: self.changes(),
            version: self.live.as_ref().map(|live| live.version),
            live_deployed_at: self.live.as_ref().map(|live| live.deployed_at),
        }
    }
}

impl Live {
    /// The answer to a deploy.
    #[must_use]
    pub fn body(&self, environment: Environment) -> Deployed {
        Deployed { environment, version: self.version, deployed_at: self.deployed_at, live: self.config.clone() }
    }
}
