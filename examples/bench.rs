use everynode::api::*;
use everynode::engine::*;
fn main() {
    let text = std::fs::read_to_string("/tmp/ds.yaml").unwrap();
    let n: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut sim = Sim::new(&Scenario::with_workers(n));
    let t = std::time::Instant::now();
    let o = sim.submit(Command::Apply { text: text.clone() });
    println!("{o:?}");
    sim.run_until_quiet();
    println!(
        "{:?} per pod {:?} steps {} records {} now {}",
        t.elapsed(),
        t.elapsed() / n,
        sim.steps(),
        sim.history().records().len(),
        sim.now()
    );
    if n < 10 {
        let o = sim.submit(Command::Apply { text: text.replace("1.16", "1.17") });
        println!("{o:?}");
        sim.run_until_quiet();
        let pod = sim.world().pods.values().next().unwrap().clone();
        sim.submit(Command::DeletePod {
            namespace: "default".into(),
            name: pod.meta.name.to_string(),
            grace_period_seconds: None,
        });
        sim.run_until_quiet();
        sim.submit(Command::RemoveNode { name: "worker-2".into() });
        sim.submit(Command::AddNodes { template: NodeTemplate::worker("w"), count: 2 });
        sim.run_until_quiet();
        let o = sim.submit(Command::DeleteDaemonSet {
            namespace: "default".into(),
            name: "nginx-daemon-set".into(),
            propagation: everynode::store::Propagation::Background,
        });
        println!("{o:?}");
        sim.run_until_quiet();
        for r in sim.history().records() {
            println!("{:4} <- {:4} {}", r.seq, r.caused_by.map_or(-1, |c| c as i64), r.to_line());
        }
        println!("{}", everynode::manifest::print(&pod.to_value()));
    } else {
        let t = std::time::Instant::now();
        let o = sim.submit(Command::Apply { text: text.replace("1.16", "1.17") });
        println!("{o:?}");
        sim.run_until_quiet();
        println!(
            "rollout {:?} per pod {:?} steps {} records {} now {}",
            t.elapsed(),
            t.elapsed() / n,
            sim.steps(),
            sim.history().records().len(),
            sim.now()
        );
    }
}
