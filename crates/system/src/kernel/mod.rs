//! Words that every service shares. No input or output here; imports nothing else of the crate.

mod clock;
mod entropy;
mod ids;
mod korea;
mod money;

pub use clock::{Clock, SystemClock};
pub use entropy::Entropy;
pub use ids::{OrderId, PaymentOrderId};
pub use korea::{KoreanDay, NightTime};
pub(crate) use money::minor_text;
pub use money::{Currency, Money, MoneyError};
