//! Programs that run beside a command or a test: the Worker, the demo site, a browser. Each lives in a process group
//! of its own that ends with whoever started it.

mod demo;
mod group;
mod log;
mod ports;
mod worker;
mod workerd;

pub use demo::{DemoOptions, DemoProcess};
pub use group::Group;
pub use log::Log;
pub(crate) use log::tail;
pub use ports::{free_port, is_free};
pub use worker::{WorkerOptions, WorkerProcess};
pub use workerd::{Beside, WorkerdOptions, WorkerdProcess};
