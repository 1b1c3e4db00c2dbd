//! Answers under way. An answer runs on its own, whether anyone listens or not: the widget that comes back finds it.

use super::Inner;
use crate::clock;
use crate::live;
use crate::log;
use crate::providers::{self, Asking};
use crate::settings::Settings;
use crate::store::conversation::ConversationStore;
use crate::store::sql::SqlError;
use futures_util::future::{AbortHandle, Either, abortable, select};
use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use weft_shared::agent::given_up_at;
use weft_shared::agent::openai::{MAX_EXCHANGES, exchanges};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::RequestId;
use weft_shared::session::server::{ConversationServer, Effect, Outcome, StartAnswer};
use weft_shared::time::Timestamp;

impl Inner {
    /// Asks the agent. The object stays awake until the answer has ended.
    pub(super) fn start_answer(self: &Rc<Self>, start: StartAnswer) {
        let id = start.request_id.clone();
        let (answer, handle) = abortable(Rc::clone(self).answer(start));
        self.answers.borrow_mut().insert(id.clone(), handle);
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            let _ = answer.await;
            inner.answers.borrow_mut().remove(&id);
            inner.tell_tenant().await;
            inner.measure_rows(&id);
        });
    }

    /// Writes down what an exchange cost, for the test that holds it.
    fn measure_rows(&self, id: &RequestId) {
        if Settings::read(&self.env).is_ok_and(|settings| settings.allows_scripted) {
            let rows = self.db.take_rows_written();
            log::measured(
                "rows_written",
                &serde_json::json!({ "object": "conversation", "request": id, "rows": rows }),
            );
        }
    }

    /// Stops asking the agent: what it was doing is dropped, upstream requests included.
    pub(super) fn stop_answer(&self, id: &RequestId) {
        self.answers.borrow().get(id).map(AbortHandle::abort);
    }

    /// The same for every answer.
    pub(super) fn stop_answers(&self) {
        self.answers.borrow().values().for_each(AbortHandle::abort);
    }

    async fn answer(self: Rc<Self>, start: StartAnswer) {
        let heard_at = Cell::new(clock::now());
        let say = |piece: &str| {
            heard_at.set(clock::now());
            self.report(|server, store| server.push(&start.request_id, piece, store, clock::now()));
        };
        let asked = pin!(self.ask_agent(&start, &say));
        let silence = pin!(wait_until_given_up(heard_at.get(), &heard_at));
        let outcome = match select(asked, silence).await {
            Either::Left((Ok(outcome), _)) => outcome,
            Either::Left((Err(refusal), _)) => Outcome::Failed(refusal),
            Either::Right(((), _)) => {
                let silent_ms = clock::now().millis_since(heard_at.get());
                log::warning("agent_silent", &serde_json::json!({ "after_ms": silent_ms }));
                Outcome::Failed(ErrorCode::AgentFailed.into())
            }
        };
        self.report(|server, store| server.finish(&start.request_id, outcome, store, clock::now()));
    }

    async fn ask_agent(self: &Rc<Self>, start: &StartAnswer, say: &dyn Fn(&str)) -> Result<Outcome, Refusal> {
        let head = self.with_server(|server, _| Ok(server.head().cloned()))?.ok_or(ErrorCode::Internal)?;
        // After a restart nobody has said which version is live.
        let version = self.live_version.get();
        let config = live::for_answer(&self.env, &head.tenant, &head.environment, version).await?;
        let history = || {
            let stored = ConversationStore(&self.db).before(&start.request_id, MAX_EXCHANGES)?;
            Ok(exchanges(&stored, &start.request_id))
        };
        let asking = Asking {
            env: &self.env,
            tenant: &head.tenant,
            agent: &config.agent,
            question: &start.text,
            visitor: start.visitor.as_ref(),
            history: &history,
        };
        providers::answer(&asking, say).await
    }

    /// Hands the session what the agent did, and acts on what follows.
    fn report(
        self: &Rc<Self>,
        step: impl FnOnce(&mut ConversationServer, &mut ConversationStore<'_>) -> Result<Vec<Effect>, SqlError>,
    ) {
        match self.with_server(step) {
            Ok(effects) => self.perform(effects, None),
            Err(error) => {
                log::internal("answer", &error);
            }
        }
    }
}

/// Over once the agent has been silent, or has talked, for too long.
async fn wait_until_given_up(asked_at: Timestamp, heard_at: &Cell<Timestamp>) {
    loop {
        let limit = given_up_at(asked_at, heard_at.get());
        if limit <= clock::now() {
            return;
        }
        clock::sleep_until(limit).await;
    }
}
