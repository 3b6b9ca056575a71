//! HTTP out: a deadline on every call, and an error that says what the peer may have done.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{HeaderMap, Request, StatusCode, Uri, rt};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::TokioIo,
};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{Dial, Stream};

/// The largest answer that is read; a page of settlements is well below.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// The time for opening a connection. What cannot be reached in it was surely not asked, which is
/// worth much more than an answer that may still come.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection that nobody used for so long is not used again: its other end may have died without
/// a word, and only the next request, which would be lost, could tell.
const IDLE: Duration = Duration::from_secs(30);

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The request surely did not reach the peer.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The peer may or may not have acted.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An HTTP client that owns its connections: dropping it closes them.
#[derive(Clone)]
pub struct HttpClient {
    dial: Arc<dyn Dial>,
    tasks: Tasks,
    /// One pool per authority: a pool of several keeps them in a randomly ordered map, and the
    /// order in which connections close would differ from run to run.
    pools: Arc<Mutex<BTreeMap<String, Pool>>>,
}

type Pool = Client<Connector, Full<Bytes>>;

impl HttpClient {
    /// A client without connections.
    pub fn new(dial: Arc<dyn Dial>) -> Self {
        Self { dial, tasks: Tasks::default(), pools: Arc::default() }
    }

    /// Sends a request and reads the whole answer within `deadline`.
    ///
    /// # Errors
    /// [`CallError::NotSent`] only if the peer cannot have seen the request.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Duration,
    ) -> Result<Answer, CallError> {
        let pool = self.pool(request.uri());
        let call = async {
            let response = pool.request(request).await.map_err(|error| {
                let text = chain(&error);
                if error.is_connect() { CallError::NotSent(text) } else { CallError::Unknown(text) }
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await;
            let body = body.map_err(|e| CallError::Unknown(format!("answer cut short: {e}")))?;
            Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
        };
        timeout(deadline, call).await.unwrap_or_else(|_| {
            Err(CallError::Unknown(format!("nothing within {} ms", deadline.as_millis())))
        })
    }

    fn pool(&self, uri: &Uri) -> Pool {
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            Client::builder(Spawner(Arc::downgrade(&self.tasks)))
                .pool_idle_timeout(IDLE)
                .pool_timer(OnUse)
                .build(Connector(self.dial.clone()))
        };
        pools.entry(authority).or_insert_with(make).clone()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// The tasks that drive connections; they end with the client.
type Tasks = Arc<Mutex<JoinSet<()>>>;

/// Starts tasks for hyper. It does not own them: a task that is still connecting holds one of
/// these, and would keep itself alive after the client is gone.
#[derive(Clone)]
struct Spawner(Weak<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> rt::Executor<F> for Spawner {
    fn execute(&self, task: F) {
        let Some(tasks) = self.0.upgrade() else { return };
        let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

/// The pool's clock. Connections are looked at when they are to be used, not by a task that wakes
/// for ever.
#[derive(Clone)]
struct OnUse;

impl rt::Timer for OnUse {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Never)
    }

    fn sleep_until(&self, _: std::time::Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Never)
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl rt::Sleep for Never {}

#[derive(Clone)]
struct Connector(Arc<dyn Dial>);

impl tower::Service<Uri> for Connector {
    type Response = Io;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Io>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = self.0.dial(&uri);
        async move {
            let nobody = || {
                let text = format!("no connection within {} s", CONNECT.as_secs());
                io::Error::new(io::ErrorKind::TimedOut, text)
            };
            let stream = timeout(CONNECT, dial).await.map_err(|_| nobody())??;
            Ok(Io(TokioIo::new(stream)))
        }
        .boxed()
    }
}

/// A dialled stream as hyper wants it.
struct Io(TokioIo<Box<dyn Stream>>);

impl Connection for Io {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl rt::Read for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl rt::Write for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
