//! The nemesis: faults that overlap, each from its beginning to its end.

use sim::{
    cast::run_faults,
    plan::{Break, Fault},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    network::duet,
    toy::{ms, say},
};

fn fault(at_ms: u64, for_ms: u64, what: Break) -> Fault {
    Fault { at_ms, for_ms, what }
}

fn link(what: fn(String, String) -> Break) -> Break {
    what("client".into(), "server".into())
}

#[test]
fn a_partition_lasts_although_a_shorter_fault_of_its_link_ends() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            assert_eq!(say(&mut stream, b"one").await.expect("echo"), b"one");
            sleep(ms(2_000)).await;
            let began = Instant::now();
            let heard = timeout(ms(6_000), say(&mut stream, b"two")).await;
            assert!(heard.is_err(), "something came through at {:?}: {heard:?}", began.elapsed());
        },
        |ctl| async move {
            let faults = [
                fault(1_000, 9_000, link(Break::Partition)),
                fault(2_000, 1_000, link(|a, b| Break::SlowLink(a, b, 50))),
                fault(3_000, 1_000, link(Break::PartitionOneWay)),
            ];
            run_faults(&ctl, &faults, Instant::now() + ms(20_000)).await;
        },
    );
}

#[test]
fn a_host_that_was_stopped_twice_goes_on_when_both_times_are_over() {
    duet(
        |host| async move {
            sleep(ms(5_000)).await;
            let heard = timeout(ms(2_000), host.dial("server", 7)).await;
            assert!(!matches!(heard, Ok(Ok(_))), "nobody is up");
            sleep(ms(8_000)).await;
            assert!(host.dial("server", 7).await.is_ok(), "it is up again");
        },
        |ctl| async move {
            let faults = [
                fault(1_000, 9_000, Break::Crash("server".into())),
                fault(2_000, 1_000, Break::MachineCrash("server".into())),
            ];
            run_faults(&ctl, &faults, Instant::now() + ms(20_000)).await;
        },
    );
}
