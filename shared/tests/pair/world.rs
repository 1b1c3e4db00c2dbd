//! One widget, one conversation and a bad network between them, in simulated time. Everything random comes from one
//! seed, so that a failure is seen again by its number.

use crate::store::MemoryStore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use std::collections::{BTreeMap, BTreeSet};
use weft_shared::conversation::Store as _;
use weft_shared::error::ErrorCode;
use weft_shared::ids::{ConversationId, Environment, RequestId, TenantId};
use weft_shared::limits::LimitHit;
use weft_shared::protocol::ws::{AnswerStatus, ClientFrame, LimitKind, ServerFrame};
use weft_shared::secret::{HistorySecret, Secret};
use weft_shared::session::client::{Action, ClientConfig, ClientSession, Event, Status, Token, TokenFailure};
use weft_shared::session::server::{
    Admission, ConversationServer, Denial, Effect, Input, Outcome, Received, Socket, SocketContext, StartAnswer,
    VerifyToken, Visitor,
};
use weft_shared::session::transcript::{Change, Entry};
use weft_shared::time::Timestamp;

/// How bad the network and the machines are, in chances out of 1,000 for each frame or step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) lose: u32,
    pub(crate) double: u32,
    pub(crate) cut_link: u32,
    pub(crate) crash: u32,
    pub(crate) reload: u32,
    pub(crate) token_fails: u32,
    /// The endpoint gives a token that the server refuses.
    pub(crate) token_is_bad: u32,
    /// How many messages pass in each [`LIMIT_MS`]; none: all.
    pub(crate) limit: Option<usize>,
}

/// Faults end here, messages too; after it everything must come to rest.
pub(crate) const CALM_AT: Timestamp = Timestamp::from_millis(120_000);
/// Long enough after it for every wait of either half. A link at rest pings for ever, so rest itself is no end.
const END_AT: Timestamp = Timestamp::from_millis(400_000);

/// How long a limit holds here. A day would be as long as a thousand plays.
const LIMIT_MS: i64 = 40_000;

#[derive(Debug)]
enum Happening {
    Opened {
        link: u64,
    },
    ToServer {
        link: u64,
        text: String,
    },
    ToClient {
        link: u64,
        text: String,
    },
    ClosedAtClient {
        link: u64,
        code: u16,
    },
    TokenArrives,
    Piece {
        run: u64,
        request: RequestId,
        at: usize,
    },
    Type {
        number: usize,
    },
    Stop,
    Wake,
    /// The visitor asks for another try.
    Retry,
}

/// Tokens are `until:<millis>`; good until then.
struct Tokens;

impl VerifyToken for Tokens {
    fn verify(&self, token: &Secret, now: Timestamp) -> Result<Visitor, ErrorCode> {
        let until =
            token.expose().strip_prefix("until:").and_then(|rest| rest.parse().ok()).map(Timestamp::from_millis);
        let expires_at = until.ok_or(ErrorCode::InvalidToken)?;
        if expires_at <= now {
            return Err(ErrorCode::ExpiredToken);
        }
        Ok(Visitor {
            sub: "mia".to_owned(),
            azp: "key_000000000000000000000000".to_owned(),
            issued_at: expires_at.plus_secs(-60),
            expires_at,
            name: None,
            data: None,
        })
    }
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) client: ClientSession,
    pub(crate) store: MemoryStore,
    /// Messages as the visitor wrote them, in order.
    pub(crate) written: Vec<(RequestId, String)>,
    /// What a view that only follows the events shows.
    pub(crate) view: Vec<Entry>,
    pub(crate) restarts: usize,
    pub(crate) links: u64,
    server: ConversationServer,
    sockets: BTreeMap<u64, Socket>,
    client_link: Option<u64>,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    happenings: u64,
    /// Frames on one link keep their order, as a WebSocket's do.
    last_arrival: BTreeMap<(u64, bool), Timestamp>,
    run: u64,
    rng: ChaCha8Rng,
    faults: Faults,
    /// Each `seq` that went out, with the frame that carried it.
    seqs: BTreeMap<u64, String>,
    stopped: BTreeSet<RequestId>,
    /// The messages that were counted, each with the [`LIMIT_MS`] that it was counted in.
    counted: BTreeMap<RequestId, i64>,
    /// How often a limit was reached.
    pub(crate) limited: usize,
    /// How often a visitor at a limit, with no answer coming, was seen without a link.
    pub(crate) waited_without_link: usize,
}

/// What the agent answers to a text, in pieces.
pub(crate) fn answer_pieces(text: &str) -> Vec<String> {
    let words = 3 + text.len() % 17;
    (0..words).map(|word| format!("{word}:{text} ")).collect()
}

fn secret() -> HistorySecret {
    HistorySecret::parse("0123456789abcdefghijkl").expect("well formed")
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let mut world = Self {
            now: Timestamp::from_millis(0),
            client: ClientSession::new(ClientConfig {
                history_secret: secret(),
                begun: false,
                require_signed_token: true,
                seed,
                outbox: Vec::new(),
            }),
            store: MemoryStore::default(),
            written: Vec::new(),
            view: Vec::new(),
            restarts: 0,
            links: 0,
            server: ConversationServer::default(),
            sockets: BTreeMap::new(),
            client_link: None,
            queue: BTreeMap::new(),
            happenings: 0,
            last_arrival: BTreeMap::new(),
            run: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
            faults,
            seqs: BTreeMap::new(),
            stopped: BTreeSet::new(),
            counted: BTreeMap::new(),
            limited: 0,
            waited_without_link: 0,
        };
        world.start_server();
        let messages = 1 + world.below(8) as usize;
        for number in 0..messages {
            let at = i64::from(world.below(100_000));
            world.plan(at, Happening::Type { number });
        }
        for _ in 0..3 {
            let (stop, wake) = (i64::from(world.below(100_000)), i64::from(world.below(110_000)));
            world.plan(stop, Happening::Stop);
            world.plan(wake, Happening::Wake);
        }
        world.plan(CALM_AT.as_millis() + 20_000, Happening::Retry);
        world.client.prepare(world.now);
        world.settle();
        world
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        self.now < CALM_AT && self.below(1000) < per_mille
    }

    fn plan(&mut self, in_ms: i64, happening: Happening) {
        self.happenings += 1;
        self.queue.insert((self.now.plus_millis(in_ms), self.happenings), happening);
    }

    /// Puts a frame on its way, or loses it, or doubles it.
    fn carry(&mut self, link: u64, is_to_server: bool, text: &str) {
        let copies = if self.chance(self.faults.lose) {
            0
        } else if self.chance(self.faults.double) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let longest = if self.below(20) == 0 { 4_000 } else { 120 };
            let delay = i64::from(self.below(longest));
            let earliest = self.last_arrival.get(&(link, is_to_server)).copied().unwrap_or_default();
            let at = self.now.plus_millis(delay).max(earliest);
            self.last_arrival.insert((link, is_to_server), at);
            let text = text.to_owned();
            let happening =
                if is_to_server { Happening::ToServer { link, text } } else { Happening::ToClient { link, text } };
            self.plan(at.millis_since(self.now), happening);
        }
    }

    fn start_server(&mut self) {
        self.run += 1;
        let (server, effects) = ConversationServer::load(&mut self.store, self.now).expect("the list never fails");
        self.server = server;
        self.perform(None, effects);
    }

    fn perform(&mut self, link: Option<u64>, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Reply(frame) => self.send(link.into_iter().collect(), &frame),
                Effect::Others(frame) => {
                    let others = self.joined().into_iter().filter(|other| Some(*other) != link).collect();
                    self.send(others, &frame);
                }
                Effect::All(frame) => self.send(self.joined(), &frame),
                Effect::Close(code) => {
                    if let Some(link) = link {
                        self.close(link, code.code());
                    }
                }
                Effect::Answer(StartAnswer { request_id, .. }) => {
                    let wait = 200 + i64::from(self.below(2_000));
                    self.plan(wait, Happening::Piece { run: self.run, request: request_id, at: 0 });
                }
                Effect::Stop(id) => {
                    let effects = self.server.stopped(&id, &mut self.store, self.now).expect("the list never fails");
                    self.perform(None, effects);
                }
            }
        }
    }

    fn joined(&self) -> Vec<u64> {
        self.sockets.iter().filter(|(_, socket)| socket.is_joined()).map(|(link, _)| *link).collect()
    }

    fn send(&mut self, links: Vec<u64>, frame: &ServerFrame) {
        let text = serde_json::to_string(frame).expect("a frame is JSON");
        let seq = match frame {
            ServerFrame::Delta(delta) => Some(delta.seq),
            ServerFrame::Completed(completed) => Some(completed.seq),
            _ => None,
        };
        if let Some(seq) = seq {
            let known = self.seqs.entry(seq).or_insert_with(|| text.clone());
            assert_eq!(*known, text, "seq {seq} was given out twice");
        }
        for link in links {
            self.carry(link, false, &text);
        }
    }

    fn close(&mut self, link: u64, code: u16) {
        self.sockets.remove(&link);
        let delay = i64::from(self.below(200));
        let after = self.last_arrival.get(&(link, false)).copied().unwrap_or_default();
        let at = self.now.plus_millis(delay).max(after);
        self.plan(at.millis_since(self.now), Happening::ClosedAtClient { link, code });
    }

    /// Does what the widget's half asks for and follows its events, until it asks for nothing more.
    fn settle(&mut self) {
        while let Some(action) = self.client.poll_action() {
            match action {
                Action::Connect => {
                    assert!(self.client_link.is_none(), "one link at a time");
                    self.links += 1;
                    let link = self.links;
                    self.client_link = Some(link);
                    let delay = i64::from(self.below(300));
                    if self.chance(self.faults.cut_link * 4) {
                        self.plan(delay, Happening::ClosedAtClient { link, code: 1006 });
                    } else {
                        self.plan(delay, Happening::Opened { link });
                    }
                }
                Action::Send(frame) => {
                    let link = self.client_link.expect("a frame needs a link");
                    let text = serde_json::to_string(&frame).expect("a frame is JSON");
                    if let ClientFrame::Cancel(id) = frame {
                        self.stopped.insert(id);
                    }
                    self.carry(link, true, &text);
                }
                Action::Disconnect => {
                    if let Some(link) = self.client_link.take() {
                        self.sockets.remove(&link);
                    }
                }
                Action::FetchToken => {
                    let delay = i64::from(self.below(1_500));
                    self.plan(delay, Happening::TokenArrives);
                }
                Action::Persist | Action::CheckConfig => {}
            }
        }
        while let Some(event) = self.client.poll_event() {
            if let Event::Transcript(change) = event {
                let entries = self.client.entries();
                match change {
                    // Later changes are in the entries already, so the view copies, and is compared when all are done.
                    Change::Added(index) => self.view.insert(index, entries[index].clone()),
                    Change::Updated(index) => self.view[index] = entries[index].clone(),
                    Change::Appended { index, from } => {
                        assert_eq!(
                            self.view[index].text,
                            entries[index].text[..from],
                            "appended behind what was shown"
                        );
                        self.view[index] = entries[index].clone();
                    }
                }
            }
        }
        if matches!(self.client.status(), Status::Limited(_)) && !self.client.is_answering() {
            assert!(self.client_link.is_none(), "nothing is held open until the reset");
            self.waited_without_link += 1;
        }
        let shown = |entry: &Entry| (entry.request_id.clone(), entry.role, entry.text.clone(), entry.state);
        let view: Vec<_> = self.view.iter().map(shown).collect();
        let entries: Vec<_> = self.client.entries().iter().map(shown).collect();
        assert_eq!(view, entries, "a view that follows the events shows the transcript");
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Opened { link } => {
                if self.client_link != Some(link) {
                    return;
                }
                let context = SocketContext {
                    conversation: ConversationId::parse("conversation-0123").expect("well formed"),
                    tenant: TenantId::parse("acme").expect("well formed"),
                    environment: Environment::production(),
                    require_signed_token: true,
                };
                let (socket, ready) = Socket::open(context, self.now);
                self.sockets.insert(link, socket);
                self.send(vec![link], &ready);
                self.client.handle_opened(self.now);
            }
            Happening::ToServer { link, text } => self.hear(link, &text),
            Happening::ToClient { link, text } => {
                if self.client_link == Some(link) {
                    let frame = ServerFrame::parse(&text).expect("well formed").expect("known");
                    self.client.handle_frame(frame, self.now);
                }
            }
            Happening::ClosedAtClient { link, code } => {
                if self.client_link == Some(link) {
                    self.client_link = None;
                    self.client.handle_closed(code, self.now);
                }
            }
            Happening::TokenArrives => {
                let result = if self.chance(self.faults.token_fails) {
                    Err(if self.below(2) == 0 { TokenFailure::Unreachable } else { TokenFailure::Status(502) })
                } else if self.chance(self.faults.token_is_bad) {
                    Ok(Token { secret: Secret::new("forged".to_owned()), lifetime_secs: Some(60) })
                } else {
                    let until = self.now.plus_secs(60).as_millis();
                    Ok(Token { secret: Secret::new(format!("until:{until}")), lifetime_secs: Some(60) })
                };
                self.client.handle_token(result, self.now);
            }
            Happening::Piece { run, request, at } => self.piece(run, &request, at),
            Happening::Type { number } => {
                let text = format!("message {number}");
                let id = RequestId::parse(format!("request-{number:08}")).expect("well formed");
                self.written.push((id.clone(), text.clone()));
                assert!(self.client.send(id, &text, self.now));
            }
            Happening::Stop => self.client.cancel(self.now),
            Happening::Wake => self.client.handle_wake(self.now),
            Happening::Retry => self.client.retry(self.now),
        }
    }

    fn hear(&mut self, link: u64, text: &str) {
        let Some(mut socket) = self.sockets.remove(&link) else { return };
        let received = self
            .server
            .receive(&mut socket, Input::Text(text), &Tokens, &self.store, self.now)
            .expect("the list never fails");
        let effects = match received {
            Received::Done(effects) => effects,
            Received::Admit(admission) => match self.count(&admission) {
                Some(hit) => self.server.refuse(&mut socket, &admission, &Denial::Limited(hit), self.now),
                None => {
                    self.server.accept(&mut socket, admission, &mut self.store, self.now).expect("the list never fails")
                }
            },
        };
        self.sockets.insert(link, socket);
        self.perform(Some(link), effects);
    }

    /// Counts a message once, or says which limit keeps it out.
    fn count(&mut self, admission: &Admission) -> Option<LimitHit> {
        let limit = self.faults.limit?;
        let period = self.now.as_millis() / LIMIT_MS;
        let used = self.counted.values().filter(|counted| **counted == period).count();
        if admission.is_duplicate || self.counted.contains_key(&admission.request_id) {
            return None;
        }
        if used >= limit {
            self.limited += 1;
            let reset_at = Timestamp::from_millis((period + 1) * LIMIT_MS);
            return Some(LimitHit { limit: LimitKind::Daily, reset_at });
        }
        self.counted.insert(admission.request_id.clone(), period);
        None
    }

    fn piece(&mut self, run: u64, request: &RequestId, at: usize) {
        if run != self.run {
            return;
        }
        let message = self.written.iter().find(|(id, _)| id == request).expect("it was written");
        let pieces = answer_pieces(&message.1);
        let effects = if let Some(piece) = pieces.get(at) {
            let wait = i64::from(self.below(400));
            self.plan(wait, Happening::Piece { run, request: request.clone(), at: at + 1 });
            self.server.push(request, piece, &mut self.store, self.now)
        } else {
            self.server.finish(request, Outcome::Complete(Vec::new()), &mut self.store, self.now)
        };
        self.perform(None, effects.expect("the list never fails"));
    }

    fn crash(&mut self) {
        self.restarts += 1;
        for link in self.sockets.keys().copied().collect::<Vec<_>>() {
            self.close(link, 1006);
        }
        self.start_server();
    }

    /// The page is loaded anew: what was persisted comes back, the rest is gone.
    fn reload(&mut self) {
        let kept = self.client.persisted();
        if let Some(link) = self.client_link.take() {
            self.sockets.remove(&link);
        }
        let seed = u64::from(self.below(u32::MAX));
        self.client = ClientSession::new(ClientConfig {
            history_secret: secret(),
            begun: kept.begun,
            require_signed_token: true,
            seed,
            outbox: kept.outbox,
        });
        self.view.clear();
        self.queue.retain(|_, happening| !matches!(happening, Happening::TokenArrives));
        self.client.prepare(self.now);
    }

    fn faults(&mut self) {
        if self.chance(self.faults.cut_link)
            && let Some(link) = self.client_link
            && self.sockets.contains_key(&link)
        {
            self.close(link, 1006);
        }
        if self.chance(self.faults.crash) {
            self.crash();
        }
        if self.chance(self.faults.reload) {
            self.reload();
        }
    }

    /// Plays to the end.
    pub(crate) fn play(&mut self) {
        loop {
            let next = self.queue.keys().next().map(|(at, _)| *at);
            let sockets = self.sockets.values().filter_map(Socket::poll_timeout).min();
            let client = self.client.poll_timeout();
            let Some(at) = [next, sockets, client].into_iter().flatten().min() else { break };
            if at > END_AT {
                break;
            }
            self.now = self.now.max(at);
            if next == Some(at) {
                if let Some((_, happening)) = self.queue.pop_first() {
                    self.happen(happening);
                }
            } else {
                self.client.handle_timeout(self.now);
                for (link, socket) in &mut self.sockets.clone() {
                    let effects = socket.handle_timeout(self.now);
                    self.sockets.insert(*link, socket.clone());
                    self.perform(Some(*link), effects);
                }
            }
            self.faults();
            self.settle();
        }
    }

    fn is_at_rest(&self) -> bool {
        self.client.persisted().outbox.is_empty() && !self.client.is_answering() && !self.server.is_answering()
    }

    /// What must hold at the end, whatever went wrong before.
    pub(crate) fn check(&self) {
        assert!(self.is_at_rest(), "everything comes to rest: {:?}", self.client.status());
        let stored: Vec<_> = self.store.messages_after(0).expect("the list never fails");
        let asked: Vec<_> = stored.iter().filter(|row| row.status.is_none()).map(|row| &row.request_id).collect();
        let written: Vec<_> = self.written.iter().map(|(id, _)| id).collect();
        assert_eq!(asked, written, "each message is stored once, in the order it was written");
        assert_eq!(stored.len(), 2 * written.len(), "each message has one answer");
        let seen: Vec<_> = self.client.entries().iter().map(|entry| entry.request_id.as_ref()).collect();
        let expected: Vec<_> = written.iter().flat_map(|id| [Some(*id), Some(*id)]).collect();
        assert_eq!(
            seen,
            expected,
            "the visitor sees each message and its answer once, in order; {:?}",
            self.client.status()
        );
        for (id, text) in &self.written {
            let row = self.store.answer(id).expect("the list never fails").expect("it was answered");
            let shown = self
                .client
                .entries()
                .iter()
                .find(|entry| entry.request_id.as_ref() == Some(id) && entry.id.as_deref() == Some(&row.id))
                .expect("it is shown");
            assert_eq!(shown.text, row.text, "what is shown is what is stored");
            let whole = answer_pieces(text).concat();
            match row.status.expect("it is over") {
                AnswerStatus::Complete => assert_eq!(row.text, whole, "never silently complete"),
                AnswerStatus::Cancelled => assert!(self.stopped.contains(id) && whole.starts_with(&row.text)),
                AnswerStatus::Interrupted => assert!(self.restarts > 0 && whole.starts_with(&row.text)),
            }
        }
    }
}
