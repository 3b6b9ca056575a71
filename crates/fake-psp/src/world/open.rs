//! A payment begins: the window opens, the buyer authenticates.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{Core, Duty, World};
use crate::{
    clock::{in_korea, spell},
    model::{Currency, Event, Kind, Means, Payment, Planned, ReceiptWish, Settling, State, Terms},
    window::Checkout,
};

/// From the opening of the window on, a buyer's account for refunds can be read for so long.
const REFUND_ACCOUNT_READABLE: SignedDuration = SignedDuration::from_mins(30);

/// What a payment is opened with.
pub(crate) struct Opening {
    pub(crate) kind: Kind,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
    pub(crate) means: Means,
    pub(crate) tax_free_amount: i64,
    pub(crate) tax_exemption_amount: i64,
    pub(crate) use_escrow: bool,
    pub(crate) culture_expense: bool,
    pub(crate) customer_key: Option<String>,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_mobile_phone: Option<String>,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    pub(crate) cash_receipt: Option<ReceiptWish>,
    pub(crate) client_key: Option<String>,
    pub(crate) success_url: Option<String>,
    pub(crate) fail_url: Option<String>,
    pub(crate) checkout: Option<Box<Checkout>>,
}

impl Opening {
    /// The least that a payment needs; the rest is as for a buyer who says nothing else.
    pub(crate) fn new(order_id: String, order_name: String, amount: i64, means: Means) -> Self {
        Self {
            kind: Kind::Normal,
            order_id,
            order_name,
            currency: Currency::Krw,
            amount,
            means,
            tax_free_amount: 0,
            tax_exemption_amount: 0,
            use_escrow: false,
            culture_expense: false,
            customer_key: None,
            customer_name: None,
            customer_email: None,
            customer_mobile_phone: None,
            metadata: None,
            cash_receipt: None,
            client_key: None,
            success_url: None,
            fail_url: None,
            checkout: None,
        }
    }
}

impl World {
    /// Opens the window: a payment in READY.
    pub(crate) fn open(&mut self, core: &Core, opening: Opening, at: Timestamp) -> String {
        let order_id = &opening.order_id;
        let nth = self.store.opened_for(order_id);
        let draw = |what: &str| core.entropy.draw(&format!("psp/{what}/{order_id}/{nth}"));
        let stamp = in_korea(at).strftime("%Y%m%d%H%M%S").to_string();
        let key = format!("tviva{stamp}{}", spell(draw("key"), 10));
        let deadline = at + SignedDuration::from_mins(core.config.ready_minutes);
        let terms = Terms {
            key: key.clone(),
            approve_no: format!("{:08}", draw("approve") % 100_000_000),
            secret: format!("ps_{}", spell(draw("secret"), 10)),
            order_id: opening.order_id,
            order_name: opening.order_name,
            customer_key: opening.customer_key,
            customer_name: opening.customer_name,
            customer_email: opening.customer_email,
            customer_mobile_phone: opening.customer_mobile_phone,
            client_key: opening.client_key,
            success_url: opening.success_url,
            fail_url: opening.fail_url,
            checkout: opening.checkout,
            metadata: opening.metadata,
        };
        self.store.insert(Payment {
            terms: Arc::new(terms),
            kind: opening.kind,
            means: Arc::new(opening.means),
            currency: opening.currency,
            amount: opening.amount,
            balance: opening.amount,
            tax_free_amount: opening.tax_free_amount,
            tax_exemption_amount: opening.tax_exemption_amount,
            use_escrow: opening.use_escrow,
            culture_expense: opening.culture_expense,
            state: State::Ready,
            requested_at: at,
            authenticated_at: None,
            approved_at: None,
            deadline: Some(deadline),
            approval_key: None,
            waiting_key: None,
            cancels: Vec::new(),
            discount: None,
            cash_receipt_wish: opening.cash_receipt,
            cash_receipts: Vec::new(),
            settling: Settling::default(),
            failure: None,
            failed_at: None,
            planned: None,
            held: false,
            unbooked: false,
            transactions: 0,
            webhooks: 0,
            before: None,
        });
        key
    }

    /// The buyer authenticated, perhaps with other means than the window was opened for, and
    /// perhaps with a test card that has plans of its own: the merchant may confirm now. `false` if
    /// it is too late for that.
    pub(crate) fn authenticate(
        &mut self,
        core: &Core,
        key: &str,
        means: Option<Means>,
        planned: Option<Planned>,
        at: Timestamp,
    ) -> bool {
        let Some(payment) = self.store.get_mut(key) else { return false };
        if !payment.apply(Event::Authenticate) {
            return false;
        }
        payment.authenticated_at = Some(at);
        payment.planned = planned;
        if let Some(means) = means {
            payment.means = Arc::new(means);
        }
        if payment.account().is_some_and(|account| account.refund_receive.is_some()) {
            let hidden = payment.requested_at + REFUND_ACCOUNT_READABLE;
            self.agenda.add(hidden, Duty::RefundAccountHidden(key.to_owned()));
        }
        let deadline = at + SignedDuration::from_mins(core.config.in_progress_minutes);
        self.store.set_deadline(key, Some(deadline));
        true
    }
}
