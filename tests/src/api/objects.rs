//! What the objects of a stopped Worker have stored: read and changed with SQL, so that a test can make it old or large.

use super::deployment::Settings;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::project::Project;

/// Opens the database named first, runs the second argument's statements, and prints the rows of the third's query.
const SCRIPT: &str = r#"
const { DatabaseSync } = require("node:sqlite");
const [file, change, query] = process.argv.slice(1);
const database = new DatabaseSync(file);
if (change) database.exec(change);
console.log(JSON.stringify(query ? database.prepare(query).all() : []));
database.close();
"#;

/// One object's database.
#[derive(Debug, Clone)]
pub struct StoredObject {
    file: PathBuf,
}

impl Settings {
    /// The database of the object of this class and name. The Worker must be stopped.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    #[track_caller]
    pub fn stored_object(&self, class: &str, name: &str) -> StoredObject {
        let folder = self.state_dir().join(format!("storage/v3/do/weft-{class}"));
        let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let files = files.map(|entry| entry.expect("a readable folder").path());
        let is_database = |path: &PathBuf| {
            path.extension().is_some_and(|extension| extension == "sqlite") && !path.ends_with("metadata.sqlite")
        };
        files
            .filter(is_database)
            .map(|file| StoredObject { file })
            .find(|object| object.name().is_some_and(|own| own == name))
            .unwrap_or_else(|| panic!("no {class} named {name} in {}", folder.display()))
    }
}

impl StoredObject {
    /// What it is called, where it says so: one that deleted all it had doesn't.
    fn name(&self) -> Option<String> {
        let has_name = "SELECT name FROM sqlite_master WHERE name = '__miniflare_do_name'";
        let row = (!self.rows(has_name).is_empty()).then(|| self.rows("SELECT name FROM __miniflare_do_name").pop());
        row.flatten()?["name"].as_str().map(str::to_owned)
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// Where SQLite refuses.
    #[must_use]
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<Value> {
        run(&self.file, "", query)
    }

    /// The names of its tables, but for those of the runtime.
    #[must_use]
    #[track_caller]
    pub fn tables(&self) -> Vec<String> {
        let rows = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
        let names = rows.iter().filter_map(|row| row["name"].as_str());
        names.filter(|name| !name.starts_with('_')).map(str::to_owned).collect()
    }

    /// Runs statements.
    ///
    /// # Panics
    /// Where SQLite refuses.
    #[track_caller]
    pub fn change(&self, statements: &str) {
        let _ = run(&self.file, statements, "");
    }
}

#[track_caller]
fn run(file: &Path, change: &str, query: &str) -> Vec<Value> {
    let project = Project::find().expect("the tests run in the project");
    let node = project.root().join("node_modules/.bin/node");
    let output = Command::new(node).args(["--no-warnings", "-e", SCRIPT]).arg(file).args([change, query]).output();
    let output = output.expect("Node runs");
    let failed = || String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {}", file.display(), failed());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", failed()))
}
