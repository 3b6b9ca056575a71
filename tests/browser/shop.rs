//! A person buys something: the payment service's pages and the fake PSP's window, all services
//! running as processes.

use fake_psp::BookEntry;
use hanbeon::{
    Browser, Layout, System,
    browser::{css, label},
    http::Ask,
};

/// Orders something and goes to the window; the order's id.
async fn go_to_the_window(browser: &Browser, system: &System) -> String {
    browser.open(system.url("payment-1")).await;
    browser.fill(label("상품"), "따뜻한 <차>").await;
    browser.fill(label("금액"), "23000").await;
    browser.click("주문하기").await;
    let url = browser.wait_for_url("/checkout/").await;
    browser.wait_for_text("따뜻한 <차>").await;
    browser.click("결제하기").await;
    browser.wait_for_url(system.url("psp")).await;
    browser.wait_for_text("가짜 결제창입니다").await;
    browser.wait_for_text("23,000원").await;
    url.path_segments().and_then(|mut path| path.next_back()).expect("an order").to_owned()
}

/// What the PSP took less what it gave back.
async fn taken(system: &System) -> i64 {
    let answer = Ask::get(format!("{}/_fake/book", system.url("psp"))).send().await;
    let book = answer.expect("the fake answers").json();
    let book: Vec<BookEntry> = serde_json::from_value(book).expect("the fake's book");
    book.iter().map(BookEntry::signed_amount).sum()
}

async fn pays(browser: &Browser, system: &System, order: &str) {
    browser.click("결제하기").await;
    browser.wait_for_url(&format!("/status/{order}")).await;
    browser.read(css("[data-status=SUCCESS]")).await;
    // The page follows the booking by itself.
    browser.wait_for_text("결제가 완료되었습니다.").await;
    browser.wait_for_text("23,000원").await;
    assert_eq!(taken(system).await, 23_000);
}

/// From the page that says why not, through the same order's checkout to the window again.
async fn tries_again(browser: &Browser, system: &System, order: &str) {
    assert_eq!(taken(system).await, 0);
    browser.click("다시 결제하기").await;
    browser.wait_for_url(&format!("/checkout/{order}")).await;
    browser.click("결제하기").await;
    browser.wait_for_url(system.url("psp")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_and_has_paid() {
    let Some(browser) = Browser::start().await else { return };
    let system = System::start(Layout::SINGLE, None).await;
    let order = go_to_the_window(&browser, &system).await;
    pays(&browser, &system, &order).await;
    // There is no second way to pay for it.
    browser.open(&format!("{}/checkout/{order}", system.url("payment-1"))).await;
    browser.wait_for_url(&format!("/status/{order}")).await;
    assert_eq!(browser.console().await, [""; 0], "the pages are complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_card_is_declined_can_pay_again() {
    let Some(browser) = Browser::start().await else { return };
    let system = System::start(Layout::SINGLE, None).await;
    let order = go_to_the_window(&browser, &system).await;
    // A card that its company declines at once.
    browser.click("9410 0000 0000 0041").await;
    browser.click("결제하기").await;
    browser.wait_for_url(&format!("{}/fail", system.url("payment-1"))).await;
    browser.wait_for_text("결제하지 않았습니다").await;
    browser.wait_for_text("거절").await;
    tries_again(&browser, &system, &order).await;
    pays(&browser, &system, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_walks_away_finds_the_order_again() {
    let Some(browser) = Browser::start().await else { return };
    let system = System::start(Layout::SINGLE, None).await;
    let order = go_to_the_window(&browser, &system).await;
    browser.click(css("[aria-label='결제창 닫기']")).await;
    browser.wait_for_url(&format!("{}/fail", system.url("payment-1"))).await;
    browser.wait_for_text("결제하지 않았습니다").await;
    browser.wait_for_text("취소").await;
    tries_again(&browser, &system, &order).await;
    pays(&browser, &system, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_on_a_page() {
    let Some(browser) = Browser::start().await else { return };
    let system = System::start(Layout::SINGLE, None).await;
    let shop = system.url("payment-1");
    browser.open(shop).await;
    browser.fill(label("금액"), "0").await;
    browser.click("주문하기").await;
    assert_eq!(browser.read(css("input:invalid")).await, "", "the form refuses it by itself");

    let order = go_to_the_window(&browser, &system).await;
    let forged = format!("success?paymentKey=x&orderId={order}&amount=1");
    for (path, says) in [
        ("status/ord-x", "그런 주문이 없습니다."),
        ("success?paymentKey=x&orderId=ord-x&amount=1", "그런 주문이 없습니다."),
        ("success", "요청을 처리할 수 없습니다."),
        (&forged, "청구되지 않았습니다."),
    ] {
        browser.open(&format!("{shop}/{path}")).await;
        browser.wait_for_text(says).await;
        browser.click("상점으로").await;
        browser.wait_for_text("한번 상점").await;
    }
    assert_eq!(taken(&system).await, 0);
}
