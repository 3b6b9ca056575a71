//! Carries webhooks over HTTP and HTTPS.

use std::{error::Error, fmt::Write};

use axum::http::Request;
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::{Deliver, DeliverError};

pub(super) struct HttpDeliver {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl HttpDeliver {
    /// Over TLS it trusts Mozilla's root certificates.
    pub(super) fn new() -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Self { client: Client::builder(TokioExecutor::new()).build(connector) }
    }
}

impl Deliver for HttpDeliver {
    fn deliver(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>> {
        let client = self.client.clone();
        Box::pin(async move {
            let mut request = Request::post(url);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request =
                request.body(Full::new(body)).map_err(|error| DeliverError(error.to_string()))?;
            match client.request(request).await {
                Ok(response) => Ok(response.status().as_u16()),
                Err(error) => Err(DeliverError(with_causes(&error))),
            }
        })
    }
}

/// The client's errors say the least; what they were caused by says the most.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
