//! Reading a payment, by key or by order.

use super::{answer::Answer, ask::Ask, error::Refusal};
use crate::{
    model::Payment,
    view::PaymentView,
    world::{Core, World},
};

pub(super) fn read(core: &Core, world: &World, ask: &Ask) -> Result<Answer, Refusal> {
    let payment = ask.payment(world).ok_or("NOT_FOUND_PAYMENT")?;
    if !core.config.read_before_approval && !payment.state.is_announced() {
        return Err("NOT_FOUND_PAYMENT".into());
    }
    Ok(show(core, payment, ask.english))
}

/// The answer of every API that answers with a payment.
pub(super) fn show(core: &Core, payment: &Payment, english: bool) -> Answer {
    Answer::json(200, &PaymentView::of(payment, &core.config, english))
}
