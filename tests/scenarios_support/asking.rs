//! Explanations as text: what the inspector would say.

use std::fmt::Write as _;

use everynode::api::{Kind, SimTime};
use everynode::engine::{Record, Sim};
use everynode::view::inspect::{Moment, Revision, inspect};
use everynode::view::{Block, Link, Mark, ObjectRef, Offer, Row};

/// Explains an object, or an act if its number is given. Facts are left out: they are not explanations.
pub fn why(sim: &Sim, now: SimTime, object: &ObjectRef, record: Option<u64>) -> String {
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
    for block in &inspect(&moment, Some(object), record, false).blocks {
        match block {
            Block::Lead { title, text: said, function } => writeln!(text, "{title}: {said} [{function}]").unwrap(),
            Block::Rows { title, rows, verdict, offer } => {
                writeln!(text, "{title}").unwrap();
                rows.iter().for_each(|row| write_row(row, &mut text));
                if !verdict.0.is_empty() {
                    writeln!(
                        text,
                        "  = {} {}{}",
                        verdict.0,
                        verdict.1,
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
            Block::Facts { .. } => {}
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

/// The last act of a kind by an actor: `daemonset-controller Delete`.
pub fn last_act<'a>(sim: &'a Sim, actor: &str, verb: &str) -> Option<&'a Record> {
    let wanted = |record: &&Record| record.actor.as_str() == actor && record.verb.as_str() == verb;
    sim.history().records().iter().rev().find(wanted)
}

pub fn object(kind: Kind, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef { kind, key: everynode::api::ObjectKey::new(namespace, name) }
}
