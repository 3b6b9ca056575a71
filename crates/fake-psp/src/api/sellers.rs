//! `/v2/sellers`: who can be paid.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    answer::Answer,
    envelope::{Entity, Page},
    error::Refusal,
    fields::Text,
    route::{Param, Route},
};
use crate::{
    Endpoint,
    payout::{Account, BusinessType, Company, Person, Seller, SellerView, new_id},
};

/// The most sellers in one list.
const MOST: usize = 100;

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v2/sellers", "createSeller", create)
        .about("Registers a seller. The body is a JWE of this JSON.")
        .at(Endpoint::Sellers)
        .takes_sealed::<NewSeller>()
        .answers::<Entity<'_, SellerView<'_>>>()
        .codes("payouts_v2"),
    Route::get("/v2/sellers", "listSellers", list)
        .about("The sellers, oldest first.")
        .at(Endpoint::Sellers)
        .query(&[
            Param::optional("limit", "integer", "At most so many; 10 by default, 100 at most."),
            Param::optional("startingAfter", "string", "The last id of the page before."),
        ])
        .answers::<Entity<'_, Page<SellerView<'_>>>>()
        .codes("payouts_v2"),
    Route::get("/v2/sellers/{id}", "readSeller", read)
        .about("One seller.")
        .at(Endpoint::Sellers)
        .answers::<Entity<'_, SellerView<'_>>>()
        .codes("payouts_v2"),
    Route::post("/v2/sellers/{id}", "updateSeller", update)
        .about("Changes what is given of a seller. The body is a JWE of this JSON.")
        .at(Endpoint::Sellers)
        .takes_sealed::<SellerChange>()
        .answers::<Entity<'_, SellerView<'_>>>()
        .codes("payouts_v2"),
    Route::delete("/v2/sellers/{id}", "deleteSeller", delete)
        .about("Removes a seller. Payouts that were asked for are still made.")
        .at(Endpoint::Sellers)
        .answers::<Entity<'_, Deleted<'_>>>()
        .codes("payouts_v2"),
];

/// The body of `POST /v2/sellers`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewSeller {
    #[schemars(length(min = 1))]
    ref_seller_id: Text,
    business_type: BusinessType,
    /// Of a business or a company.
    company: Option<CompanyBody>,
    /// Of a person without a business.
    individual: Option<PersonBody>,
    account: AccountBody,
    #[schemars(extend("maxProperties" = 5))]
    metadata: Option<BTreeMap<String, Text>>,
}

/// The body of `POST /v2/sellers/{id}`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SellerChange {
    company: Option<CompanyBody>,
    individual: Option<PersonBody>,
    account: Option<AccountBody>,
    #[schemars(extend("maxProperties" = 5))]
    metadata: Option<BTreeMap<String, Text>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CompanyBody {
    #[schemars(length(min = 1))]
    name: Text,
    #[schemars(length(min = 1))]
    representative_name: Text,
    #[schemars(regex(pattern = "^[0-9]{10}$"))]
    business_registration_number: Text,
    #[schemars(length(min = 1))]
    email: Text,
    #[schemars(length(min = 1))]
    phone: Text,
}

#[derive(Deserialize, JsonSchema)]
struct PersonBody {
    #[schemars(length(min = 1))]
    name: Text,
    #[schemars(length(min = 1))]
    email: Text,
    #[schemars(length(min = 1))]
    phone: Text,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AccountBody {
    #[schemars(regex(pattern = "^[0-9]{2,3}$"))]
    bank_code: Text,
    #[schemars(regex(pattern = "^[0-9]{1,20}$"))]
    account_number: Text,
    #[schemars(length(min = 1))]
    holder_name: Text,
}

/// What is left of a deleted seller.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeletedSeller")]
struct Deleted<'a> {
    id: &'a str,
    ref_seller_id: &'a str,
}

fn create(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let body: NewSeller = act.sealed_body()?;
    let ref_seller_id = filled(body.ref_seller_id)?;
    let company = body.company.map(CompanyBody::checked).transpose()?;
    let individual = body.individual.map(PersonBody::checked).transpose()?;
    let complete = match body.business_type {
        BusinessType::Individual => individual.is_some(),
        BusinessType::IndividualBusiness | BusinessType::Corporate => company.is_some(),
    };
    if !complete {
        return Err("INVALID_REQUEST".into());
    }
    let account = body.account.checked()?;
    let metadata = metadata(body.metadata)?;
    if act.world.sellers.iter().any(|(_, other)| other.ref_seller_id == ref_seller_id) {
        return Err("ALREADY_EXIST_SELLER".into());
    }
    let name = format!("psp/seller/{ref_seller_id}/{}", act.ask.trace);
    let seller = Seller {
        id: new_id(&*act.core.entropy, act.now, &name),
        ref_seller_id,
        business_type: body.business_type,
        company,
        individual,
        account,
        metadata,
        status: body.business_type.first_status(),
        notices: 0,
    };
    let answer = act.entity("seller", SellerView::of(&seller));
    act.world.add_seller(act.core, seller, act.now);
    Ok(answer)
}

fn update(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let body: SellerChange = act.sealed_body()?;
    let company = body.company.map(CompanyBody::checked).transpose()?;
    let individual = body.individual.map(PersonBody::checked).transpose()?;
    let account = body.account.map(AccountBody::checked).transpose()?;
    let metadata = metadata(body.metadata)?;
    let seller = act.world.sellers.get_mut(act.ask.param("id")).ok_or("NOT_FOUND_SELLER")?;
    seller.company = company.or(seller.company.take());
    seller.individual = individual.or(seller.individual.take());
    seller.account = account.unwrap_or_else(|| seller.account.clone());
    seller.metadata = metadata.or(seller.metadata.take());
    read(act)
}

fn read(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let seller = act.world.sellers.get(act.ask.param("id")).ok_or("NOT_FOUND_SELLER")?;
    Ok(act.entity("seller", SellerView::of(seller)))
}

fn list(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let page = act.page(&act.world.sellers, MOST, |_| true)?;
    Ok(act.entity("seller-list", page.map(SellerView::of)))
}

fn delete(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let seller = act.world.sellers.remove(act.ask.param("id")).ok_or("NOT_FOUND_SELLER")?;
    let deleted = Deleted { id: &seller.id, ref_seller_id: &seller.ref_seller_id };
    Ok(act.entity("deleted-entity", deleted))
}

fn filled(Text(text): Text) -> Result<String, Refusal> {
    if text.trim().is_empty() { Err("INVALID_REQUEST".into()) } else { Ok(text) }
}

/// So many digits; hyphens between them are left out.
fn digits(Text(text): Text, least: usize, most: usize) -> Option<String> {
    let text = text.replace('-', "");
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(text)
}

/// Up to five notes of the merchant's: names of 40 characters, values of 500.
pub(super) fn metadata(
    notes: Option<BTreeMap<String, Text>>,
) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let notes: Option<BTreeMap<_, _>> =
        notes.map(|notes| notes.into_iter().map(|(name, Text(value))| (name, value)).collect());
    let fits = |notes: &BTreeMap<String, String>| {
        notes.len() <= 5
            && notes
                .iter()
                .all(|(name, value)| name.chars().count() <= 40 && value.chars().count() <= 500)
    };
    if notes.as_ref().is_none_or(fits) { Ok(notes) } else { Err("INVALID_REQUEST".into()) }
}

impl CompanyBody {
    fn checked(self) -> Result<Company, Refusal> {
        let number = digits(self.business_registration_number, 10, 10);
        Ok(Company {
            name: filled(self.name)?,
            representative_name: filled(self.representative_name)?,
            business_registration_number: number.ok_or("INVALID_REQUEST")?,
            email: filled(self.email)?,
            phone: filled(self.phone)?,
        })
    }
}

impl PersonBody {
    fn checked(self) -> Result<Person, Refusal> {
        let (name, email, phone) = (filled(self.name)?, filled(self.email)?, filled(self.phone)?);
        Ok(Person { name, email, phone })
    }
}

impl AccountBody {
    fn checked(self) -> Result<Account, Refusal> {
        Ok(Account {
            bank_code: digits(self.bank_code, 2, 3).ok_or("INVALID_BANK")?,
            account_number: digits(self.account_number, 1, 20).ok_or("INVALID_ACCOUNT_NUMBER")?,
            holder_name: filled(self.holder_name)?,
        })
    }
}
