//! The panel and the screen: on a phone it covers all of it, and what is behind must not get the focus; a keyboard on the
//! screen takes its part of it.

use super::View;
use crate::browser::Node;
use crate::text::{concat, decimal};

/// A keyboard on the screen takes more than this; a scroll bar or a browser's own bar takes less.
const KEYBOARD_PX: f64 = 120.0;

impl View {
    /// Follows the part of the page that is seen.
    pub(crate) fn fit(&self) {
        let window = self.document.node("defaultView");
        let seen = window.node("visualViewport");
        let height = seen.number("height");
        // Less is seen of a page that is pinched larger, too; then it is to be moved around in, panel and all.
        let has_keyboard = seen.number("scale") < 1.01 && window.number("innerHeight") - height > KEYBOARD_PX;
        let px = |number: f64| if has_keyboard { concat(&[&in_digits(number), "px"]) } else { String::new() };
        let style = self.panel.node("style");
        style.put("top", &px(seen.number("offsetTop")));
        style.put("height", &px(height));
        style.put("bottom", if has_keyboard { "auto" } else { "" });
        self.panel.set_state("aria-modal", self.covers());
        self.log.follow();
    }

    /// Whether the panel covers the page.
    fn covers(&self) -> bool {
        self.panel.number("offsetWidth") >= self.document.node("documentElement").number("clientWidth")
    }

    /// Tab was pressed: where the page is covered, the focus goes round in the panel. Behind it, nobody would see it.
    pub(crate) fn keep_focus(&self, event: &Node) {
        let first = if self.new.flag("hidden") { &self.close } else { &self.new };
        let last = self.composer.last();
        let (from, to) = if event.flag("shiftKey") { (first, last) } else { (last, first) };
        if self.covers() && self.root.node("activeElement") == *from {
            event.prevent_default();
            to.focus();
        }
    }
}

/// Printing a float would take 14 KB; half a pixel is seen by nobody.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is seen begins and ends on the page")]
fn in_digits(number: f64) -> String {
    decimal(number as usize)
}
