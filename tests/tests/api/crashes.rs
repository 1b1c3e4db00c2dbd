//! A hundred crashes: `kill -9` of workerd at seeded moments, on the same storage. What was acknowledged is there once,
//! what was never sent isn't, no answer is silently complete, and no `seq` comes twice.
//!
//! Each visitor here is a widget: it keeps what isn't acknowledged and sends it again, and resumes where it misses nothing.
//! All that it ever received is held against what is there after the crash.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;
use weft_tests::api::{Event, Lab, PATIENCE, Settings, Socket, Visit, Workspace, fresh, resume};
use xtask::clock::Stopwatch;

/// Workers that are killed side by side, each again and again.
const LANES: u64 = 4;
const KILLS_PER_LANE: u32 = 25;
/// Of all kills together.
const MIN_IN_MID_ANSWER: u32 = 30;

/// Numbers that a seed decides: `SplitMix64`.
struct Dice(u64);

impl Dice {
    /// A number from `low` to `high`, both included.
    fn roll(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (mixed ^ (mixed >> 31)) % (high - low + 1)
    }
}

/// When workerd is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the last message was sent.
    Millis(u64),
    /// When so many pieces of the answers have come.
    Deltas(u64),
    /// When all messages are acknowledged.
    Accepted,
}

impl Moment {
    fn of(dice: &mut Dice) -> Self {
        match dice.roll(0, 9) {
            0..=1 => Self::Millis(dice.roll(0, 60)),
            2..=3 => Self::Millis(dice.roll(60, 1_500)),
            4 => Self::Accepted,
            _ => Self::Deltas(dice.roll(1, 60)),
        }
    }
}

/// A message, with all that was ever heard of it.
#[derive(Debug)]
struct Message {
    id: String,
    text: String,
    /// What the agent says to it, whole.
    script: String,
    delay_ms: u64,
    accepted: Option<u64>,
    deltas: Vec<(u64, String)>,
    completed: Option<Value>,
}

impl Message {
    fn new(dice: &mut Dice) -> Self {
        let (words, delay_ms) = (dice.roll(20, 45), dice.roll(15, 50));
        Self {
            id: fresh("request"),
            text: format!("words={words} delay_ms={delay_ms}"),
            script: (1..=words).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" "),
            delay_ms,
            accepted: None,
            deltas: Vec::new(),
            completed: None,
        }
    }

    /// Whether its answer had begun and not ended, as far as was heard.
    fn is_in_mid_answer(&self) -> bool {
        !self.deltas.is_empty() && self.completed.is_none()
    }
}

/// A visitor's browser: what it sent, what it heard, and what each `seq` stood for.
struct Widget {
    visit: Visit,
    messages: Vec<Message>,
    said_by_seq: BTreeMap<u64, String>,
    /// The highest `seq` that came before the last crash.
    before_crash: u64,
}

impl Widget {
    fn new(visit: Visit) -> Self {
        Self { visit, messages: Vec::new(), said_by_seq: BTreeMap::new(), before_crash: 0 }
    }

    fn message(&mut self, id: &Value) -> &mut Message {
        let found = self.messages.iter_mut().find(|message| json!(message.id) == *id);
        found.unwrap_or_else(|| panic!("{id} was never sent"))
    }

    /// No `seq` stands for two things. One that is new comes above all that came before the last crash.
    fn note(&mut self, payload: &Value, what: String, is_stored: bool) -> u64 {
        let seq = payload["seq"].as_u64().unwrap_or_else(|| panic!("no seq: {payload}"));
        if let Some(known) = self.said_by_seq.get(&seq) {
            assert_eq!(*known, what, "seq {seq} stands for two things");
        } else {
            // What was stored before the crash and not heard of has its old place.
            assert!(is_stored || seq > self.before_crash, "{what} came with {seq}, after {}", self.before_crash);
            self.said_by_seq.insert(seq, what);
        }
        seq
    }

    fn hear(&mut self, frame: &Value) {
        let payload = &frame["payload"];
        let id = &payload["requestId"];
        match frame["type"].as_str() {
            Some("chat.accepted") => {
                let seq = self.note(payload, format!("message {id}"), payload["duplicate"] == true);
                let known = self.message(id).accepted.replace(seq);
                assert!(known.is_none_or(|known| known == seq), "one message, one place: {payload}");
            }
            Some("chat.delta") => {
                let text = payload["text"].as_str().unwrap_or_default().to_owned();
                let seq = self.note(payload, format!("piece of {id}: {text}"), false);
                let message = self.message(id);
                assert!(message.completed.is_none(), "a piece after the end: {payload}");
                assert!(message.deltas.last().is_none_or(|(last, _)| *last < seq), "a piece twice: {payload}");
                message.deltas.push((seq, text));
                let so_far: String = message.deltas.iter().map(|(_, text)| text.as_str()).collect();
                assert!(message.script.starts_with(&so_far), "{so_far:?} is not how {:?} begins", message.script);
            }
            Some("chat.completed") => self.hear_end(payload, id),
            Some("history") => {
                for message in payload["messages"].as_array().expect("messages") {
                    if message["role"] == "user" {
                        let seq = self.note(message, format!("message {}", message["id"]), true);
                        let own = self.message(&message["id"]);
                        assert_eq!(message["text"], json!(own.text), "what was sent");
                        own.accepted = Some(seq);
                    } else {
                        self.hear_end(message, &message["requestId"]);
                    }
                }
            }
            _ => panic!("{frame}"),
        }
    }

    fn hear_end(&mut self, payload: &Value, id: &Value) {
        let end = json!({ "status": payload["status"], "text": payload["text"], "seq": payload["seq"] });
        let seq = self.note(payload, format!("end of {id}"), true);
        let message = self.message(id);
        if let Some(known) = &message.completed {
            assert_eq!(*known, end, "an end is an end");
            return;
        }
        let text = payload["text"].as_str().expect("a text");
        match payload["status"].as_str() {
            Some("complete") => assert_eq!(text, message.script, "silently complete"),
            Some("interrupted") => assert!(message.script.starts_with(text), "{text:?}: {:?}", message.script),
            _ => panic!("{payload}"),
        }
        assert!(message.deltas.iter().all(|(delta, _)| *delta < seq), "the end is above its pieces: {payload}");
        // Stored about once a second: no more is lost than was said since.
        let lost = message.deltas.len().saturating_sub(text.split_whitespace().count());
        let said_in_a_second = usize::try_from(1_000 / message.delay_ms).expect("a small number");
        assert!(lost <= said_in_a_second + 2, "{lost} pieces lost, {} ms each", message.delay_ms);
        message.completed = Some(end);
    }

    /// Where nothing below is missing: the answer that isn't over tells.
    fn resume_seq(&self) -> u64 {
        let unfinished = self.messages.iter().find(|message| message.accepted.is_some() && message.completed.is_none());
        let all = || self.said_by_seq.last_key_value().map_or(0, |(seq, _)| *seq);
        unfinished.map_or_else(all, |message| {
            message.deltas.last().map(|(seq, _)| *seq).or(message.accepted).unwrap_or_default()
        })
    }

    /// Takes up what was there, and sends what isn't acknowledged.
    fn come_back(&self) -> Socket {
        let mut socket = self.visit.ready();
        socket.send(&resume(Some(&self.visit.token()), &self.visit.secret, self.resume_seq()));
        for message in self.messages.iter().filter(|message| message.accepted.is_none()) {
            socket.send(&self.visit.first(&message.id, &message.text));
        }
        socket
    }

    /// Listens until the moment has come, or all is over.
    fn listen(&mut self, socket: &mut Socket, moment: Moment) {
        let stopwatch = Stopwatch::start();
        let before: usize = self.messages.iter().map(|message| message.deltas.len()).sum();
        loop {
            let is_over = self.messages.iter().all(|message| message.completed.is_some());
            let deltas = self.messages.iter().map(|message| message.deltas.len()).sum::<usize>() - before;
            let is_time = match moment {
                Moment::Millis(ms) => stopwatch.elapsed() >= Duration::from_millis(ms),
                Moment::Deltas(count) => is_over || deltas as u64 >= count,
                Moment::Accepted => self.messages.iter().all(|message| message.accepted.is_some()),
            };
            if is_time {
                return;
            }
            assert!(stopwatch.elapsed() < PATIENCE, "nothing comes: {moment:?}");
            match socket.next_within(Duration::ZERO) {
                Some(Event::Frame(frame)) => self.hear(&frame),
                None => {}
                closed => panic!("{closed:?}"),
            }
        }
    }

    /// What was on the wire when it was cut.
    fn hear_the_rest(&mut self, mut socket: Socket) {
        while let Some(Event::Frame(frame)) = socket.next_within(PATIENCE) {
            self.hear(&frame);
        }
        self.before_crash = self.said_by_seq.last_key_value().map_or(0, |(seq, _)| *seq);
    }

    /// Waits until each message has an end, and holds that another browser sees the same.
    fn is_whole_again(&mut self) {
        let mut socket = self.come_back();
        let stopwatch = Stopwatch::start();
        while self.messages.iter().any(|message| message.accepted.is_none() || message.completed.is_none()) {
            assert!(stopwatch.elapsed() < 2 * PATIENCE, "no end: {:?}", self.messages);
            match socket.next_within(PATIENCE) {
                Some(Event::Frame(frame)) => self.hear(&frame),
                other => panic!("{other:?}: {:?}", self.messages),
            }
        }
        let mut other = self.visit.ready();
        other.send(&resume(None, &self.visit.secret, 0));
        let history = other.expect("history");
        let messages = history["messages"].as_array().expect("messages").clone();
        let by_role = |role: &str| messages.iter().filter(|message| message["role"] == role).collect::<Vec<_>>();
        let (questions, answers) = (by_role("user"), by_role("assistant"));
        assert_eq!(messages.len(), questions.len() + answers.len());
        let ids = |found: &[&Value], field: &str| found.iter().map(|one| one[field].clone()).collect::<Vec<_>>();
        let sent: Vec<Value> = self.messages.iter().map(|message| json!(message.id)).collect();
        let sorted = |mut ids: Vec<Value>| {
            ids.sort_by_key(ToString::to_string);
            ids
        };
        assert_eq!(sorted(ids(&questions, "id")), sorted(sent.clone()), "each message once");
        assert_eq!(sorted(ids(&answers, "requestId")), sorted(sent), "and one answer each");
        let seqs: Vec<u64> = messages.iter().filter_map(|message| message["seq"].as_u64()).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
        self.hear(&json!({ "type": "history", "payload": history }));
    }
}

/// What came of one lane's crashes.
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    in_mid_answer: u32,
    unacknowledged: u32,
    interrupted: usize,
    complete: usize,
}

fn crash_again_and_again(lane: u64) -> Tally {
    let mut dice = Dice(lane);
    let mut lab = Settings::new(&format!("crashes-{lane}")).start_lab();
    // The Worker's address stays through its crashes.
    let deployment = lab.deployment.clone();
    let workspace = Workspace::new(&deployment);
    let key = workspace.open_for_chat(&json!({}));
    let mut tally = Tally::default();
    let mut widgets: Vec<Widget> = Vec::new();
    while tally.kills < KILLS_PER_LANE {
        if widgets.is_empty() || dice.roll(0, 2) == 0 {
            widgets.push(Widget::new(workspace.visit(&key)));
        }
        let widget = widgets.last_mut().expect("one was just made");
        let new = (0..dice.roll(1, 3)).map(|_| Message::new(&mut dice));
        widget.messages.extend(new);
        let socket = widget.come_back();
        tally.crash(&mut lab, widget, socket, Moment::of(&mut dice));
        // Crashes come also while the last one is being made up for.
        while tally.kills < KILLS_PER_LANE && dice.roll(0, 4) == 0 {
            let socket = widget.come_back();
            tally.crash(&mut lab, widget, socket, Moment::Millis(dice.roll(0, 40)));
        }
        widget.is_whole_again();
    }
    for widget in &mut widgets {
        // What was whole stays so through all crashes that followed.
        widget.is_whole_again();
        for message in &widget.messages {
            let is_complete = message.completed.as_ref().is_some_and(|end| end["status"] == "complete");
            tally.complete += usize::from(is_complete);
            tally.interrupted += usize::from(!is_complete);
        }
    }
    tally
}

impl Tally {
    fn crash(&mut self, lab: &mut Lab, widget: &mut Widget, mut socket: Socket, moment: Moment) {
        let process = lab.process();
        widget.listen(&mut socket, moment);
        lab.kill9();
        widget.hear_the_rest(socket);
        self.kills += 1;
        self.in_mid_answer += u32::from(widget.messages.iter().any(Message::is_in_mid_answer));
        self.unacknowledged += u32::from(widget.messages.iter().any(|message| message.accepted.is_none()));
        lab.wait_until_back(process);
    }
}

#[test]
fn a_hundred_crashes_lose_nothing_that_was_acknowledged_and_double_nothing() {
    let lanes: Vec<_> = (1..=LANES).map(|lane| thread::spawn(move || crash_again_and_again(lane))).collect();
    let tallies: Vec<Tally> = lanes.into_iter().map(|lane| lane.join().expect("every lane holds")).collect();
    println!("{tallies:#?}");
    let sum = |of: fn(&Tally) -> u32| tallies.iter().map(of).sum::<u32>();
    assert_eq!(sum(|tally| tally.kills), 100);
    let in_mid_answer = sum(|tally| tally.in_mid_answer);
    assert!(in_mid_answer >= MIN_IN_MID_ANSWER, "{in_mid_answer} in mid-answer");
    assert!(sum(|tally| tally.unacknowledged) > 0, "and some before the acknowledgement");
    assert!(tallies.iter().any(|tally| tally.interrupted > 0) && tallies.iter().any(|tally| tally.complete > 0));
}
