//! What the server fills in before it validates and stores an object (`SetDefaults_…`), and the form in which it keeps
//! the rest: nulls are gone, quantities are canonical.

use crate::api::quantity::Quantity;
use crate::api::schema::{self, Struct, Type};
use crate::api::value::{Map, Value};

/// Defaults a DaemonSet (`SetDefaults_DaemonSet` and the defaults of its pod template).
pub fn default_daemonset(daemonset: &mut Value) {
    normalise(daemonset, "DaemonSet");
    let spec = daemonset.entry("spec");
    let strategy = spec.entry("updateStrategy");
    default(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = strategy.entry("rollingUpdate");
        default_missing(rolling, "maxUnavailable", 1);
        default_missing(rolling, "maxSurge", 0);
    }
    if text(strategy, "type") != "RollingUpdate"
        && let Some(rolling) = inside(strategy, "rollingUpdate")
    {
        // No defaults here, but the internal type has no room for "unset".
        default_missing(rolling, "maxUnavailable", 0);
        default_missing(rolling, "maxSurge", 0);
    }
    default(spec, "revisionHistoryLimit", 10);
    let template = spec.entry("template");
    template.entry("metadata");
    default_pod_spec(template.entry("spec"));
}

/// Defaults a pod, with what only pods get (`SetDefaults_Pod`): requests from limits, host ports, service links.
pub fn default_pod(pod: &mut Value) {
    normalise(pod, "Pod");
    let spec = pod.entry("spec");
    default_pod_spec(spec);
    default(spec, "enableServiceLinks", true);
    let host_network = spec.get("hostNetwork").and_then(Value::as_bool) == Some(true);
    for list in ["initContainers", "containers"] {
        for container in items(spec, list) {
            crate::api::pod::default_container(container, host_network);
        }
    }
}

/// Defaults of the other kinds that the program keeps: only the form changes.
pub fn default_other(object: &mut Value, kind: &str) {
    normalise(object, kind);
}

/// Brings a decoded object into the form that the server encodes: without nulls, fields at their zero value and fields
/// it does not know, and with canonical quantities.
pub fn normalise(object: &mut Value, kind: &str) {
    if let (Value::Map(map), Some(root)) = (object, schema::by_name(kind)) {
        normalise_fields(map, root);
    }
}

fn normalise_fields(map: &mut Map, of: &'static Struct) {
    map.retain(|name, value| match of.field(name) {
        Some(_) if value.is_null() => false,
        Some(field) => {
            normalise_value(value, &field.ty);
            !is_zero(value, &field.ty) || is_kept(of.name, name)
        }
        None => false,
    });
}

/// The fields that are encoded even when empty: those without `omitempty`.
fn is_kept(of: &str, name: &str) -> bool {
    match name {
        "value" | "key" | "operator" => !matches!((of, name), ("Toleration", _) | ("EnvVar" | "Taint", "value")),
        "name" => !matches!(of, "ObjectMeta" | "ContainerPort" | "LocalObjectReference" | "PodDNSConfigOption"),
        "path" | "mountPath" | "topologyKey" | "containerPort" | "weight" | "seconds" => true,
        "ready" | "restartCount" | "image" | "imageID" => of == "ContainerStatus",
        "currentNumberScheduled" | "numberMisscheduled" | "desiredNumberScheduled" | "numberReady" => true,
        _ => false,
    }
}

/// Fields that are no pointers are left out when they have their zero value.
fn is_zero(value: &Value, ty: &Type) -> bool {
    match (ty, value) {
        (Type::Str | Type::Named(_) | Type::Uid, Value::Str(text)) => text.is_empty(),
        (Type::Int32 | Type::Int64, Value::Int(number)) => *number == 0,
        (Type::Bool, Value::Bool(truth)) => !truth,
        _ => false,
    }
}

fn normalise_value(value: &mut Value, ty: &Type) {
    match (ty, value) {
        (Type::Pointer(inner), value) => normalise_value(value, inner),
        (Type::Struct(line), Value::Map(map)) => normalise_fields(map, line.get()),
        (Type::List(inner), Value::List(list)) => {
            for item in list {
                if item.is_null() {
                    *item = zero(inner);
                }
                normalise_value(item, inner);
            }
        }
        (Type::StringMap, Value::Map(map)) => {
            map.values_mut().filter(|item| item.is_null()).for_each(|item| *item = "".into());
        }
        (Type::ResourceList, Value::Map(map)) => {
            for item in map.values_mut() {
                *item = quantity(item, Quantity::round_up_to_milli);
            }
        }
        (Type::Quantity, value) => *value = quantity(value, |quantity| quantity),
        _ => {}
    }
}

/// What a null in a list stands for.
fn zero(ty: &Type) -> Value {
    match ty {
        Type::Str | Type::Named(_) => "".into(),
        Type::Int32 | Type::Int64 => Value::Int(0),
        Type::Struct(_) => Value::Map(Map::new()),
        _ => Value::Null,
    }
}

fn quantity(value: &Value, change: impl Fn(Quantity) -> Quantity) -> Value {
    let text = match value {
        Value::Str(text) => text.trim().to_owned(),
        Value::Null => "0".to_owned(),
        other => other.to_json(),
    };
    Quantity::parse(&text).map_or(Value::Str(text), |quantity| Value::Str(change(quantity).to_string()))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Sets a field that is missing; an empty string is a value here, and a bad one.
fn default_missing(value: &mut Value, key: &str, to: i64) {
    if value.get(key).is_none_or(Value::is_null) {
        *value.entry(key) = to.into();
    }
}

/// Sets a field that is missing, or is an empty string or a zero.
fn default(value: &mut Value, key: &str, to: impl Into<Value>) {
    let field = value.entry(key);
    let unset = match field {
        Value::Map(map) => map.is_empty(),
        Value::Str(text) => text.is_empty(),
        Value::Null => true,
        _ => false,
    };
    if unset {
        *field = to.into();
    }
}

/// The members of a list field; nothing if it is none.
fn items<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    let list = match value {
        Value::Map(map) => match map.get_mut(key) {
            Some(Value::List(list)) => list.as_mut_slice(),
            _ => &mut [],
        },
        _ => &mut [],
    };
    list.iter_mut()
}

/// A field that is there, to be changed.
fn inside<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match value {
        Value::Map(map) => map.get_mut(key),
        _ => None,
    }
}

/// `SetDefaults_PodSpec` and those of all it holds.
fn default_pod_spec(spec: &mut Value) {
    default(spec, "dnsPolicy", "ClusterFirst");
    default(spec, "restartPolicy", "Always");
    items(spec.entry("securityContext"), "sysctls").for_each(|sysctl| default(sysctl, "value", ""));
    default(spec, "terminationGracePeriodSeconds", 30);
    default(spec, "schedulerName", "default-scheduler");
    // The deprecated name of the field follows the present one, and fills it if that is empty.
    let old = text(spec, "serviceAccount").to_owned();
    if !old.is_empty() {
        default(spec, "serviceAccountName", old);
    }
    let account = text(spec, "serviceAccountName").to_owned();
    if !account.is_empty() {
        *spec.entry("serviceAccount") = account.into();
    }
    items(spec, "volumes").for_each(default_volume);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        items(spec, list).for_each(default_container);
    }
}

fn default_container(container: &mut Value) {
    let policy = pull_policy(text(container, "image"));
    default(container, "imagePullPolicy", policy);
    default(container, "terminationMessagePath", "/dev/termination-log");
    default(container, "terminationMessagePolicy", "File");
    container.entry("resources");
    for port in items(container, "ports") {
        default(port, "protocol", "TCP");
    }
    for env in items(container, "env") {
        if let Some(from) = inside(env, "valueFrom") {
            default_downward(from);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = inside(container, name) {
            default(probe, "timeoutSeconds", 1);
            default(probe, "periodSeconds", 10);
            default(probe, "successThreshold", 1);
            default(probe, "failureThreshold", 3);
            default_handler(probe);
            if let Some(grpc) = inside(probe, "grpc") {
                default(grpc, "service", "");
            }
        }
    }
    if let Some(lifecycle) = inside(container, "lifecycle") {
        for name in ["postStart", "preStop"] {
            if let Some(handler) = inside(lifecycle, name) {
                default_handler(handler);
            }
        }
    }
}

fn default_handler(handler: &mut Value) {
    if let Some(get) = inside(handler, "httpGet") {
        default(get, "path", "/");
        default(get, "scheme", "HTTP");
        // No default, but a value that these types cannot leave out; so with a sysctl's.
        items(get, "httpHeaders").for_each(|header| default(header, "value", ""));
    }
}

fn default_volume(volume: &mut Value) {
    let sources = volume.as_map().map_or(0, |map| map.keys().filter(|key| *key != "name").count());
    if sources == 0 {
        volume.entry("emptyDir");
    }
    if let Some(source) = inside(volume, "hostPath") {
        default(source, "type", "");
    }
    for name in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = inside(volume, name) {
            default(source, "defaultMode", 0o644);
            items(source, "items").for_each(default_downward);
            for projection in items(source, "sources") {
                if let Some(token) = inside(projection, "serviceAccountToken") {
                    default(token, "expirationSeconds", 3600);
                }
                if let Some(certificate) = inside(projection, "podCertificate") {
                    default(certificate, "maxExpirationSeconds", 86400);
                }
                if let Some(downward) = inside(projection, "downwardAPI") {
                    items(downward, "items").for_each(default_downward);
                }
            }
        }
    }
    if let Some(source) = inside(volume, "iscsi") {
        default(source, "iscsiInterface", "default");
        default(source, "lun", 0);
    }
    if let Some(source) = inside(volume, "rbd") {
        default(source, "pool", "rbd");
        default(source, "user", "admin");
        default(source, "keyring", "/etc/ceph/keyring");
    }
    if let Some(source) = inside(volume, "azureDisk") {
        default(source, "cachingMode", "ReadWrite");
        default(source, "kind", "Shared");
        default(source, "fsType", "ext4");
        default(source, "readOnly", false);
    }
    if let Some(source) = inside(volume, "scaleIO") {
        default(source, "storageMode", "ThinProvisioned");
        default(source, "fsType", "xfs");
    }
    if let Some(claim) = inside(volume, "ephemeral").and_then(|source| inside(source, "volumeClaimTemplate")) {
        claim.entry("metadata");
        let spec = claim.entry("spec");
        default(spec, "volumeMode", "Filesystem");
        spec.entry("resources");
    }
    if let Some(image) = inside(volume, "image") {
        let policy = pull_policy(text(image, "reference"));
        default(image, "pullPolicy", policy);
    }
}

fn default_downward(item: &mut Value) {
    if let Some(reference) = inside(item, "fieldRef") {
        default(reference, "apiVersion", "v1");
    }
    if let Some(reference) = inside(item, "resourceFieldRef") {
        // No default, but a quantity has no way to be missing.
        default(reference, "divisor", "0");
    }
}

/// Always for the tag `latest` or for no tag and no digest; a name that is none counts as having another tag.
fn pull_policy(image: &str) -> &'static str {
    if image_tag(image).is_some_and(|tag| tag == "latest") { "Always" } else { "IfNotPresent" }
}

/// The tag of an image, `latest` if it has neither tag nor digest (`ParseImageName`); nothing if the name is malformed.
fn image_tag(image: &str) -> Option<&str> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].rfind(':') {
        Some(colon) => (&rest[..slash + colon], Some(&rest[slash + colon + 1..])),
        None => (rest, None),
    };
    let mut path = name;
    if let Some((domain, after)) = name.split_once('/')
        && (domain.contains(['.', ':']) || domain == "localhost" || domain.contains(|c: char| c.is_ascii_uppercase()))
    {
        let host = domain.split_once(':').map_or(domain, |(host, _)| host);
        let label = |l: &str| {
            !l.is_empty()
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let port =
            domain.split_once(':').is_none_or(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
        if !(host.split('.').all(label) || domain.starts_with('[')) || !port {
            return None;
        }
        path = after;
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let component = |c: &str| {
        c.bytes().all(|b| plain(b) || b"._-".contains(&b))
            && c.bytes().next().is_some_and(plain)
            && c.bytes().last().is_some_and(plain)
            && !["..", "._", "_.", "___", "-.", ".-", "_-", "-_"].iter().any(|bad| c.contains(bad))
    };
    let good_tag = |tag: &str| {
        tag.len() <= 128
            && tag.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    };
    let good_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(_, hex)| hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let good = path.split('/').all(component) && tag.is_none_or(good_tag) && digest.is_none_or(good_digest);
    match (good, tag, digest) {
        (false, ..) => None,
        (true, Some(tag), _) => Some(tag),
        (true, None, Some(_)) => None,
        (true, None, None) => Some("latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_policy_follows_the_tag() {
        let always = ["nginx", "nginx:latest", "registry.example.com:5000/a/b", "localhost/x:latest"];
        let if_not_present =
            ["nginx:1.16", "a@sha256:0123456789abcdef0123456789abcdef", "NGINX", " nginx", "nginx::1@@", ""];
        for image in always {
            assert_eq!(pull_policy(image), "Always", "{image}");
        }
        for image in if_not_present {
            assert_eq!(pull_policy(image), "IfNotPresent", "{image}");
        }
    }

    #[test]
    fn a_minimal_daemonset_is_filled_in() {
        let container: Value = [("name", "a".into()), ("image", "nginx".into())].into();
        let spec: Value = [("template", [("spec", [("containers", vec![container].into())].into())].into())].into();
        let mut daemonset: Value = [("spec", spec)].into();
        default_daemonset(&mut daemonset);
        let expected = r#"{"spec":{"revisionHistoryLimit":10,"template":{"metadata":{},"spec":{"containers":[{"image":"nginx","imagePullPolicy":"Always","name":"a","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}},"updateStrategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":1},"type":"RollingUpdate"}}}"#;
        assert_eq!(daemonset.to_json(), expected);
    }

    #[test]
    fn empty_words_go_where_the_types_leave_them_out() {
        let port: Value = [("containerPort", 80.into()), ("name", "".into())].into();
        let toleration: Value = [("key", "".into()), ("operator", "Exists".into()), ("value", "".into())].into();
        let equal: Value = [("key", "a".into()), ("operator", "".into()), ("effect", "".into())].into();
        let secret: Value = [("name", "".into())].into();
        let sysctl: Value = [("name", "a".into()), ("value", "".into())].into();
        let mut spec: Value = [
            ("containers", vec![Value::from([("ports", vec![port].into())])].into()),
            ("tolerations", vec![toleration, equal].into()),
            ("imagePullSecrets", vec![secret].into()),
            ("securityContext", [("sysctls", vec![sysctl].into())].into()),
        ]
        .into();
        normalise(&mut spec, "PodSpec");
        let expected = r#"{"containers":[{"ports":[{"containerPort":80}]}],"imagePullSecrets":[{}],"securityContext":{"sysctls":[{"name":"a","value":""}]},"tolerations":[{"operator":"Exists"},{"key":"a"}]}"#;
        assert_eq!(spec.to_json(), expected);
    }

    #[test]
    fn what_the_types_cannot_leave_out_is_there() {
        let claim: Value = [("volumeClaimTemplate", Map::new().into())].into();
        let selector: Value = [("resource", "limits.cpu".into())].into();
        let variable: Value = [("valueFrom", [("resourceFieldRef", selector)].into())].into();
        let iscsi: Value = [("iscsi", [("iqn", "a".into()), ("lun", 0.into())].into())].into();
        let mut spec: Value = [
            ("volumes", vec![iscsi, [("ephemeral", claim)].into()].into()),
            ("containers", vec![Value::from([("env", vec![variable].into())])].into()),
        ]
        .into();
        normalise(&mut spec, "PodSpec");
        default_pod_spec(&mut spec);
        let volumes = r#"[{"iscsi":{"iqn":"a","iscsiInterface":"default","lun":0}},{"ephemeral":{"volumeClaimTemplate":{"metadata":{},"spec":{"resources":{},"volumeMode":"Filesystem"}}}}]"#;
        assert_eq!(spec.get("volumes").map(Value::to_json).as_deref(), Some(volumes));
        assert!(spec.to_json().contains(r#"{"resourceFieldRef":{"divisor":"0","resource":"limits.cpu"}}"#), "{spec}");
        let header: Value = [("name", "X".into())].into();
        let mut handler: Value = [("httpGet", [("httpHeaders", vec![header].into())].into())].into();
        default_handler(&mut handler);
        assert!(handler.to_json().contains(r#""httpHeaders":[{"name":"X","value":""}]"#), "{handler}");
    }
}
