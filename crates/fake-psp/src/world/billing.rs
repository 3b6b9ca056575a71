//! Billing: from the window over the one-time key to the key that charges.

use base64::{Engine, prelude::BASE64_URL_SAFE};
use jiff::{SignedDuration, Timestamp};

use serde::Serialize;

use super::{Core, World};
use crate::{
    EventType,
    api::error::Refusal,
    clock::{iso_without_offset, spell},
    fault::Subject,
    model::{AuthKey, BillingAuth, BillingKey, BillingMeans, Method, Planned},
    webhook::{Envelope, Notice, to_json},
};

/// What a billing window is opened with.
pub(crate) struct BillingOpening {
    pub(crate) customer_key: String,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    /// A card or a transfer.
    pub(crate) method: Method,
    pub(crate) success_url: Option<String>,
    pub(crate) fail_url: Option<String>,
}

impl World {
    /// Opens a billing window and yields its id.
    pub(crate) fn open_billing_auth(
        &mut self,
        core: &Core,
        opening: BillingOpening,
        at: Timestamp,
    ) -> String {
        let nth = self.billing_auths.len();
        let name = format!("psp/billing-auth/{}/{nth}", opening.customer_key);
        let id = format!("bauth{}", spell(core.entropy.draw(&name), 10));
        let auth = BillingAuth {
            id: id.clone(),
            customer_key: opening.customer_key,
            customer_name: opening.customer_name,
            customer_email: opening.customer_email,
            method: opening.method,
            success_url: opening.success_url,
            fail_url: opening.fail_url,
            deadline: at + SignedDuration::from_mins(core.config.ready_minutes),
            auth_key: None,
        };
        self.billing_auths.insert(id.clone(), auth);
        id
    }

    /// A billing window.
    pub(crate) fn billing_auth(&self, id: &str) -> Option<&BillingAuth> {
        self.billing_auths.get(id)
    }

    /// The buyer registers a card or an account in the window: the one-time key for the merchant,
    /// for `successUrl`. A test card may have plans for each charge. A second click yields the key
    /// of the first.
    ///
    /// # Errors
    /// There is no such window, or it was open for too long.
    pub(crate) fn register(
        &mut self,
        core: &Core,
        id: &str,
        means: BillingMeans,
        planned: Option<Planned>,
        at: Timestamp,
    ) -> Result<String, Refusal> {
        let auth = self.billing_auths.get_mut(id).ok_or("NOT_FOUND_PAYMENT_SESSION")?;
        if let Some(key) = &auth.auth_key {
            return Ok(key.clone());
        }
        if at >= auth.deadline {
            return Err("NOT_FOUND_PAYMENT_SESSION".into());
        }
        let key = format!("e_{}", hex(core, &format!("psp/auth-key/{id}")));
        auth.auth_key = Some(key.clone());
        let lifetime = SignedDuration::from_mins(core.config.auth_key_minutes);
        let auth_key = AuthKey {
            customer_key: auth.customer_key.clone(),
            means,
            planned,
            authenticated_at: at,
            expires: at + lifetime,
        };
        self.auth_keys.insert(key.clone(), auth_key);
        Ok(key)
    }

    /// Redeems a one-time key: it is gone, and there is a billing key. Yields that.
    ///
    /// # Errors
    /// The key is unknown, used or too old, or of another customer (then it stays).
    pub(crate) fn redeem(
        &mut self,
        core: &Core,
        auth_key: &str,
        customer_key: &str,
        at: Timestamp,
    ) -> Result<String, Refusal> {
        let auth = self.auth_keys.get(auth_key).filter(|auth| at < auth.expires);
        let auth = auth.ok_or_else(|| Refusal::new(core.config.bad_auth_key_code.as_str()))?;
        if auth.customer_key != customer_key {
            return Err("NOT_MATCHES_CUSTOMER_KEY".into());
        }
        let auth = self.auth_keys.remove(auth_key).expect("found just now");
        Ok(self.issue_billing_key(
            core,
            customer_key,
            auth.means,
            auth.planned,
            auth.authenticated_at,
        ))
    }

    /// Makes a billing key.
    pub(crate) fn issue_billing_key(
        &mut self,
        core: &Core,
        customer_key: &str,
        means: BillingMeans,
        planned: Option<Planned>,
        authenticated_at: Timestamp,
    ) -> String {
        let name = format!("psp/billing-key/{customer_key}/{}", self.billing_keys.len());
        let mut bytes = Vec::with_capacity(32);
        for part in 0..4 {
            bytes.extend(core.entropy.draw(&format!("{name}/{part}")).to_be_bytes());
        }
        // 32 bytes: the padding makes it end in `=`, as real ones do.
        let key = BASE64_URL_SAFE.encode(bytes);
        let billing_key = BillingKey {
            key: key.clone(),
            customer_key: customer_key.to_owned(),
            means,
            planned,
            authenticated_at,
            deleted_at: None,
        };
        self.billing_keys.insert(key.clone(), billing_key);
        key
    }
}

impl World {
    /// Deletes a billing key and says so.
    pub(crate) fn delete_billing_key(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(billing) = self.billing_keys.get_mut(key) else { return };
        billing.deleted_at = Some(at);
        let event = EventType::BillingDeleted;
        let envelope = Envelope {
            event_type: event.as_str(),
            created_at: iso_without_offset(at),
            data: Deleted { billing_key: key },
        };
        let notice = Notice {
            event,
            subject: Subject::default(),
            about: key,
            nth: 1,
            status: "DELETED",
            body: to_json(&envelope),
        };
        self.tell(core, &notice, at);
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted<'a> {
    billing_key: &'a str,
}

/// 32 upper-case hexadecimal digits.
fn hex(core: &Core, name: &str) -> String {
    let high = core.entropy.draw(&format!("{name}/high"));
    format!("{high:016X}{:016X}", core.entropy.draw(&format!("{name}/low")))
}
