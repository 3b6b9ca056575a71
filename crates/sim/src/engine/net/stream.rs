//! The sockets that services hold. They belong to one life of one host: when that life is over,
//! whatever still holds them gets errors and touches nothing.

use std::{
    future::Future,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil_net::shim::tokio::net as shim;

use super::faults as net;
use super::wire::SYN_TIMEOUT_NS;
use crate::engine::{host::Life, world};

/// Reading more than this may open the peer's window, which the wire then has to tell it.
const WINDOW_NOTICE: usize = 8 * 1024;

fn gone() -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, "the host of this socket has crashed")
}

/// A TCP connection of a host.
#[derive(Debug)]
pub struct TcpStream {
    /// Only taken when dropped.
    inner: Option<shim::TcpStream>,
    life: Life,
    local: SocketAddr,
    peer: SocketAddr,
}

impl TcpStream {
    fn new(inner: shim::TcpStream, life: Life) -> io::Result<Self> {
        let (local, peer) = (inner.local_addr()?, inner.peer_addr()?);
        Ok(Self { inner: Some(inner), life, local, peer })
    }

    /// This end's address.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The other end's address.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    /// Prepares an operation: refuses the dead, points the sockets at this host.
    fn operate(&mut self) -> io::Result<Pin<&mut shim::TcpStream>> {
        if !self.life.is_alive() {
            return Err(gone());
        }
        self.life.enter_sockets();
        let inner = self.inner.as_mut().expect("present until dropped");
        Ok(Pin::new(inner))
    }

    /// A connection that died of silence says so, as Linux does.
    fn explain(&self, error: io::Error) -> io::Error {
        let silent = error.kind() == ErrorKind::ConnectionReset
            && world::with(|w| w.wire.timed_out(self.local, self.peer));
        if silent { ErrorKind::TimedOut.into() } else { error }
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = self.operate()?.poll_read(cx, buf);
        if buf.filled().len() - before >= WINDOW_NOTICE {
            world::with(|w| w.wire.mark_dirty());
        }
        result.map_err(|error| self.explain(error))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = self.operate()?.poll_write(cx, buf);
        world::with(|w| w.wire.mark_dirty());
        result.map_err(|error| self.explain(error))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.operate()?.poll_shutdown(cx);
        world::with(|w| w.wire.mark_dirty());
        result.map_err(|error| self.explain(error))
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let inner = self.inner.take();
        let in_world = world::try_with(|w| {
            self.life.enter_sockets();
            w.wire.mark_dirty();
            w.wire.socket_closed(self.local, self.peer);
        });
        match in_world {
            Some(()) => drop(inner),
            // The sockets are gone with their world; a shim socket would panic looking for them.
            None => std::mem::forget(inner),
        }
    }
}

/// A listening socket of a host.
#[derive(Debug)]
pub struct Listener {
    inner: Option<shim::TcpListener>,
    life: Life,
}

impl axum::serve::Listener for Listener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        std::future::poll_fn(|cx| {
            loop {
                let Some(inner) = self.inner.as_ref().filter(|_| self.life.is_alive()) else {
                    return Poll::Pending; // The dead accept nobody.
                };
                self.life.enter_sockets();
                let Ok((stream, peer)) = std::task::ready!(inner.poll_accept(cx)) else {
                    return Poll::Pending;
                };
                // A connection that was reset before it was accepted has no addresses any more.
                if let Ok(stream) = TcpStream::new(stream, self.life.clone()) {
                    return Poll::Ready((stream, peer));
                }
            }
        })
        .await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.life.enter_sockets();
        self.inner.as_ref().ok_or_else(gone)?.local_addr()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let inner = self.inner.take();
        let in_world = world::try_with(|w| {
            self.life.enter_sockets();
            w.wire.mark_dirty();
        });
        match in_world {
            Some(()) => drop(inner),
            None => std::mem::forget(inner),
        }
    }
}

/// Opens a listening socket on all addresses of the host. On a host that is over it hears nobody.
///
/// # Panics
/// If the port is taken.
pub(crate) fn bind(life: Life, port: u16) -> Listener {
    if !life.is_alive() {
        return Listener { inner: None, life };
    }
    let attempt = || {
        life.enter_sockets();
        let address = SocketAddr::from(([0, 0, 0, 0], port));
        // Binding a simulated socket never waits.
        let bound = futures::FutureExt::now_or_never(shim::TcpListener::bind(address));
        bound.expect("binding does not wait")
    };
    let bound = attempt().or_else(|_| {
        // Connections of a listener that is gone linger on its port; as with SO_REUSEADDR, which
        // tokio sets, they do not keep it.
        world::with(|w| net::clear_port(w, life.owner.host, port));
        attempt()
    });
    let inner = bound.unwrap_or_else(|error| {
        panic!("port {port} of this host cannot be opened ({error}): who listens there already?")
    });
    Listener { inner: Some(inner), life }
}

/// Connects to `host:port`. Silence lasts as long as TCP's own patience (127 s), so callers set
/// deadlines.
pub(crate) fn dial(
    life: Life,
    host: &str,
    port: u16,
) -> impl Future<Output = io::Result<TcpStream>> + Send + 'static + use<> {
    let target = world::with(|w| w.find_host(host)).map(super::address);
    let missing = format!("no host is named {host}: is it registered in this world?");
    async move {
        let ip = target.ok_or_else(|| io::Error::new(ErrorKind::NotFound, missing))?;
        if !life.is_alive() {
            return Err(gone());
        }
        let since = world::with(world::WorldState::now_ns);
        let connecting = shim::TcpStream::connect(SocketAddr::new(ip, port));
        let connected =
            Dialing { connecting: Some(Box::pin(connecting)), life: life.clone() }.await;
        match connected {
            Ok(stream) => TcpStream::new(stream, life),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                // The engine ends a SYN that nobody answers with a reset: tell the two apart.
                let waited = world::with(world::WorldState::now_ns) - since;
                Err(if waited >= SYN_TIMEOUT_NS { ErrorKind::TimedOut.into() } else { error })
            }
            Err(error) => Err(error),
        }
    }
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<shim::TcpStream>> + Send>>;

/// A connection attempt that always acts, and is always dropped, in its own host's sockets.
struct Dialing {
    connecting: Option<Connecting>,
    life: Life,
}

impl Future for Dialing {
    type Output = io::Result<shim::TcpStream>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.life.is_alive() {
            return Poll::Ready(Err(gone()));
        }
        self.life.enter_sockets();
        world::with(|w| w.wire.mark_dirty());
        let connecting = self.connecting.as_mut().expect("polled before it is dropped");
        connecting.as_mut().poll(cx)
    }
}

impl Drop for Dialing {
    fn drop(&mut self) {
        let connecting = self.connecting.take();
        let in_world = world::try_with(|w| {
            self.life.enter_sockets();
            w.wire.mark_dirty();
        });
        match in_world {
            Some(()) => drop(connecting),
            None => std::mem::forget(connecting),
        }
    }
}

/// So that `TokioIo<TcpStream>` serves hyper-util's pooled client.
impl hyper_util::client::legacy::connect::Connection for TcpStream {
    fn connected(&self) -> hyper_util::client::legacy::connect::Connected {
        hyper_util::client::legacy::connect::Connected::new()
    }
}
