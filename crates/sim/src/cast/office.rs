//! The office: a machine from which operators and accountants ask the services.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http_body_util::Full;
use hyper::{Request, header};
use serde_json::Value;
use system::transport::HttpClient;
use tokio::sync::{mpsc, oneshot};

use super::{env::SimDial, hosts::TOKEN};
use crate::engine::{Ctl, HostHandle, HostOptions};

/// How long they wait for a page.
const PATIENCE: Duration = Duration::from_secs(30);

/// A page that somebody wants.
struct Ask {
    url: String,
    /// Whether with the secret that is between our services.
    is_known: bool,
    answer: oneshot::Sender<Option<(u16, Value)>>,
}

/// Where pages are asked for.
#[derive(Clone)]
pub struct Office(mpsc::UnboundedSender<Ask>);

impl Office {
    /// Makes the machine; it starts with all others.
    pub fn open(ctl: &Ctl) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        let asked = Arc::new(Mutex::new(Some(asked)));
        ctl.host("office", HostOptions::default(), move |host| {
            let mine = asked.lock().unwrap_or_else(PoisonError::into_inner).take();
            work(host, mine.expect("nothing happens to the office"))
        });
        Self(asks)
    }

    /// The status and the JSON of a page; `None` if nobody answers.
    pub async fn ask(&self, url: String, is_known: bool) -> Option<(u16, Value)> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Ask { url, is_known, answer }).ok()?;
        answered.await.ok()?
    }
}

fn work(host: HostHandle, mut asked: mpsc::UnboundedReceiver<Ask>) -> BoxFuture<'static, ()> {
    async move {
        let http = HttpClient::new(Arc::new(SimDial(host)));
        while let Some(Ask { url, is_known, answer }) = asked.recv().await {
            let mut request = Request::get(url);
            if is_known {
                request = request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
            }
            let request = request.body(Full::<Bytes>::default()).expect("a fixed URL");
            let told = http.send(request, PATIENCE).await.ok().map(|told| {
                let json = serde_json::from_slice(&told.body).unwrap_or_default();
                (told.status.as_u16(), json)
            });
            let _ = answer.send(told);
        }
    }
    .boxed()
}
