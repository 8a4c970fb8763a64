//! Typed commands, each against a cluster of its own: what they print and what they do. The recordings of a real control
//! plane are in `tests/conformance.rs`; here stands what no recording shows.

use everynode::api::{ObjectKey, SimDuration, SimTime};
use everynode::engine::{Command, Scenario, Sim};
use everynode::kubectl::{self, Job, Moment, Next};

const AGENT: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
  labels: {team: a}
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
      - name: main
        image: nginx:1.16
        args: [--x]
";

fn cluster() -> Sim {
    let mut sim = Sim::new(&Scenario::walk_through());
    let outcome = sim.submit(Command::Apply { text: AGENT.to_owned() });
    assert_eq!(outcome.errors, Vec::<String>::new());
    sim.run_until_quiet();
    sim
}

/// Runs a line with a text as standard input.
fn with(sim: &mut Sim, line: &str, stdin: &str) -> (i32, String) {
    let answer = kubectl::run(sim, line, &mut |name| (name == "-").then(|| stdin.to_owned()));
    (answer.exit, answer.chunks.iter().map(|chunk| chunk.text.as_str()).collect())
}

#[track_caller]
fn run(sim: &mut Sim, line: &str) -> String {
    let (exit, text) = with(sim, line, "");
    assert_eq!(exit, 0, "{line}: {text}");
    text
}

#[track_caller]
fn fails(sim: &mut Sim, line: &str) -> String {
    let (exit, text) = with(sim, line, "");
    assert_eq!(exit, 1, "{line}: {text}");
    text
}

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn apply_keeps_what_others_have_set() {
    let mut sim = cluster();
    run(&mut sim, "kubectl label ds agent owner=me");
    run(&mut sim, "kubectl set env ds/agent A=1");
    run(&mut sim, r#"kubectl patch ds agent --type=merge -p '{"spec":{"minReadySeconds":2}}'"#);
    // The image changes; the argument and the label that were applied before are gone from the manifest.
    let text = AGENT.replace("1.16", "1.17").replace("        args: [--x]\n", "").replace("{team: a}", "{tier: b}");
    assert_eq!(with(&mut sim, "kubectl apply -f -", &text), (0, "daemonset.apps/agent configured\n".to_owned()));
    let yaml = run(&mut sim, "kubectl get ds agent -o yaml");
    holds(&yaml, &["image: nginx:1.17", "owner: me", "- name: A\n", "minReadySeconds: 2"]);
    assert!(!yaml.contains("--x\n") && !yaml.contains("team: a\n"), "{yaml}");
    assert_eq!(with(&mut sim, "kubectl apply -f -", &text), (0, "daemonset.apps/agent unchanged\n".to_owned()));
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let mut sim = cluster();
    let before = sim.world().clone();
    let lines = [
        ("kubectl apply -f - --dry-run=server", "daemonset.apps/agent configured (server dry run)\n"),
        (
            "kubectl delete ds agent --dry-run=server",
            "daemonset.apps \"agent\" deleted from default namespace (server dry run)\n",
        ),
        ("kubectl cordon worker-1 --dry-run=client", "node/worker-1 cordoned (dry run)\n"),
        ("kubectl label node worker-1 a=b --dry-run=client", "node/worker-1 labeled (dry run)\n"),
        (
            "kubectl set image ds/agent main=nginx:1.17 --dry-run=server",
            "daemonset.apps/agent image updated (server dry run)\n",
        ),
    ];
    for (line, expected) in lines {
        let text = AGENT.replace("1.16", "1.17");
        assert_eq!(with(&mut sim, line, &text), (0, expected.to_owned()), "{line}");
    }
    assert!(*sim.world() == before);
    holds(&fails(&mut sim, "kubectl delete ds agent --dry-run=maybe"), &["Invalid dry-run value (maybe)"]);
}

#[test]
fn objects_are_asked_for_in_every_way() {
    let mut sim = cluster();
    for (line, expected) in [
        ("kubectl get ds/agent -o name", "daemonset.apps/agent\n"),
        ("kubectl get ds agent -o jsonpath='{.status.numberReady}'", "3"),
        (
            "kubectl get nodes -l '!node-role.kubernetes.io/control-plane' -o name",
            "node/worker-1\nnode/worker-2\nnode/worker-3\n",
        ),
        (
            "kubectl get nodes -l 'kubernetes.io/hostname in (worker-1, worker-3)' -o name",
            "node/worker-1\nnode/worker-3\n",
        ),
        (
            "kubectl get ns --no-headers -o custom-columns=N:.metadata.name",
            "default\nkube-node-lease\nkube-public\nkube-system\n",
        ),
        ("kubectl get pods --field-selector status.phase!=Running", "No resources found in default namespace.\n"),
        ("kubectl get pods -n kube-system", "No resources found in kube-system namespace.\n"),
        ("kubectl get ds nope --ignore-not-found", ""),
        ("kubectl get nodes --sort-by=.metadata.name -o jsonpath='{.items[0].metadata.name}'", "master-1"),
    ] {
        assert_eq!(run(&mut sim, line), expected, "{line}");
    }
    holds(
        &run(&mut sim, "kubectl get ds,nodes -A"),
        &["NAMESPACE   NAME                   DESIRED", "\n\nNAME            STATUS"],
    );
    holds(&run(&mut sim, "kubectl get svc"), &["kubernetes   ClusterIP   10.96.0.1"]);
    holds(&run(&mut sim, "kubectl describe pods"), &["Controlled By:  DaemonSet/agent", "\n\n\nName:"]);
    // What is found is shown beside what is not.
    let both = fails(&mut sim, "kubectl get node worker-1 nope");
    holds(&both, &["worker-1   Ready", "Error from server (NotFound): nodes \"nope\" not found"]);
    for (line, expected) in [
        ("kubectl get deployments", "not simulated here; these are: pods"),
        ("kubectl get pods -l 'a b'", "unable to parse requirement"),
        ("kubectl get pods --field-selector spec.x=1", "field label not supported: spec.x"),
        ("kubectl get pods agent -A", "a resource cannot be retrieved by name across all namespaces"),
        ("kubectl get pods agent -l a=b", "name cannot be provided when a selector is specified"),
        ("kubectl get ds agent -o jsonpath='{.a'", "error parsing jsonpath"),
        ("kubectl get ds agent -o custom-columns=X", "unexpected custom-columns spec"),
        ("kubectl get ds ds/agent", "there is no need to specify a resource type as a separate argument"),
        ("kubectl get nodes --sort-by=.nope", "couldn't find any field with path \"{.nope}\" in the list of objects"),
        ("kubectl get pods -n", "flag needs an argument: 'n' in -n"),
        ("kubectl get pods -z", "unknown shorthand flag: 'z' in -z"),
        ("kubectl get pods --watch=perhaps", "invalid argument \"perhaps\" for \"-w, --watch\" flag"),
        ("kubectl rollout status node/worker-1", "no status viewer has been implemented for Node"),
        ("kubectl rollout history ds/agent --revision=-1", "revision must be a positive integer: -1"),
        ("kubectl edit ds agent", "the editor of the page"),
        ("kubectl patch ds agent", "must specify --patch"),
        ("kubectl patch ds agent -p '[1'", "unable to parse"),
        ("kubectl label node worker-1", "at least one label update is required"),
        ("kubectl taint nodes worker-1 a=b=c:NoSchedule", "invalid taint spec: a=b=c:NoSchedule\n"),
        ("kubectl taint nodes worker-1 a=b", "invalid taint spec: a=b, name part must consist of"),
        ("kubectl taint nodes worker-1 a:", "invalid taint effect: , unsupported taint effect"),
        ("kubectl taint nodes worker-1 a=-b:NoSchedule", "invalid taint spec: a=-b:NoSchedule, a valid label must be"),
        (
            "kubectl delete pod x --force --grace-period=5",
            "--force and --grace-period greater than 0 cannot be specified together",
        ),
        ("kubectl wait ds agent", "unrecognized condition: \"\""),
        (
            "kubectl create deployment x --image=y",
            "create deployment is about parts of a cluster that are not simulated",
        ),
        ("kubectl 'unended", "the quote ' does not end"),
    ] {
        holds(&fails(&mut sim, line), &[expected]);
    }
}

#[test]
fn what_takes_time_follows_the_simulated_time() {
    let mut sim = cluster();
    run(&mut sim, "kubectl set image ds/agent main=nginx:1.17");
    let text = run(&mut sim, "kubectl rollout status ds/agent");
    holds(
        &text,
        &[
            "0 out of 3 new pods",
            "2 out of 3 new pods",
            "2 of 3 updated pods are available",
            "successfully rolled out\n",
        ],
    );
    run(&mut sim, "kubectl set image ds/agent main=nginx:bad");
    let begin = sim.now();
    holds(
        &fails(&mut sim, "kubectl rollout status ds/agent --timeout=10s"),
        &["error: timed out waiting for the condition"],
    );
    assert!(sim.now() >= begin + SimDuration::from_secs(10));
    run(&mut sim, "kubectl rollout undo ds/agent");
    run(&mut sim, "kubectl rollout status ds/agent");
    holds(&run(&mut sim, "kubectl wait pods -l app=agent --for=condition=Ready --timeout=60s"), &["condition met\n"]);
    holds(
        &run(&mut sim, "kubectl wait ds/agent --for=jsonpath='{.status.numberReady}'=3 --timeout=60s"),
        &["daemonset.apps/agent condition met\n"],
    );
    holds(&run(&mut sim, "kubectl delete ds agent --cascade=foreground"), &["\"agent\" deleted"]);
    assert_eq!(sim.world().pods.len(), 0, "it waits until its pods are gone");
}

#[test]
fn a_json_patch_is_done_whole_or_refused() {
    let mut sim = cluster();
    let line = |patch: &str| format!("kubectl patch ds agent --type=json -p '{patch}'");
    let image = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nginx:1.17"}]"#;
    assert_eq!(run(&mut sim, &line(image)), "daemonset.apps/agent patched\n");
    assert_eq!(run(&mut sim, &line(image)), "daemonset.apps/agent patched (no change)\n");
    run(
        &mut sim,
        &line(
            r#"[{"op":"add","path":"/metadata/labels/tier","value":"b"},{"op":"remove","path":"/metadata/labels/team"}]"#,
        ),
    );
    let yaml = run(&mut sim, "kubectl get ds agent -o yaml");
    holds(&yaml, &["  image: nginx:1.17", "tier: b"]);
    assert!(!yaml.contains("    team: a\n"), "{yaml}");
    let refused = fails(
        &mut sim,
        &line(r#"[{"op":"add","path":"/metadata/labels/x","value":"y"},{"op":"test","path":"/kind","value":"Pod"}]"#),
    );
    holds(&refused, &["The request is invalid: the server rejected our request due to an error in our request"]);
    assert!(!run(&mut sim, "kubectl get ds agent -o yaml").contains("x: \"y\""));
    holds(&fails(&mut sim, &line(r#"{"a":1}"#)), &["cannot unmarshal object into Go value of type jsonpatch.Patch"]);
}

#[test]
fn a_dry_run_prints_the_object_as_it_would_be() {
    let mut sim = cluster();
    let path = "-o jsonpath='{.spec.template.spec.containers[0].image}'";
    for dry in ["client", "server"] {
        let line = format!("kubectl set image ds/agent main=nginx:1.18 --dry-run={dry} {path}");
        assert_eq!(run(&mut sim, &line), "nginx:1.18");
        assert_eq!(run(&mut sim, &format!("kubectl get ds agent {path}")), "nginx:1.16");
    }
    holds(&run(&mut sim, "kubectl label node worker-1 a=b --dry-run=client -o yaml"), &["    a: b\n", "kind: Node"]);
    assert!(!run(&mut sim, "kubectl get node worker-1 --show-labels").contains("a=b"));
}

#[test]
fn what_the_server_refuses_to_delete_is_not_waited_for() {
    let mut sim = cluster();
    holds(&fails(&mut sim, "kubectl delete ns default"), &["this namespace may not be deleted"]);
    run(&mut sim, "kubectl create ns x");
    let again = "Error from server (AlreadyExists): namespaces \"x\" already exists\n";
    assert_eq!(fails(&mut sim, "kubectl create ns x"), again);
    holds(&run(&mut sim, "kubectl get ns x -o yaml"), &["kubernetes.io/metadata.name: x", "- kubernetes\n"]);
    assert_eq!(run(&mut sim, "kubectl delete ns x"), "namespace \"x\" deleted\n");
}

#[test]
fn very_many_objects_are_listed_in_portions_and_no_differently() {
    let mut sim = Sim::new(&Scenario::with_workers(400));
    sim.submit(Command::Apply { text: AGENT.to_owned() });
    sim.run_until_quiet();
    for line in [
        "kubectl get pods",
        "kubectl get pods -A -o wide",
        "kubectl get all",
        "kubectl get ds,no --no-headers -A",
        "kubectl get nodes -o name",
        "kubectl get pods -o yaml",
        "kubectl get pods,ds -o json",
        "kubectl get pods --field-selector status.phase=Failed",
        "kubectl get pods --field-selector status.phase=Failed -o yaml",
        "kubectl get pods --field-selector status.phase=Failed -o json",
        "kubectl get pods -o custom-columns=A:.metadata.name,B:.spec.nodeName",
        "kubectl get pods -o jsonpath={.items[*].metadata.name}",
        "kubectl get pods -o jsonpath-as-json={.items[*].spec.nodeName}",
        r#"kubectl get pods -o 'jsonpath={.kind}{range .items[?(@.status.phase=="Running")]}{.metadata.name}{"\n"}{end}.'"#,
        "kubectl get pods -o jsonpath={..podIP}",
    ] {
        let mut job = Job::new(line);
        let mut portions = 1;
        while job.next(&Moment::of(&sim), None) == Next::More {
            portions += 1;
        }
        assert!(portions > 1, "{line}");
        let (stdout, stderr) = (job.answer().stdout(), job.answer().stderr());
        // By name is how it comes anyway.
        let at_once = kubectl::run(&mut sim, &format!("{line} --sort-by=.metadata.name"), &mut |_| None);
        assert_eq!((stdout, stderr), (at_once.stdout(), at_once.stderr()), "{line}");
    }
}

/// Steps a job to where it waits, submitting what it asks for.
fn go_on(sim: &mut Sim, job: &mut Job) -> Option<SimTime> {
    let mut outcome = None;
    loop {
        match job.next(&Moment::of(sim), outcome.take()) {
            Next::Submit(command) => outcome = Some(sim.submit(command)),
            Next::Wait(until) => return until,
            Next::More => {}
            Next::Done => return None,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_watch_shows_each_change_once_until_it_is_ended() {
    let mut sim = cluster();
    let mut job = Job::new("kubectl get pods -w -o custom-columns=P:.metadata.name,S:.status.phase --no-headers");
    go_on(&mut sim, &mut job);
    let first: String = job.take_output().into_iter().map(|chunk| chunk.text).collect();
    assert_eq!(first.lines().count(), 3, "{first}");
    let name = first.split_whitespace().next().unwrap().to_owned();
    run(&mut sim, &format!("kubectl delete pod {name} --wait=false"));
    while sim.step() {
        go_on(&mut sim, &mut job);
    }
    let more: String = job.take_output().into_iter().map(|chunk| chunk.text).collect();
    assert!(more.lines().filter(|line| line.starts_with(&name)).count() >= 2, "{more}");
    assert!(more.lines().any(|line| !line.starts_with(&name) && line.ends_with("Running")), "{more}");
    job.interrupt();
    assert_eq!(job.next(&Moment::of(&sim), None), Next::Done);
    assert_eq!(job.answer().exit, 130);
}

#[test]
fn a_line_makes_the_command_that_the_button_gives() {
    let sim = cluster();
    for (line, expected) in [
        ("kubectl cordon worker-1", Command::Cordon { name: "worker-1".to_owned(), on: true }),
        ("kubectl delete node worker-1", Command::RemoveNode { name: "worker-1".to_owned() }),
        (
            "kubectl label node worker-1 a=b",
            Command::LabelNode { name: "worker-1".to_owned(), labels: vec![("a".to_owned(), Some("b".to_owned()))] },
        ),
        (
            "kubectl rollout restart ds/agent",
            Command::RolloutRestart { namespace: "default".to_owned(), name: "agent".to_owned() },
        ),
    ] {
        assert_eq!(Job::new(line).next(&Moment::of(&sim), None), Next::Submit(expected), "{line}");
    }
    let mut job = Job::new("kubectl apply -f -");
    assert_eq!(job.next(&Moment::of(&sim), None), Next::Read("-".to_owned()));
    job.supply("-".to_owned(), Some(AGENT.to_owned()));
    assert_eq!(job.next(&Moment::of(&sim), None), Next::Submit(Command::Apply { text: AGENT.to_owned() }));
}

#[test]
fn a_namespace_holds_for_objects_that_name_none() {
    let mut sim = cluster();
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {containers: [{name: a, image: a}]}\n";
    run(&mut sim, "kubectl create ns tools");
    let (exit, out) = with(&mut sim, "kubectl apply -n tools -f -", text);
    assert_eq!((exit, out.as_str()), (0, "pod/bare created\n"));
    assert!(sim.world().pods.contains_key(&ObjectKey::new("tools", "bare")));
    let elsewhere = text.replace("name: bare", "name: bare, namespace: tools");
    let (exit, out) = with(&mut sim, "kubectl apply -n other -f -", &elsewhere);
    assert_eq!(exit, 1);
    holds(&out, &["the namespace from the provided object \"tools\" does not match the namespace \"other\""]);
    let (exit, _) = with(&mut sim, "kubectl delete -n tools -f -", text);
    assert_eq!(exit, 0);
}

#[test]
fn every_command_has_a_help_and_no_line_brings_it_down() {
    let mut sim = cluster();
    let overview = run(&mut sim, "kubectl");
    for verb in ["annotate", "apply", "get", "describe", "rollout", "set", "wait", "version"] {
        holds(&overview, &[verb]);
        holds(&run(&mut sim, &format!("kubectl {verb} --help")), &["Usage:\n  kubectl"]);
    }
    holds(&run(&mut sim, "kubectl rollout status -h"), &["--watch", "--timeout="]);
    for line in [
        "",
        "kubectl",
        "kubectl -",
        "kubectl --",
        "kubectl get -",
        "kubectl get /",
        "kubectl get a/",
        "kubectl get pods -o",
        "kubectl get pods -o jsonpath=",
        "kubectl get pods -o jsonpath={",
        "kubectl get pods -o jsonpath={.items[9999999999]}",
        "kubectl get pods -o jsonpath={.items[?(@.x",
        "kubectl get pods -L",
        "kubectl get pods -l ,,=",
        "kubectl get é/ü -o ö",
        "kubectl set image",
        "kubectl set",
        "kubectl set image ds/agent =",
        "kubectl label nodes --all =",
        "kubectl taint nodes --all :-",
        "kubectl rollout",
        "kubectl rollout undo",
        "kubectl rollout undo ds/agent --to-revision=99999999999999999999",
        "kubectl wait --for=jsonpath={ ds/agent",
        "kubectl wait --for=condition= ds/agent --timeout=1s",
        "kubectl delete -f -",
        "kubectl apply -f",
        "kubectl create quota",
        "kubectl create quota q --hard=pods",
        "kubectl patch ds agent -p {}",
        "kubectl patch ds agent -p '{\"spec\":null}'",
        "kubectl patch ds agent -p '{\"metadata\":{\"name\":\"b\"}}'",
        "kubectl patch node worker-1 -p '{\"spec\":{\"taints\":[{\"key\":\"\"}]}}'",
        "kubectl describe",
        "kubectl describe all",
        "kubectl events --for x",
        "kubectl drain",
        "kubectl scale ds agent",
        "kubectl diff -f -",
        "kubectl run x --image=y --port=z",
        "kubectl get pods -w --output-watch-events --watch-only -A --timeout=1",
    ] {
        let _ = with(&mut sim, line, "a: [");
    }
    assert!(sim.world().daemonsets.contains_key(&ObjectKey::new("default", "agent")));
}

/// What the server refuses is told at once, and is nothing that would be waited for.
#[test]
fn a_refused_deletion_is_not_waited_for() {
    let mut sim = cluster();
    assert_eq!(
        with(&mut sim, "kubectl delete ns default", ""),
        (
            1,
            "Error from server (Forbidden): namespaces \"default\" is forbidden: this namespace may not be deleted\n"
                .to_owned()
        )
    );
    run(&mut sim, "kubectl create ns other");
    let both = with(&mut sim, "kubectl delete ns default other", "");
    assert!(both.0 == 1 && both.1.contains("namespace \"other\" deleted"), "{both:?}");
    assert!(fails(&mut sim, "kubectl get ns other").contains("not found"));
}

#[test]
fn what_is_made_of_the_line_names_no_file_in_its_errors() {
    let mut sim = cluster();
    run(&mut sim, "kubectl create namespace other");
    let again = fails(&mut sim, "kubectl create namespace other");
    assert_eq!(again, "Error from server (AlreadyExists): namespaces \"other\" already exists\n");
}

#[test]
fn a_verb_without_its_sub_command_shows_its_help() {
    let mut sim = cluster();
    holds(&fails(&mut sim, "kubectl rollout"), &["Available Commands:", "restart"]);
    holds(&fails(&mut sim, "kubectl set"), &["Available Commands:", "image"]);
    for verb in ["rollout", "set"] {
        let expected = format!("error: unknown command \"foo\"\nSee 'kubectl {verb} -h' for help and examples\n");
        assert_eq!(fails(&mut sim, &format!("kubectl {verb} foo")), expected);
    }
}

#[test]
fn errors_about_several_objects_are_listed_without_the_word() {
    let mut sim = cluster();
    run(&mut sim, "kubectl label nodes worker-1 worker-2 disk=ssd");
    assert_eq!(
        fails(&mut sim, "kubectl label node worker-1 disk=hdd"),
        "error: 'disk' already has a value (ssd), and --overwrite is false\n"
    );
    assert_eq!(
        fails(&mut sim, "kubectl label nodes worker-1 worker-2 disk=hdd"),
        "'disk' already has a value (ssd), and --overwrite is false\n".repeat(2)
    );
    // These commands write the word themselves.
    assert_eq!(
        fails(&mut sim, "kubectl set image ds/agent a=b c=d"),
        "error: unable to find container named \"a\"\nerror: unable to find container named \"c\"\n"
    );
    let timed_out = fails(&mut sim, "kubectl wait --for=condition=No nodes worker-1 worker-2 --timeout=1s");
    let lines = ["worker-1", "worker-2"].map(|node| format!("timed out waiting for the condition on nodes/{node}\n"));
    assert_eq!(timed_out, lines.concat());
}

#[test]
fn what_is_typed_is_checked_as_kubectl_checks_it() {
    let mut sim = cluster();
    const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with";
    for (line, expected) in [
        ("kubectl taint nodes worker-1 a=b", &["error: invalid taint spec: a=b, ", KEY] as &[&str]),
        ("kubectl taint nodes worker-1 'a b:NoSchedule'", &["error: invalid taint spec: a b:NoSchedule, ", KEY]),
        ("kubectl taint nodes worker-1 a", &["error: at least one taint update is required\n"]),
        (
            "kubectl taint nodes worker-1 a=b:NoSchedule a-",
            &["remove the following taint(s) in the same command: {\"a\":\"\"}"],
        ),
        (
            "kubectl taint nodes worker-1 a=b:NoSchedule worker-2",
            &["all resources must be specified before taint changes: worker-2"],
        ),
        ("kubectl label node worker-1 a=b=c", &["error: invalid label spec: a=b=c"]),
        ("kubectl label node worker-1 'a=b c'", &["error: invalid label value: \"a=b c\": a valid label must be"]),
        (
            "kubectl label node worker-1 a=b worker-2",
            &["all resources must be specified before label changes: worker-2"],
        ),
        ("kubectl annotate ds agent a=1 a-", &["remove the following annotation(s) in the same command: a"]),
        ("kubectl cordon worker-1 -l a=b", &["error: cannot specify both a node name and a --selector option\n"]),
        (
            "kubectl get pods -l 'app in'",
            &[
                "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"app in\", field \
               selector \"\": unable to parse requirement: found '', expected: '('",
            ],
        ),
        (
            "kubectl get ds --field-selector x=y",
            &["Unable to find \"apps/v1, Resource=daemonsets\" that match", "not supported: x"],
        ),
        ("kubectl describe", &["error: You must specify the type of resource to describe. "]),
        (
            "kubectl rollout status ds agent nope",
            &["Error from server (NotFound): daemonsets.apps \"nope\" not found\n"],
        ),
        ("kubectl set resources ds agent -c no --limits=cpu=1", &["error: unable to find container named no\n"]),
        (
            "kubectl set image node worker-1 a=b",
            &["nodes/worker-1 the object is not a pod or does not have a pod template: *v1.Node"],
        ),
        ("kubectl run x --image=y --restart=No", &["error: invalid restart policy: No\nSee 'kubectl run -h'"]),
        ("kubectl create foo", &["Error: must specify one of -f and -k\n\nerror: unknown command \"foo\"\n"]),
        ("kubectl create", &["Error: must specify one of -f and -k\n\n", "Usage:\n  kubectl create"]),
        ("kubectl apply a b -f -", &["error: Unexpected args: [a b]\n"]),
        (
            "kubectl wait --for=condition=No node worker-1 --timeout=0",
            &["error: condition not met for nodes/worker-1\n"],
        ),
        ("kubectl wait --for=create ds/no --timeout=1s", &["error: timed out waiting for the condition\n"]),
        (
            "kubectl apply set-last-applied -f -",
            &["kubectl apply set-last-applied is about parts of a cluster that are not simulated"],
        ),
        (
            "kubectl apply -f https://k8s.io/examples/pods/x.yaml",
            &["error: unable to read URL", "controllers/ daemonset.yaml"],
        ),
    ] {
        holds(&fails(&mut sim, line), expected);
    }
}

#[test]
fn what_is_there_is_listed() {
    let mut sim = cluster();
    assert_eq!(run(&mut sim, "kubectl label ds agent --list"), "team=a\n");
    holds(
        &run(&mut sim, "kubectl label nodes worker-1 worker-2 --list"),
        &[
            "Listing labels for Node./worker-1:\n beta.kubernetes.io/arch=amd64\n",
            "Listing labels for Node./worker-2:\n",
        ],
    );
    holds(&run(&mut sim, "kubectl annotate ds agent --list"), &["deprecated.daemonset.template.generation=1\n"]);
    // Why a rollout was made may be told anew; other annotations may not.
    run(&mut sim, "kubectl annotate ds agent kubernetes.io/change-cause=a note=a");
    run(&mut sim, "kubectl annotate ds agent kubernetes.io/change-cause=b");
    fails(&mut sim, "kubectl annotate ds agent note=b");
    run(&mut sim, "kubectl set env ds agent A=1 B=2");
    assert_eq!(run(&mut sim, "kubectl set env ds agent --list"), "# DaemonSet agent, container main\nA=1\nB=2\n");
    holds(
        &run(&mut sim, "kubectl set env ds agent -c no C=3"),
        &["warning: DaemonSet/agent does not have any containers"],
    );
    holds(
        &run(&mut sim, "kubectl apply view-last-applied ds/agent -o json"),
        &[
            "{\n    \"apiVersion\": \"apps/v1\",\n    \"kind\": \"DaemonSet\",\n    \"metadata\": {\n        \"annotations\": {},",
        ],
    );
    run(&mut sim, "kubectl rollout status ds/agent");
    let history = run(&mut sim, "kubectl rollout history ds/agent -o yaml");
    holds(&history, &["kind: DaemonSet", "\n---\n"]);
    assert!(!history.contains("$patch"), "{history}");
    assert_eq!(run(&mut sim, "kubectl wait --for=delete pod/no"), "");
}

#[test]
fn the_server_lets_unknown_fields_of_a_patch_pass() {
    let mut sim = cluster();
    for how in ["strategic", "merge"] {
        assert_eq!(
            run(&mut sim, &format!("kubectl patch ds agent --type={how} -p '{{\"spec\":{{\"foo\":1}}}}'")),
            "Warning: unknown field \"spec.foo\"\ndaemonset.apps/agent patched (no change)\n"
        );
    }
}

#[test]
fn the_commands_that_menus_show_do_what_the_menus_do() {
    use everynode::api::{ConditionStatus, PodPhase};
    use everynode::view::script;
    let mut sim = cluster();
    let pod = sim.world().pods.keys().next().unwrap().name.to_string();
    let node = || "worker-1".to_owned();
    let default = || "default".to_owned();
    for command in [
        Command::SetCondition { name: node(), condition: "Ready".into(), status: ConditionStatus::False },
        Command::SetCondition { name: node(), condition: "MemoryPressure".into(), status: ConditionStatus::True },
        Command::SetCapacity { name: node(), allocatable: vec![("cpu".into(), 500), ("pods".into(), 3_000)] },
        Command::SetPodReady { namespace: default(), name: pod.clone(), ready: false },
        Command::SetPodPhase { namespace: default(), name: pod.clone(), phase: PodPhase::Failed },
        Command::Cordon { name: node(), on: true },
    ] {
        let line = script::typed(&command).unwrap();
        let mut job = Job::new(&line);
        let next = job.next(&Moment::of(&sim), None);
        assert_eq!(next, Next::Submit(command.clone()), "{line}");
        let outcome = sim.submit(command);
        assert_eq!(job.next(&Moment::of(&sim), Some(outcome)), Next::Done, "{line}");
        assert_eq!((job.answer().exit, job.answer().stderr()), (0, String::new()), "{line}");
    }
}

#[test]
fn what_changes_nothing_is_known_beforehand() {
    let mut sim = cluster();
    let records = sim.history().records().len();
    let apply = |text: &str| Command::Apply { text: text.to_owned() };
    for command in [
        apply(AGENT),
        apply("a: [b"),
        Command::Cordon { name: "nope".into(), on: true },
        Command::RolloutUndo { namespace: "default".into(), name: "agent".into(), to_revision: Some(9) },
    ] {
        let outcome = sim.without_effect(&command).expect("it changes nothing");
        assert!(
            !outcome.errors.is_empty() || outcome.messages.iter().any(|it| it.ends_with("unchanged")),
            "{outcome:?}"
        );
    }
    for command in [
        apply(&AGENT.replace("1.16", "1.17")),
        Command::Cordon { name: "worker-1".into(), on: true },
        Command::Kubelet { name: "worker-1".into(), running: false },
    ] {
        assert_eq!(sim.without_effect(&command), None, "{command:?}");
        sim.submit(command);
    }
    assert!(sim.history().records().len() > records);
}

#[test]
fn every_flag_that_is_followed_has_a_sentence() {
    let file = std::fs::read_to_string("static/kubectl-flags.txt").unwrap();
    let mut sim = cluster();
    let mut help = |line: &str| kubectl::run(&mut sim, line, &mut |_| Some(file.clone())).stdout();
    for line in
        ["get --help", "help rollout status", "create ns --help", "apply view-last-applied --help", "run --help"]
            .into_iter()
            .map(str::to_owned)
            .chain(kubectl::verbs_with_help().map(|path| format!("help {path}")))
    {
        let text = help(&line);
        let flags = text.lines().filter(|line| line.trim_start().starts_with('-') && line.starts_with("  "));
        for flag in flags {
            assert!(flag.ends_with(':'), "{line}: {flag:?} has no sentence");
        }
    }
    holds(&help("rollout status -h"), &["  -w, --watch:\n        Go on until the rollout is done (default true).\n"]);
}

#[test]
fn very_many_objects_have_their_turn_in_portions() {
    let mut sim = cluster();
    let template = everynode::engine::NodeTemplate::worker("many");
    sim.submit(Command::AddNodes { template, count: 300 });
    sim.run_until_quiet();
    let names: Vec<String> = sim.world().nodes.keys().map(|name| name.to_string()).collect();
    let lines = |end: &str| names.iter().map(|name| format!("node/{name}{end}\n")).collect::<String>();
    assert_eq!(run(&mut sim, "kubectl label nodes --all a=b"), lines(" labeled"));
    assert_eq!(run(&mut sim, "kubectl annotate nodes --all a=b"), lines(" annotated"));
    assert_eq!(run(&mut sim, "kubectl taint nodes --all a=b:PreferNoSchedule"), lines(" tainted"));
    assert_eq!(run(&mut sim, "kubectl get nodes -o name --sort-by=.metadata.name"), lines(""));
    assert_eq!(run(&mut sim, "kubectl wait --for=condition=Ready nodes --all"), lines(" condition met"));
    assert_eq!(run(&mut sim, "kubectl get nodes -o jsonpath={.items[*].metadata.name}"), names.join(" "));
    let columns = run(
        &mut sim,
        "kubectl get nodes -o custom-columns=N:.metadata.name,A:.metadata.labels.a --sort-by={.spec.podCIDR}",
    );
    assert_eq!(columns.lines().count(), 1 + names.len());
    holds(&columns, &["N          A\n", "many-300   b\n"]);
    let described = run(&mut sim, "kubectl describe nodes");
    assert_eq!(described.matches("Name:  ").count(), names.len());
    assert_eq!(described.matches("\n\n\nName:").count(), names.len() - 1);
    assert_eq!(
        fails(&mut sim, "kubectl get nodes --sort-by=.nope"),
        "error: couldn't find any field with path \"{.nope}\" in the list of objects\n"
    );
    let clashes = fails(&mut sim, "kubectl label nodes --all a=c");
    assert_eq!(clashes, "'a' already has a value (b), and --overwrite is false\n".repeat(names.len()));
    // The first portion changes what the second would be chosen by.
    assert_eq!(run(&mut sim, "kubectl label nodes -l a=b a-"), lines(" unlabeled"));
    let pods = sim.world().pods.len();
    assert_eq!(run(&mut sim, "kubectl delete pods -l app=agent --wait=false").lines().count(), pods);
}

#[test]
fn what_is_only_tried_is_tried_object_by_object() {
    let mut sim = cluster();
    let before = sim.world().clone();
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n";
    let both = namespace.to_owned() + &AGENT.replace("  name: agent\n", "  name: agent\n  namespace: shop\n");
    // A server that stores nothing does not know the namespace yet.
    assert_eq!(
        with(&mut sim, "kubectl apply -f - --dry-run=server", &both),
        (
            1,
            "namespace/shop created (server dry run)\nError from server (NotFound): error when creating \"STDIN\": \
             namespaces \"shop\" not found\n"
                .to_owned()
        )
    );
    // A client asks it nothing but what is there.
    let client = |sim: &mut Sim, line: &str, text: &str| with(sim, &format!("kubectl {line} --dry-run=client"), text);
    let told = |text: &str| (0, text.to_owned());
    assert_eq!(
        client(&mut sim, "apply -f -", &both),
        told("namespace/shop created (dry run)\ndaemonset.apps/agent created (dry run)\n")
    );
    assert_eq!(client(&mut sim, "apply -f -", AGENT), told("daemonset.apps/agent configured (dry run)\n"));
    assert_eq!(client(&mut sim, "create -f -", AGENT), told("daemonset.apps/agent created (dry run)\n"));
    let other = AGENT.replace("name: agent\n", "name: other\n");
    assert_eq!(client(&mut sim, "replace -f -", &other), told("daemonset.apps/other replaced (dry run)\n"));
    let refused = client(&mut sim, "apply -f -", &AGENT.replace("kind: DaemonSet", "kind: Daemon"));
    assert_eq!(refused.0, 1);
    holds(&refused.1, &["no matches for kind \"Daemon\" in version \"apps/v1\""]);
    assert_eq!(client(&mut sim, "scale ds agent --replicas=2", ""), told("daemonset.apps/agent scaled (dry run)\n"));
    assert!(*sim.world() == before);
}

#[test]
fn a_text_without_objects_is_not_minded_by_all() {
    let mut sim = cluster();
    for (line, exit, text) in [
        ("apply -f -", 1, "error: no objects passed to apply\n"),
        ("create -f -", 1, "error: no objects passed to create\n"),
        ("replace -f -", 0, ""),
        ("replace --force -f -", 1, "error: no objects passed to replace\n"),
        ("delete -f -", 0, "No resources found\n"),
        ("diff -f -", 0, ""),
    ] {
        for stdin in ["", "# nothing\n", "---\n"] {
            assert_eq!(with(&mut sim, &format!("kubectl {line}"), stdin), (exit, text.to_owned()), "{line}");
        }
    }
    // `diff` ends with 1 where something differs, and with 2 where it fails.
    assert_eq!(with(&mut sim, "kubectl diff -f -", &AGENT.replace("1.16", "1.17")).0, 1);
    let bad = AGENT.replace("labels: {app: agent}", "labels: {app: other}");
    let (exit, text) = with(&mut sim, "kubectl diff -f -", &(AGENT.replace("1.16", "1.17") + "---\n" + &bad));
    assert_eq!(exit, 2);
    assert!(text.starts_with("The DaemonSet \"agent\" is invalid: "), "{text}");
    assert_eq!(with(&mut sim, "kubectl diff -f nothing.yaml", "").0, 2);
}

#[test]
fn each_document_that_is_refused_has_its_error() {
    let mut sim = Sim::new(&Scenario::walk_through());
    let bad = |name: &str| {
        AGENT.replace("name: agent\n", &format!("name: {name}\n")).replace("labels: {app: agent}", "labels: {app: x}")
    };
    let text = [bad("one").as_str(), AGENT, &bad("two")].join("---\n");
    let why =
        "spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template `labels`";
    let refused = |name: &str| format!("The DaemonSet {name:?} is invalid: {why}\n");
    let expected = [refused("one"), refused("two")].concat();
    let answer = kubectl::run(&mut sim, "kubectl apply -f -", &mut |_| Some(text.clone()));
    assert_eq!((answer.exit, answer.stdout()), (1, "daemonset.apps/agent created\n".to_owned()));
    assert_eq!(answer.stderr(), expected);
}

#[test]
fn a_json_path_that_fails_shows_what_it_was_given() {
    let mut sim = cluster();
    let words = |template: &str, index: usize, length: usize| {
        format!(
            "error: error executing jsonpath \"{template}\": Error executing template: array index out of bounds: index \
             {index}, length {length}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t\
             {template}\n\tobject given to jsonpath engine was:\n\t\tmap[string]interface {{}}{{\"apiVersion\":\"v1\", "
        )
    };
    let none = fails(&mut sim, "kubectl get limits -o jsonpath={.items[0].x}");
    let rest = "\"items\":[]interface {}{}, \"kind\":\"List\", \"metadata\":map[string]interface \
                {}{\"resourceVersion\":\"\"}}\n\n\n";
    assert_eq!(none, words("{.items[0].x}", 0, 0) + rest);
    // One that fails at the second object begins anew.
    run(&mut sim, "kubectl taint node master-1 a=b:NoSchedule");
    let each = fails(&mut sim, "kubectl get nodes -o jsonpath={.items[*].spec.taints[1].key}");
    assert!(each.starts_with(&words("{.items[*].spec.taints[1].key}", 1, 1)), "{each}");
    assert!(each.ends_with(rest.split_once("{}{}").unwrap().1), "{each}");
    assert_eq!(each.matches(r#""kind":"Node", "metadata":map[string]interface {}{"#).count(), 6);
    for name in sim.world().nodes.keys() {
        holds(&each, &[&format!("\"name\":\"{name}\"")]);
    }
}

#[test]
fn what_is_missing_or_too_much_is_said_as_kubectl_says_it() {
    let mut sim = cluster();
    run(&mut sim, "kubectl create ns shop");
    let nothing = "error: You must provide one or more resources by argument or filename.\nExample resource specifications \
                   include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'\n";
    for (line, text) in [
        ("scale --replicas=2", nothing),
        ("patch -p {}", nothing),
        ("set image", nothing),
        ("set resources --limits=cpu=1", nothing),
        ("wait --for=condition=Ready", nothing),
        ("set env", "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n"),
        (
            "set env ds/agent A=1 pod/x",
            "error: all resources must be specified before environment changes: ds/agent A=1 pod/x\n",
        ),
        (
            "set image ds/agent *=a main=b",
            "error: all containers are already specified by *, but saw more than one container_name=container_image pairs\n",
        ),
        ("version agent", "error: extra arguments: [agent]\n"),
        (
            "create ns a b",
            "error: exactly one NAME is required, got 2\nSee 'kubectl create namespace -h' for help and examples\n",
        ),
        (
            "patch ds agent -p 'a: [b'",
            "error: unable to parse \"a: [b\": yaml: line 1: did not find expected ',' or ']'\n",
        ),
    ] {
        assert_eq!(fails(&mut sim, &format!("kubectl {line}")), text, "{line}");
    }
    // What changes nothing is not told.
    for line in ["set env ds/agent", "set env ds/agent NOPE-"] {
        assert_eq!(run(&mut sim, &format!("kubectl {line}")), "", "{line}");
    }
    // With --ignore-not-found nothing is printed of nothing.
    for format in ["yaml", "json", "name", "custom-columns=A:.x", "jsonpath={.kind}", "wide"] {
        assert_eq!(run(&mut sim, &format!("kubectl get pods -n shop --ignore-not-found -o {format}")), "", "{format}");
    }
    assert_eq!(run(&mut sim, "kubectl get pods -n shop -o custom-columns=A:.x"), "A\n");
    assert_eq!(run(&mut sim, "kubectl get pods -n shop -o jsonpath={.kind}"), "List");
}

#[test]
fn many_nodes_are_drained_in_portions() {
    let mut sim = Sim::new(&Scenario::with_workers(60));
    sim.submit(Command::Apply { text: AGENT.to_owned() });
    sim.run_until_quiet();
    run(&mut sim, "kubectl run bare --image=nginx");
    sim.run_until_quiet();
    let node =
        sim.world().pods.values().find(|pod| &*pod.meta.name == "bare").and_then(|pod| pod.spec.node_name.clone());
    let node = node.expect("it is bound");
    let all = "--ignore-daemonsets -l !node-role.kubernetes.io/control-plane";
    let answer = kubectl::run(&mut sim, &format!("kubectl drain {all}"), &mut |_| None);
    assert_eq!(answer.exit, 1);
    let lines: Vec<String> = answer.stdout().lines().map(str::to_owned).collect();
    // All are cordoned before the first is drained.
    assert!(lines[..60].iter().all(|line| line.ends_with(" cordoned")), "{lines:?}");
    assert!(lines[60..].iter().all(|line| line.ends_with(" drained")) && lines.len() == 119, "{lines:?}");
    let pending = format!(
        "There are pending nodes to be drained:\n {node}\ncannot delete Pods that declare no controller (use --force to \
         override): default/bare\n"
    );
    assert!(answer.stderr().ends_with(&pending), "{}", answer.stderr());
    let again = run(&mut sim, &format!("kubectl drain {all} --force"));
    assert_eq!(again.matches(" already cordoned\n").count(), 60);
    holds(&again, &["evicting pod default/bare\npod/bare evicted\n"]);
    assert_eq!(run(&mut sim, "kubectl uncordon -l !node-role.kubernetes.io/control-plane").lines().count(), 60);
}

#[test]
fn a_watch_and_a_description_begin_in_portions() {
    let mut sim = Sim::new(&Scenario::with_workers(60));
    sim.submit(Command::Apply { text: AGENT.to_owned() });
    sim.run_until_quiet();
    let mut job = Job::new("kubectl get pods -w");
    go_on(&mut sim, &mut job);
    let listed = run(&mut sim, "kubectl get pods");
    assert_eq!(job.take_output().iter().map(|chunk| chunk.text.as_str()).collect::<String>(), listed);
    let name = listed.lines().nth(1).and_then(|line| line.split(' ').next()).unwrap_or_default().to_owned();
    run(&mut sim, &format!("kubectl delete pod {name} --wait=false"));
    go_on(&mut sim, &mut job);
    let told = job.take_output().iter().map(|chunk| chunk.text.as_str()).collect::<String>();
    assert_eq!(told.lines().next(), Some(&*format!("{name}   1/1     Terminating   0          {}", age_in(&told))));
    assert_eq!(run(&mut sim, "kubectl describe pods agent").matches("Name:  ").count(), 60);
}

/// The age in the first row of a table of pods.
fn age_in(text: &str) -> &str {
    text.lines().next().and_then(|line| line.split_whitespace().last()).unwrap_or_default()
}

#[test]
fn a_pod_shows_what_the_server_filled_in() {
    let mut sim = Sim::new(&Scenario::walk_through());
    let text = AGENT.replace("    spec:\n      containers", "    spec:\n      hostNetwork: true\n      containers")
        + "        ports: [{containerPort: 80}]\n        resources: {limits: {cpu: 200m}}\n";
    assert_eq!(with(&mut sim, "kubectl apply -f -", &text).0, 0);
    sim.run_until_quiet();
    let path = "-o jsonpath='{..containers[0].resources} {..containers[0].ports}'";
    assert_eq!(
        run(&mut sim, &format!("kubectl get pods --field-selector spec.nodeName=worker-1 {path}")),
        r#"{"limits":{"cpu":"200m"},"requests":{"cpu":"200m"}} [{"containerPort":80,"hostPort":80,"protocol":"TCP"}]"#
    );
    // The template stays as it was applied.
    assert_eq!(
        run(&mut sim, &format!("kubectl get ds agent {path}")),
        r#"{"limits":{"cpu":"200m"}} [{"containerPort":80,"protocol":"TCP"}]"#
    );
    holds(&run(&mut sim, "kubectl describe node worker-1"), &["200m (5%)     200m (5%)"]);
}

#[test]
fn each_column_of_a_daemonset_has_its_own_number() {
    const FIELDS: [&str; 5] = [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ];
    let mut sim = Sim::new(&Scenario::walk_through());
    sim.submit(Command::Apply { text: AGENT.replace("  template:", "  minReadySeconds: 2\n  template:") });
    // Which two columns were seen to differ on the way.
    let mut differ = std::collections::BTreeSet::new();
    for step in 0..400 {
        if step == 200 {
            run(&mut sim, "set image ds/agent main=nginx:1.17");
        }
        sim.run_until(sim.now() + SimDuration::from_millis(50), usize::MAX);
        let path = FIELDS.map(|field| format!("{{.status.{field}}}")).join(" ");
        let told = run(&mut sim, &format!("get ds agent -o jsonpath='{path}'"));
        let told: Vec<&str> = told.split(' ').map(|it| if it.is_empty() { "0" } else { it }).collect();
        let table = run(&mut sim, "get ds agent --no-headers");
        let cells: Vec<&str> = table.split_whitespace().skip(1).take(5).collect();
        assert_eq!(cells, told, "{table}");
        for (one, other) in (0..5).flat_map(|one| (0..one).map(move |other| (one, other))) {
            if cells[one] != cells[other] {
                differ.insert((one, other));
            }
        }
    }
    // All but desired and current: a sync creates what is missing before it writes a status.
    let all = (0..5).flat_map(|one| (0..one).map(move |other| (one, other)));
    assert_eq!(all.filter(|pair| !differ.contains(pair)).collect::<Vec<_>>(), [(1, 0)]);
}

#[test]
fn a_flag_that_is_not_followed_says_so() {
    let mut sim = cluster();
    let text = run(&mut sim, "kubectl set image ds/agent main=nginx:1.17 --record");
    holds(
        &text,
        &["Flag --record has been deprecated", "--record is not simulated here", "daemonset.apps/agent image updated"],
    );
    holds(&run(&mut sim, "kubectl rollout history ds agent"), &["<none>"]);
}
