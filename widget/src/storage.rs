//! What survives a reload: one record per key in `localStorage`. (A key belongs to one environment, so that is one per
//! environment too.) Where storage is blocked the widget works all the same, and forgets on reload. Never in it: a
//! widget token.

use crate::json;
use serde::{Deserialize, Serialize};
use weft_shared::entropy::{Entropy, url_safe};
use weft_shared::ids::{ConversationId, RequestId};
use weft_shared::secret::HistorySecret;

/// The conversation of this browser with one key.
#[derive(Debug)]
pub(crate) struct Saved {
    /// The conversation's id.
    pub conversation: ConversationId,
    /// What unlocks its history.
    pub history_secret: HistorySecret,
    /// Whether the Worker has stored something of it.
    pub begun: bool,
    /// Messages that are not acknowledged.
    pub outbox: Vec<(RequestId, String)>,
    /// What the visitor typed and didn't send.
    pub draft: String,
    /// Whether the panel is open.
    pub is_open: bool,
}

/// The record as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    conversation: ConversationId,
    history_secret: String,
    begun: bool,
    outbox: Vec<Unsent>,
    draft: String,
    open: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Unsent {
    id: RequestId,
    text: String,
}

impl Saved {
    /// A conversation that nobody knows of: 132 random bits each for its id and its secret.
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Option<Self> {
        Some(Self {
            conversation: ConversationId::parse(url_safe(entropy, 22)).ok()?,
            history_secret: HistorySecret::parse(url_safe(entropy, 22)).ok()?,
            begun: false,
            outbox: Vec::new(),
            draft: String::new(),
            is_open: false,
        })
    }

    fn from_record(record: Record) -> Option<Self> {
        Some(Self {
            conversation: record.conversation,
            history_secret: HistorySecret::parse(record.history_secret).ok()?,
            begun: record.begun,
            outbox: record.outbox.into_iter().map(|unsent| (unsent.id, unsent.text)).collect(),
            draft: record.draft,
            is_open: record.open,
        })
    }

    fn to_record(&self) -> Record {
        Record {
            conversation: self.conversation.clone(),
            history_secret: self.history_secret.expose().to_owned(),
            begun: self.begun,
            outbox: self.outbox.iter().map(|(id, text)| Unsent { id: id.clone(), text: text.clone() }).collect(),
            draft: self.draft.clone(),
            open: self.is_open,
        }
    }
}

/// The browser's storage, where it may be used.
#[derive(Debug)]
pub(crate) struct Storage {
    storage: Option<web_sys::Storage>,
    name: String,
}

impl Storage {
    /// The record's place.
    pub(crate) fn new(window: &web_sys::Window, key: &str) -> Self {
        // Where the visitor blocks storage, even asking for it throws.
        Self { storage: window.local_storage().ok().flatten(), name: ["weft:", key].concat() }
    }

    /// What was stored, where it can be read.
    pub(crate) fn load(&self) -> Option<Saved> {
        let text = self.storage.as_ref()?.get_item(&self.name).ok()??;
        Saved::from_record(json::parse(&text)?)
    }

    /// Stores it. A full storage is as a blocked one.
    pub(crate) fn store(&self, saved: &Saved) {
        if let (Some(storage), Some(text)) = (&self.storage, json::write(&saved.to_record())) {
            let _ = storage.set_item(&self.name, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up.
    struct Counter(u8);

    impl Entropy for Counter {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    /// What browsers hold by now: the next version must read it.
    const STORED: &str = r#"{"conversation":"ABCDEFGHIJKLMNOPQRSTUV","historySecret":"BCDEFGHIJKLMNOPQRSTUVW","begun":true,"outbox":[{"id":"aaaaaaaaaaaaaaaa","text":"Hello?"}],"draft":"and","open":true}"#;

    #[test]
    fn the_stored_form_is_pinned() {
        let saved = Saved::from_record(serde_json::from_str(STORED).unwrap()).unwrap();
        assert!(saved.begun && saved.is_open);
        assert_eq!(saved.draft, "and");
        assert_eq!(saved.outbox[0].1, "Hello?");
        assert_eq!(serde_json::to_string(&saved.to_record()).unwrap(), STORED);
    }

    #[test]
    fn a_record_that_was_tampered_with_is_not_used() {
        for (from, to) in
            [("ABCDEFGHIJKLMNOPQRSTUV", "../x"), ("BCDEFGHIJKLMNOPQRSTUVW", "short"), ("aaaaaaaaaaaaaaaa", "a b")]
        {
            let record: Option<Record> =
                serde_json::from_str(&STORED.replacen(&["\"", from, "\""].concat(), &["\"", to, "\""].concat(), 1))
                    .ok();
            assert!(record.and_then(Saved::from_record).is_none(), "{to}");
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
