//! A merchant's own page, as any shop may write it, on a free port of the loopback.

use std::sync::Arc;

use axum::{
    Router,
    extract::{OriginalUri, Query},
    response::Html,
    routing::{get, post},
};
use system::{kernel::SystemClock, transport::serve_http};
use tokio::{net::TcpListener, task::JoinSet};

/// A running shop of one page. Dropping it ends it.
pub(crate) struct Merchant {
    /// `http://127.0.0.1:PORT`: the page itself.
    pub(crate) url: String,
    _tasks: JoinSet<()>,
}

impl Merchant {
    /// Serves `html` at `/`, and at `/success` and `/fail` pages that show their path and, a line
    /// each, `name=value` of their query; at `/webhook` it takes every POST. `{{here}}` in `html`
    /// becomes the shop's own address.
    pub(crate) async fn serve(html: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let html = html.replace("{{here}}", &url);
        let router = Router::new()
            .route("/", get(async || Html(html)))
            .route("/webhook", post(async || ()))
            .route("/success", get(came_back))
            .route("/fail", get(came_back));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_http(listener, router, Arc::new(SystemClock), std::future::pending()));
        Self { url, _tasks: tasks }
    }
}

async fn came_back(
    OriginalUri(uri): OriginalUri,
    Query(query): Query<Vec<(String, String)>>,
) -> Html<String> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let lines = query.iter().map(|(name, value)| escape(&format!("{name}={value}\n")));
    let lines: String = lines.collect();
    Html(format!(
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:,>\
         <h1>{}</h1><pre>{lines}</pre>",
        uri.path()
    ))
}
