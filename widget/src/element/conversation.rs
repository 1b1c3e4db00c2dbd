//! The conversation of this browser: what is sent in it, how it begins and is left, what of it is stored, and how tabs
//! share it.

use super::{Element, start::Start};
use crate::entropy::BrowserEntropy;
use crate::page::emit;
use crate::storage::Saved;
use weft_shared::entropy::url_safe;
use weft_shared::ids::RequestId;
use weft_shared::protocol::ws::Role;
use weft_shared::session::client::{ClientConfig, ClientSession, Ended, Persisted, Status};
use weft_shared::time::Timestamp;

impl Element {
    /// Keeps what the visitor typed: the page may be gone after this.
    pub(super) fn leave(&mut self) {
        self.saved.is_open = self.view.is_open();
        let draft = self.view.composer.text();
        let is_mine = draft != self.saved.draft;
        self.saved.draft = draft;
        self.store(is_mine);
    }

    pub(super) fn submit(&mut self, now: Timestamp) {
        if self.send(&self.view.composer.text(), now) {
            self.view.composer.set_text("");
            self.view.refresh();
            self.leave();
        }
    }

    /// Sends a message; `false`: it isn't one.
    pub(super) fn send(&mut self, text: &str, now: Timestamp) -> bool {
        let text = text.trim_ascii();
        let Ok(id) = RequestId::parse(url_safe(&mut BrowserEntropy, 22)) else { return false };
        let is_sent = self.session.send(id.clone(), text, now);
        if is_sent {
            emit(&self.host, "weft:message", &[("role", "user"), ("id", id.as_str()), ("text", text)]);
        }
        is_sent
    }

    /// Sends the last message once more, as a new one: the old one has had its answer or its refusal.
    pub(super) fn ask_again(&mut self, now: Timestamp) {
        let last = self.session.entries().iter().rev().find(|entry| entry.role == Role::User);
        if let Some(text) = last.map(|entry| entry.text.clone()) {
            self.send(&text, now);
            self.view.composer.focus();
        }
    }

    pub(super) fn retry(&mut self, now: Timestamp) {
        // The button goes; the focus must not go with it.
        self.view.composer.focus();
        if !matches!(self.start, Start::Done) {
            self.ask_config();
        } else if matches!(self.session.status(), Status::Ended(Ended::Forbidden | Ended::Over)) {
            // This conversation can't go on. What it didn't take is for the next one.
            let Persisted { outbox, .. } = self.session.persisted();
            self.replace(outbox, now);
        } else {
            self.session.retry(now);
        }
    }

    /// The visitor begins anew. What was not sent belongs to what they leave.
    pub(super) fn start_new(&mut self, now: Timestamp) {
        self.view.composer.focus();
        // Nobody waits for this answer any more.
        self.session.cancel(now);
        while let Some(action) = self.session.poll_action() {
            self.act(action, now);
        }
        self.replace(Vec::new(), now);
    }

    /// Drops the conversation for a new one.
    fn replace(&mut self, outbox: Vec<(RequestId, String)>, now: Timestamp) {
        if let Some(saved) = Saved::new(&mut BrowserEntropy) {
            self.storage.store(&saved, &outbox);
            self.saved = saved;
            self.begin(outbox, None, now);
            self.leave();
        }
    }

    /// Begins with a conversation, new or from before, where no limit of so many seconds forbids it.
    pub(super) fn begin(&mut self, outbox: Vec<(RequestId, String)>, limited_for_secs: Option<u64>, now: Timestamp) {
        self.socket = None;
        self.view.log.redraw(0);
        self.session = new_session(&self.saved, outbox, self.requires_token);
        self.session.limit(limited_for_secs, now);
        if !self.window.node("navigator").flag("onLine") {
            self.session.handle_offline(now);
        }
        if self.view.is_open() {
            self.session.prepare(now);
        } else {
            // What was not acknowledged goes out.
            self.session.handle_timeout(now);
        }
    }

    /// Joins the conversation that another tab of this browser began.
    pub(super) fn join(&mut self, now: Timestamp) {
        let Some((stored, _)) = self.storage.load() else { return };
        if stored.conversation != self.saved.conversation {
            // It was begun by the visitor, after this one.
            self.saved.conversation = stored.conversation;
            self.saved.history_secret = stored.history_secret;
            self.saved.begun = stored.begun;
            self.begin(Vec::new(), None, now);
        } else if stored.begun && !self.session.persisted().begun {
            self.saved.begun = true;
            let Persisted { outbox, .. } = self.session.persisted();
            self.begin(outbox, None, now);
        }
    }

    /// Stores what must survive a reload.
    pub(super) fn save(&mut self) {
        self.store(false);
    }

    fn store(&mut self, is_draft_mine: bool) {
        let Persisted { begun, mut outbox } = self.session.persisted();
        let mut all = Vec::new();
        self.saved.begun |= begun;
        let mine = self.saved.draft.clone();
        // Another tab may have stored since.
        if let Some((stored, theirs)) = self.storage.load() {
            if stored.conversation != self.saved.conversation {
                // The visitor began anew there; this tab joins it when it hears of it.
                return;
            }
            self.saved.begun |= stored.begun;
            // What the other tab has still to send stays; what this one knows of it is either sent or in its own list.
            let is_known =
                |id: &RequestId| self.session.entries().iter().any(|entry| entry.id.as_deref() == Some(id.as_str()));
            for (id, text) in theirs {
                if !is_known(&id) {
                    all.push((id, text));
                }
            }
            if !is_draft_mine {
                self.saved.draft = stored.draft;
            }
        }
        all.append(&mut outbox);
        self.storage.store(&self.saved, &all);
        self.saved.draft = mine;
    }
}

pub(super) fn new_session(
    saved: &Saved,
    outbox: Vec<(RequestId, String)>,
    require_signed_token: bool,
) -> ClientSession {
    ClientSession::new(ClientConfig {
        history_secret: saved.history_secret.clone(),
        begun: saved.begun,
        require_signed_token,
        seed: BrowserEntropy.seed(),
        outbox,
    })
}
