//! What Apply would lead to: a dry run, in slices beside all else.

use super::*;
use crate::engine::DryRun;
use crate::view::ahead;

/// Runs with different seeds.
const RUNS: usize = 20;
/// So much computing is spent at most, in milliseconds, on the first run and on all: then what is known is enough.
const PATIENCE: (f64, f64) = (60_000.0, 40_000.0);
/// While it runs, what is shown follows at this pace, in milliseconds.
const SHOW_EVERY: f64 = 200.0;

pub(super) struct LookAhead {
    dry_run: DryRun,
    check: Check,
    /// Milliseconds that it took so far.
    spent: f64,
    shown_at: f64,
}

impl Session {
    /// Opens the panel and begins to find out.
    pub(super) fn look_ahead(&mut self) {
        let text = (*self.state.editor.text).clone();
        // What was typed last may not have been looked at yet.
        let check = engine::check(&text);
        let command = Command::Apply { text };
        let keys = ahead::daemonsets(&check);
        let dry_run = match &self.past {
            Some(_) => DryRun::new(&self.sim_as_shown(), command, keys, RUNS),
            None => DryRun::new(&self.sim, command, keys, RUNS),
        };
        self.ahead = Some(LookAhead { dry_run, check, spent: 0.0, shown_at: f64::MIN });
        self.show_ahead();
        self.state.dialog = Some(Dialog::Ahead);
        self.ask(Job::Work, 4);
    }

    /// Goes on until a moment. Says whether something is left to find out.
    pub(super) fn go_on_ahead(&mut self, end: f64) -> bool {
        let Some(ahead) = &mut self.ahead else { return false };
        if ahead.dry_run.is_done() {
            return false;
        }
        let begin = page::now_ms();
        // One step at a time: it may compare a thousand nodes.
        while page::now_ms() < end && ahead.dry_run.step(1) {}
        let now = page::now_ms();
        ahead.spent += now - begin;
        let patience = if ahead.dry_run.runs_done() == 0 { PATIENCE.0 } else { PATIENCE.1 };
        if ahead.spent > patience {
            ahead.dry_run.stop();
        }
        let more = !ahead.dry_run.is_done();
        if !more || now - ahead.shown_at > SHOW_EVERY {
            ahead.shown_at = now;
            self.show_ahead();
        }
        more
    }

    fn show_ahead(&mut self) {
        if let Some(ahead) = &self.ahead {
            self.state.ahead.update(ahead::ahead(&ahead.check, &ahead.dry_run));
        }
    }
}
