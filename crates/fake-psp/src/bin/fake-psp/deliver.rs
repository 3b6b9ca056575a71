//! Carries webhooks over plain HTTP.

use axum::http::Request;
use bytes::Bytes;
use fake_psp::{Deliver, DeliverError};
use futures::future::BoxFuture;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(crate) struct HttpDeliver {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl HttpDeliver {
    pub(crate) fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
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
                Err(error) => Err(DeliverError(error.to_string())),
            }
        })
    }
}
