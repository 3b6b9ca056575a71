//! The simulated environment: the only file that knows both the engine and the seams of the
//! services and of the PSP.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use fake_psp::DeliverError;
use futures::{FutureExt, future::BoxFuture};
use http_body_util::Full;
use hyper::{Request, Uri};
use system::{
    kernel::Entropy,
    service::Env,
    transport::{Dial, HttpClient, Stream},
};

use crate::engine::{HostClock, HostHandle};

/// A host's clock, as the services and the PSP want it.
#[derive(Clone)]
pub(super) struct Clock(pub(super) HostClock);

impl system::kernel::Clock for Clock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

impl fake_psp::Clock for Clock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

/// Dials over the simulated network.
pub(super) struct SimDial(pub(super) HostHandle);

impl Dial for SimDial {
    fn dial(&self, uri: &Uri) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let (host, port) =
            (uri.host().unwrap_or_default().to_owned(), uri.port_u16().unwrap_or(80));
        let from = self.0.clone();
        async move { Ok(Box::new(from.dial(&host, port).await?) as Box<dyn Stream>) }.boxed()
    }
}

/// The environment of a service on a host.
pub(super) fn env(host: &HostHandle, database: &str) -> Env {
    Env {
        clock: Arc::new(Clock(host.clock())),
        entropy: Entropy::from_seed(host.seed_for("entropy")),
        dial: Arc::new(SimDial(host.clone())),
        database_url: format!("sim+sqlite://{database}?host={}", host.name()),
    }
}

/// Carries the PSP's webhooks.
pub(super) struct Deliver(HttpClient);

impl Deliver {
    pub(super) fn new(host: HostHandle) -> Self {
        Self(HttpClient::new(Arc::new(SimDial(host))))
    }
}

impl fake_psp::Deliver for Deliver {
    fn deliver(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>> {
        let http = self.0.clone();
        async move {
            let mut request = Request::post(&url);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request = request.body(Full::new(body)).map_err(|e| DeliverError(e.to_string()))?;
            // The PSP has a limit of its own, which is shorter.
            let answer = http.send(request, Duration::from_secs(60)).await;
            answer.map(|a| a.status.as_u16()).map_err(|e| DeliverError(e.to_string()))
        }
        .boxed()
    }
}
