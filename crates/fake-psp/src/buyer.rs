//! The buyer's side without a browser: a test opens a payment, approves it, declines it, walks
//! away, or decides a review.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    FakePsp, State,
    api::error::{Refusal, error_code},
    model::Method,
    test_means::TestMeans,
    window::{self, Choice, Ending},
    world::{Core, World},
};

/// A payment as a shop's page would open it. All but the order id and the amount may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// 6 to 64 characters: letters, digits, `-`, `_`, `=`.
    pub order_id: String,
    /// What the buyer sees; by default the order id.
    pub order_name: Option<String>,
    /// A number, or a decimal as text.
    pub amount: Value,
    /// KRW by default.
    pub currency: Option<String>,
    /// As in the SDK: `CARD`, `VIRTUAL_ACCOUNT`, … The buyer chooses, by default.
    pub method: Option<String>,
    /// Where the buyer goes afterwards.
    pub success_url: Option<String>,
    /// Where the buyer goes when it fails.
    pub fail_url: Option<String>,
    /// Who the buyer is to the merchant.
    pub customer_key: Option<String>,
    /// The buyer's name.
    pub customer_name: Option<String>,
    /// The buyer's address.
    pub customer_email: Option<String>,
    /// The part of the amount without VAT.
    pub tax_free_amount: Option<Value>,
    /// Up to five pairs that come back in the payment object.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl NewPayment {
    /// A payment in won.
    pub fn new(order_id: impl Into<String>, amount: i64) -> Self {
        Self { order_id: order_id.into(), amount: amount.into(), ..Self::default() }
    }

    /// As the script of a page sends it.
    fn form(&self) -> Value {
        let mut form = json!({
            "orderId": self.order_id,
            "orderName": self.order_name.as_ref().unwrap_or(&self.order_id),
            "amount": self.amount,
            "currency": self.currency,
            "method": self.method,
            "successUrl": self.success_url,
            "failUrl": self.fail_url,
            "customerKey": self.customer_key,
            "customerName": self.customer_name,
            "customerEmail": self.customer_email,
            "taxFreeAmount": self.tax_free_amount,
            "metadata": self.metadata,
            "promise": true,
        });
        if let Some(form) = form.as_object_mut() {
            form.retain(|_, value| !value.is_null());
        }
        form
    }
}

/// How a buyer pays. What is left out is as the window proposes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// `CARD`, `TRANSFER`, `EASY_PAY`, `VIRTUAL_ACCOUNT`, `MOBILE_PHONE`, …
    pub method: Option<String>,
    /// The number of a test card, account, wallet, phone or voucher, as the window lists them.
    pub means: Option<String>,
    /// Of easy pay: `TOSSPAY`, `KAKAOPAY`, …
    pub provider: Option<String>,
    /// Months; 0 at once.
    pub installment_months: Option<u8>,
    /// Of a virtual account: a code or a name. 신한 by default.
    pub bank: Option<String>,
    /// Who will pay into a virtual account.
    pub customer_name: Option<String>,
}

/// A window that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approved {
    /// For the confirm.
    pub payment_key: String,
    /// For the confirm.
    pub order_id: String,
    /// For the confirm, as Toss writes it in the URL.
    pub amount: String,
    /// What became of the payment.
    pub status: State,
    /// Where the buyer's browser goes, with Toss's parameters; none if the page named no URL.
    pub redirect: Option<String>,
}

/// How a review ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum Review {
    /// The payment is approved.
    Approve {},
    /// It is refused with this code of Toss's.
    Decline {
        /// `REJECT_CARD_COMPANY` by default.
        code: Option<String>,
    },
}

/// Why something cannot be done for a buyer. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuyerError {
    /// No such payment.
    #[error("there is no payment `{0}`; `GET /_fake/payments` lists them")]
    NotFound(String),
    /// The window refuses it, as it would refuse the page or the buyer.
    #[error("{code}: {message}")]
    Refused {
        /// Toss's code.
        code: String,
        /// What is wrong.
        message: String,
    },
    /// Too early or too late.
    #[error("payment `{key}` is {status}; this can be done only while it is {wanted}")]
    WrongState {
        /// The payment.
        key: String,
        /// Its status.
        status: &'static str,
        /// The status it would have to have.
        wanted: &'static str,
    },
    /// No such code.
    #[error("`{0}` is no error code of Toss's that this fake knows; `REJECT_CARD_COMPANY` is one")]
    NoSuchCode(String),
}

impl BuyerError {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        let (code, message) = (refusal.code().to_owned(), refusal.message(true).to_owned());
        Self::Refused { code, message }
    }

    fn complaint((_, message): window::Complaint) -> Self {
        Self::Refused { code: "INVALID_REQUEST".to_owned(), message: message.to_owned() }
    }
}

impl FakePsp {
    /// Opens a payment, as a shop's page does: READY. Yields its key.
    ///
    /// # Errors
    /// When the window would refuse it.
    pub fn open_payment(&self, payment: &NewPayment) -> Result<String, BuyerError> {
        self.with(|core, world, now| {
            let opening = window::check(&core.config, world, &payment.form(), now);
            let opening = opening.map_err(|refusal| BuyerError::of(&refusal))?;
            Ok(world.open(core, opening, now))
        })
    }

    /// The buyer pays in the window: IN_PROGRESS, and the merchant may confirm. A test card that
    /// declines in the window does so.
    ///
    /// # Errors
    /// When there is no such payment, it is over, or there are no such means.
    pub fn approve_payment(&self, key: &str, how: &Approval) -> Result<Approved, BuyerError> {
        self.at_the_window(key, |core, world, now| {
            let payment = world.store.get(key).expect("looked up before");
            let named = read_method(how.method.as_deref())?;
            let by_number = how.means.as_deref().and_then(TestMeans::method_of);
            let method = named.or(by_number).unwrap_or(payment.method());
            let is_account = method == Method::VirtualAccount;
            let default = |text: &str| is_account.then(|| text.to_owned());
            let named = how.customer_name.clone().or_else(|| payment.customer_name.clone());
            let choice = Choice {
                method: Some(method),
                number: how.means.clone(),
                provider: how.provider.clone(),
                installment: how.installment_months.map(|months| months.to_string()),
                bank: how.bank.clone().or_else(|| default("신한")),
                customer_name: named.or_else(|| default("김토스")),
                ..Choice::default()
            };
            window::pay(core, world, key, &choice, true, now).map_err(BuyerError::complaint)
        })
    }

    /// The card company says no in the window: ABORTED.
    ///
    /// # Errors
    /// When there is no such payment, it is over, or there is no such code.
    pub fn decline_payment(&self, key: &str, code: &str) -> Result<Approved, BuyerError> {
        let refusal = known(code)?;
        self.at_the_window(key, |core, world, now| {
            window::decline(core, world, key, refusal.code(), now);
            let payment = world.store.get(key).expect("looked up before");
            Ok(Ending::failure(payment, refusal.code(), false))
        })
    }

    /// The buyer walks away from the window. Nothing changes.
    ///
    /// # Errors
    /// When there is no such payment, or it is over.
    pub fn close_window(&self, key: &str) -> Result<Approved, BuyerError> {
        self.at_the_window(key, |_, world, _| {
            let payment = world.store.get(key).expect("looked up before");
            Ok(Ending::closed(payment.fail_url.as_deref(), false))
        })
    }

    /// Does something in an open window, and tells how it ended.
    fn at_the_window(
        &self,
        key: &str,
        act: impl FnOnce(&Core, &mut World, jiff::Timestamp) -> Result<Ending, BuyerError>,
    ) -> Result<Approved, BuyerError> {
        self.with(|core, world, now| {
            let payment = world.store.get(key).ok_or_else(|| BuyerError::NotFound(key.into()))?;
            if payment.state != State::Ready {
                return Err(wrong_state(key, payment.state, "READY"));
            }
            let ending = act(core, world, now)?;
            let payment = world.store.get(key).expect("payments stay");
            Ok(Approved {
                payment_key: key.to_owned(),
                order_id: payment.order_id.clone(),
                amount: payment.currency.spell(payment.amount),
                status: payment.state,
                redirect: ending.url,
            })
        })
    }

    /// Lets a payment expire before its time.
    ///
    /// # Errors
    /// When there is no such payment, or it does not wait for anything.
    pub fn expire_payment(&self, key: &str) -> Result<(), BuyerError> {
        self.with(|core, world, now| {
            let payment = world.store.get(key).ok_or_else(|| BuyerError::NotFound(key.into()))?;
            if payment.deadline.is_none() {
                return Err(wrong_state(key, payment.state, "READY or IN_PROGRESS"));
            }
            world.expire(core, key, now);
            Ok(())
        })
    }

    /// Decides a review that the merchant's confirm is waiting for.
    ///
    /// # Errors
    /// When there is no such payment, it is not held for review, or there is no such code.
    pub fn decide_review(&self, key: &str, review: &Review) -> Result<(), BuyerError> {
        let refusal = match review {
            Review::Approve {} => None,
            Review::Decline { code } => {
                Some(known(code.as_deref().unwrap_or("REJECT_CARD_COMPANY"))?)
            }
        };
        self.with(|core, world, now| {
            let payment = world.store.get(key).ok_or_else(|| BuyerError::NotFound(key.into()))?;
            if !payment.held {
                return Err(wrong_state(key, payment.state, "held for review"));
            }
            world.decide(core, key, refusal, now);
            Ok(())
        })
    }

    /// A buyer registers a card (or, with `TRANSFER`, an account) in the billing window. Yields
    /// the one-time `authKey`.
    ///
    /// # Errors
    /// When the window would refuse it, or there are no such means.
    pub fn register_billing(
        &self,
        customer_key: &str,
        method: Option<&str>,
        means: Option<&str>,
    ) -> Result<String, BuyerError> {
        let form = json!({"customerKey": customer_key, "method": method, "promise": true});
        self.with(|core, world, now| {
            window::register(core, world, &form, means, now).map_err(|error| match error {
                window::RegisterError::Refused(refusal) => BuyerError::of(&refusal),
                window::RegisterError::Complaint(complaint) => BuyerError::complaint(complaint),
            })
        })
    }

    /// Where the buyer's browser finds a payment's window.
    pub fn checkout_url(&self, key: &str) -> String {
        format!("{}/window/{key}", self.config().public_url)
    }
}

fn wrong_state(key: &str, state: State, wanted: &'static str) -> BuyerError {
    BuyerError::WrongState { key: key.to_owned(), status: state.as_str(), wanted }
}

fn read_method(named: Option<&str>) -> Result<Option<Method>, BuyerError> {
    let Some(name) = named else { return Ok(None) };
    let read = Method::read(Some(name));
    read.map(Some).ok_or_else(|| BuyerError::of(&Refusal::new("NOT_SUPPORTED_METHOD")))
}

fn known(code: &str) -> Result<Refusal, BuyerError> {
    error_code(code).map(|_| Refusal::new(code)).ok_or_else(|| BuyerError::NoSuchCode(code.into()))
}
