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
    http::{HeaderMap, header},
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

/// As much of a request as the API reads.
const LARGEST_BODY: usize = 1 << 20;

#[derive(Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<VecDeque<Arc<Exchange>>>>);

/// A request and what came of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Its position in the log of calls; what is not in the log is not kept.
    seq: OnceLock<u64>,
    query: String,
    headers: Lines,
    body: Sample,
    outcome: Mutex<Outcome>,
}

/// Headers as text, without secrets. A copy: the values themselves would keep the buffers alive
/// that they were read into.
#[derive(Debug)]
struct Lines(String);

impl Lines {
    fn of(headers: &HeaderMap) -> Self {
        let mut lines = String::with_capacity(256);
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
        Self(lines)
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let pairs = self.0.lines().filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// The beginning of a body.
#[derive(Debug, Default)]
struct Sample {
    start: Vec<u8>,
    length: usize,
}

#[derive(Debug)]
enum Outcome {
    Ended(Ending),
    Answered(Reply),
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: Lines,
    body: Sample,
    /// How long it should become.
    announced: Option<u64>,
    over: bool,
    twice: bool,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// No answer yet.
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
    shelf: Arc<Mutex<VecDeque<Arc<Exchange>>>>,
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
        if shelf.len() == KEPT {
            shelf.pop_front();
        }
        shelf.push_back(self.exchange.clone());
    }
}

impl Recorder {
    /// What is known of a call. After a reset, numbers come again: the latest counts.
    pub(crate) fn look(&self, seq: u64) -> Option<Sight> {
        let shelf = lock(&self.0);
        let exchange = shelf.iter().rev().find(|one| one.seq.get() == Some(&seq))?;
        Some(exchange.sight())
    }
}

/// Answers a request, and records it in a fake that has a recorder.
pub(crate) async fn observe(psp: &FakePsp, router: Router, request: Request) -> Response {
    let recorder = psp.recorder().filter(|_| !request.uri().path().starts_with("/_fake"));
    let Some(recorder) = recorder else { return answer(router, request).await };
    let (parts, body) = request.into_parts();
    // A body that breaks off is as good as none, here as in the API.
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let mut sample = Sample::default();
    sample.add(&body);
    let exchange = Arc::new(Exchange {
        seq: OnceLock::new(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: Lines::of(&parts.headers),
        body: sample,
        outcome: Mutex::new(Outcome::Ended(Ending::Waiting)),
    });
    let request = Request::from_parts(parts, Body::from(body));
    let slip = Slip { shelf: recorder.0.clone(), exchange: exchange.clone() };
    let waiting = Waiting(exchange);
    let response = SLIP.scope(slip, answer(router, request)).await;
    waiting.0.begin(&response);
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
        let mut outcome = lock(&self.0.outcome);
        if matches!(*outcome, Outcome::Ended(Ending::Waiting)) {
            *outcome = Outcome::Ended(Ending::Abandoned);
        }
    }
}

impl Exchange {
    fn begin(&self, response: &Response) {
        let fate = response.extensions().get::<Fate>();
        *lock(&self.outcome) = match fate {
            Some(Fate::Close) => Outcome::Ended(Ending::Closed),
            Some(Fate::Reset) => Outcome::Ended(Ending::Reset),
            Some(Fate::Twice) | None => Outcome::Answered(Reply {
                status: response.status().as_u16(),
                headers: Lines::of(response.headers()),
                body: Sample::default(),
                announced: announced(response),
                over: false,
                twice: fate.is_some(),
            }),
        };
    }

    fn add(&self, data: &Bytes) {
        if let Outcome::Answered(reply) = &mut *lock(&self.outcome) {
            reply.body.add(data);
        }
    }

    fn end(&self) {
        if let Outcome::Answered(reply) = &mut *lock(&self.outcome) {
            reply.over = true;
        }
    }

    fn sight(&self) -> Sight {
        let outcome = lock(&self.outcome);
        let (ending, answer) = match &*outcome {
            Outcome::Ended(ending) => (*ending, None),
            Outcome::Answered(reply) => {
                let answer = Message::of(&reply.headers, &reply.body);
                (reply.ending(), Some(Message { status: Some(reply.status), ..answer }))
            }
        };
        let request = Message::of(&self.headers, &self.body);
        let query = (!self.query.is_empty()).then(|| self.query.clone());
        Sight { ending, request: Message { query, ..request }, answer }
    }
}

fn announced(response: &Response) -> Option<u64> {
    let header = response.headers().get(header::CONTENT_LENGTH);
    let length = header.and_then(|length| length.to_str().ok()).and_then(|text| text.parse().ok());
    length.or_else(|| response.body().size_hint().exact())
}

impl Reply {
    fn ending(&self) -> Ending {
        let whole = self.announced.is_none_or(|length| length == self.body.length as u64);
        match (self.over, whole, self.twice) {
            (false, ..) => Ending::Answering,
            (true, false, _) => Ending::BrokenOff,
            (true, true, true) => Ending::AnsweredTwice,
            (true, true, false) => Ending::Answered,
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
            frame.data_ref().inspect(|data| self.exchange.add(data));
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
        self.exchange.end();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is held")
}
