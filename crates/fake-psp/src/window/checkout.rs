//! What a shop's page wants of the window, beyond the payment itself.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::{
        error::Refusal,
        fields::{Flag, text},
        transactions::moment,
    },
    model::{CARRIERS, Currency, FOREIGN_PROVIDERS, Issuer, Means, Method, PROVIDERS, Provider},
};

/// Instalments begin here, in won.
pub(super) const LEAST_FOR_INSTALLMENTS: i64 = 50_000;

/// The window's own settings. The default is a window opened by nobody's script: every method, no
/// limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkout {
    /// What the buyer may choose of; empty: everything that can be paid with the currency.
    pub(crate) methods: Vec<Method>,
    /// The one provider of easy payment.
    pub(crate) provider: Option<String>,
    /// The code of the issuer that the card has to be of.
    pub(crate) issuer: Option<String>,
    /// So many months and no others.
    pub(crate) installment: Option<u8>,
    /// The promotion that the shop offers. It counts if the card and the amount are of its kind.
    #[serde(default)]
    pub(crate) discount_code: Option<String>,
    pub(crate) max_installment: Option<u8>,
    /// Instalments whose interest the merchant pays.
    pub(crate) free_installments: Vec<FreePlan>,
    /// The box for card points is ticked.
    pub(crate) use_card_point: bool,
    /// How long a virtual account waits, or until when.
    pub(crate) valid_hours: Option<i64>,
    pub(crate) due: Option<Timestamp>,
    /// Mobile carriers to choose of; empty: all.
    pub(crate) carriers: Vec<String>,
}

/// Months without interest with an issuer's cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FreePlan {
    pub(crate) issuer: String,
    pub(crate) months: Vec<u8>,
}

/// The option of a request: version 2 of the SDK nests it under the method, version 1 does not.
pub(super) fn option<'a>(form: &'a Value, group: &str, name: &str) -> Option<&'a Value> {
    let nested = form.get(group).and_then(|group| group.get(name));
    nested.or_else(|| form.get(name)).filter(|value| !value.is_null())
}

fn option_text(form: &Value, group: &str, name: &str) -> Option<String> {
    option(form, group, name).and_then(Value::as_str).map(str::to_owned)
}

/// Yes, in JSON or in a form.
pub(super) fn is_wanted(option: Option<&Value>) -> bool {
    option.is_some_and(|value| matches!(Flag::deserialize(value), Ok(Flag(true))))
}

/// What the buyer may pay with, by the method a page names: a method of Toss's, or straight away a
/// provider, as the widget does.
pub(super) fn named(method: Option<&str>) -> Result<(Option<Method>, Option<String>), Refusal> {
    let Some(name) = method.filter(|name| !matches!(*name, "" | "미선택")) else {
        return Ok((None, None));
    };
    if let Some(method) = Method::read(Some(name)) {
        return Ok((Some(method), None));
    }
    let code = |found: &Provider| Some(found.code.to_owned());
    match (Provider::read(&PROVIDERS, name), Provider::read(&FOREIGN_PROVIDERS, name)) {
        (Some(provider), _) => Ok((Some(Method::EasyPay), code(provider))),
        (_, Some(provider)) => Ok((Some(Method::ForeignEasyPay), code(provider))),
        _ => Err("NOT_SUPPORTED_METHOD".into()),
    }
}

impl Checkout {
    /// Reads and checks the settings of a request. A virtual account may wait for so many hours at
    /// most.
    pub(super) fn read(
        form: &Value,
        amount: i64,
        currency: Currency,
        longest_hours: i64,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let (method, provider) = named(text(form, "method").as_deref())?;
        let mut checkout = Self { provider, ..Self::default() };
        checkout.methods.extend(method);
        if checkout.provider.is_none() {
            checkout.provider = wanted_provider(form, method)?;
        }
        if method == Some(Method::Card) {
            checkout.read_card(form, amount, currency)?;
        }
        checkout.read_account(form, longest_hours, now)?;
        let carriers = option(form, "mobilePhone", "mobileCarriers").and_then(Value::as_array);
        for carrier in carriers.into_iter().flatten().filter_map(Value::as_str) {
            let known = Provider::read(&CARRIERS, carrier).ok_or("NOT_SUPPORTED_CARRIER")?;
            checkout.carriers.push(known.code.to_owned());
        }
        Ok(checkout)
    }

    /// A card window also has easy payment in it, unless it is to open one of the two directly.
    fn read_card(&mut self, form: &Value, amount: i64, currency: Currency) -> Result<(), Refusal> {
        let company = option_text(form, "card", "cardCompany");
        let company =
            company.map(|name| Issuer::read(&name).ok_or("INVALID_CARD_COMPANY")).transpose()?;
        let provider = option_text(form, "card", "easyPay");
        let provider = provider
            .map(|name| Provider::read(&PROVIDERS, &name).ok_or("INVALID_EASY_PAY"))
            .transpose()?;
        self.discount_code = option_text(form, "card", "discountCode");
        self.issuer = company.map(|company| company.code.to_owned());
        match option_text(form, "card", "flowMode").as_deref() {
            None | Some("DEFAULT") if currency == Currency::Krw => {
                self.methods.push(Method::EasyPay);
            }
            None | Some("DEFAULT") => {}
            Some("DIRECT") => match (company, provider) {
                (Some(_), None) => {}
                (None, Some(provider)) => {
                    self.methods = vec![Method::EasyPay];
                    self.provider = Some(provider.code.to_owned());
                }
                _ => return Err("INVALID_FLOW_MODE_PARAMETERS".into()),
            },
            Some(_) => return Err("INVALID_FLOW_MODE_PARAMETERS".into()),
        }
        self.installment = months(form, "cardInstallmentPlan")?;
        self.max_installment = months(form, "maxCardInstallmentPlan")?;
        if self.installment.is_some() && self.max_installment.is_some() {
            return Err("INVALID_CARD_INSTALLMENT_PLANS_WITH_MAX_AND_SINGLE".into());
        }
        if self.installment.is_some_and(|months| months > 0) && amount < LEAST_FOR_INSTALLMENTS {
            return Err("NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN_BELOW_AMOUNT".into());
        }
        let plans = option(form, "card", "freeInstallmentPlans").and_then(Value::as_array);
        for plan in plans.into_iter().flatten() {
            let company = plan.get("company").and_then(Value::as_str).unwrap_or_default();
            let company = Issuer::read(company).ok_or("INVALID_CARD_COMPANY")?;
            let months = plan.get("months").and_then(Value::as_array).into_iter().flatten();
            let months = months.filter_map(Value::as_u64).filter_map(|n| u8::try_from(n).ok());
            let issuer = company.code.to_owned();
            self.free_installments.push(FreePlan { issuer, months: months.collect() });
        }
        self.use_card_point = is_wanted(option(form, "card", "useCardPoint"));
        Ok(())
    }

    /// How long a virtual account waits for its deposit.
    fn read_account(
        &mut self,
        form: &Value,
        longest_hours: i64,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.valid_hours = option(form, "virtualAccount", "validHours").map(whole).transpose()?;
        let due = option_text(form, "virtualAccount", "dueDate");
        if self.valid_hours.is_some() && due.is_some() {
            return Err("INVALID_VALID_HOURS_WITH_DUE_DATE_AND_SINGLE".into());
        }
        if self.valid_hours.is_some_and(|hours| hours < 1) {
            return Err("INVALID_REQUEST".into());
        }
        if self.valid_hours.is_some_and(|hours| hours > longest_hours) {
            return Err("EXCEED_MAX_VALID_HOURS".into());
        }
        self.due = due.map(|due| moment(Some(&due))).transpose()?;
        if let Some(due) = self.due {
            if due <= now {
                return Err("INVALID_DATE".into());
            }
            if due > now + SignedDuration::from_hours(longest_hours) {
                return Err("EXCEED_MAX_DUE_DATE".into());
            }
        }
        Ok(())
    }

    /// What is paid with by a buyer who says no more than the method.
    pub(super) fn usual_means(&self, method: Method, customer_name: Option<&str>) -> Means {
        let mut means = Means::usual(method);
        match &mut means {
            Means::EasyPay { provider } | Means::ForeignEasyPay { provider } => {
                if let Some(wanted) = &self.provider {
                    provider.clone_from(wanted);
                }
            }
            Means::VirtualAccount(account) => {
                account.valid_hours = self.valid_hours.unwrap_or(account.valid_hours);
                account.due = self.due;
                if let Some(name) = customer_name {
                    account.customer_name = name.to_owned();
                }
            }
            Means::Card(card) => {
                if let Some(issuer) = &self.issuer {
                    card.issuer_code.clone_from(issuer);
                    card.acquirer_code = Some(issuer.clone());
                }
                card.installment_months = self.installment.unwrap_or(0);
            }
            _ => {}
        }
        means
    }

    /// What the buyer may choose of.
    pub(super) fn offered(&self, currency: Currency) -> Vec<Method> {
        if !self.methods.is_empty() {
            return self.methods.clone();
        }
        match currency {
            Currency::Krw => vec![
                Method::Card,
                Method::EasyPay,
                Method::Transfer,
                Method::VirtualAccount,
                Method::MobilePhone,
                Method::CultureGiftCertificate,
            ],
            Currency::Usd | Currency::Jpy => vec![Method::ForeignEasyPay, Method::Card],
        }
    }

    /// The months that can be chosen for an amount. One alone: nothing is to be chosen.
    pub(super) fn installments(&self, amount: i64, currency: Currency) -> Vec<u8> {
        if let Some(months) = self.installment {
            return vec![months];
        }
        if currency != Currency::Krw || amount < LEAST_FOR_INSTALLMENTS {
            return vec![0];
        }
        let most = self.max_installment.unwrap_or(12);
        std::iter::once(0).chain(2..=most).collect()
    }

    /// Does the merchant pay the interest?
    pub(super) fn is_free(&self, issuer: &str, months: u8) -> bool {
        let mut plans = self.free_installments.iter();
        months > 0 && plans.any(|plan| plan.issuer == issuer && plan.months.contains(&months))
    }
}

/// The provider that a page names beside the method.
fn wanted_provider(form: &Value, method: Option<Method>) -> Result<Option<String>, Refusal> {
    let (group, table): (_, &'static [Provider]) = match method {
        Some(Method::EasyPay) => ("easyPay", &PROVIDERS),
        Some(Method::ForeignEasyPay) => ("foreignEasyPay", &FOREIGN_PROVIDERS),
        _ => return Ok(None),
    };
    let Some(name) = option_text(form, group, "provider") else { return Ok(None) };
    let known = Provider::read(table, &name).ok_or("INVALID_EASY_PAY")?;
    Ok(Some(known.code.to_owned()))
}

/// 0 or 2 to 12.
fn months(form: &Value, name: &str) -> Result<Option<u8>, Refusal> {
    let Some(months) = option(form, "card", name).map(whole).transpose()? else { return Ok(None) };
    match u8::try_from(months) {
        Ok(months @ (0 | 2..=12)) => Ok(Some(months)),
        Ok(1) => Err("INVALID_CARD_INSTALLMENT_PLAN".into()),
        _ => Err("EXCEED_MAX_CARD_INSTALLMENT_PLAN".into()),
    }
}

/// A whole number, possibly written as text.
fn whole(value: &Value) -> Result<i64, Refusal> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    number.ok_or_else(|| "INVALID_REQUEST".into())
}
