//! A world's thread and the threads of its databases on one CPU.
//!
//! sqlx runs SQLite on a thread of its own and the world waits for each statement, so the two take
//! turns and never run side by side. Waking a sleeping thread of another CPU costs tens of
//! microseconds, switching on the same one a few. Threads inherit where they may run from the
//! thread that starts them, so it is enough to keep the world's thread in its place while it runs.
//! Nothing a world does depends on this; where it cannot be had, a world is slower.

#[cfg(target_os = "linux")]
pub(crate) use linux::stay;

/// Elsewhere threads run where they like.
#[cfg(not(target_os = "linux"))]
pub(crate) fn stay() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        cell::OnceCell,
        sync::{
            OnceLock,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// Lets the thread move again when dropped.
    pub(crate) struct Stay(Option<CpuSet>);

    impl Drop for Stay {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                let _slower_if_refused = sched_setaffinity(None, before);
            }
        }
    }

    /// Keeps this thread on one of its CPUs. The first thread of a process that asks stays where
    /// it is, the next ones get the CPUs after it in turn.
    pub(crate) fn stay() -> Stay {
        let Ok(before) = sched_getaffinity(None) else {
            return Stay(None);
        };
        let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| before.is_set(*cpu)).collect();
        if cpus.len() < 2 {
            return Stay(None);
        }
        let mut only = CpuSet::new();
        only.set(cpus[turn(&cpus) % cpus.len()]);
        let moved = sched_setaffinity(None, &only);
        Stay(moved.is_ok().then_some(before))
    }

    fn turn(cpus: &[usize]) -> usize {
        static FIRST: OnceLock<usize> = OnceLock::new();
        static TURNS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: OnceCell<usize> = const { OnceCell::new() };
        }
        let current = sched_getcpu();
        let first = || cpus.iter().position(|cpu| *cpu == current).unwrap_or(0);
        let first = *FIRST.get_or_init(first);
        let mine = MINE.with(|mine| *mine.get_or_init(|| TURNS.fetch_add(1, Ordering::Relaxed)));
        first + mine
    }
}
