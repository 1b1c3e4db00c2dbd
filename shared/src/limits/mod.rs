//! Limits: the exact window of a key, and the daily and monthly quota of a visitor's address.
//!
//! Decided here: what counts, when it counts no more, when the next one passes. Where the counters are kept isn't.

pub mod address;
pub mod headers;
pub mod ledger;
pub mod quota;
pub mod rate;
pub mod sockets;
pub mod window;

pub use address::AddressBucket;
pub use ledger::Ledger;
pub use quota::{LimitHit, Quota, QuotaLimits};
pub use rate::{Counted, Counting};
pub use window::{Admitted, Refused, StoredSecond, Window};
