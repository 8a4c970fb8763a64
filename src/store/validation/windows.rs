//! What the server refuses of pods for Windows (`validateWindowsSecurityContextOptions`, `validateWindowsHostProcessPod`).

use super::{Errors, each_container, names, quote, truth};
use crate::api::value::Value;

impl Errors {
    pub(super) fn windows_options(&mut self, options: &Value, path: &str) {
        if let Some(name) = options["gmsaCredentialSpecName"].as_str() {
            self.complaints(&format!("{path}.gmsaCredentialSpecName"), name, names::dns_subdomain(name));
        }
        if let Some(spec) = options["gmsaCredentialSpec"].as_str() {
            let detail = match spec.len() {
                0 => Some("gmsaCredentialSpec cannot be an empty string"),
                length if length > 64 * 1024 => Some("gmsaCredentialSpec size must be under 64 KiB"),
                _ => None,
            };
            if let Some(detail) = detail {
                self.invalid(format!("{path}.gmsaCredentialSpec"), quote(spec), detail);
            }
        }
        if let Some(name) = options["runAsUserName"].as_str() {
            let path = format!("{path}.runAsUserName");
            for complaint in user_name(name) {
                self.invalid(&path, quote(name), format!("runAsUserName{complaint}"));
            }
        }
    }

    pub(super) fn host_process(&mut self, spec: &Value, path: &str) {
        let of_pod = spec["securityContext"]["windowsOptions"]["hostProcess"].as_bool();
        let (mut all, mut count) = (0, 0);
        for (container, path) in each_container(spec, path) {
            let own = container["securityContext"]["windowsOptions"]["hostProcess"].as_bool();
            all += 1;
            if let (Some(of_pod), Some(own)) = (of_pod, own)
                && of_pod != own
            {
                let detail = format!("pod hostProcess value must be identical if both are specified, was {of_pod}");
                self.invalid(format!("{path}.securityContext.windowsOptions.hostProcess"), own.to_string(), detail);
            }
            count += usize::from(own.or(of_pod) == Some(true));
        }
        if count == 0 {
            return;
        }
        if count != all {
            let detail =
                "If pod contains any hostProcess containers then all containers must be HostProcess containers";
            self.invalid(path, quote(""), detail);
        }
        if !truth(&spec["hostNetwork"]) {
            let detail = "hostNetwork must be true if pod contains any hostProcess containers";
            self.invalid(format!("{path}.hostNetwork"), "false".to_owned(), detail);
        }
    }
}

/// What is wrong with a user's name, `DOMAIN\\USER` or `USER`.
fn user_name(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec![" cannot be an empty string"];
    }
    if name.chars().any(|c| c.is_ascii_control()) {
        return vec![" cannot contain control characters"];
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, user)) if user.contains('\\') => return vec![" cannot contain more than one backslash"],
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut complaints = Vec::new();
    let mut check = |wrong: bool, complaint| {
        if wrong {
            complaints.push(complaint);
        }
    };
    if let Some(domain) = domain {
        check(domain.len() >= 256, "'s Domain length must be under 256 characters");
        let net_bios = (1..=15).contains(&domain.chars().count())
            && !domain.starts_with('.')
            && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']);
        let dns = |part: &str| part.len() <= 63 && names::dns_label(&part.to_ascii_lowercase()).is_empty();
        let good = net_bios || domain.split('.').all(dns);
        check(!good, "'s Domain doesn't match the NetBios nor the DNS format");
    }
    check(user.is_empty(), "'s User cannot be empty");
    check(user.len() > 104, "'s User length must not be longer than 104 characters");
    let blank = !user.is_empty() && user.chars().all(|c| c == '.' || c == ' ');
    check(blank, "'s User cannot contain only periods or spaces");
    let odd = user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']);
    check(odd, "'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    complaints
}
