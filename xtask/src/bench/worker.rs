//! The Worker that is measured.

use anyhow::Result;
use std::collections::BTreeMap;
use std::fs;

use crate::entropy::random_secret;
use crate::processes::{WorkerdOptions, WorkerdProcess};
use crate::project::Project;

/// A Worker on empty storage, with secrets of its own. Dropping it ends it.
pub(super) struct Measured {
    pub(super) process: WorkerdProcess,
    /// Its address, without a slash at the end.
    pub(super) url: String,
    /// `ADMIN_API_KEY`
    pub(super) admin_key: String,
}

impl Measured {
    /// Starts it with the test agent on, these variables on top, and what else `options` say.
    ///
    /// # Errors
    /// Where it doesn't answer in time; with the end of its log.
    pub(super) fn start(project: &Project, name: &str, more: &[(&str, &str)], options: WorkerdOptions) -> Result<Self> {
        let state_dir = project.path(".weft/bench").join(name);
        drop(fs::remove_dir_all(&state_dir));
        let (master_key, admin_key) = (random_secret()?, random_secret()?);
        let own = [("WEFT_MASTER_KEY", master_key.as_str()), ("ADMIN_API_KEY", &admin_key), ("TEST_AGENT", "1")];
        let vars: BTreeMap<String, String> = own
            .into_iter()
            .chain(more.iter().copied())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let process = WorkerdProcess::start(project, &WorkerdOptions { vars, state_dir, ..options })?;
        Ok(Self { url: process.url().to_owned(), process, admin_key })
    }
}
