//! What a person sees: the real pages in a real browser (headless Chromium).
//!
//! A module per page. Each test starts a [`hanbeon::Browser`] of its own; a shop's page comes from
//! [`merchant`], a fake PSP of its own from `FakePsp::start`.

mod console;
mod harness;
mod merchant;
mod sdk;
mod shop;
mod widget;
mod window;
