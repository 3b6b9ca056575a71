//! `GET /v1/promotions` and `…/card`: what card companies offer today.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::{act::Act, answer::Answer, error::Refusal, route::Route};
use crate::{CardDiscount, CardInterestFree, Currency, clock::korean_day, promotion::Discounts};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/v1/promotions", "listPromotions", all)
        .about("Every promotion of today.")
        .answers::<Vec<PromotionView<'_>>>()
        .codes("promotions"),
    Route::get("/v1/promotions/card", "listCardPromotions", of_cards)
        .about("What card companies offer today, by kind.")
        .answers::<CardPromotionView<'_>>()
        .codes("promotions"),
];

/// One promotion: the object named by `type` is there, the others are null.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Promotion")]
struct PromotionView<'a> {
    pay_type: &'static str,
    #[serde(rename = "type")]
    kind: Kind,
    card_discount: Option<DiscountView<'a>>,
    card_interest_free: Option<InterestFreeView<'a>>,
    card_point: Option<()>,
    bank_discount: Option<()>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "PromotionType")]
enum Kind {
    CardDiscount,
    CardInterestFree,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CardPromotion")]
struct CardPromotionView<'a> {
    discount_cards: Vec<DiscountView<'a>>,
    interest_free_cards: Vec<InterestFreeView<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CardDiscount")]
struct DiscountView<'a> {
    issuer_code: &'a str,
    discount_amount: i64,
    /// What is left of the card company's budget.
    balance: i64,
    discount_code: &'a str,
    /// Its last day.
    due_date: String,
    minimum_payment_amount: i64,
    maximum_payment_amount: i64,
    currency: Currency,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CardInterestFree")]
struct InterestFreeView<'a> {
    issuer_code: &'a str,
    minimum_payment_amount: i64,
    currency: Currency,
    /// Its last day.
    due_date: String,
    installment_free_months: &'a [u8],
}

fn all(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let CardPromotionView { discount_cards, interest_free_cards } = today(act);
    let row = |kind, card_discount, card_interest_free| PromotionView {
        pay_type: "NORMAL",
        kind,
        card_discount,
        card_interest_free,
        card_point: None,
        bank_discount: None,
    };
    let discounts = discount_cards.into_iter().map(|one| row(Kind::CardDiscount, Some(one), None));
    let free = interest_free_cards.into_iter();
    let free = free.map(|one| row(Kind::CardInterestFree, None, Some(one)));
    Ok(Answer::json(200, &discounts.chain(free).collect::<Vec<_>>()))
}

fn of_cards(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, &today(act)))
}

fn today<'a>(act: &'a Act<'_>) -> CardPromotionView<'a> {
    let (promotions, today) = (&act.core.config.promotions, korean_day(act.now));
    let runs = |due_date: Date| today <= due_date;
    let discounts = promotions.discounts.iter().filter(|one| runs(one.due_date));
    let free = promotions.interest_free.iter().filter(|one| runs(one.due_date));
    CardPromotionView {
        discount_cards: discounts.map(|one| DiscountView::of(one, &act.world.discounts)).collect(),
        interest_free_cards: free.map(InterestFreeView::of).collect(),
    }
}

impl<'a> DiscountView<'a> {
    fn of(discount: &'a CardDiscount, given: &Discounts) -> Self {
        Self {
            issuer_code: &discount.issuer_code,
            discount_amount: discount.discount_amount,
            balance: given.left(discount),
            discount_code: &discount.discount_code,
            due_date: discount.due_date.to_string(),
            minimum_payment_amount: discount.minimum_payment_amount,
            maximum_payment_amount: discount.maximum_payment_amount,
            currency: Currency::Krw,
        }
    }
}

impl<'a> InterestFreeView<'a> {
    fn of(offer: &'a CardInterestFree) -> Self {
        Self {
            issuer_code: &offer.issuer_code,
            minimum_payment_amount: offer.minimum_payment_amount,
            currency: Currency::Krw,
            due_date: offer.due_date.to_string(),
            installment_free_months: &offer.installment_free_months,
        }
    }
}
