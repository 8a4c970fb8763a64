//! The volumes of a pod (`ValidateVolumes`).

use std::collections::{BTreeMap, BTreeSet};

use super::env::VOLUME_FIELDS;
use super::names;
use super::{Errors, Names, each, entries, int, list, quote, text, typed_json};
use crate::api::quantity::Quantity;
use crate::api::value::Value;

/// The volumes of a pod that containers can mount: those without an error.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a Value>;

/// Where a projected certificate of a pod can be put.
const CERTIFICATE_PATHS: [&str; 3] = ["credentialBundlePath", "keyPath", "certificateChainPath"];

impl Errors {
    /// `ValidateVolumes`; gives those that may be mounted.
    pub(super) fn volumes<'a>(&mut self, volumes: &'a Value, path: &str, in_template: bool) -> Volumes<'a> {
        let mut good: Volumes<'a> = BTreeMap::new();
        for (volume, path) in each(volumes, path) {
            let before = self.list.len();
            self.volume_source(volume, &path, in_template);
            let name = text(&volume["name"]);
            let name_path = format!("{path}.name");
            if name.is_empty() {
                self.required(&name_path, "");
            } else {
                self.complaints(&name_path, name, names::dns_label(name));
            }
            if good.contains_key(name) {
                self.duplicate(name_path, name);
            }
            if self.list.len() == before {
                good.insert(name, volume);
            }
        }
        good
    }

    /// `validateVolumeSource`: exactly one, in the order in which the original looks for them.
    pub(super) fn volume_source(&mut self, volume: &Value, path: &str, in_template: bool) {
        let order = [
            "emptyDir",
            "hostPath",
            "gitRepo",
            "gcePersistentDisk",
            "awsElasticBlockStore",
            "secret",
            "nfs",
            "iscsi",
            "glusterfs",
            "flocker",
            "persistentVolumeClaim",
            "rbd",
            "cinder",
            "cephfs",
            "quobyte",
            "downwardAPI",
            "fc",
            "flexVolume",
            "configMap",
            "azureFile",
            "vsphereVolume",
            "photonPersistentDisk",
            "portworxVolume",
            "azureDisk",
            "storageos",
            "projected",
            "scaleIO",
            "csi",
            "ephemeral",
            "image",
        ];
        let mut given = order.into_iter().filter(|name| !volume[*name].is_null());
        let Some(first) = given.next() else {
            return self.required(path, "must specify a volume type");
        };
        // The original calls one of them by another name in its paths,
        let told = if first == "gcePersistentDisk" { "persistentDisk" } else { first };
        self.one_volume_source(first, &volume[first], &format!("{path}.{told}"), in_template);
        for more in given {
            // and two of them when they are too many.
            let told = match more {
                "cephfs" => "cephFS",
                "downwardAPI" => "downwarAPI",
                other => other,
            };
            self.forbidden(format!("{path}.{told}"), "may not specify more than 1 volume type");
        }
    }

    pub(super) fn one_volume_source(&mut self, kind: &str, source: &Value, path: &str, in_template: bool) {
        let at = |field: &str| format!("{path}.{field}");
        let needed: &[&str] = match kind {
            "gitRepo" => &["repository"],
            "gcePersistentDisk" => &["pdName"],
            "awsElasticBlockStore" | "cinder" | "portworxVolume" => &["volumeID"],
            "nfs" => &["server", "path"],
            "iscsi" => &["targetPortal", "iqn"],
            "glusterfs" => &["endpoints", "path"],
            "persistentVolumeClaim" => &["claimName"],
            "rbd" => &["monitors", "image"],
            "cephfs" => &["monitors"],
            "flexVolume" | "csi" => &["driver"],
            "storageos" => &["volumeName"],
            "azureFile" => &["secretName", "shareName"],
            "vsphereVolume" => &["volumePath"],
            "photonPersistentDisk" => &["pdID"],
            "azureDisk" => &["diskName", "diskURI"],
            "scaleIO" => &["gateway", "system", "volumeName"],
            "ephemeral" => &["volumeClaimTemplate"],
            "secret" => &["secretName"],
            "configMap" => &["name"],
            // In a template it may be filled in later.
            "image" if !in_template => &["reference"],
            "hostPath" => &["path"],
            _ => &[],
        };
        for field in needed {
            let nothing = source[*field].is_null() || source[*field].as_list().is_some_and(<[Value]>::is_empty);
            if nothing || source[*field].as_str() == Some("") {
                self.required(at(field), "");
            }
        }
        match kind {
            "emptyDir" => {
                let limit = text(&source["sizeLimit"]);
                if Quantity::parse(limit).is_ok_and(|limit| limit.is_negative()) {
                    self.forbidden(at("sizeLimit"), "SizeLimit field must be a valid resource quantity");
                }
            }
            "hostPath" => self.host_path(source, path),
            // The original allows 0, too, but does not say so.
            "gcePersistentDisk" | "awsElasticBlockStore" => self.up_to_255(source, "partition", 1, path),
            "iscsi" => self.iscsi(source, path),
            "fc" => self.fibre_channel(source, path),
            "quobyte" => {
                let detail = "must be a host:port pair or multiple pairs separated by commas";
                let registry = text(&source["registry"]);
                if registry.is_empty() {
                    self.required(at("registry"), detail);
                } else if text(&source["tenant"]).len() >= 65 {
                    self.required(at("tenant"), "must be a UUID and may not exceed a length of 64 characters");
                } else {
                    for _ in registry.split(',').filter(|pair| pair.split(':').count() != 2 && !pair.contains("]:")) {
                        self.invalid(at("registry"), quote(registry), detail);
                    }
                }
                if text(&source["volume"]).is_empty() {
                    self.required(at("volume"), "");
                }
            }
            "flocker" => {
                let (name, uid) = (text(&source["datasetName"]), text(&source["datasetUUID"]));
                if name.is_empty() && uid.is_empty() {
                    self.required(path, "one of datasetName and datasetUUID is required");
                }
                if !name.is_empty() && !uid.is_empty() {
                    let detail = "datasetName and datasetUUID can not be specified simultaneously";
                    self.invalid(path, quote("resource"), detail);
                }
                if name.contains('/') {
                    self.invalid(at("datasetName"), quote(name), "must not contain '/'");
                }
            }
            "gitRepo" => self.descending_path(text(&source["directory"]), at("directory")),
            "cinder" | "storageos"
                if !source["secretRef"].is_null() && text(&source["secretRef"]["name"]).is_empty() =>
            {
                self.required(at("secretRef.name"), "");
            }
            "csi" => self.csi(source, path),
            "azureDisk" => {
                let (cache, disk, address) =
                    (text(&source["cachingMode"]), text(&source["kind"]), text(&source["diskURI"]));
                self.supported(cache, at("cachingMode"), &["None", "ReadOnly", "ReadWrite"]);
                self.supported(disk, at("kind"), &["Dedicated", "Managed", "Shared"]);
                let managed =
                    "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
                let blob = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
                let (start, form) = if disk == "Managed" { ("/subscriptions/", managed) } else { ("https://", blob) };
                if !address.starts_with(start) {
                    self.not_supported(at("diskURI"), quote(address), &[form]);
                }
            }
            "ephemeral" if !source["volumeClaimTemplate"].is_null() => {
                self.claim_template(&source["volumeClaimTemplate"], &at("volumeClaimTemplate"));
            }
            "nfs" if !text(&source["path"]).starts_with('/') => {
                self.invalid(at("path"), quote(text(&source["path"])), "must be an absolute path");
            }
            "secret" | "configMap" => {
                self.mode(source, "defaultMode", path);
                self.key_paths(&source["items"], &at("items"));
            }
            "downwardAPI" => {
                self.mode(source, "defaultMode", path);
                self.downward_items(&source["items"], path);
            }
            "projected" => {
                self.mode(source, "defaultMode", path);
                self.projections(&source["sources"], path);
            }
            "image" if !text(&source["pullPolicy"]).is_empty() => self.pull_policy(source, "pullPolicy", path),
            _ => {}
        }
    }

    fn up_to_255(&mut self, source: &Value, field: &str, least: i64, path: &str) {
        let number = int(&source[field]);
        if !(0..=255).contains(&number) {
            let detail = format!("must be between {least} and 255, inclusive");
            self.invalid(format!("{path}.{field}"), number.to_string(), detail);
        }
    }

    /// `validateISCSIVolumeSource`
    fn iscsi(&mut self, source: &Value, path: &str) {
        for (field, told) in [("iqn", "iqn"), ("initiatorName", "initiatorname")] {
            let name = text(&source[field]);
            if !name.is_empty() && !["iqn", "eui", "naa"].iter().any(|start| name.starts_with(start)) {
                let detail = "must be valid format starting with iqn, eui, or naa";
                self.invalid(format!("{path}.{told}"), quote(name), detail);
            } else if !name.is_empty() && !names::is_iscsi(name) {
                self.invalid(format!("{path}.{told}"), quote(name), "must be valid format");
            }
            if field == "iqn" {
                self.up_to_255(source, "lun", 0, path);
                let chap =
                    ["chapAuthDiscovery", "chapAuthSession"].iter().any(|it| source[*it].as_bool() == Some(true));
                if chap && source["secretRef"].is_null() {
                    self.required(format!("{path}.secretRef"), "");
                }
            }
        }
    }

    /// `validateFCVolumeSource`
    fn fibre_channel(&mut self, source: &Value, path: &str) {
        let (targets, ids) = (&source["targetWWNs"], &source["wwids"]);
        let at = format!("{path}.targetWWNs");
        let (has_targets, has_ids) = (!list(targets).is_empty(), !list(ids).is_empty());
        if !has_targets && !has_ids {
            self.required(&at, "must specify either targetWWNs or wwids, but not both");
        }
        if has_targets && has_ids {
            self.invalid(&at, targets.to_json(), "targetWWNs and wwids can not be specified simultaneously");
        }
        match source["lun"].as_int() {
            _ if !has_targets => {}
            None => self.required(format!("{path}.lun"), "lun is required if targetWWNs is specified"),
            Some(_) => self.up_to_255(source, "lun", 0, path),
        }
    }

    /// `validateCSIVolumeSource`
    fn csi(&mut self, source: &Value, path: &str) {
        let (driver, at) = (text(&source["driver"]), format!("{path}.driver"));
        if driver.len() > 63 {
            self.add(super::ErrorKind::TooLong, &at, String::new(), "may not be more than 63 bytes");
        }
        self.complaints(&at, driver, names::dns_subdomain(&driver.to_ascii_lowercase()));
        let secret = &source["nodePublishSecretRef"];
        match secret["name"].as_str().unwrap_or_default() {
            _ if secret.is_null() => {}
            "" => self.required(format!("{path}.nodePublishSecretRef.name"), ""),
            name => self.complaints(&format!("{path}.name"), name, names::dns_subdomain(name)),
        }
    }

    /// `ValidatePersistentVolumeClaimTemplate`
    fn claim_template(&mut self, template: &Value, path: &str) {
        let (metadata, spec) = (&template["metadata"], &template["spec"]);
        self.annotations(&metadata["annotations"], &format!("{path}.metadata.annotations"));
        self.labels(&metadata["labels"], &format!("{path}.metadata.labels"));
        for (field, value) in entries(metadata) {
            if field != "annotations" && field != "labels" && !value.is_null() {
                self.forbidden(format!("{path}.metadata.{field}"), "cannot be set");
            }
        }
        let at = |field: &str| format!("{path}.spec.{field}");
        let modes = list(&spec["accessModes"]);
        if modes.is_empty() {
            self.required(at("accessModes"), "at least 1 access mode is required");
        }
        self.label_selector(&spec["selector"], &at("selector"));
        let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
        for mode in modes {
            self.supported(text(mode), at("accessModes"), &known);
        }
        let alone = |mode: &&Value| text(mode) == "ReadWriteOncePod";
        if modes.iter().any(|mode| alone(&mode)) && modes.iter().any(|it| !alone(&it) && known.contains(&text(it))) {
            self.forbidden(at("accessModes"), "may not use ReadWriteOncePod with other access modes");
        }
        let size = text(&spec["resources"]["requests"]["storage"]);
        match Quantity::parse(size) {
            _ if size.is_empty() => self.required(at("resources[storage]"), ""),
            Ok(amount) if amount.is_negative() || amount.is_zero() => {
                self.invalid(at("resources[storage]"), quote(size), "must be greater than zero");
            }
            _ => {}
        }
        let class = text(&spec["storageClassName"]);
        if !class.is_empty() {
            self.complaints(&at("storageClassName"), class, names::dns_subdomain(class));
        }
        if let Some(mode) = spec["volumeMode"].as_str() {
            self.supported(mode, at("volumeMode"), &["Block", "Filesystem"]);
        }
    }

    pub(super) fn host_path(&mut self, source: &Value, path: &str) {
        let host_path = text(&source["path"]);
        if host_path.is_empty() {
            return;
        }
        self.no_backsteps(host_path, format!("{path}.path"));
        let kind = text(&source["type"]);
        let kinds =
            ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
        if !kinds.contains(&kind) {
            self.not_supported(format!("{path}.type"), quote(kind), &kinds);
        }
    }

    pub(super) fn no_backsteps(&mut self, target: &str, path: String) {
        if target.split('/').any(|part| part == "..") {
            self.invalid(path, quote(target), "must not contain '..'");
        }
    }

    /// `validateLocalDescendingPath`
    pub(super) fn descending_path(&mut self, target: &str, path: String) {
        if target.starts_with('/') {
            self.invalid(&path, quote(target), "must be a relative path");
        }
        self.no_backsteps(target, path);
    }

    pub(super) fn mode(&mut self, source: &Value, field: &str, path: &str) {
        let mode = int(&source[field]);
        if !(0..=0o777).contains(&mode) {
            let detail = "must be a number between 0 and 0777 (octal), both inclusive";
            self.invalid(format!("{path}.{field}"), mode.to_string(), detail);
        }
    }

    /// `validateKeyToPath`
    pub(super) fn key_paths(&mut self, items: &Value, path: &str) {
        for (item, path) in each(items, path) {
            if text(&item["key"]).is_empty() {
                self.required(format!("{path}.key"), "");
            }
            self.local_path(item, &path);
            self.mode(item, "mode", &path);
        }
    }

    pub(super) fn local_path(&mut self, item: &Value, path: &str) {
        let target = text(&item["path"]);
        let path = format!("{path}.path");
        if target.is_empty() {
            return self.required(path, "");
        }
        self.own_path(target, path);
    }

    /// `ValidateLocalNonReservedPath`
    fn own_path(&mut self, target: &str, path: String) {
        self.descending_path(target, path.clone());
        if target.starts_with("..") && !target.starts_with("../") {
            self.invalid(path, quote(target), "must not start with '..'");
        }
    }

    /// `validateDownwardAPIVolumeFile` for each; the original leaves their indices out of the paths.
    pub(super) fn downward_items(&mut self, items: &Value, path: &str) {
        for item in list(items) {
            self.local_path(item, path);
            let (field, resource) = (&item["fieldRef"], &item["resourceFieldRef"]);
            if !field.is_null() {
                self.field_selector(field, &format!("{path}.fieldRef"), &VOLUME_FIELDS);
                if !resource.is_null() {
                    let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                    self.invalid(path, quote("resource"), detail);
                }
            } else if !resource.is_null() {
                self.resource_selector(resource, &format!("{path}.resourceFieldRef"), true);
            } else {
                self.required(path, "one of fieldRef and resourceFieldRef is required");
            }
            self.mode(item, "mode", path);
        }
    }

    /// `validateProjectionSources`
    pub(super) fn projections(&mut self, sources: &Value, path: &str) {
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for (source, at) in each(sources, &format!("{path}.sources")) {
            let given = |kind: &&str| !source[*kind].is_null();
            let kinds =
                ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
            for kind in kinds.iter().filter(|kind| given(kind)) {
                let (projection, at) = (&source[*kind], format!("{at}.{kind}"));
                let items = |field: &str| list(&projection[field]).iter().map(|item| text(&item["path"]));
                let targets: Vec<&str> = match *kind {
                    "secret" | "configMap" => {
                        if text(&projection["name"]).is_empty() {
                            self.required(format!("{at}.name"), "");
                        }
                        self.key_paths(&projection["items"], &format!("{at}.items"));
                        items("items").collect()
                    }
                    "downwardAPI" => {
                        self.downward_items(&projection["items"], &at);
                        items("items").collect()
                    }
                    "serviceAccountToken" => {
                        self.token(projection, path, &at);
                        Vec::new()
                    }
                    "clusterTrustBundle" => {
                        self.trust_bundle(projection, &at);
                        vec![text(&projection["path"])]
                    }
                    _ => {
                        self.pod_certificate(projection, &at);
                        CERTIFICATE_PATHS.iter().map(|field| text(&projection[*field])).collect()
                    }
                };
                for target in targets.into_iter().filter(|target| !target.is_empty()) {
                    if !taken.insert(target) {
                        let by_name = matches!(*kind, "secret" | "configMap");
                        let blamed = if by_name { text(&projection["name"]) } else { target };
                        self.invalid(path, quote(blamed), "conflicting duplicate paths");
                    }
                }
            }
            if kinds.iter().filter(|kind| given(kind)).count() > 1 {
                self.forbidden(at, "may not specify more than 1 volume type per source");
            }
        }
    }

    fn token(&mut self, token: &Value, path: &str, at: &str) {
        let seconds = int(&token["expirationSeconds"]);
        for (wrong, detail) in [
            (seconds < 600, "may not specify a duration less than 10 minutes"),
            (seconds > 1 << 32, "may not specify a duration larger than 2^32 seconds"),
        ] {
            if wrong {
                self.invalid(format!("{at}.expirationSeconds"), seconds.to_string(), detail);
            }
        }
        // The original leaves the source out of this path.
        self.local_path(token, path);
    }

    fn trust_bundle(&mut self, bundle: &Value, at: &str) {
        match (bundle["name"].as_str(), bundle["signerName"].as_str()) {
            (Some(_), Some(_)) => {
                let shown = typed_json(bundle, "ClusterTrustBundleProjection", Names::Go);
                self.invalid(at, shown, "only one of name and signerName may be used");
            }
            (Some(name), None) => {
                let path = format!("{at}.name");
                if name.is_empty() {
                    self.required(&path, "must be a valid object name");
                }
                for complaint in names::trust_bundle(name) {
                    self.invalid(&path, quote(name), format!("not a valid clustertrustbundlename: {complaint}"));
                }
                if !bundle["labelSelector"].is_null() {
                    let shown = typed_json(&bundle["labelSelector"], "LabelSelector", Names::Json);
                    let detail = "labelSelector must be unset if name is specified";
                    self.invalid(format!("{at}.labelSelector"), shown, detail);
                }
            }
            (None, Some(signer)) => {
                if signer.is_empty() {
                    self.required(format!("{at}.signerName"), "must be a valid signer name");
                }
                self.signer(signer, &format!("{at}.signerName"));
                self.label_selector(&bundle["labelSelector"], &format!("{at}.labelSelector"));
            }
            (None, None) => self.required(at, "either name or signerName must be specified"),
        }
        self.local_path(bundle, at);
    }

    /// `ValidateSignerName`
    fn signer(&mut self, name: &str, path: &str) {
        let parts: Vec<&str> = name.split('/').collect();
        let [domain, own] = parts[..] else {
            let detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            return if name.is_empty() { self.required(path, "") } else { self.invalid(path, quote(name), detail) };
        };
        for (whole, rule, is_domain) in
            [(domain, names::dns_label as fn(&str) -> Vec<String>, true), (own, names::dns_subdomain, false)]
        {
            // The first label that is wrong says enough.
            if let Some(label) = whole.split('.').find(|label| !rule(label).is_empty()) {
                for complaint in rule(label) {
                    self.invalid(path, quote(whole), format!("validating label {}: {complaint}", quote(label)));
                }
            }
            if is_domain && !domain.contains('.') {
                let detail = "should be a domain with at least two segments separated by dots";
                self.invalid(path, quote(domain), detail);
            }
        }
    }

    /// The part of `validateProjectionSources` that is about certificates of pods.
    fn pod_certificate(&mut self, certificate: &Value, at: &str) {
        self.signer(text(&certificate["signerName"]), &format!("{at}.signerName"));
        let types = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
        self.supported(text(&certificate["keyType"]), format!("{at}.keyType"), &types);
        if let Some(seconds) = certificate["maxExpirationSeconds"].as_int() {
            let most = if names::is_of_kubernetes(text(&certificate["signerName"])) { 86_400 } else { 7_862_400 };
            for (wrong, detail) in [(seconds < 3600, ">= 3600".to_owned()), (seconds > most, format!("<= {most}"))] {
                if wrong {
                    let detail = format!("if provided, maxExpirationSeconds must be {detail}");
                    self.invalid(format!("{at}.maxExpirationSeconds"), seconds.to_string(), detail);
                }
            }
        }
        let given = CERTIFICATE_PATHS.iter().filter(|field| !text(&certificate[**field]).is_empty());
        for field in given.clone() {
            self.own_path(text(&certificate[*field]), format!("{at}.{field}"));
        }
        if given.count() == 0 {
            self.required(at, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
        }
    }
}
