//! Reading a payment, by key or by order.

use super::{
    act::{Act, show},
    answer::Answer,
    error::Refusal,
    route::Route,
};
use crate::{Endpoint, view::PaymentView};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/v1/payments/{paymentKey}", "getPayment", read)
        .about("Reads a payment by its key.")
        .at(Endpoint::Read)
        .answers::<PaymentView<'_>>()
        .codes("get"),
    Route::get("/v1/payments/orders/{orderId}", "getPaymentByOrderId", read)
        .about("Reads an order's payment: the approved one, or else the latest.")
        .at(Endpoint::Read)
        .answers::<PaymentView<'_>>()
        .codes("get"),
];

fn read(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let payment = act.ask.payment(&act.world.store).ok_or("NOT_FOUND_PAYMENT")?;
    let approved_once = payment.approval_key.is_some() || payment.state.is_announced();
    let issued = payment.state == crate::State::WaitingForDeposit;
    if !act.core.config.read_before_approval && !approved_once && !issued {
        return Err("NOT_FOUND_PAYMENT".into());
    }
    Ok(show(act.core, act.world, payment, act.ask.english))
}
