//! What Apply says beforehand that it would do, and what it then does.

use std::collections::BTreeSet;

use everynode::engine::{Command, NodeChange, Scenario, Sim, check, preview};

/// The walk-through's.
const FIRST: &str = include_str!("../static/examples/nginx.yaml");
const NODE: &str = "apiVersion: v1\nkind: Node\nmetadata:\n  name: worker-1\n  labels:\n    disk: ssd\n";

/// Three masters and three workers, after these texts were applied and all has come to rest.
fn after(texts: &[&str]) -> Sim {
    let mut sim = Sim::new(&Scenario::with_workers(3));
    for text in texts {
        let outcome = sim.submit(Command::Apply { text: (*text).to_owned() });
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        sim.run_until_quiet();
    }
    sim
}

fn pods(sim: &Sim) -> BTreeSet<(String, String)> {
    sim.world()
        .pods
        .values()
        .map(|pod| (pod.spec.node_name.as_deref().unwrap_or_default().to_owned(), pod.meta.name.to_string()))
        .collect()
}

#[test]
fn the_sentence_tells_what_applying_would_do() {
    let with = |extra: &str| FIRST.replace("    spec:\n", &format!("    spec:\n{extra}"));
    let second = FIRST.replace("1.16", "1.17");
    let third = NODE.replace("ssd", "hdd");
    let all = [FIRST, "---\n", NODE, "---\n", &NODE.replace("worker-1", "worker-9")].concat();
    let cases: &[(&[&str], &str, &str)] = &[
        (&[], FIRST, "Would create 3 pods; 3 nodes stay without"),
        (&[], &with("      tolerations: [{operator: Exists}]\n"), "Would create 6 pods"),
        (&[FIRST], FIRST, "Would change nothing: nginx-daemon-set is as it says here"),
        (&[FIRST], &second, "Would update 3 pods, at most 1 unavailable"),
        (
            &[FIRST],
            &with("      nodeSelector: {kubernetes.io/hostname: worker-2}\n"),
            "Would update 1 pod, at most 1 unavailable; remove 2 pods",
        ),
        (&[FIRST], &with("      nodeSelector: {no: node}\n"), "Would remove 3 pods"),
        (&[], &with("      nodeSelector: {no: node}\n"), "Would create nginx-daemon-set, but no pod"),
        (&[], NODE, "Would change 1 node"),
        (&[NODE], NODE, "Would change nothing: 1 node is as it says here"),
        (&[NODE], &third, "Would change 1 node"),
        (&[FIRST, NODE], &all, "Would add 1 node; change nothing: nginx-daemon-set, 1 node are as it says here"),
        (&[], "kind: Node", "1 error to mend before this can be applied"),
        (
            &[],
            &[FIRST, "---\nkind: Node\n"].concat(),
            "1 error to mend; the rest would create 3 pods; 3 nodes stay without",
        ),
        (
            &[],
            &FIRST.replace("  name: nginx-daemon-set\nspec", "  generateName: nginx-\nspec"),
            "Would be refused: to apply needs a name; generateName is for create",
        ),
    ];
    for (texts, text, sentence) in cases {
        assert_eq!(preview(after(texts).world(), &check(text)).sentence, *sentence, "of {text}");
    }
}

#[test]
fn a_document_that_is_refused_leaves_the_others_applied() {
    let mut sim = after(&[]);
    let outcome = sim.submit(Command::Apply { text: [FIRST, "---\nkind: Node\n"].concat() });
    assert_eq!((outcome.errors.len(), sim.world().daemonsets.len()), (1, 1));
    let generated = FIRST.replace("  name: nginx-daemon-set\nspec", "  generateName: nginx-\nspec");
    let outcome = sim.submit(Command::Apply { text: generated });
    assert_eq!(outcome.errors, ["error: from nginx-: cannot use generate name with apply"]);
    assert_eq!(sim.world().daemonsets.len(), 1);
}

#[test]
fn what_is_foretold_of_nodes_comes_to_pass() {
    for extra in [
        "",
        "      tolerations: [{operator: Exists}]\n",
        "      nodeSelector: {kubernetes.io/hostname: worker-2}\n",
        "      nodeSelector: {no: node}\n",
    ] {
        for image in ["1.16", "1.17"] {
            for texts in [&[][..], &[FIRST]] {
                let text = FIRST.replace("1.16", image).replace("    spec:\n", &format!("    spec:\n{extra}"));
                let mut sim = after(texts);
                let (foretold, before) = (preview(sim.world(), &check(&text)), pods(&sim));
                sim.submit(Command::Apply { text: text.clone() });
                sim.run_until_quiet();
                let now = pods(&sim);
                for name in sim.world().nodes.keys() {
                    let of =
                        |pods: &BTreeSet<(String, String)>| pods.iter().find(|(node, _)| **node == **name).cloned();
                    let change = foretold.nodes.iter().find(|it| it.node == *name).map(|it| it.change);
                    let came = match (of(&before), of(&now)) {
                        (None, None) => None,
                        (None, Some(_)) => Some(NodeChange::Gets),
                        (Some(_), None) => Some(NodeChange::Loses),
                        (Some(old), Some(new)) if old == new => Some(NodeChange::Keeps),
                        (Some(_), Some(_)) => Some(NodeChange::Updates),
                    };
                    let change =
                        if foretold.nodes.is_empty() && came == Some(NodeChange::Keeps) { came } else { change };
                    assert_eq!(change, came, "{name} with {text}");
                }
            }
        }
    }
}
