//! The console: what happens in the fake, live in a browser. One page of plain HTML, CSS and
//! JavaScript, which uses the control API like everybody else.

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use crate::FakePsp;

const JS: &str = "text/javascript; charset=utf-8";

/// A file of the page, by name.
macro_rules! module {
    ($name:literal) => {
        ($name, JS, include_str!($name))
    };
}

const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("style.css")),
    module!("main.js"),
    module!("api.js"),
    module!("dom.js"),
    module!("words.js"),
    module!("payments.js"),
    module!("payment.js"),
    module!("timeline.js"),
    module!("calls.js"),
    module!("webhooks.js"),
    module!("faults.js"),
    module!("rules.js"),
    module!("lose.js"),
    module!("form.js"),
    module!("book.js"),
    module!("clock.js"),
    module!("switches.js"),
];

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/_fake/console", get(async || Html(include_str!("index.html"))))
        .route("/_fake/console/", get(async || Html(include_str!("index.html"))))
        .route("/_fake/console/{file}", get(file))
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => {
            ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")], *text)
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
