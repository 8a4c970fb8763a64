//! CPU time of the core, natively: how long a DaemonSet takes from apply to all pods ready, a rollout, and a sync in
//! which nothing is to do; how long a seek takes in a long run, and what the run weighs. One JSON line per figure, then a
//! table.
//!
//!     cargo xtask bench

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use everynode::api::ObjectKey;
use everynode::controllers::daemonset::{Memory, Stage, View, sync};
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
const IDLE_SYNCS: u32 = 21;

fn main() {
    let mut table = vec![format!(
        "{:>6} {:>14} {:>12} {:>14} {:>14}",
        "nodes", "apply ms", "us per pod", "idle sync ms", "rollout ms"
    )];
    for nodes in [10, 100, 1_000, 5_000] {
        let mut sim = Sim::new(&Scenario::with_workers(nodes));
        let apply = timed(|| run(&mut sim, MANIFEST.to_owned()));
        let records = sim.history().records().len();
        let idle = idle_sync(&sim);
        // At 5,000 nodes a rollout one by one takes hours of simulated time; ten percent at once is what people do there.
        let strategy = "  updateStrategy:\n    rollingUpdate:\n      maxUnavailable: 10%\n  selector:";
        let update = MANIFEST.replace("agent:1", "agent:2").replace("  selector:", strategy);
        let rollout = timed(|| run(&mut sim, update));
        let per_pod = micros(apply) / f64::from(nodes);
        println!(
            "{{\"nodes\":{nodes},\"applyMs\":{:.3},\"microsPerPod\":{per_pod:.2},\"idleSyncMs\":{:.4},\"rolloutMs\":{:.3},\"records\":{records},\"steps\":{}}}",
            micros(apply) / 1e3,
            micros(idle) / 1e3,
            micros(rollout) / 1e3,
            sim.steps()
        );
        table.push(format!(
            "{nodes:>6} {:>14.2} {per_pod:>12.2} {:>14.4} {:>14.2}",
            micros(apply) / 1e3,
            micros(idle) / 1e3,
            micros(rollout) / 1e3
        ));
    }
    println!("{}", seek_in_a_long_run());
    println!("{}", import_of_a_large_cluster());
    println!("{}", table.join("\n"));
    println!("targets: 100 us per pod and an idle sync under 10 ms, both at 5000 nodes; a seek under 50 ms");
}

fn run(sim: &mut Sim, text: String) {
    let outcome = sim.submit(Command::Apply { text });
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    sim.run_until_quiet();
}

/// Goes to moments of a run of 100,000 records, and weighs it.
fn seek_in_a_long_run() -> String {
    let mut sim = Sim::new(&Scenario::with_workers(5_000));
    let before = IN_USE.load(Ordering::Relaxed);
    for number in 1.. {
        let strategy = "  updateStrategy:\n    rollingUpdate:\n      maxUnavailable: 10%\n  selector:";
        run(&mut sim, MANIFEST.replace("agent:1", &format!("agent:{number}")).replace("  selector:", strategy));
        if sim.history().records().len() >= 100_000 {
            break;
        }
    }
    let records = sim.history().records().len();
    let kilobytes = (IN_USE.load(Ordering::Relaxed) - before) as f64 / 1e3;
    // Moments that lie anywhere between keyframes.
    let seek = |place: usize| assert!(!sim.history().world_after(place * 7919 * 31 % records).nodes.is_empty());
    // The system tells the CPU time of short work in leaps, so the mean is of all together.
    let mean = cpu_timed(|| (0..200).for_each(seek)) / 200;
    let longest = (0..200).map(|place| cpu_timed(|| seek(place))).max().unwrap_or_default();
    let fork = cpu_timed(|| drop(sim.fork_at(records / 2)));
    format!(
        "{{\"seek\":\"{records} records\",\"meanMs\":{:.3},\"longestMs\":{:.3},\"forkMs\":{:.1},\"kilobytesPer1000Records\":{:.0},\"keyframes\":{}}}",
        micros(mean) / 1e3,
        micros(longest) / 1e3,
        micros(fork) / 1e3,
        kilobytes * 1e3 / records as f64,
        sim.history().keyframes()
    )
}

/// The median over some syncs of a cluster that is as it should be.
fn idle_sync(sim: &Sim) -> Duration {
    let key = ObjectKey::new("default", "agent");
    let memory = Memory::default();
    let mut times: Vec<Duration> = (0..IDLE_SYNCS)
        .map(|_| {
            timed(|| {
                let mut stage = Some(Stage::History);
                while let Some(at) = stage {
                    let view = View { world: sim.world(), memory: &memory, now: sim.now(), seed: 1 };
                    let plan = sync(&view, &key, at);
                    assert!(plan.decisions.is_empty(), "nothing should be to do: {:?}", plan.decisions);
                    stage = plan.next;
                }
            })
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn timed(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// CPU time where the system tells it, which a busy machine does not change.
fn cpu_timed(work: impl FnOnce()) -> Duration {
    let nanos = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    let begin = nanos();
    let real = timed(work);
    begin.and_then(|begin| nanos()?.checked_sub(begin)).unwrap_or(real)
}

/// Reads what `kubectl get -A -o yaml` and `-o json` print of 5,000 nodes and 20,000 pods, and begins a simulation.
fn import_of_a_large_cluster() -> String {
    let mut sim = Sim::new(&Scenario::with_workers(5_000));
    for name in ["a", "b", "c", "d"] {
        run(&mut sim, MANIFEST.replace("agent", name));
    }
    let world = sim.world();
    let objects = world.nodes.values().map(|it| it.to_value());
    let objects = objects.chain(world.daemonsets.values().map(|it| it.to_value()));
    let objects = objects.chain(world.pods.values().map(|it| it.to_value()));
    let objects: Vec<_> = objects.chain(world.revisions.values().map(|it| it.to_value())).collect();
    // What real ones have besides, and nobody reads.
    let managed = "    managedFields:\n    - apiVersion: v1\n      fieldsType: FieldsV1\n      fieldsV1:\n".to_owned()
        + &"        f:status:\n          f:conditions: {}\n".repeat(30);
    let mut yaml = "apiVersion: v1\nitems:\n".to_owned();
    for object in &objects {
        let printed = everynode::manifest::print(object).trim_end().replace('\n', "\n  ");
        yaml += &format!("- {}\n", printed.replace("\n  metadata:\n", &format!("\n  metadata:\n{managed}")));
    }
    yaml += "kind: List\n";
    let list = [("items", everynode::api::Value::List(objects)), ("kind", "List".into())];
    let json = everynode::api::Value::from(list).to_json();
    let mut lines = Vec::new();
    for (name, text) in [("yaml", yaml), ("json", json)] {
        let mut read = None;
        let reading = timed(|| read = everynode::engine::import::import(&text).ok());
        let Some(import) = read else { return format!("the {name} dump was not read") };
        let cluster = Some(std::sync::Arc::new(import.cluster));
        let beginning = timed(|| drop(Sim::new(&Scenario { cluster, ..Scenario::default() })));
        lines.push(format!(
            "{{\"import\":\"{name}\",\"nodes\":5000,\"pods\":20000,\"megabytes\":{:.1},\"readMs\":{:.0},\"beginMs\":{:.0}}}",
            text.len() as f64 / 1e6,
            micros(reading) / 1e3,
            micros(beginning) / 1e3
        ));
    }
    lines.join("\n")
}
