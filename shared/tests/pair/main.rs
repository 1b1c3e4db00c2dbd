//! Both halves of the session against each other, in simulated time, over a network that loses, doubles and delays
//! frames, cuts links, fails to give tokens, restarts the Worker and reloads the page.

mod store;
mod world;

use world::{Faults, World};

const CALM: Faults =
    Faults { lose: 0, double: 0, cut_link: 0, crash: 0, reload: 0, token_fails: 0, token_is_bad: 0, limit: None };

fn play(seeds: core::ops::Range<u64>, faults: Faults) -> (u64, usize) {
    let mut seen = (0, 0);
    for seed in seeds {
        let played = std::panic::catch_unwind(|| {
            let mut world = World::new(seed, faults);
            world.play();
            world.check();
            (world.links, world.restarts)
        });
        assert!(played.is_ok(), "seed {seed} failed under {faults:?}");
        let (links, restarts) = played.unwrap_or_default();
        seen.0 += links;
        seen.1 += restarts;
    }
    seen
}

#[test]
fn on_a_good_network_one_link_is_enough() {
    let (links, restarts) = play(0..200, CALM);
    assert_eq!((links, restarts), (200, 0));
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_frames_are_lost_doubled_and_delayed() {
    let (links, _) =
        play(0..1_000, Faults { lose: 60, double: 60, cut_link: 8, token_fails: 100, token_is_bad: 50, ..CALM });
    assert!(links > 2_000, "links were cut: {links}");
}

#[test]
fn message_is_answered_once_a_good_token_follows_refused_ones() {
    let (links, _) = play(0..300, Faults { token_is_bad: 400, ..CALM });
    assert!(links >= 300, "each conversation begins: {links}");
}

#[test]
fn nothing_acknowledged_is_lost_when_the_worker_dies_and_the_page_is_reloaded() {
    let (_, restarts) = play(
        0..1_000,
        Faults { lose: 20, double: 20, cut_link: 5, crash: 8, reload: 8, token_fails: 50, token_is_bad: 50, ..CALM },
    );
    assert!(restarts > 500, "the Worker died: {restarts}");
}

#[test]
fn what_a_limit_keeps_out_is_kept_and_answered_once_after_the_reset() {
    let faults = Faults { lose: 20, double: 20, cut_link: 5, crash: 4, reload: 4, limit: Some(1), ..CALM };
    let mut limited = 0;
    for seed in 0..600 {
        let mut world = World::new(seed, faults);
        world.play();
        world.check();
        limited += world.limited;
    }
    assert!(limited > 600, "limits were reached: {limited}");
}

#[test]
fn at_a_limit_an_answer_goes_on_and_then_no_link_is_held() {
    let mut waited = 0;
    for seed in 0..300 {
        let mut world = World::new(seed, Faults { limit: Some(1), ..CALM });
        world.play();
        world.check();
        waited += world.waited_without_link;
    }
    assert!(waited > 100, "visitors waited for resets without a link: {waited}");
}
