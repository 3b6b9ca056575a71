//! Connections: our own accept loop, because a fault may close, reset or double what is on the
//! wire, and because dropping the future has to end everything it started.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body, http::HeaderValue, serve::Listener};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time,
};

use crate::{
    Deliver, FakePsp, Fate,
    clock::{http_date, off},
    recorder, webhook,
    wire::ClockOff,
};

/// After `stop`, so long for answers that are on their way. A hanging one never ends.
const GRACE: Duration = Duration::from_secs(1);

impl FakePsp {
    /// Serves until `stop`. Owns its connections and its webhook worker: dropping the future ends
    /// them all. The state stays, and another `serve` goes on with it.
    ///
    /// A `reset` closes the connection plainly here; [`Self::serve_tcp`] sends a real RST.
    pub async fn serve<L: Listener>(
        &self,
        listener: L,
        deliver: Arc<dyn Deliver>,
        stop: impl Future<Output = ()>,
    ) {
        self.serve_with(listener, deliver, stop, |_| {}).await;
    }

    /// As [`Self::serve`], over real TCP.
    pub async fn serve_tcp(
        &self,
        listener: TcpListener,
        deliver: Arc<dyn Deliver>,
        stop: impl Future<Output = ()>,
    ) {
        // Failing to set it, the connection is closed plainly: not worth a word.
        self.serve_with(listener, deliver, stop, |socket: &TcpStream| {
            let _ = socket.set_zero_linger();
        })
        .await;
    }

    async fn serve_with<L: Listener>(
        &self,
        mut listener: L,
        deliver: Arc<dyn Deliver>,
        stop: impl Future<Output = ()>,
        reset: fn(&L::Io),
    ) {
        let router = self.router();
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        let mut worker = std::pin::pin!(webhook::work(self.clone(), deliver));
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = &mut worker => {}
                Some(ended) = connections.join_next() => {
                    ended.expect("a connection does not panic");
                }
                (socket, _) = listener.accept() => {
                    let doom = Arc::new(Doom::default());
                    let wire = Wire { socket, doom: doom.clone(), reset, copy: Vec::new(), again: 0 };
                    let service = (self.clone(), router.clone());
                    connections.spawn(converse(wire, doom, service, stopped.clone()));
                }
            }
        }
        drop(listener);
        // Everybody is gone already when this fails.
        let _ = stopping.send(true);
        let _ = time::timeout(GRACE, async {
            while let Some(ended) = connections.join_next().await {
                ended.expect("a connection does not panic");
            }
        })
        .await;
    }
}

/// Speaks HTTP on one connection until either side has enough.
async fn converse<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    wire: Wire<Io>,
    doom: Arc<Doom>,
    (psp, router): (FakePsp, Router),
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        answer(psp.clone(), router.clone(), doom.clone(), request)
    });
    // Hyper would read the wall clock for the `date` header; ours comes from the handed clock.
    // Without a timer it lets idle connections live, so that only the programme closes any.
    let connection =
        http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(wire), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// The service refuses to answer, so that hyper drops the connection.
#[derive(Debug, Error)]
#[error("broken off by the fault programme")]
struct BrokenOff;

async fn answer(
    psp: FakePsp,
    router: Router,
    doom: Arc<Doom>,
    request: Request<Incoming>,
) -> Result<Response<Body>, BrokenOff> {
    let mut response = recorder::observe(&psp, router, request.map(Body::new)).await;
    match response.extensions().get::<Fate>() {
        Some(Fate::Close) => return Err(BrokenOff),
        Some(Fate::Reset) => {
            doom.reset.store(true, Ordering::Relaxed);
            return Err(BrokenOff);
        }
        Some(Fate::Twice) => doom.twice.store(true, Ordering::Relaxed),
        None => {}
    }
    let ms = response.extensions().get().map_or(0, |ClockOff(ms)| *ms);
    if let Ok(date) = HeaderValue::try_from(http_date(off(psp.now(), ms))) {
        response.headers_mut().insert("date", date);
    }
    Ok(response)
}

/// What the service tells the wire under it.
#[derive(Debug, Default)]
struct Doom {
    reset: AtomicBool,
    twice: AtomicBool,
}

/// A connection that can be made to misbehave.
struct Wire<Io> {
    socket: Io,
    doom: Arc<Doom>,
    reset: fn(&Io),
    /// What was written since `twice` was set.
    copy: Vec<u8>,
    /// How much of the copy is on its way again.
    again: usize,
}

impl<Io> Drop for Wire<Io> {
    fn drop(&mut self) {
        if self.doom.reset.load(Ordering::Relaxed) {
            (self.reset)(&self.socket);
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Wire<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Wire<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        if self.doom.twice.load(Ordering::Relaxed) {
            self.copy.extend_from_slice(&bytes[..written]);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.again < this.copy.len() {
            let rest = &this.copy[this.again..];
            this.again += ready!(Pin::new(&mut this.socket).poll_write(cx, rest))?;
        }
        if !this.copy.is_empty() {
            this.copy.clear();
            this.again = 0;
            this.doom.twice.store(false, Ordering::Relaxed);
        }
        Pin::new(&mut this.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
