//! The network: silence, delay, order, resets, refusals.

use std::{io::ErrorKind, time::Duration};

use sim::engine::{Ctl, HostHandle};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use crate::toy::{self, ms, say};

/// Runs `client` on host "client" against an echo server on host "server", `faults` beside it.
pub(crate) fn duet<C, N>(
    client: impl Fn(HostHandle) -> C + Send + Sync + Clone + 'static,
    faults: impl FnOnce(Ctl) -> N,
) where
    C: Future<Output = ()> + Send + 'static,
    N: Future<Output = ()>,
{
    toy::run(5, |ctl| async move {
        toy::echo_host(&ctl, "server");
        let (done, mut is_done) = mpsc::channel(1);
        toy::client_host(&ctl, "client", move |host| {
            let (client, done) = (client.clone(), done.clone());
            async move {
                client(host).await;
                let _told = done.send(()).await;
            }
        });
        faults(ctl).await;
        let finished = timeout(Duration::from_secs(3600), is_done.recv()).await;
        assert_eq!(finished, Ok(Some(())), "the client came to its end");
    })
    .unwrap();
}

#[test]
fn a_partition_is_silence_and_heals() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            assert_eq!(say(&mut stream, b"one").await.expect("echo"), b"one");
            sleep(ms(1_000)).await;
            let began = Instant::now();
            let heard = timeout(ms(2_000), say(&mut stream, b"two")).await;
            assert!(heard.is_err(), "silence, no error: {heard:?}");
            let mut two = [0; 3];
            stream.read_exact(&mut two).await.expect("what was sent arrives after all");
            assert_eq!(&two, b"two");
            assert!(began.elapsed() >= ms(4_000), "only after it healed");
            assert!(began.elapsed() <= ms(12_000), "at TCP's next retransmission");
            assert_eq!(say(&mut stream, b"three").await.expect("echo"), b"three");
        },
        |ctl| async move {
            sleep(ms(500)).await;
            ctl.net().partition("client", "server");
            sleep(ms(4_500)).await;
            ctl.net().heal("client", "server");
        },
    );
}

#[test]
fn connecting_through_a_partition_is_silence_too() {
    duet(
        |host| async move {
            sleep(ms(100)).await;
            let began = Instant::now();
            let attempt = timeout(ms(30_000), host.dial("server", 7)).await;
            assert!(attempt.is_err(), "no instant refusal: {attempt:?}");
            let error = host.dial("server", 7).await.expect_err("TCP gives up some day");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(began.elapsed().as_secs(), 157);
            // The first attempt was given up by its caller: it must not arrive when the link heals.
            sleep(ms(100_000)).await;
            let mut stream = host.dial("server", 7).await.expect("healed");
            assert_eq!(say(&mut stream, b"x").await.expect("echo"), b"x");
        },
        |ctl| async move {
            ctl.net().partition("client", "server");
            sleep(ms(200_000)).await;
            ctl.net().heal_all();
        },
    );
}

#[test]
fn a_one_way_partition_stops_one_way() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            sleep(ms(500)).await;
            // The request arrives, the answer does not.
            let heard = timeout(ms(1_500), say(&mut stream, b"one")).await;
            assert!(heard.is_err());
            let mut one = [0; 3];
            stream.read_exact(&mut one).await.expect("the answer waited");
            assert_eq!(&one, b"one");
        },
        |ctl| async move {
            sleep(ms(300)).await;
            ctl.net().partition_oneway("server", "client");
            sleep(ms(3_000)).await;
            ctl.net().heal("client", "server");
        },
    );
}

#[test]
fn a_partition_longer_than_the_user_timeout_kills_the_connection() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            sleep(ms(500)).await;
            let began = Instant::now();
            let error = say(&mut stream, b"x").await.expect_err("dead");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(began.elapsed().as_secs(), 60);
        },
        |ctl| async move {
            ctl.net().user_timeout(Duration::from_secs(60));
            sleep(ms(200)).await;
            ctl.net().partition("client", "server");
        },
    );
}

#[test]
fn loss_is_delay_and_nothing_is_lost_or_reordered() {
    duet(
        |host| async move {
            let stream = host.dial("server", 7).await.expect("connected");
            sleep(ms(100)).await;
            let sent: Vec<u8> = (0..300_000u32).map(|n| (n % 251).to_le_bytes()[0]).collect();
            let (mut read, mut write) = tokio::io::split(stream);
            let began = Instant::now();
            let mut heard = vec![0; sent.len()];
            let (wrote, got) = tokio::join!(write.write_all(&sent), read.read_exact(&mut heard));
            wrote.expect("written");
            got.expect("read");
            assert!(heard == sent, "all bytes, in order");
            assert!(began.elapsed() > ms(1_000), "but late: {:?}", began.elapsed());
        },
        |ctl| async move {
            sleep(ms(50)).await;
            ctl.net().loss("client", "server", 0.1);
            for _ in 0..5 {
                // Cuts in mid-stream: what is on its way is stopped, what follows waits behind.
                sleep(ms(700)).await;
                ctl.net().partition("client", "server");
                sleep(ms(150)).await;
                ctl.net().heal("client", "server");
                ctl.net().loss("client", "server", 0.1);
            }
        },
    );
}

#[test]
fn total_loss_kills_the_connection_in_the_end() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            sleep(ms(100)).await;
            let error = say(&mut stream, b"x").await.expect_err("dead");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        },
        |ctl| async move {
            sleep(ms(50)).await;
            ctl.net().loss("client", "server", 1.0);
        },
    );
}

#[test]
fn a_reset_reaches_both_ends() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            assert_eq!(say(&mut stream, b"x").await.expect("echo"), b"x");
            let error = stream.read_u8().await.expect_err("reset while reading");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            let mut stream = host.dial("server", 7).await.expect("a new one works");
            assert_eq!(say(&mut stream, b"y").await.expect("echo"), b"y");
        },
        |ctl| async move {
            sleep(ms(100)).await;
            ctl.net().reset("server", "client");
            sleep(ms(100)).await;
            assert_eq!(ctl.tasks_of("server"), 1, "both server tasks have ended");
        },
    );
}

#[test]
fn refused_is_an_answer() {
    duet(
        |host| async move {
            let error = host.dial("server", 8).await.expect_err("nobody listens there");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let error = host.dial("nowhere", 7).await.expect_err("no such host");
            assert_eq!(error.kind(), ErrorKind::NotFound);
            sleep(ms(100)).await;
            let error = host.dial("server", 7).await.expect_err("told to refuse");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            sleep(ms(1_000)).await;
            host.dial("server", 7).await.expect("no longer");
        },
        |ctl| async move {
            sleep(ms(50)).await;
            ctl.net().refuse("server", true);
            sleep(ms(500)).await;
            ctl.net().refuse("server", false);
        },
    );
}

#[test]
fn a_slow_link_is_slow_each_way() {
    duet(
        |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            let began = Instant::now();
            say(&mut stream, b"x").await.expect("echo");
            assert!((600..=802).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        },
        |ctl| async move { ctl.net().latency("client", "server", ms(300)..=ms(400)) },
    );
}
