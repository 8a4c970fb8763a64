//! CPU time of the core, natively and (the same file, built for it) in the browser: how long a DaemonSet takes from apply
//! to all pods ready, a sync in which nothing is to do, and rollouts; how long a seek takes in a long run, and what the run
//! weighs. Natively also how long a large cluster takes to be read. One JSON line per figure, then a table.
//!
//!     cargo xtask bench

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use everynode::api::ObjectKey;
use everynode::controllers::daemonset::Stage;
use everynode::engine::{Command, Scenario, Sim};

/// The system's allocator, and how many bytes are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it is; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MANIFEST: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
    spec:
      containers:
      - name: agent
        image: agent:1
";
const TEN_PERCENT: &str = "  updateStrategy:\n    rollingUpdate:\n      maxUnavailable: 10%\n";
/// Syncs that are timed together: clocks are coarse.
const IDLE_SYNCS: u32 = 1_000;
const SEEKS: usize = 200;
/// Of these the median is told: the first one finds nothing in the caches, and in a browser no fast code yet.
const RUNS: usize = 3;

fn main() {
    let mut lines = Vec::new();
    let mut table = vec![format!(
        "{:>6} {:>12} {:>12} {:>14} {:>16} {:>18}",
        "nodes", "apply ms", "us per pod", "idle sync us", "rollout 10% ms", "one by one ms"
    )];
    for nodes in [10, 100, 1_000, 5_000] {
        let mut runs: Vec<[f64; 4]> = (0..RUNS).map(|_| rollouts(nodes)).collect();
        let [apply, idle, rollout, one_by_one] = [0, 1, 2, 3].map(|figure| {
            runs.sort_by(|one, other| one[figure].total_cmp(&other[figure]));
            runs[RUNS / 2][figure]
        });
        let per_pod = apply * 1e3 / f64::from(nodes);
        lines.push(format!(
            "{{\"nodes\":{nodes},\"applyMs\":{apply:.3},\"microsPerPod\":{per_pod:.2},\"idleSyncMicros\":{idle:.2},\"rolloutMs\":{rollout:.3},\"oneByOneMs\":{one_by_one:.3}}}",
        ));
        table.push(format!("{nodes:>6} {apply:>12.2} {per_pod:>12.2} {idle:>14.2} {rollout:>16.2} {one_by_one:>18.2}"));
    }
    lines.push(seek_in_a_long_run());
    #[cfg(not(target_arch = "wasm32"))]
    lines.append(&mut native::import_of_a_large_cluster());
    lines.append(&mut table);
    lines.push(
        "targets: 100 us per pod and an idle sync under 10 ms, both at 5000 nodes; a seek under 50 ms".to_owned(),
    );
    tell(&lines.join("\n"));
}

/// Milliseconds from apply to all pods ready, microseconds of a sync with nothing to do, and milliseconds of a rollout of
/// ten percent at once and of one pod after the other.
fn rollouts(nodes: u32) -> [f64; 4] {
    let mut sim = Sim::new(&Scenario::with_workers(nodes));
    let apply = timed(|| run(&mut sim, manifest("agent", 1, "")));
    let idle = timed(|| (0..IDLE_SYNCS).for_each(|_| idle_sync(&mut sim))) / f64::from(IDLE_SYNCS) * 1e3;
    let rollout = timed(|| run(&mut sim, manifest("agent", 2, TEN_PERCENT)));
    let one_by_one = timed(|| run(&mut sim, manifest("agent", 3, "")));
    [apply, idle, rollout, one_by_one]
}

fn manifest(name: &str, version: usize, strategy: &str) -> String {
    MANIFEST
        .replace("agent", name)
        .replace(":1", &format!(":{version}"))
        .replace("  selector:", &[strategy, "  selector:"].concat())
}

fn run(sim: &mut Sim, text: String) {
    let outcome = sim.submit(Command::Apply { text });
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    sim.run_until_quiet();
}

/// A sync of a cluster that is as it should be.
fn idle_sync(sim: &mut Sim) {
    let key = ObjectKey::new("default", "agent");
    let mut stage = Some(Stage::History);
    while let Some(at) = stage {
        let plan = sim.plan(&key, at, 1);
        assert!(plan.decisions.is_empty(), "nothing should be to do: {:?}", plan.decisions);
        stage = plan.next;
    }
}

/// Goes to moments of a run of 100,000 records, and weighs it.
fn seek_in_a_long_run() -> String {
    let mut sim = Sim::new(&Scenario::with_workers(5_000));
    let before = IN_USE.load(Ordering::Relaxed);
    for version in 1.. {
        run(&mut sim, manifest("agent", version, TEN_PERCENT));
        if sim.history().records().len() >= 100_000 {
            break;
        }
    }
    let records = sim.history().records().len();
    let kilobytes = (IN_USE.load(Ordering::Relaxed) - before) as f64 / 1e3;
    // Moments that lie anywhere between keyframes.
    let seek = |place: usize| assert!(!sim.history().world_after(place * 7919 * 31 % records).nodes.is_empty());
    // Clocks tell short times in leaps, so the mean is of all together.
    let mean = timed(|| (0..SEEKS).for_each(seek)) / SEEKS as f64;
    let longest = (0..SEEKS).map(|place| timed(|| seek(place))).fold(0.0, f64::max);
    let fork = timed(|| drop(sim.fork_at(records / 2)));
    format!(
        "{{\"seek\":\"{records} records\",\"meanMs\":{mean:.3},\"longestMs\":{longest:.3},\"forkMs\":{fork:.1},\"kilobytesPer1000Records\":{:.0},\"keyframes\":{}}}",
        kilobytes * 1e3 / records as f64,
        sim.history().keyframes()
    )
}

/// In the browser, `tests/e2e/bench.mjs` reads it from the document.
#[cfg(target_arch = "wasm32")]
fn tell(text: &str) {
    everynode::platform::page::set_root_attribute("data-bench", text);
}

/// Milliseconds.
#[cfg(target_arch = "wasm32")]
fn timed(work: impl FnOnce()) -> f64 {
    let begin = everynode::platform::page::now_ms();
    work();
    everynode::platform::page::now_ms() - begin
}

#[cfg(not(target_arch = "wasm32"))]
use native::{tell, timed};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use everynode::api::Value;
    use everynode::engine::import::import;

    use super::*;

    pub fn tell(text: &str) {
        println!("{text}");
    }

    /// What the system tells of CPU time comes in leaps of some milliseconds; shorter work is timed by the clock.
    const SHORT: Duration = Duration::from_millis(50);

    /// Milliseconds of CPU time where the system tells it, which a busy machine does not change.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub fn timed(work: impl FnOnce()) -> f64 {
        let used = || {
            let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
            text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
        };
        let (used_before, begin) = (used(), Instant::now());
        work();
        let real = begin.elapsed();
        let cpu = used_before.and_then(|before| used()?.checked_sub(before)).filter(|_| real > SHORT);
        cpu.unwrap_or(real).as_secs_f64() * 1e3
    }

    /// Reads what `kubectl get -A -o yaml` and `-o json` print of 5,000 nodes and 20,000 pods, and begins a simulation.
    /// The texts are left in the folder DUMPS, for the browser to read them too.
    pub fn import_of_a_large_cluster() -> Vec<String> {
        let mut sim = Sim::new(&Scenario::with_workers(5_000));
        for name in ["a", "b", "c", "d"] {
            run(&mut sim, manifest(name, 1, ""));
        }
        let world = sim.world();
        let objects = world.nodes.values().map(|it| it.to_value());
        let objects = objects.chain(world.daemonsets.values().map(|it| it.to_value()));
        let objects = objects.chain(world.pods.values().map(|it| it.to_value()));
        let objects: Vec<_> = objects.chain(world.revisions.values().map(|it| it.to_value())).collect();
        // What real ones have besides, and nobody reads.
        let managed = "    managedFields:\n    - apiVersion: v1\n      fieldsType: FieldsV1\n      fieldsV1:\n"
            .to_owned()
            + &"        f:status:\n          f:conditions: {}\n".repeat(30);
        let mut yaml = "apiVersion: v1\nitems:\n".to_owned();
        for object in &objects {
            let printed = everynode::manifest::print(object).trim_end().replace('\n', "\n  ");
            yaml += &format!("- {}\n", printed.replace("\n  metadata:\n", &format!("\n  metadata:\n{managed}")));
        }
        yaml += "kind: List\n";
        let list = [("items", Value::List(objects)), ("kind", "List".into())];
        let texts = [("yaml", yaml), ("json", Value::from(list).to_json())];
        let line = |(name, text): &(&str, String)| {
            if let Some(folder) = std::env::var_os("DUMPS") {
                let file = std::path::Path::new(&folder).join("cluster").with_extension(name);
                std::fs::write(file, text).expect("the folder of the dumps can be written to");
            }
            let mut read = None;
            let reading = timed(|| read = import(text).ok());
            let cluster = read.map(|import| Arc::new(import.cluster));
            assert!(cluster.is_some(), "the {name} dump was not read");
            let beginning = timed(|| drop(Sim::new(&Scenario { cluster, ..Scenario::default() })));
            let megabytes = text.len() as f64 / 1e6;
            format!(
                "{{\"import\":\"{name}\",\"nodes\":5000,\"pods\":20000,\"megabytes\":{megabytes:.1},\"readMs\":{reading:.0},\"beginMs\":{beginning:.0}}}"
            )
        };
        texts.iter().map(line).collect()
    }
}
