//! The pages as templates, in both languages.

use std::sync::LazyLock;

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use minijinja::{
    Environment, State, context,
    value::{Serde, Value},
};
use serde::Serialize;

use super::visit::Visit;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.add_function("say", say);
    for (name, source) in [
        ("window.css", include_str!("pages/window.css")),
        ("base.html", include_str!("pages/base.html")),
        ("account.html", include_str!("pages/account.html")),
        ("means.html", include_str!("pages/means.html")),
        ("payment.html", include_str!("pages/payment.html")),
        ("billing.html", include_str!("pages/billing.html")),
        ("receipt.html", include_str!("pages/receipt.html")),
        ("no_receipt.html", include_str!("pages/no_receipt.html")),
        ("wish.html", include_str!("pages/wish.html")),
        ("notice.html", include_str!("pages/notice.html")),
        ("return.html", include_str!("pages/return.html")),
    ] {
        templates.add_template(name, source).expect("the templates are parts of the program");
    }
    templates
});

/// `say("닫기", "Close")`: the one of the page's language.
fn say(state: &State<'_, '_>, korean: Value, english: Value) -> Value {
    let is_english = state.lookup("english").is_some_and(|english| english.is_true());
    if is_english { english } else { korean }
}

/// Renders a page for a visitor. Besides `page` it has `english`; `query`, to be added to the
/// actions of forms; `switch`, the address in the other language, if `home` (the page's address
/// that can be read again) has one; and `frame`, the origin of the shop's page around it.
pub(super) fn render(
    template: &str,
    visit: &Visit,
    home: &str,
    status: StatusCode,
    page: &impl Serialize,
) -> Response {
    let switch = (!home.is_empty()).then(|| format!("{home}{}", visit.other_language()));
    let rendered = TEMPLATES.get_template(template).and_then(|template| {
        template.render(context! {
            page => Value::from(Serde(page)),
            english => visit.english,
            query => visit.query(),
            switch => switch,
            frame => visit.frame.as_deref(),
        })
    });
    match rendered {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            // Templates and their data are parts of the program: a bug.
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
