//! The editor's text: checked, its effect foretold, mended.

use super::*;
use crate::manifest::{Finding, Severity};

thread_local! {
    /// The editor's text once more, for when the session cannot be asked any longer.
    static LAST: RefCell<Option<Shared<String>>> = const { RefCell::new(None) };
}

/// The editor's text, from outside of the session; from now on in the storage, too.
pub(super) fn last() -> String {
    let text = LAST.with(|last| last.try_borrow().ok().and_then(|last| last.as_deref().cloned()));
    if let Some(text) = &text {
        storage::set(saved::TEXT, text);
    }
    text.or_else(|| storage::get(saved::TEXT)).unwrap_or_else(|| TUTORIAL.to_owned())
}

impl Session {
    pub(super) fn set_text(&mut self, text: String) {
        self.state.editor.text = Shared::from(text);
        LAST.set(Some(self.state.editor.text.clone()));
    }

    pub(super) fn load(&mut self, text: String) {
        self.set_text(text);
        self.state.editor.loads += 1;
        self.check_text();
        self.ask(Job::Save, 400);
    }

    /// Writes a toleration into the manifest, and shows where.
    pub(super) fn tolerate(&mut self, key: &ObjectKey, taint: &Taint) {
        let Some(text) = fix::tolerated(&self.state.editor.text, key, taint) else { return };
        let line = text.lines().zip(self.state.editor.text.lines()).take_while(|(new, old)| new == old).count() + 1;
        self.load(text);
        self.state.tab = Tab::Yaml;
        self.state.editor.jump = (self.state.editor.jump.0 + 1, line as u32, 1);
        let text =
            ["Written into the manifest of ", &key.name, ". Apply it, and its pods tolerate the taint."].concat();
        self.say(Notice { error: false, text });
    }

    /// Whether the editor's text can be made to tolerate a taint for certain; asked often, so answers are kept.
    pub(super) fn can_tolerate(&self, key: &ObjectKey, taint: &Taint) -> bool {
        let mut known = self.tolerable.borrow_mut();
        let text = &self.state.editor.text;
        if known.0 != *text {
            *known = (text.clone(), Vec::new());
        }
        if let Some((_, _, answer)) = known.1.iter().find(|(it, other, _)| it == key && other == taint) {
            return *answer;
        }
        let answer = fix::tolerated(text, key, taint).is_some();
        known.1.push((key.clone(), taint.clone(), answer));
        answer
    }

    pub(super) fn check_text(&mut self) {
        // What the text can be made to tolerate may have changed.
        self.inspected_at = f64::MIN;
        self.check = engine::check(&self.state.editor.text);
        let rows = self.check.findings.iter().map(finding_row).collect();
        self.state.editor.findings.update(rows);
        self.preview();
    }

    pub(super) fn preview(&mut self) {
        let preview = engine::preview(self.world(), &self.check);
        if *self.state.editor.preview != *preview.sentence {
            self.state.editor.preview = preview.sentence.into();
        }
    }
}

fn finding_row(finding: &Finding) -> FindingRow {
    FindingRow {
        error: finding.severity == Severity::Error,
        path: finding.path.clone(),
        message: finding.message.clone(),
        mend: finding.mend.clone().unwrap_or_default(),
        line: finding.span.line as u32,
        column: finding.span.column as u32,
        end_line: finding.span.end_line as u32,
        end_column: finding.span.end_column as u32,
        fixable: finding.fix.is_some(),
    }
}

/// The tutorial's manifest.
pub const TUTORIAL: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: nginx-daemon-set
spec:
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:1.16
";
