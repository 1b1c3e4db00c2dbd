//! One after the other, in the order of asking. Handlers of one object run between each other's waits, those of one
//! socket included; `futures`' own mutex doesn't keep the order of those who wait for it.

use futures_channel::oneshot;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A queue for one place.
#[derive(Default)]
pub(super) struct Turns {
    is_taken: Cell<bool>,
    waiting: RefCell<VecDeque<oneshot::Sender<()>>>,
}

/// The place, until it is dropped.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Waits for everyone who asked before.
    pub(super) async fn take(&self) -> Turn<'_> {
        if self.is_taken.replace(true) {
            let (next, called) = oneshot::channel();
            self.waiting.borrow_mut().push_back(next);
            // The place is handed on, never let go of: whoever is called has it.
            let _ = called.await;
        }
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        loop {
            let next = self.0.waiting.borrow_mut().pop_front();
            let Some(next) = next else {
                self.0.is_taken.set(false);
                return;
            };
            // Who gave up waiting is passed over.
            if next.send(()).is_ok() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    #[test]
    fn turns_come_in_the_order_of_asking() {
        let turns = Turns::default();
        let order = RefCell::new(Vec::new());
        let visit = |number: u32| {
            let (turns, order) = (&turns, &order);
            async move {
                let _turn = turns.take().await;
                order.borrow_mut().push(number);
            }
        };
        let first = turns.take().now_or_never().expect("nobody is before");
        let mut rest = Box::pin(join_all((1..=20).map(visit)));
        assert!(rest.as_mut().now_or_never().is_none());
        assert!(order.borrow().is_empty());
        assert_eq!(turns.waiting(), 20);
        drop(first);
        while rest.as_mut().now_or_never().is_none() {}
        assert_eq!(*order.borrow(), (1..=20).collect::<Vec<_>>());
        assert_eq!(turns.waiting(), 0);
    }

    #[test]
    fn who_gives_up_is_passed_over() {
        let turns = Turns::default();
        let first = turns.take().now_or_never().expect("nobody is before");
        let mut gives_up = Box::pin(turns.take());
        let mut waits = Box::pin(turns.take());
        assert!(gives_up.as_mut().now_or_never().is_none() && waits.as_mut().now_or_never().is_none());
        drop(gives_up);
        drop(first);
        assert!(waits.now_or_never().is_some());
    }
}
