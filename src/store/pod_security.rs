//! Admission plugin PodSecurity: what a namespace's labels ask of its pods (k8s.io/pod-security-admission, as of 1.36).
//!
//! Not modelled: SELinux and Windows options, probes' hosts, exemptions, and versions of the policies other than the
//! latest.

use crate::api::{Labels, Value};

/// The three levels, each stricter than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

fn level(labels: &Labels, mode: &str) -> Option<(Level, String)> {
    let word = labels.get(&format!("pod-security.kubernetes.io/{mode}"))?;
    let level = match word.as_str() {
        "privileged" => Level::Privileged,
        "baseline" => Level::Baseline,
        // What cannot be read is taken for the strictest.
        _ => Level::Restricted,
    };
    let version = labels.get(&format!("pod-security.kubernetes.io/{mode}-version")).map_or("latest", String::as_str);
    let word = if level == Level::Restricted { "restricted" } else { word };
    Some((level, format!("\"{word}:{version}\"")))
}

/// Why a namespace refuses a pod, if it does.
pub fn refusal(namespace: &Labels, spec: &Value) -> Option<String> {
    let (level, name) = level(namespace, "enforce")?;
    let found = violations(level, spec, true);
    (!found.is_empty()).then(|| format!("violates PodSecurity {name}: {}", found.join(", ")))
}

/// What a namespace warns of when a pod, or something that makes pods, is written. Unless it says otherwise it warns of
/// what it would refuse.
pub fn warning(namespace: &Labels, spec: &Value, is_pod: bool) -> Option<String> {
    let (level, name) = level(namespace, "warn").or_else(|| level(namespace, "enforce"))?;
    let found = violations(level, spec, is_pod);
    (!found.is_empty()).then(|| format!("would violate PodSecurity {name}: {}", found.join(", ")))
}

/// Capabilities that a container of the baseline may add.
const BASELINE_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// Sysctls that the baseline allows.
const SAFE_SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
];
/// Kinds of volumes that the restricted level allows.
const SAFE_VOLUMES: [&str; 8] =
    ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"];

/// The checks in the order of their names, as the original runs them. With the node's network a pod's ports are the node's
/// too, which is filled in when the pod is created.
fn violations(level: Level, spec: &Value, is_pod: bool) -> Vec<String> {
    let pod = Spec { spec };
    let mut found = Vec::new();
    let mut check = |reason: &str, details: Vec<String>| {
        if !details.is_empty() {
            found.push(format!("{reason} ({})", details.join("; ")));
        }
    };
    if level == Level::Privileged {
        return found;
    }
    let restricted = level == Level::Restricted;
    if restricted {
        let lacks = |c: &Value| secure(c, &["allowPrivilegeEscalation"]).and_then(Value::as_bool) != Some(false);
        check(
            "allowPrivilegeEscalation != false",
            pod.who(lacks, "must set securityContext.allowPrivilegeEscalation=false"),
        );
    }
    let added = |c: &Value, allowed: &[&str]| {
        let add = secure(c, &["capabilities"]).and_then(|it| it.texts("add")).unwrap_or_default();
        add.into_iter().filter(|name| !allowed.contains(&name.as_str())).collect::<Vec<String>>()
    };
    let must_not_add = |allowed: &[&str]| {
        let names = sorted(pod.containers().flat_map(|c| added(c, allowed)).map(|name| quoted(&name)).collect());
        pod.who(
            |c| !added(c, allowed).is_empty(),
            &format!("must not include {} in securityContext.capabilities.add", names.join(", ")),
        )
    };
    if restricted {
        let keeps = |c: &Value| {
            let drop = secure(c, &["capabilities"]).and_then(|it| it.texts("drop")).unwrap_or_default();
            !drop.iter().any(|name| name == "ALL")
        };
        let mut details = pod.who(keeps, "must set securityContext.capabilities.drop=[\"ALL\"]");
        details.extend(must_not_add(&["NET_BIND_SERVICE"]));
        check("unrestricted capabilities", details);
    } else {
        check("non-default capabilities", must_not_add(&BASELINE_CAPABILITIES));
    }
    let host = ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(|field| spec.flag(field));
    let host: Vec<String> = host.map(|field| format!("{field}=true")).collect();
    check("host namespaces", if host.is_empty() { host } else { vec![host.join(", ")] });
    let volumes = |is: &dyn Fn(&Value) -> bool| -> Vec<String> {
        spec.list("volumes").iter().filter(|volume| is(volume)).map(|volume| quoted(volume.text("name"))).collect()
    };
    if !restricted {
        let names = volumes(&|volume| volume.get("hostPath").is_some_and(|it| !it.is_null()));
        check("hostPath volumes", named("volume", &names).into_iter().collect());
    }
    let host_ports = |c: &Value| -> Vec<i64> {
        let filled_in = |port: &Value| port.int("containerPort").filter(|_| is_pod && spec.flag("hostNetwork"));
        let of = |port: &Value| port.int("hostPort").filter(|it| *it > 0).or_else(|| filled_in(port));
        c.list("ports").iter().filter_map(of).collect()
    };
    let mut ports: Vec<i64> = pod.containers().flat_map(host_ports).collect();
    ports.sort_unstable();
    ports.dedup();
    let numbers = ports.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let with_ports = pod.names(|c| !host_ports(c).is_empty());
    let verb = if with_ports.len() > 1 { "use" } else { "uses" };
    let word = if ports.len() > 1 { "hostPorts" } else { "hostPort" };
    check("hostPort", pod.who(|c| !host_ports(c).is_empty(), &format!("{verb} {word} {numbers}")));
    let is_privileged = |c: &Value| secure(c, &["privileged"]).and_then(Value::as_bool) == Some(true);
    check("privileged", pod.who(is_privileged, "must not set securityContext.privileged=true"));
    let unmasked = |c: &Value| secure(c, &["procMount"]).and_then(Value::as_str) == Some("Unmasked");
    check("procMount", pod.who(unmasked, "must not set securityContext.procMount to \"Unmasked\""));
    if restricted {
        let kind = |volume: &Value| {
            let keys = volume.as_map().into_iter().flatten().filter(|(key, value)| *key != "name" && !value.is_null());
            keys.map(|(key, _)| key.clone()).next().unwrap_or_default()
        };
        let is_bad = |volume: &Value| !SAFE_VOLUMES.contains(&kind(volume).as_str());
        let names = volumes(&is_bad);
        let bad = spec.list("volumes").iter().filter(|volume| is_bad(volume)).map(|volume| quoted(&kind(volume)));
        let kinds = sorted(bad.collect());
        let verb = if names.len() > 1 { "use" } else { "uses" };
        let word = if kinds.len() > 1 { "types" } else { "type" };
        let who = named("volume", &names);
        let details = who.into_iter().map(|who| format!("{who} {verb} restricted volume {word} {}", kinds.join(", ")));
        check("restricted volume types", details.collect());
        check("runAsNonRoot != true", pod.run_as_non_root());
        check("runAsUser=0", pod.run_as_root());
    }
    check("seccompProfile", pod.seccomp(restricted));
    let sysctls = spec.at(&["securityContext", "sysctls"]).and_then(Value::as_list).unwrap_or_default();
    let unsafe_ones = sysctls.iter().map(|it| it.text("name")).filter(|name| !SAFE_SYSCTLS.contains(name));
    let names: Vec<&str> = unsafe_ones.collect();
    check("forbidden sysctls", if names.is_empty() { Vec::new() } else { vec![names.join(", ")] });
    found
}

struct Spec<'a> {
    spec: &'a Value,
}

impl<'a> Spec<'a> {
    fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let spec = self.spec;
        ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| spec.list(list))
    }

    fn names(&self, is: impl Fn(&Value) -> bool) -> Vec<String> {
        self.containers().filter(|container| is(container)).map(|container| quoted(container.text("name"))).collect()
    }

    /// `container "a" must ...`, if there is any.
    fn who(&self, is: impl Fn(&Value) -> bool, what: &str) -> Vec<String> {
        named("container", &self.names(is)).into_iter().map(|who| format!("{who} {what}")).collect()
    }

    fn of_pod(&self, path: &[&str]) -> Option<&'a Value> {
        secure(self.spec, path)
    }

    fn run_as_non_root(&self) -> Vec<String> {
        let own = |c: &Value| secure(c, &["runAsNonRoot"]).and_then(Value::as_bool);
        let of_pod = self.of_pod(&["runAsNonRoot"]).and_then(Value::as_bool);
        let mut details = Vec::new();
        if of_pod == Some(false) {
            details.push("pod must not set securityContext.runAsNonRoot=false".to_owned());
        }
        details.extend(self.who(|c| own(c) == Some(false), "must not set securityContext.runAsNonRoot=false"));
        if details.is_empty() && of_pod != Some(true) {
            let unset = self.who(|c| own(c).is_none(), "must set securityContext.runAsNonRoot=true");
            details.extend(unset.into_iter().map(|who| format!("pod or {who}")));
        }
        details
    }

    fn run_as_root(&self) -> Vec<String> {
        let is_root = |user: Option<&Value>| user.and_then(Value::as_int) == Some(0);
        let mut details = Vec::new();
        if is_root(self.of_pod(&["runAsUser"])) {
            details.push("pod must not set runAsUser=0".to_owned());
        }
        details.extend(self.who(|c| is_root(secure(c, &["runAsUser"])), "must not set runAsUser=0"));
        details
    }

    fn seccomp(&self, restricted: bool) -> Vec<String> {
        let path = ["seccompProfile", "type"];
        let is_bad = |kind: &str| !["RuntimeDefault", "Localhost"].contains(&kind);
        let own = |c: &Value| secure(c, &path).and_then(Value::as_str).map(str::to_owned);
        let of_pod = self.of_pod(&path).and_then(Value::as_str);
        let must_not = |kind: &str| format!("must not set securityContext.seccompProfile.type to {kind:?}");
        let mut details = Vec::new();
        if let Some(kind) = of_pod.filter(|kind| is_bad(kind)) {
            details.push(format!("pod {}", must_not(kind)));
        }
        let bad = self.containers().filter_map(&own).find(|kind| is_bad(kind));
        if let Some(kind) = bad {
            details.extend(self.who(|c| own(c).is_some_and(|kind| is_bad(&kind)), &must_not(&kind)));
        }
        if restricted && of_pod.is_none() {
            let what = "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"";
            let unset = self.who(|c| own(c).is_none(), what);
            details.extend(unset.into_iter().map(|who| format!("pod or {who}")));
        }
        details
    }
}

fn secure<'a>(of: &'a Value, path: &[&str]) -> Option<&'a Value> {
    of.get("securityContext")?.at(path).filter(|value| !value.is_null())
}

fn quoted(name: &str) -> String {
    format!("{name:?}")
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

/// `container "a"`, `containers "a", "b"`; nothing for none.
fn named(noun: &str, names: &[String]) -> Option<String> {
    let plural = if names.len() > 1 { "s" } else { "" };
    (!names.is_empty()).then(|| format!("{noun}{plural} {}", names.join(", ")))
}
