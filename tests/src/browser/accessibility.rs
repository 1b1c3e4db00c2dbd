//! What somebody meets who doesn't see the widget, or sees it in their own way: axe-core's findings, and the browser's
//! accessibility tree as text.

use super::page::Page;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use xtask::project::Project;

/// axe-core looks into shadow roots by `shadowRoot`, which is null for a closed one. For as long as it looks, the host has
/// a property of that name of its own; it is set from outside of the page, by the browser's inspector.
const RUN_AXE: &str = r"async function () {
    Object.defineProperty(this.host, 'shadowRoot', { value: this, configurable: true });
    try {
        // The page around is not ours.
        const found = await axe.run({ include: [['weft-chat']] }, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            // Landmarks and headings are the page's to arrange.
            rules: { region: { enabled: false }, 'heading-order': { enabled: false } },
        });
        const name = (node) => node.target.flat().join(' ') + ': ' + node.failureSummary;
        return {
            violations: found.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ' ' + name(node))),
            passes: found.passes.map((rule) => rule.id),
        };
    } finally {
        delete this.host.shadowRoot;
    }
}";

impl Page {
    /// Holds that axe-core finds nothing wrong with the widget, and that it did look into it.
    ///
    /// # Panics
    /// Where it finds something.
    #[track_caller]
    pub fn assert_accessible(&self, state: &str) {
        if self.evaluate("typeof axe") != "object" {
            let file = Project::find().expect("the tests run in the project").path("node_modules/axe-core/axe.min.js");
            let source = fs::read_to_string(file).expect("npm installed axe-core");
            // Not as a return value: it is large.
            self.evaluate(&format!("{source}\n; 0"));
        }
        let found = self.in_widget(RUN_AXE, &[]).unwrap_or_else(|error| panic!("{state}: {error}"));
        assert_eq!(found["violations"], json!([]), "{state}");
        let passes = found["passes"].to_string();
        // The launcher alone has no text.
        let has_text = !self.shown().is_open || passes.contains("color-contrast");
        assert!(passes.contains("button-name") && has_text, "{state}: it saw only {passes}");
    }

    /// The accessibility tree of the open panel: a line for each node that is not ignored, indented by depth, with role,
    /// name and what else is said of it.
    ///
    /// # Panics
    /// Where there is no panel.
    #[must_use]
    #[track_caller]
    pub fn accessibility_tree(&self) -> String {
        let _ = self.call("Accessibility.enable", &json!({}));
        let reply = self.call("Accessibility.getFullAXTree", &json!({}));
        let _ = self.call("Accessibility.disable", &json!({}));
        let nodes = reply["nodes"].as_array().expect("nodes");
        let by_id: HashMap<&str, &Value> =
            nodes.iter().filter_map(|node| Some((node["nodeId"].as_str()?, node))).collect();
        let panel = nodes.iter().find(|node| node["role"]["value"] == "dialog").expect("the panel is open");
        let mut text = String::new();
        write_node(panel, &by_id, 0, &mut text);
        text
    }
}

/// What is said of a node besides its role and name, where it isn't what it always is.
const PROPERTIES: [&str; 10] =
    ["disabled", "expanded", "invalid", "level", "live", "modal", "multiline", "pressed", "readonly", "required"];

fn write_node(node: &Value, by_id: &HashMap<&str, &Value>, depth: usize, text: &mut String) {
    let role = node["role"]["value"].as_str().unwrap_or_default();
    // Boxes of a line and bare containers say nothing of their own.
    let is_silent = node["ignored"] == true || ["InlineTextBox", "none", "generic"].contains(&role);
    let name = node["name"]["value"].as_str().unwrap_or_default();
    if !is_silent {
        let _ = write!(text, "{}{role}", "  ".repeat(depth));
        if !name.is_empty() {
            let _ = write!(text, " {name:?}");
        }
        if let Some(said) = node["description"]["value"].as_str().filter(|said| !said.is_empty()) {
            let _ = write!(text, " described {said:?}");
        }
        for property in node["properties"].as_array().into_iter().flatten() {
            let (name, value) = (property["name"].as_str().unwrap_or_default(), &property["value"]["value"]);
            if PROPERTIES.contains(&name) && *value != false && *value != "false" && *value != "" {
                let _ = write!(text, " {name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
        }
        text.push('\n');
    }
    for child in node["childIds"].as_array().into_iter().flatten() {
        if let Some(child) = child.as_str().and_then(|id| by_id.get(id)) {
            write_node(child, by_id, depth + usize::from(!is_silent), text);
        }
    }
}
