//! What a real control plane answered to the same manifests and templates (tests/conformance).

use everynode::api::hash::{compute_hash, dump};
use everynode::api::value::Value;
use everynode::engine::{Scenario, Sim, check};
use everynode::kubectl;
use everynode::manifest::{self, Severity};
use everynode::store::defaulting::default_daemonset;
use everynode::store::validation::validate_daemonset;
use everynode::view::fix::fixed;

fn recording(text: &str) -> Value {
    manifest::read_value(text).expect("a recording is JSON")
}

fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    value.at(path).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn the_hash_is_the_controllers() {
    let recorded = recording(include_str!("conformance/hashes.json"));
    for case in recorded.as_list().expect("a list") {
        let count = case.get("collisionCount").and_then(Value::as_int).and_then(|count| i32::try_from(count).ok());
        let template = case.get("template").expect("a template");
        assert_eq!(compute_hash(template, count), text(case, &["hash"]), "{template}");
    }
}

/// The vectors of a reference computation: an agent on the host's network, quantities, and the collision count.
#[test]
fn the_hash_of_the_reference_vectors() {
    let minimal = r#"{"metadata":{"labels":{"app":"agent"}},"spec":{"containers":[{"name":"agent","image":"nginx:1.27","imagePullPolicy":"IfNotPresent","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}"#;
    let agent = r#"{"metadata":{"labels":{"k8s-app":"log-agent","tier":"node"},"annotations":{"a.example/x":"1"}},"spec":{"hostNetwork":true,"dnsPolicy":"ClusterFirstWithHostNet","serviceAccountName":"log-agent","serviceAccount":"log-agent","priorityClassName":"system-node-critical","nodeSelector":{"kubernetes.io/os":"linux"},"tolerations":[{"operator":"Exists"}],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd","nvme"]}]}]}}},"containers":[{"name":"log-agent","image":"example.com/log-agent:2.0","imagePullPolicy":"IfNotPresent","args":["--v=2"],"env":[{"name":"NODE_NAME","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"spec.nodeName"}}}],"ports":[{"name":"metrics","hostPort":9100,"containerPort":9100,"protocol":"TCP"}],"resources":{"requests":{"cpu":"10m","memory":"70Mi"}},"readinessProbe":{"httpGet":{"path":"/ready","port":9100,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"securityContext":{"privileged":true},"volumeMounts":[{"name":"varlog","mountPath":"/var/log","readOnly":true},{"name":"cache","mountPath":"/cache"}],"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"volumes":[{"name":"varlog","hostPath":{"path":"/var/log","type":""}},{"name":"cache","emptyDir":{}}],"restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}"#;
    let resources =
        r#""resources":{"limits":{"cpu":"500m","memory":"128Mi"},"requests":{"cpu":"100m","memory":"64Mi"}}"#;
    let restarted = r#""annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-02T03:04:05Z"},"labels""#;
    let vectors = [
        (minimal.to_owned(), None, "797f6b76cb"),
        (minimal.to_owned(), Some(0), "6b5d5bf95b"),
        (minimal.to_owned(), Some(1), "85d8d75f8f"),
        (minimal.to_owned(), Some(2), "589b96c4db"),
        (minimal.replacen("\"labels\"", restarted, 1), None, "7974f85b68"),
        (minimal.replace("nginx:1.27", "nginx:1.28"), None, "55c9d48767"),
        (minimal.replace(r#""resources":{}"#, resources), None, "6c6c46555"),
        (agent.to_owned(), None, "55b8d67964"),
    ];
    for (template, count, hash) in vectors {
        assert_eq!(compute_hash(&recording(&template), count), hash, "{template}");
    }
    assert_eq!(dump(&recording(minimal)).len(), 3451);
    assert_eq!(dump(&recording(agent)).len(), 9067);
}

/// The same manifests as kubectl answers them, by each of the ways in which they were given to it.
#[test]
fn kubectl_says_what_it_said() {
    let recorded = recording(include_str!("conformance/validation.json"));
    for (way, line) in [
        ("kubectlApply", "kubectl apply --dry-run=server -f -"),
        ("kubectlCreateStrict", "kubectl create --dry-run=server --validate=strict -f -"),
        ("kubectlCreateWarn", "kubectl create --dry-run=server --validate=warn -f -"),
    ] {
        for case in recorded.get("create").and_then(Value::as_list).expect("a list") {
            let (id, told) = (text(case, &["id"]), |stream| text(case, &[way, stream]));
            let mut sim = Sim::new(&Scenario::default());
            let manifest = Some(text(case, &["manifest"]).to_owned());
            let answer = kubectl::run(&mut sim, line, &mut |_| manifest.clone());
            // But for what kubectl logs for its own developers.
            let stderr =
                told("stderr").lines().filter(|line| !line.starts_with("W1123")).collect::<Vec<_>>().join("\n");
            let same = answer.stdout().trim() == told("stdout").trim() && answer.stderr().trim() == stderr.trim();
            // A kind that is not simulated.
            assert_eq!(
                same,
                id != "gvk-kind-statefulset",
                "{way} {id}: {} {} | {stderr}",
                answer.stdout(),
                answer.stderr()
            );
        }
    }
}

/// Every recorded manifest: refused or not, why, with what warnings, and with what hash.
#[test]
fn manifests_are_judged_as_by_kubectl_and_the_server() {
    let recorded = recording(include_str!("conformance/validation.json"));
    for case in recorded.get("create").and_then(Value::as_list).expect("a list") {
        let id = text(case, &["id"]);
        let check = check(text(case, &["manifest"]));
        let accepted = case.get("accepted").and_then(Value::as_bool).expect("a verdict");
        // The one namespace that is not there is the cluster's to know.
        let known = |namespace: &str| ["", "default", "kube-system"].contains(&namespace);
        if check.documents.iter().all(|document| known(&document.document.namespace)) {
            assert_eq!(!check.has_errors(), accepted, "{id}: {:?}", check.findings);
        }
        let told = text(case, &["kubectlCreateStrict", "stderr"]);
        for document in &check.documents {
            if let Some((_, refusal)) = &document.document.refusal {
                assert!(told.contains(refusal), "{id}: {refusal}");
            } else if known(&document.document.namespace) {
                for error in document.errors.iter().map(ToString::to_string) {
                    assert!(told.contains(&error), "{id}: {error}");
                }
            }
            for warning in &document.warnings {
                assert!(told.contains(warning), "{id}: {warning}");
            }
        }
        if let (Some(hash), [document, ..]) = (case.get("hash").and_then(Value::as_str), check.documents.as_slice())
            && accepted
        {
            assert_eq!(document.hash.as_deref(), Some(hash), "{id}");
        }
    }
}

/// The recorded updates that the server refuses, and those it takes.
#[test]
fn updates_are_judged_as_by_the_server() {
    let recorded = recording(include_str!("conformance/validation.json"));
    for case in recorded.get("update").and_then(Value::as_list).expect("a list") {
        let id = text(case, &["id"]);
        let object = |field: &str| {
            let mut object = manifest::read(text(case, &[field])).documents.remove(0).value;
            default_daemonset(&mut object);
            object
        };
        let (old, new) = (object("before"), object("manifest"));
        if text(&old, &["metadata", "name"]) != text(&new, &["metadata", "name"]) {
            continue;
        }
        let told = text(case, &["kubectlApply", "stderr"]);
        let errors = validate_daemonset(&new, Some(&old));
        assert_eq!(errors.is_empty(), told.is_empty(), "{id}: {errors:?}");
        for error in errors {
            assert!(told.contains(&error.to_string()), "{id}: {error}");
        }
    }
}

/// Each rule of `validation/rules.txt`: the manifest, and what the server says to it.
fn rules() -> Vec<(String, Vec<String>)> {
    let text = include_str!("validation/rules.txt").replace("\r\n", "\n");
    let blocks =
        text.split("\n\n").map(|block| block.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>());
    let rule = |block: Vec<&str>| {
        let (given, told) = block.split_first()?;
        let (mut pod, mut container, mut metadata) = (String::new(), String::new(), String::new());
        let below = if let Some(given) = given.strip_prefix("container: ") {
            container = format!(", {given}");
            "spec.template.spec.containers[0]."
        } else if given.starts_with("annotations: ") {
            metadata = format!(", {given}");
            "spec.template."
        } else {
            pod = format!(", {given}");
            "spec.template.spec."
        };
        let manifest = format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: a}}, spec: {{selector: {{matchLabels: {{a: b}}}}, \
             template: {{metadata: {{labels: {{a: b}}{metadata}}}, spec: {{containers: [{{name: a, image: a{container}}}]{pod}}}}}}}}}"
        );
        let told = told.iter().map(|line| match line.strip_prefix("? volume ") {
            // The one sort of warning without a path.
            Some(_) => (*line).to_owned(),
            None => format!("{}{below}{}", &line[..2], &line[2..]),
        });
        Some((manifest, told.collect()))
    };
    blocks.into_iter().filter_map(rule).collect()
}

#[test]
fn rules_that_were_not_recorded_are_the_servers_too() {
    let rules = rules();
    assert!(rules.len() > 60);
    let mut wrong = String::new();
    for (manifest, told) in rules {
        let check = check(&manifest);
        let [document] = check.documents.as_slice() else { panic!("{manifest}") };
        let refusal = document.document.refusal.iter().map(|(_, message)| format!("! {message}"));
        let errors = document.errors.iter().map(|error| format!("! {error}"));
        let warnings = document.warnings.iter().map(|warning| format!("? {warning}"));
        let ours: Vec<String> = refusal.chain(errors).chain(warnings).collect();
        if ours != told {
            wrong.push_str(&format!("{manifest}\n   {}\ninstead of\n   {}\n", ours.join("\n   "), told.join("\n   ")));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Whatever is refused comes with a mend in plain words.
#[test]
fn every_error_comes_with_a_mend() {
    let recorded = recording(include_str!("conformance/validation.json"));
    let recorded = recorded.get("create").and_then(Value::as_list).expect("a list").iter();
    let recorded = recorded.map(|case| text(case, &["manifest"]).to_owned());
    let mut bare = Vec::new();
    for manifest in recorded.chain(rules().into_iter().map(|(manifest, _)| manifest)) {
        let findings = check(&manifest).findings;
        let without =
            findings.into_iter().filter(|finding| finding.severity == Severity::Error && finding.mend.is_none());
        bare.extend(without.map(|finding| format!("{:?} {}: {}", finding.stage, finding.path, finding.message)));
    }
    bare.sort();
    bare.dedup();
    assert!(bare.is_empty(), "\n{}", bare.join("\n"));
}

/// Fixes are applied one after the other, as by clicks, until none is left.
#[test]
fn certain_mends_make_an_old_manifest_good() {
    let old = "apiVersion: extensions/v1beta1
kind: Daemonset
metadata:
  name: nginx-daemon-set
spec:
  updatestrategy:
    type: rollingupdate
  template:
    metadata:
      labels:
        app: nginx
        version: 1.10
        build: 010
        on: yes
    spec:
      contaners:
      - name: nginx
        image: nginx:1.16
        imagePullPolicy: always
";
    let mut text = old.to_owned();
    for _ in 0..20 {
        let findings = check(&text).findings;
        let Some(fix) = findings.iter().find_map(|finding| finding.fix.clone()) else { break };
        text = fixed(&text, &fix).expect("a fix fits its text");
    }
    let check = check(&text);
    assert!(!check.has_errors(), "{text}\n{:?}", check.findings);
    assert!(text.contains("\n  selector:\n    matchLabels:\n      app: nginx\n"), "{text}");
    for line in
        ["apiVersion: apps/v1", "kind: DaemonSet", "version: \"1.10\"", "build: \"010\"", "imagePullPolicy: Always"]
    {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
