//! Explanations as text: what the inspector would say.

use std::fmt::Write as _;
use std::sync::Arc;

use everynode::api::{Kind, SimTime};
use everynode::engine::{Command, DryRun, Record, Sim};
use everynode::view::inspect::{Moment, Revision, inspect};
use everynode::view::{Block, Link, Mark, ObjectRef, Offer, Row};

/// Runs of a look ahead.
const SEEDS: usize = 3;

/// Explains an object, or an act if its number is given: why it is as it is, or the facts beside that.
pub fn why(sim: &Sim, now: SimTime, object: &ObjectRef, record: Option<u64>, facts: bool) -> String {
    let history = sim.history();
    let moment = Moment {
        world: sim.world(),
        history,
        records: history.records().len(),
        now,
        sim: Some(sim),
        can_tolerate: &|_, _| true,
        unfolded: false,
    };
    let mut text = String::new();
    let inspection = inspect(&moment, Some(object), record, false);
    if facts {
        let describe = everynode::view::inspect::describe_command(object);
        writeln!(text, "{}, {} [{describe}]", inspection.title, inspection.kind).unwrap();
    }
    for block in inspection.blocks.iter().filter(|block| matches!(block, Block::Facts { .. }) == facts) {
        match block {
            Block::Lead { title, text: said, function } => writeln!(text, "{title}: {said} [{function}]").unwrap(),
            Block::Rows { title, rows, verdict, offer } => {
                writeln!(text, "{title}").unwrap();
                rows.iter().for_each(|row| write_row(row, &mut text));
                if let Some(verdict) = verdict {
                    writeln!(
                        text,
                        "  = {} {} [{}]{}",
                        verdict.text,
                        verdict.rest,
                        verdict.function,
                        match offer {
                            Some(Offer::Tolerate(..)) => " [Tolerate it…]".to_owned(),
                            Some(Offer::Run(command, text)) => format!(" [{text}: {}]", command.to_text()),
                            None => String::new(),
                        }
                    )
                    .unwrap();
                }
            }
            Block::Counts { title, rows } => {
                writeln!(text, "{title}").unwrap();
                for row in rows {
                    let names: Vec<&str> = row.links.iter().map(|link| &*link.key.name).collect();
                    let lines: Vec<&str> = row.lines.iter().map(|line| line.text.as_str()).collect();
                    writeln!(text, "  {} {}: {} ({})", row.title, row.linked, names.join(" "), lines.join("; "))
                        .unwrap();
                }
            }
            Block::Chain { title, links } => {
                writeln!(text, "{title}").unwrap();
                links.iter().for_each(|link| write_link(link, &mut text));
            }
            Block::Revisions { title, rows } => {
                writeln!(text, "{title}").unwrap();
                rows.iter().for_each(|row| write_revision(row, &mut text));
            }
            Block::Changes { title, lines } => {
                writeln!(text, "{title}").unwrap();
                lines.iter().for_each(|(sign, line)| writeln!(text, "  {sign}{line}").unwrap());
            }
            Block::Note(said) => writeln!(text, "{said}").unwrap(),
            Block::Facts { title, rows } => {
                writeln!(text, "{title}").unwrap();
                rows.iter().for_each(|(key, value)| writeln!(text, "  {key}: {value}").unwrap());
            }
        }
    }
    text
}

fn write_row(row: &Row, text: &mut String) {
    let mark = match row.mark {
        Mark::Yes => "yes",
        Mark::No => "NO",
        Mark::Next => "next",
        Mark::Note => "-",
    };
    write!(text, "  {mark} {}", row.title).unwrap();
    if !row.function.is_empty() {
        write!(text, " [{}]", row.function).unwrap();
    }
    text.push('\n');
    for line in row.lines.iter().filter(|line| !line.text.is_empty()) {
        let remark = if line.remark.is_empty() { String::new() } else { format!(" ({})", line.remark) };
        writeln!(text, "      {}{remark}", line.text).unwrap();
    }
}

fn write_link(link: &Link, text: &mut String) {
    let here = if link.here { "> " } else { "" };
    write!(text, "  {here}{}", link.title).unwrap();
    if !link.detail.is_empty() {
        write!(text, ": {}", link.detail).unwrap();
    }
    if !link.function.is_empty() {
        write!(text, " [{}]", link.function).unwrap();
    }
    text.push('\n');
}

fn write_revision(row: &Revision, text: &mut String) {
    let undo = if row.undo.is_some() { " [Undo to this]" } else { "" };
    writeln!(text, "  {}: {}{undo}", row.title, row.detail).unwrap();
    row.diff.iter().for_each(|(sign, line)| writeln!(text, "    {sign}{line}").unwrap());
}

/// What applying a manifest would lead to, as the dialog beside the editor says it.
/// At first, between its runs, and in the end, or when it was stopped after some steps.
pub fn ahead(sim: &Sim, manifest: &str, steps: Option<usize>) -> String {
    let check = everynode::engine::check(manifest);
    let command = Command::Apply { text: manifest.to_owned() };
    let mut dry_run = DryRun::new(sim, command, everynode::view::ahead::daemonsets(&check), SEEDS);
    let findings: Vec<String> = check.findings.iter().map(everynode::view::words::finding).collect();
    let mut text = findings.iter().fold(String::new(), |text, finding| text + finding + "\n");
    let mut write = |dry_run: &DryRun| {
        let ahead = everynode::view::ahead::ahead(&check, dry_run);
        ahead.errors.iter().for_each(|error| writeln!(text, "{error}").unwrap());
        writeln!(text, "{}", if ahead.running.is_empty() { "In the end:" } else { &ahead.running }).unwrap();
        for set in &ahead.sets {
            set.figures.iter().for_each(|(figure, said)| writeln!(text, "  {figure} {said}").unwrap());
            if !set.remark.is_empty() {
                writeln!(text, "  {}", set.remark).unwrap();
            }
            set.nodes.iter().for_each(|it| writeln!(text, "  {} {}: {}", it.future.word(), it.node, it.why).unwrap());
        }
    };
    write(&dry_run);
    if let Some(steps) = steps {
        dry_run.step(steps);
        dry_run.stop();
    }
    while dry_run.runs_done() == 0 && dry_run.step(1) {}
    if !dry_run.is_done() {
        write(&dry_run);
    }
    while dry_run.step(1000) {}
    write(&dry_run);
    text
}

/// The last act of a kind by an actor: `daemonset-controller Delete`.
pub fn last_act<'a>(sim: &'a Sim, actor: &str, verb: &str) -> Option<&'a Record> {
    let wanted = |record: &&Arc<Record>| record.actor.as_str() == actor && record.verb.as_str() == verb;
    sim.history().records().iter().rev().find(wanted).map(|it| &**it)
}

pub fn object(kind: Kind, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef { kind, key: everynode::api::ObjectKey::new(namespace, name) }
}
