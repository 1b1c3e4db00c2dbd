//! The tenant `demo`: made over the Worker's own API, as an operator would. Run again, it changes only what differs.

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::http::Api;
use crate::project::write_private;

/// The tenant's id.
pub const TENANT: &str = "demo";
/// The environment that its keys and its config belong to.
pub const ENVIRONMENT: &str = "development";
/// Where the demo site's backend hands out widget tokens.
const REFRESH_PATH: &str = "/weft/token";
const LABEL: &str = "demo site (cargo xtask dev)";

/// The demo customer's keys, in plaintext: a key is shown once, so that they are kept in a file for the next start.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoKeys {
    /// For its pages.
    pub publishable: String,
    /// For its backend.
    pub secret: String,
}

/// What to provision.
#[derive(Debug)]
pub struct Provision<'a> {
    /// The Worker's address.
    pub worker_url: &'a str,
    /// The admin key.
    pub admin_key: &'a str,
    /// The demo site's address: the config's base URL.
    pub demo_url: &'a str,
    /// The folder with the demo customer's help pages.
    pub help_dir: &'a Path,
    /// The file for the keys.
    pub keys_file: &'a Path,
}

impl Provision<'_> {
    /// Makes the tenant, its keys, its live config and its sources.
    ///
    /// # Errors
    /// Where the Worker refuses, or a help page can't be read.
    pub fn run(&self) -> Result<DemoKeys> {
        let admin = Api::new(self.worker_url, self.admin_key);
        let made = admin.post("/v1/tenants", &json!({ "id": TENANT, "name": "Demo shop" }))?;
        if made.error() != "conflict" {
            made.success("making the tenant demo")?;
        }
        let keys = self.keys(&admin)?;
        self.config(&admin)?;
        self.sources(&admin)?;
        Ok(keys)
    }

    fn keys(&self, admin: &Api) -> Result<DemoKeys> {
        if let Some(keys) = self.stored_keys().filter(|keys| self.still_work(keys)) {
            return Ok(keys);
        }
        let keys = DemoKeys { publishable: new_key(admin, "publishable")?, secret: new_key(admin, "secret")? };
        write_private(self.keys_file, &serde_json::to_string_pretty(&keys).context("two strings are JSON")?)?;
        Ok(keys)
    }

    fn stored_keys(&self) -> Option<DemoKeys> {
        serde_json::from_str(&fs::read_to_string(self.keys_file).ok()?).ok()
    }

    /// Another master key, or storage that was deleted, makes the kept keys worthless.
    fn still_work(&self, keys: &DemoKeys) -> bool {
        let widget_config = format!("/widget/config?key={}", keys.publishable);
        // Without a credential of its own: the publishable key in the address is the one that is asked about.
        let publishable = Api::without_credential(self.worker_url).get(&widget_config);
        let secret = Api::new(self.worker_url, &keys.secret).get(&format!("/v1/tenants/{TENANT}/sources?limit=1"));
        // 404: a key that works, before the first deploy.
        publishable.is_ok_and(|answer| matches!(answer.status, 200 | 404))
            && secret.is_ok_and(|answer| answer.status == 200)
    }

    fn config(&self, admin: &Api) -> Result<()> {
        let path = format!("/v1/tenants/{TENANT}/config?environment={ENVIRONMENT}");
        let body = admin.get(&path)?.success("reading the demo's config")?;
        let changes = self.config_patch(&body["live"]);
        if changes.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(());
        }
        admin.patch(&path, &changes)?.success("staging the demo's config")?;
        let deploy = format!("/v1/tenants/{TENANT}/config/deploy");
        admin.post(&deploy, &json!({ "environment": ENVIRONMENT }))?.success("deploying the demo's config")?;
        Ok(())
    }

    /// What the live config lacks. Its looks are set once: after that they are the developer's to play with. (The accent
    /// stands on the shop's script tag too, which wins.)
    fn config_patch(&self, live: &Value) -> Value {
        let mut wanted = json!({
            "base_url": self.demo_url,
            "refresh_path": REFRESH_PATH,
            "require_signed_token": true,
        });
        if live.is_null() {
            wanted["appearance"] = json!({
                "title": "Ask Marram",
                "welcome_message": "Hello! Ask about tea, teaware, delivery or returns.",
                "input_placeholder": "Your question",
                "accent_color": "#2b6452",
            });
        }
        let differs = |(name, value): &(String, Value)| live.get(name) != Some(value);
        match wanted {
            Value::Object(fields) => Value::Object(fields.into_iter().filter(differs).collect()),
            other => other,
        }
    }

    fn sources(&self, admin: &Api) -> Result<()> {
        let mut wanted = self.help_pages()?;
        let path = format!("/v1/tenants/{TENANT}/sources");
        let mut cursor = None::<String>;
        loop {
            let page = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let body = admin.get(&format!("{path}?limit=200{page}"))?.success("listing the demo's sources")?;
            for source in body["sources"].as_array().into_iter().flatten() {
                let title = source["title"].as_str().unwrap_or_default();
                // A title that is no help page's is the developer's own.
                let Some(page) = wanted.get(title) else { continue };
                if page.is(source) {
                    wanted.remove(title);
                } else {
                    let id = source["id"].as_str().context("a source without an id")?;
                    admin.delete(&format!("{path}/{id}"))?.success("removing a source that changed")?;
                }
            }
            cursor = body["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        for page in wanted.values() {
            let body = json!({ "title": page.title, "body": page.body, "url": page.url });
            admin.post(&path, &body)?.success("adding a source")?;
        }
        Ok(())
    }

    fn help_pages(&self) -> Result<BTreeMap<String, HelpPage>> {
        let mut pages = BTreeMap::new();
        let dir = self.help_dir;
        for entry in fs::read_dir(dir).with_context(|| format!("can't list {}", dir.display()))?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
                let page = HelpPage::parse(&text, self.demo_url).with_context(|| format!("in {}", path.display()))?;
                pages.insert(page.title.clone(), page);
            }
        }
        if pages.is_empty() {
            bail!("no help page is in {}", dir.display());
        }
        Ok(pages)
    }
}

fn new_key(admin: &Api, kind: &str) -> Result<String> {
    let path = format!("/v1/tenants/{TENANT}/keys");
    let body = json!({ "label": LABEL, "type": kind, "environment": ENVIRONMENT });
    let mut answer = admin.post(&path, &body)?;
    if answer.error() == "key_limit_reached" {
        // The plaintexts of earlier keys are gone with the file that kept them. Ours alone are revoked.
        let keys = admin.get(&format!("{path}?limit=200"))?.success("listing the demo's keys")?;
        let is_ours = |key: &&Value| {
            key["label"] == LABEL
                && key["type"] == kind
                && key["environment"] == ENVIRONMENT
                && key["status"] == "active"
        };
        for key in keys["keys"].as_array().into_iter().flatten().filter(is_ours) {
            let id = key["id"].as_str().context("a key without an id")?;
            admin.delete(&format!("{path}/{id}"))?.success("revoking a key whose plaintext is lost")?;
        }
        answer = admin.post(&path, &body)?;
    }
    let created = answer.success(&format!("making the demo's {kind} key"))?;
    created["key"].as_str().map(str::to_owned).context("the Worker made a key and did not show it")
}

/// A help page: front matter with `title` and `url`, then Markdown.
#[derive(Debug, PartialEq, Eq)]
struct HelpPage {
    title: String,
    url: Option<String>,
    body: String,
}

impl HelpPage {
    fn parse(text: &str, site: &str) -> Result<Self> {
        let (head, body) = text
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"))
            .context("it must begin with `---`, front matter, `---`")?;
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            Some(line.trim().trim_matches('"').to_owned()).filter(|value| !value.is_empty())
        };
        let url = field("url").map(|url| if url.starts_with('/') { format!("{site}{url}") } else { url });
        Ok(Self { title: field("title").context("its front matter has no title")?, url, body: body.trim().to_owned() })
    }

    /// Whether `source`, of the Worker's list, is this page as it is now.
    fn is(&self, source: &Value) -> bool {
        source["title"] == *self.title && source["body"] == *self.body && source["url"].as_str() == self.url.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provision() -> Provision<'static> {
        Provision {
            worker_url: "http://127.0.0.1:1",
            admin_key: "",
            demo_url: "http://127.0.0.1:8788",
            help_dir: Path::new("."),
            keys_file: Path::new("keys.json"),
        }
    }

    #[test]
    fn only_what_differs_from_the_live_config_is_staged() {
        let first = provision().config_patch(&Value::Null);
        assert_eq!(first["base_url"], "http://127.0.0.1:8788");
        assert!(first["appearance"].is_object());
        let mut live = first.clone();
        live["appearance"]["title"] = json!("the developer's own");
        assert_eq!(provision().config_patch(&live), json!({}));
        live["base_url"] = json!("http://127.0.0.1:9999");
        assert_eq!(provision().config_patch(&live), json!({ "base_url": "http://127.0.0.1:8788" }));
    }

    #[test]
    fn help_page_is_read_and_told_from_an_older_one() {
        let text = "---\ntitle: Returns\nurl: /help/returns\n---\n\nSend it back.\n";
        let page = HelpPage::parse(text, "http://127.0.0.1:8788").expect("whole");
        let mut source = json!({ "id": "src_1", "title": "Returns", "body": "Send it back.", "url": "http://127.0.0.1:8788/help/returns" });
        assert!(page.is(&source));
        source["body"] = json!("Keep it.");
        assert!(!page.is(&source));
        assert!(HelpPage::parse("Send it back.", "").is_err());
        assert!(HelpPage::parse("---\nurl: /x\n---\nText", "").is_err());
    }

    #[test]
    fn demo_sites_own_pages_are_whole() {
        let help_dir = crate::project::Project::find().expect("in the project").path("demo-site/help");
        let pages = Provision { help_dir: &help_dir, ..provision() }.help_pages().expect("readable");
        assert!(pages.len() >= 5);
        assert!(pages.values().all(|page| page.url.is_some() && !page.body.is_empty()));
    }
}
