//! Messages that come over HTTP, and the requests that wait for their answers. They take their turn among the frames of
//! the conversation's sockets, which see them live.

use super::{ChatAsk, Inner};
use crate::bindings::{self, ANSWER_DEADLINE_MS};
use crate::clock::{self, Sleep};
use crate::quota::Place;
use crate::store::conversation::ConversationStore;
use futures_util::future::{Either, poll_fn, select};
use futures_util::stream::{self, Stream, StreamExt as _};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::ConversationId;
use weft_shared::protocol::http::{ChatLine, HistoryPage, Page};
use weft_shared::protocol::ws::ServerFrame;
use weft_shared::session::server::{Heard, Listener, Reader, SocketContext};
use worker::{Request, Response};

/// Requests that may wait at a time in one conversation. Its people ask one thing after the other.
const MAX_LISTENERS: usize = 64;

/// The requests that wait. Each is kept by whoever reads it: a client that is gone is forgotten, its answer goes on.
#[derive(Default)]
pub(super) struct Listeners(RefCell<Vec<Weak<Hearing>>>);

/// One request that waits.
struct Hearing {
    listener: RefCell<Listener>,
    waker: Cell<Option<Waker>>,
}

impl Listeners {
    /// Tells each what goes to all of the conversation.
    pub(super) fn hear(&self, frame: &ServerFrame) {
        self.0.borrow_mut().retain(|hearing| {
            let Some(hearing) = hearing.upgrade() else { return false };
            hearing.listener.borrow_mut().hear(frame);
            if let Some(waker) = hearing.waker.take() {
                waker.wake();
            }
            true
        });
    }

    /// Tells each that nothing more comes.
    pub(super) fn end(&self, code: ErrorCode) {
        for hearing in self.0.take().iter().filter_map(Weak::upgrade) {
            hearing.listener.borrow_mut().end(code);
            if let Some(waker) = hearing.waker.take() {
                waker.wake();
            }
        }
    }

    fn is_full(&self) -> bool {
        let mut all = self.0.borrow_mut();
        all.retain(|hearing| hearing.strong_count() > 0);
        all.len() >= MAX_LISTENERS
    }

    fn add(&self, listener: Listener) -> Rc<Hearing> {
        let hearing = Rc::new(Hearing { listener: RefCell::new(listener), waker: Cell::new(None) });
        self.0.borrow_mut().push(Rc::downgrade(&hearing));
        hearing
    }
}

impl Hearing {
    /// The next of what `take` gives, or what stands for it once `deadline` is over.
    async fn next(&self, take: fn(&mut Listener) -> Option<Heard>, deadline: &mut Sleep) -> Heard {
        let heard = poll_fn(|context| {
            let heard = take(&mut self.listener.borrow_mut());
            if heard.is_none() {
                self.waker.set(Some(context.waker().clone()));
            }
            heard.map_or(Poll::Pending, Poll::Ready)
        });
        match select(pin!(heard), deadline).await {
            Either::Left((heard, _)) => heard,
            // The answer goes on, and is kept.
            Either::Right(((), _)) => Heard::Failed(ErrorCode::Unavailable),
        }
    }
}

impl Inner {
    /// Takes a message and gives the lines of its answer.
    pub(super) async fn stream(self: &Rc<Self>, mut request: Request) -> worker::Result<Response> {
        let ask: ChatAsk = serde_json::from_str(&request.text().await?)?;
        let conversation = ask.message.context.conversation.clone();
        let lines = self
            .take(ask)
            .await
            .map(|hearing| lines(conversation, hearing).map(|line| Ok(line.to_line().into_bytes())));
        bindings::serve_lines(lines)
    }

    /// Takes a message and waits for the end of its answer.
    pub(super) async fn chat(self: &Rc<Self>, ask: ChatAsk) -> Result<String, Refusal> {
        let hearing = self.take(ask).await?;
        match hearing.next(Listener::poll_end, &mut clock::sleep(ANSWER_DEADLINE_MS)).await {
            Heard::Whole(text) => Ok(text),
            Heard::Failed(code) => Err(code.into()),
            Heard::Piece(_) => Err(ErrorCode::Internal.into()),
        }
    }

    /// Stores a message and begins its answer, or says why not.
    async fn take(self: &Rc<Self>, ask: ChatAsk) -> Result<Rc<Hearing>, Refusal> {
        if self.turns.waiting() >= super::inbox::MAX_WAITING || self.listeners.is_full() {
            return Err(Refusal::from(ErrorCode::RateLimited).retry_after(1));
        }
        let _turn = self.turns.take().await;
        let ChatAsk { message, visitor, live_version, .. } = ask;
        let SocketContext { tenant, environment, .. } = message.context.clone();
        let received = self.with_server(|server, store| server.receive_http(message, store, clock::now()))?;
        let (mut socket, admission) = received?;
        if let Some((visitor, limits)) = visitor.filter(|_| !admission.is_duplicate) {
            let counted = self.count(Place { tenant, environment, visitor }, &admission.request_id, limits).await;
            counted.map_err(|denial| denial.to_refusal(clock::now()))?;
        }
        self.live_version.set(live_version);
        self.expect_telling().await;
        let request_id = admission.request_id.clone();
        let effects = self.with_server(|server, store| server.accept(&mut socket, admission, store, clock::now()))?;
        let (listener, rest) = Listener::new(request_id, effects)?;
        // Before anything of the answer can be said.
        let hearing = self.listeners.add(listener);
        self.perform(rest, None);
        Ok(hearing)
    }

    /// A page of the messages that are over.
    pub(super) fn read_messages(self: &Rc<Self>, reader: &Reader, page: &Page<u64>) -> Result<HistoryPage, Refusal> {
        let head = self.with_server(|server, _| Ok(server.head().cloned()))?;
        reader.check(head.as_ref())?;
        let (messages, next) = ConversationStore(&self.db).page(page.cursor.unwrap_or_default(), page.limit)?;
        Ok(HistoryPage {
            messages: messages.iter().map(weft_shared::conversation::StoredMessage::to_history).collect(),
            next_cursor: next.map(|seq| seq.to_string()),
        })
    }
}

/// The lines of an answer, as they come.
fn lines(conversation_id: ConversationId, hearing: Rc<Hearing>) -> impl Stream<Item = ChatLine> {
    let start = ChatLine::Start { conversation_id: conversation_id.clone() };
    let deadline = clock::sleep(ANSWER_DEADLINE_MS);
    let rest = stream::unfold(Some((conversation_id, hearing, deadline)), async |state| {
        let (conversation_id, hearing, mut deadline) = state?;
        Some(match hearing.next(Listener::poll, &mut deadline).await {
            Heard::Piece(token) => (ChatLine::Token { token }, Some((conversation_id, hearing, deadline))),
            Heard::Whole(message) => (ChatLine::Done { message, conversation_id }, None),
            Heard::Failed(error) => (ChatLine::Error { error }, None),
        })
    });
    stream::once(async { start }).chain(rest)
}
