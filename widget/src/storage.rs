//! What survives a reload: one record per key in `localStorage`. (A key belongs to one environment, so that is one per
//! environment too.) Where storage is blocked the widget works all the same, and forgets on reload. Never in it: a
//! widget token.

use crate::browser::{Node, get};
use crate::text::concat;
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use weft_shared::entropy::{Entropy, url_safe};
use weft_shared::ids::{ConversationId, RequestId};
use weft_shared::secret::HistorySecret;

/// Messages that are not acknowledged.
type Outbox = Vec<(RequestId, String)>;

/// The conversation of this browser with one key.
#[derive(Debug)]
pub(crate) struct Saved {
    /// The conversation's id.
    pub conversation: ConversationId,
    /// What unlocks its history.
    pub history_secret: HistorySecret,
    /// Whether the Worker has stored something of it.
    pub begun: bool,
    /// What the visitor typed and didn't send.
    pub draft: String,
    /// Whether the panel is open.
    pub is_open: bool,
    /// Whether a limit hides the widget. The loader reads it too.
    pub is_hidden: bool,
}

impl Saved {
    /// A conversation that nobody knows of: 132 random bits each for its id and its secret.
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Option<Self> {
        Some(Self {
            conversation: ConversationId::parse(url_safe(entropy, 22)).ok()?,
            history_secret: HistorySecret::parse(url_safe(entropy, 22)).ok()?,
            begun: false,
            draft: String::new(),
            is_open: false,
            is_hidden: false,
        })
    }

    fn read(text: &str) -> Option<(Self, Outbox)> {
        let record = JSON::parse(text).ok()?;
        let text = |name: &str| get(&record, name).as_string();
        let mut outbox = Vec::new();
        for unsent in get(&record, "outbox").dyn_into::<Array>().ok()?.iter() {
            outbox.push((RequestId::parse(get(&unsent, "id").as_string()?).ok()?, get(&unsent, "text").as_string()?));
        }
        let saved = Self {
            conversation: ConversationId::parse(text("conversation")?).ok()?,
            history_secret: HistorySecret::parse(text("historySecret")?).ok()?,
            begun: get(&record, "begun").is_truthy(),
            draft: text("draft")?,
            is_open: get(&record, "open").is_truthy(),
            is_hidden: get(&record, "hidden").is_truthy(),
        };
        Some((saved, outbox))
    }

    fn write(&self, unsent: &Outbox) -> Option<String> {
        let record = Node::object();
        record.put("conversation", self.conversation.as_str());
        record.put("historySecret", self.history_secret.expose());
        record.put_flag("begun", self.begun);
        let outbox = Array::new();
        for (id, text) in unsent {
            let message = Node::object();
            message.put("id", id.as_str());
            message.put("text", text);
            outbox.push(&message);
        }
        record.put_value("outbox", &outbox);
        record.put("draft", &self.draft);
        record.put_flag("open", self.is_open);
        record.put_flag("hidden", self.is_hidden);
        JSON::stringify(&record).ok().map(String::from)
    }
}

/// The browser's storage, where it may be used.
#[derive(Debug)]
pub(crate) struct Storage {
    /// Undefined where the visitor blocks it: then even asking for it throws.
    storage: JsValue,
    name: String,
}

impl Storage {
    /// The record's place.
    pub(crate) fn new(window: &JsValue, key: &str) -> Self {
        Self { storage: get(window, "localStorage"), name: concat(&["weft:", key]) }
    }

    /// What was stored, where it can be read.
    pub(crate) fn load(&self) -> Option<(Saved, Outbox)> {
        let text = get(&self.storage, &self.name).as_string()?;
        Saved::read(&text)
    }

    /// Stores it. A full storage is as a blocked one.
    pub(crate) fn store(&self, saved: &Saved, outbox: &Outbox) {
        if let Some(text) = saved.write(outbox) {
            let _ = Reflect::set(&self.storage, &self.name.as_str().into(), &text.into());
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up by threes.
    struct Counter(u8);

    impl Entropy for Counter {
        fn fill(&mut self, bytes: &mut [u8]) {
            self.0 += 1;
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(3);
            }
        }
    }

    #[test]
    fn a_new_conversation_has_an_id_and_a_secret_of_132_bits() {
        let saved = Saved::new(&mut Counter(0)).unwrap();
        assert_eq!(saved.conversation.as_str().len(), 22);
        assert_eq!(saved.history_secret.expose().len(), 22);
        assert_ne!(saved.conversation.as_str(), saved.history_secret.expose());
    }
}
