//! What really went over the wire, request by request: for people who want to see it. Kept in
//! memory only, the latest of it only, and not at all in a fake that nobody can look at.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, Method, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;
use tower::ServiceExt;

use crate::{FakePsp, Fate};

/// So many exchanges are kept.
const KEPT: usize = 1000;

/// So many bytes are kept of each body.
const LONGEST: usize = 16 * 1024;

const UNPOISONED: &str = "nothing panics while it is held";

/// As much of a request as the API reads.
const LARGEST_BODY: usize = 1 << 20;

#[derive(Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    kept: VecDeque<Arc<Exchange>>,
    /// What was thrown out last: its buffers serve the next request.
    spare: Option<Exchange>,
}

/// A request and what came of it.
#[derive(Debug, Default)]
struct Exchange {
    /// Its position in the log of calls; what is not in the log is not kept.
    seq: OnceLock<u64>,
    query: String,
    headers: Lines,
    body: Sample,
    reply: Mutex<Reply>,
}

/// Headers as text, without secrets. A copy: the values themselves would keep the buffers alive
/// that they were read into.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn set(&mut self, headers: &HeaderMap) {
        let Self(lines) = self;
        lines.clear();
        for (name, value) in headers {
            let secret = name == header::AUTHORIZATION || name == header::COOKIE;
            lines.push_str(name.as_str());
            lines.push(':');
            if secret {
                lines.push_str("(not shown)");
            } else {
                lines.push_str(&String::from_utf8_lossy(value.as_bytes()));
            }
            lines.push('\n');
        }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let pairs = self.0.lines().filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// The beginning of a body. A copy, as of headers.
#[derive(Debug, Default)]
struct Sample {
    start: Vec<u8>,
    length: usize,
}

#[derive(Debug, Default)]
struct Reply {
    /// As far as it is known.
    ending: Ending,
    status: u16,
    headers: Lines,
    body: Sample,
    /// How long it should become.
    announced: Option<u64>,
    twice: bool,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// No answer yet.
    #[default]
    Waiting,
    /// The client went away before there was one.
    Abandoned,
    /// The connection was closed without an answer.
    Closed,
    /// The connection was reset without an answer.
    Reset,
    /// The answer is on its way.
    Answering,
    /// The connection ended in the middle of the answer.
    BrokenOff,
    /// The whole answer was sent.
    Answered,
    /// The whole answer was sent, two times.
    AnsweredTwice,
}

/// An exchange for the eyes of people.
#[derive(Debug, Serialize)]
pub(crate) struct Sight {
    ending: Ending,
    request: Message,
    answer: Option<Message>,
}

#[derive(Debug, Serialize)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    headers: Vec<(String, String)>,
    /// At most the first 16 KiB.
    body: String,
    body_bytes: usize,
}

tokio::task_local! {
    /// Rides with a request to where it is logged.
    static SLIP: Slip;
}

struct Slip {
    shelf: Arc<Mutex<Shelf>>,
    exchange: Arc<Exchange>,
}

/// The request that is being answered has its place in the log of calls.
pub(crate) fn file(seq: u64) {
    // Not within a request that is recorded: then there is nothing to file.
    let _ = SLIP.try_with(|slip| slip.file(seq));
}

impl Slip {
    fn file(&self, seq: u64) {
        if self.exchange.seq.set(seq).is_err() {
            return;
        }
        let mut shelf = lock(&self.shelf);
        if shelf.kept.len() == KEPT {
            // Somebody may still be sending it.
            shelf.spare = shelf.kept.pop_front().and_then(Arc::into_inner);
        }
        shelf.kept.push_back(self.exchange.clone());
    }
}

impl Recorder {
    /// What is known of a call. After a reset, numbers come again: the latest counts.
    pub(crate) fn look(&self, seq: u64) -> Option<Sight> {
        let shelf = lock(&self.0);
        let exchange = shelf.kept.iter().rev().find(|one| one.seq.get() == Some(&seq))?;
        Some(exchange.sight())
    }

    fn begin(&self, parts: &Parts, body: &[u8]) -> Exchange {
        let mut exchange = lock(&self.0).spare.take().unwrap_or_default();
        exchange.seq.take();
        exchange.query.clear();
        exchange.query.push_str(parts.uri.query().unwrap_or_default());
        exchange.headers.set(&parts.headers);
        exchange.body.clear();
        exchange.body.add(body);
        let reply = exchange.reply.get_mut().expect(UNPOISONED);
        reply.ending = Ending::Waiting;
        reply.body.clear();
        exchange
    }
}

/// Answers a request, and records it in a fake that has a recorder.
pub(crate) async fn observe(psp: &FakePsp, router: Router, request: Request) -> Response {
    let recorder = psp.recorder().filter(|_| !request.uri().path().starts_with("/_fake"));
    let Some(recorder) = recorder else { return answer(router, request).await };
    let (parts, body) = request.into_parts();
    // A body that breaks off is as good as none, here as in the API.
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let exchange = Arc::new(recorder.begin(&parts, &body));
    let is_head = parts.method == Method::HEAD;
    let request = Request::from_parts(parts, Body::from(body));
    let slip = Slip { shelf: recorder.0.clone(), exchange: exchange.clone() };
    let waiting = Waiting(exchange);
    let response = SLIP.scope(slip, answer(router, request)).await;
    // What would be the body's length is told of a HEAD, too.
    let announced = if is_head { Some(0) } else { announced(&response) };
    waiting.0.begin(&response, announced);
    response.map(|inner| Body::new(Tee { inner, exchange: waiting.0.clone() }))
}

async fn answer(router: Router, request: Request) -> Response {
    let Ok(response) = router.oneshot(request).await;
    response
}

/// Dropped before there is an answer, the client has gone away.
struct Waiting(Arc<Exchange>);

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut reply = lock(&self.0.reply);
        if reply.ending == Ending::Waiting {
            reply.ending = Ending::Abandoned;
        }
    }
}

impl Exchange {
    fn begin(&self, response: &Response, announced: Option<u64>) {
        let mut reply = lock(&self.reply);
        let fate = response.extensions().get::<Fate>();
        reply.ending = match fate {
            Some(Fate::Close) => Ending::Closed,
            Some(Fate::Reset) => Ending::Reset,
            Some(Fate::Twice) | None => Ending::Answering,
        };
        reply.twice = fate == Some(&Fate::Twice);
        reply.status = response.status().as_u16();
        reply.headers.set(response.headers());
        reply.announced = announced;
    }

    fn sight(&self) -> Sight {
        let reply = lock(&self.reply);
        let request = Message::of(&self.headers, &self.body);
        let query = (!self.query.is_empty()).then(|| self.query.clone());
        let answer = reply.ending.is_answer().then(|| {
            let answer = Message::of(&reply.headers, &reply.body);
            Message { status: Some(reply.status), ..answer }
        });
        Sight { ending: reply.ending, request: Message { query, ..request }, answer }
    }
}

fn announced(response: &Response) -> Option<u64> {
    let header = response.headers().get(header::CONTENT_LENGTH);
    let length = header.and_then(|length| length.to_str().ok()).and_then(|text| text.parse().ok());
    length.or_else(|| response.body().size_hint().exact())
}

impl Ending {
    /// Did anything of an answer go out?
    fn is_answer(self) -> bool {
        use Ending::{Answered, AnsweredTwice, Answering, BrokenOff};
        matches!(self, Answering | BrokenOff | Answered | AnsweredTwice)
    }
}

impl Reply {
    /// No more of it will be sent.
    fn end(&mut self) {
        let whole = self.announced.is_none_or(|length| length == self.body.length as u64);
        if self.ending == Ending::Answering {
            self.ending = match (whole, self.twice) {
                (false, _) => Ending::BrokenOff,
                (true, true) => Ending::AnsweredTwice,
                (true, false) => Ending::Answered,
            };
        }
    }
}

impl Message {
    fn of(headers: &Lines, body: &Sample) -> Self {
        let text = String::from_utf8_lossy(&body.start).into_owned();
        let headers = headers.pairs();
        Self { query: None, status: None, headers, body: text, body_bytes: body.length }
    }
}

impl Sample {
    fn clear(&mut self) {
        self.start.clear();
        self.length = 0;
    }

    fn add(&mut self, data: &[u8]) {
        self.length += data.len();
        let room = LONGEST - self.start.len();
        self.start.extend_from_slice(&data[..data.len().min(room)]);
    }
}

/// A body that is looked at while it is sent.
struct Tee {
    inner: Body,
    exchange: Arc<Exchange>,
}

impl HttpBody for Tee {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            frame.data_ref().inspect(|data| lock(&self.exchange.reply).body.add(data));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Sent, or given up: what was announced tells which.
impl Drop for Tee {
    fn drop(&mut self) {
        lock(&self.exchange.reply).end();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect(UNPOISONED)
}
