//! The buyer pays: with which means, and what then happens.

use jiff::Timestamp;
use serde_json::Value;

use super::{Checkout, Ending};
use crate::{
    Currency, State,
    api::{error::Refusal, fields::text},
    clock::korean_day,
    model::{
        Bank, Card, CardType, FOREIGN_PROVIDERS, InterestPayer, Means, Method, PROVIDERS, Payment,
        Provider, ReceiptKind, ReceiptWish, RefundAccount, VirtualAccount,
    },
    test_means::{Does, TestMeans},
    world::{Core, World},
};

/// What a buyer chose. What is left out is as the window proposes it.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) method: Option<Method>,
    /// Of a test card, an account, a wallet, a phone or a voucher.
    pub(crate) number: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) installment: Option<String>,
    pub(crate) use_card_point: bool,
    /// The bank of a virtual account.
    pub(crate) bank: Option<String>,
    /// Who will pay into it.
    pub(crate) customer_name: Option<String>,
    /// 소득공제, 지출증빙 or 미발행; left out, as the shop proposed.
    pub(crate) cash_receipt: Option<String>,
    /// Whose cash receipt it is.
    pub(crate) cash_receipt_number: Option<String>,
    /// The bank, number and holder of the account that a refund would go to.
    pub(crate) refund_to: [Option<String>; 3],
}

/// What is wrong with a choice, in Korean and in English.
pub(crate) type Complaint = (&'static str, &'static str);

impl Choice {
    /// Reads the page's form. A page that lists the means of several methods has a field for each.
    pub(super) fn read(form: &Value) -> Self {
        let field = |name: &str| text(form, name).filter(|value| !value.is_empty());
        let method = field("method").and_then(|name| Method::read(Some(&name)));
        let of_method = |name: &str| {
            let own = method.and_then(|method| field(&format!("{name}-{}", method.name(true))));
            own.or_else(|| field(name))
        };
        Self {
            method,
            number: of_method("means"),
            provider: of_method("provider"),
            installment: field("installment"),
            use_card_point: field("useCardPoint").is_some(),
            bank: field("bank"),
            customer_name: field("customerName"),
            cash_receipt: of_method("cashReceiptType"),
            cash_receipt_number: of_method("cashReceiptNumber"),
            refund_to: ["refundBank", "refundNumber", "refundHolder"].map(field),
        }
    }
}

/// The buyer pays, if the window is still open, and is led on.
///
/// # Errors
/// What the buyer has to choose otherwise; nothing has happened.
pub(crate) fn pay(
    core: &Core,
    world: &mut World,
    key: &str,
    choice: &Choice,
    english: bool,
    now: Timestamp,
) -> Result<Ending, Complaint> {
    let payment = world.store.get(key).ok_or(OVER)?;
    // A second click, or too late: nothing is to be chosen any more.
    if payment.state != State::Ready {
        return Ok(onward(payment, english));
    }
    let (means, test) = choose(core, payment, choice, now)?;
    if let Some(Does::DeclineInWindow(code)) = test.map(|test| test.does) {
        decline(core, world, key, code, now);
        return Ok(Ending::failure(world.store.get(key).ok_or(OVER)?, code, english));
    }
    let wish = match &choice.cash_receipt {
        None => payment.cash_receipt_wish.clone(),
        Some(kind) => wish(kind, choice.cash_receipt_number.as_deref())?,
    };
    world.authenticate(core, key, Some(means), test.and_then(TestMeans::planned), now);
    if let Some(payment) = world.store.get_mut(key) {
        payment.cash_receipt_wish = wish;
    }
    Ok(onward(world.store.get(key).ok_or(OVER)?, english))
}

/// The cash receipt that the buyer wants, if any.
fn wish(kind: &str, number: Option<&str>) -> Result<Option<ReceiptWish>, Complaint> {
    let Some(kind) = ReceiptKind::read(kind) else { return Ok(None) };
    let identity = kind.identity(number.unwrap_or_default()).ok_or((
        "현금영수증 번호를 확인해 주세요. 소득공제는 휴대폰 번호, 지출증빙은 사업자등록번호입니다.",
        "Check the number for the cash receipt: a phone number, or a business number of ten digits.",
    ))?;
    Ok(Some(ReceiptWish { kind, identity }))
}

const OVER: Complaint = ("존재하지 않는 결제창입니다.", "There is no such window.");

/// Where a buyer goes who wanted to pay: on, even if it was already done; or, too late, back.
pub(super) fn onward(payment: &Payment, english: bool) -> Ending {
    match payment.state {
        State::InProgress
        | State::WaitingForDeposit
        | State::Done
        | State::Canceled
        | State::PartialCanceled => Ending::success(payment),
        State::Ready | State::Aborted | State::Expired => {
            Ending::failure(payment, "PAY_PROCESS_ABORTED", english)
        }
    }
}

/// The card company says no in the window.
pub(crate) fn decline(core: &Core, world: &mut World, key: &str, code: &str, now: Timestamp) {
    let ready = world.store.get(key).is_some_and(|payment| payment.state == State::Ready);
    if ready && core.config.decline_in_window_aborts {
        world.abort(core, key, &Refusal::new(code), now);
    }
}

/// The means that the buyer pays with, and which test means it is (a virtual account is none).
fn choose(
    core: &Core,
    payment: &Payment,
    choice: &Choice,
    now: Timestamp,
) -> Result<(Means, Option<&'static TestMeans>), Complaint> {
    let settings = payment.checkout.as_deref().cloned().unwrap_or_default();
    let method = choice.method.unwrap_or(payment.method());
    if !settings.offered(payment.currency).contains(&method) {
        return Err(("결제 수단을 선택해 주세요.", "Choose how to pay."));
    }
    if method == Method::VirtualAccount {
        let account = virtual_account(payment, &settings, choice)?;
        return Ok((Means::VirtualAccount(account), None));
    }
    let test = test_means(TestMeans::of(method), choice.number.as_deref())?;
    let means = match method {
        Method::Card => {
            let mut card = card(payment, &settings, test, choice)?;
            let (promotions, today) = (&core.config.promotions, korean_day(now));
            let paid = promotions.pays_interest(&card, payment.amount, today);
            let company = paid.then_some(InterestPayer::CardCompany);
            card.interest_payer = card.interest_payer.or(company);
            Means::Card(card)
        }
        Method::Transfer => Means::Transfer { bank_code: test.issuer.to_owned() },
        Method::EasyPay => Means::EasyPay { provider: provider(&PROVIDERS, &settings, choice)? },
        Method::ForeignEasyPay => {
            Means::ForeignEasyPay { provider: provider(&FOREIGN_PROVIDERS, &settings, choice)? }
        }
        Method::MobilePhone => Means::MobilePhone { number: test.number.to_owned() },
        voucher => Means::GiftCertificate(voucher),
    };
    Ok((means, Some(test)))
}

/// The test card, account or wallet; the first of the list where none is named.
pub(super) fn test_means(
    mut listed: impl Iterator<Item = &'static TestMeans>,
    number: Option<&str>,
) -> Result<&'static TestMeans, Complaint> {
    let found = match number {
        None => listed.next(),
        Some(number) => listed.find(|means| means.has_number(number)),
    };
    found.ok_or((
        "목록에 있는 테스트 결제 수단을 선택해 주세요.",
        "Choose one of the listed test cards or accounts.",
    ))
}

fn card(
    payment: &Payment,
    settings: &Checkout,
    test: &TestMeans,
    choice: &Choice,
) -> Result<Card, Complaint> {
    let months = settings.installments(payment.amount, payment.currency);
    let chosen = match &choice.installment {
        None => months[0],
        Some(text) => {
            let chosen = text.parse().ok().filter(|chosen| months.contains(chosen));
            chosen
                .ok_or(("선택할 수 없는 할부 개월입니다.", "These instalments are not offered."))?
        }
    };
    let mut card = test.card();
    if let Some(issuer) = &settings.issuer {
        card.issuer_code.clone_from(issuer);
        card.acquirer_code = Some(issuer.clone());
    }
    if chosen > 0 && card.card_type != CardType::Credit {
        return Err((
            "체크카드는 할부로 결제할 수 없습니다. 일시불을 선택해 주세요.",
            "Check cards have no instalments. Choose to pay at once.",
        ));
    }
    card.installment_months = chosen;
    if settings.is_free(&card.issuer_code, chosen) {
        card.interest_payer = Some(InterestPayer::Merchant);
    }
    card.use_point = choice.use_card_point && payment.currency == Currency::Krw;
    Ok(card)
}

fn provider(
    table: &'static [Provider],
    settings: &Checkout,
    choice: &Choice,
) -> Result<String, Complaint> {
    let named = settings.provider.as_ref().or(choice.provider.as_ref());
    let known = named.map_or(table.first(), |named| Provider::read(table, named));
    let known = known.ok_or(("간편결제를 선택해 주세요.", "Choose a provider of easy pay."))?;
    Ok(known.code.to_owned())
}

fn virtual_account(
    payment: &Payment,
    settings: &Checkout,
    choice: &Choice,
) -> Result<VirtualAccount, Complaint> {
    let bank = choice.bank.as_deref().and_then(Bank::read).filter(|bank| bank.issues_accounts());
    let bank = bank.ok_or(("은행을 선택해 주세요.", "Choose a bank."))?;
    let name = choice.customer_name.as_ref().or(payment.customer_name.as_ref());
    let name = name.filter(|name| name.chars().count() <= 100);
    let name = name.ok_or(("입금자명을 입력해 주세요.", "Enter the depositor's name."))?;
    let Means::VirtualAccount(mut account) =
        settings.usual_means(Method::VirtualAccount, Some(name))
    else {
        unreachable!("the usual means of a method is of that method")
    };
    account.bank_code = bank.code.to_owned();
    account.refund_receive = refund_account(&choice.refund_to)?;
    Ok(account)
}

fn refund_account(told: &[Option<String>; 3]) -> Result<Option<RefundAccount>, Complaint> {
    let incomplete = (
        "환불 계좌의 은행, 계좌번호, 예금주를 모두 입력해 주세요.",
        "Give the bank, the number (digits) and the holder of the account for refunds.",
    );
    let [bank, number, holder] = match told {
        // A bank alone is only what the list of banks begins with.
        [_, None, None] => return Ok(None),
        [Some(bank), Some(number), Some(holder)] => [bank, number, holder],
        _ => return Err(incomplete),
    };
    let bank = Bank::read(bank).ok_or(incomplete)?;
    let digits = number.bytes().all(|digit| digit.is_ascii_digit());
    if !digits || number.len() > 20 || holder.chars().count() > 60 {
        return Err(incomplete);
    }
    Ok(Some(RefundAccount {
        bank_code: bank.code.to_owned(),
        account_number: number.clone(),
        holder_name: holder.clone(),
    }))
}
