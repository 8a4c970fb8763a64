//! Takes out of functions what the first paint does not run: such an end of a sequence of instructions becomes a
//! function of its own, which can then come with the rest.
//!
//! A sequence is a function's body, the inside of a block or loop, or an arm of an if. It is entered at its beginning
//! only, so that whatever of it was not run while the profile was taken is its end, from a *stretch* on. Stretches are
//! run from their beginning or not at all. The new function is given the locals that are needed, and gives back those
//! that it changes and a number that says where to go on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::module::{Argument, Instruction, Locals, Module, Result, Type, body, kind, opcode, section};
use super::split::{write_bytes, write_number, write_section, write_signed};

/// Ends of sequences of fewer bytes than this are not worth a call.
const SMALL: usize = 24;
/// Each local and each way out makes the call longer.
const PER_LOCAL: usize = 2;
/// The way out of a loop at its end, which is not a label.
const LOOP_END: u32 = u32::MAX;
const I32: u8 = 0x7f;
/// An I32, too, but never the local for a value.
const CHOICE: u8 = 0;

/// The end of a sequence: the number of the sequence, and which instructions.
pub type End = (usize, Range<usize>);

/// The inside of one function.
pub struct Inside<'a> {
    bytes: &'a [u8],
    /// The types of all locals, parameters first.
    locals: Vec<u8>,
    own_locals: Locals,
    pub instructions: Vec<Instruction>,
    pub sequences: Vec<Sequence<'a>>,
    /// By the instruction that ends a block, loop or if: the one that begins it, and its sequences.
    closed: BTreeMap<usize, (usize, Vec<usize>)>,
}

pub struct Sequence<'a> {
    outer: Option<usize>,
    is_loop: bool,
    gives: &'a [u8],
    /// Without the instruction that ends it.
    inside: Range<usize>,
    /// Where stretches begin.
    pub stretches: Vec<usize>,
    /// Whether its end can be reached.
    falls: bool,
}

/// What is known of a sequence while it is read.
struct Open {
    sequence: usize,
    /// The instruction that begins it.
    begin: usize,
    /// How many values are on the stack.
    height: usize,
    is_dead: bool,
    /// Whether the next instruction begins a stretch, if nothing is on the stack.
    is_fresh: bool,
}

impl<'a> Inside<'a> {
    pub fn read(module: &Module<'a>, at: usize) -> Result<Self> {
        let bytes = module.bodies[at];
        let of = module.types.get(module.functions[at] as usize).ok_or("a function of an unknown type")?;
        let (own_locals, instructions) = body(bytes)?;
        let mut locals = of.takes.to_vec();
        for (count, kind) in &own_locals {
            locals.resize(locals.len() + *count as usize, *kind);
        }
        let mut inside =
            Inside { bytes, locals, own_locals, instructions, sequences: Vec::new(), closed: BTreeMap::new() };
        if inside.read_sequences(module, of.gives).is_none() {
            // Something that the compiler does not make today: the function stays whole.
            let all = 0..inside.instructions.len() - 1;
            inside.closed.clear();
            inside.sequences = vec![Sequence {
                outer: None,
                is_loop: false,
                gives: &[],
                inside: all,
                stretches: vec![0],
                falls: false,
            }];
        }
        Ok(inside)
    }

    fn read_sequences(&mut self, module: &Module<'a>, gives: &'a [u8]) -> Option<()> {
        let mut sequences: Vec<Sequence> = Vec::new();
        let mut stack: Vec<Open> = Vec::new();
        let open = |stack: &mut Vec<Open>, sequences: &mut Vec<Sequence<'a>>, begin, is_loop, gives, is_dead| {
            let outer = stack.last().map(|it: &Open| it.sequence);
            let inside = if outer.is_none() { 0..0 } else { begin + 1..0 };
            stack.push(Open { sequence: sequences.len(), begin, height: 0, is_dead, is_fresh: true });
            sequences.push(Sequence { outer, is_loop, gives, inside, stretches: Vec::new(), falls: false });
        };
        open(&mut stack, &mut sequences, 0, false, gives, false);
        for (at, instruction) in self.instructions.iter().enumerate() {
            let top = stack.last_mut()?;
            let code = instruction.opcode;
            let ends = code == opcode::END || code == opcode::ELSE;
            if top.is_fresh && top.height == 0 && !top.is_dead && !ends {
                sequences[top.sequence].stretches.push(at);
                top.is_fresh = false;
            }
            if ends {
                let done = stack.pop()?;
                sequences[done.sequence].inside.end = at;
                sequences[done.sequence].falls = !done.is_dead;
                let gives = sequences[done.sequence].gives;
                if !done.is_dead && done.height != gives.len() {
                    return None;
                }
                if code == opcode::ELSE {
                    let is_dead = stack.last()?.is_dead;
                    open(&mut stack, &mut sequences, at, false, gives, is_dead);
                } else if let Some(outer) = stack.last_mut() {
                    outer.height += gives.len();
                    outer.is_fresh = true;
                    // An `else` begins where the arm before it ends.
                    let mut arms = vec![done.sequence];
                    let mut begin = done.begin;
                    if self.instructions[begin].opcode == opcode::ELSE {
                        let (first, before) = self.closed.get(&begin)?.clone();
                        arms.insert(0, before[0]);
                        begin = first;
                    }
                    self.closed.insert(at, (begin, arms));
                    continue;
                }
                self.closed.insert(at, (done.begin, vec![done.sequence]));
                continue;
            }
            if let Argument::Gives(gives) = instruction.argument {
                if code == opcode::IF && !top.is_dead {
                    top.height = top.height.checked_sub(1)?;
                }
                let gives = match usize::try_from(gives) {
                    Ok(of) => module.types.get(of).filter(|of| of.takes.is_empty())?.gives,
                    Err(_) if gives == -64 => &[],
                    Err(_) => self.bytes.get(instruction.place.start + 1..instruction.place.end)?,
                };
                let is_dead = top.is_dead;
                open(&mut stack, &mut sequences, at, code == opcode::LOOP, gives, is_dead);
                continue;
            }
            top.is_fresh |= code == opcode::BR_IF;
            if top.is_dead {
                continue;
            }
            let called = match instruction.argument {
                Argument::Function(function, _) if code == opcode::CALL => Some(module.type_of(function).ok()?),
                Argument::Type(of) => Some(of),
                _ => None,
            };
            let (takes, gives) = match called {
                Some(of) => {
                    let of = module.types.get(of as usize)?;
                    (of.takes.len() + usize::from(code == opcode::CALL_INDIRECT), of.gives.len())
                }
                None => effect(code)?,
            };
            top.height = top.height.checked_sub(takes)? + gives;
            top.is_dead = matches!(code, opcode::UNREACHABLE | opcode::BR | opcode::BR_TABLE | opcode::RETURN);
        }
        self.sequences = sequences;
        stack.is_empty().then_some(())
    }

    /// Where stretches begin, sequence by sequence.
    pub fn stretches(&self) -> impl Iterator<Item = usize> {
        self.sequences.iter().flat_map(|sequence| sequence.stretches.iter().copied())
    }

    /// For every stretch what tells it from the others of this function: what kinds of instructions there are from there
    /// to the end of its sequence, and how many such ones there are before.
    pub fn marks(&self) -> Vec<(u64, u32)> {
        let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
        let mut marks = Vec::new();
        for sequence in &self.sequences {
            let mut hash = 0u64;
            let mut stretches = sequence.stretches.iter().rev().peekable();
            let mut own = Vec::new();
            for at in sequence.inside.clone().rev() {
                hash = (hash ^ u64::from(self.instructions[at].opcode) ^ 0x9e37_79b9).wrapping_mul(0x0100_0000_01b3);
                if stretches.next_if_eq(&&at).is_some() {
                    let before = seen.entry(hash).or_default();
                    own.push((hash, *before));
                    *before += 1;
                }
            }
            marks.extend(own.into_iter().rev());
        }
        marks
    }

    /// The ends of sequences that begin with a stretch of the rest, outermost ones only; never the whole function.
    /// Stretches are given by where they begin, sequences by their numbers.
    pub fn ends(&self, is_rest: &BTreeSet<usize>) -> Vec<End> {
        let mut ends: Vec<End> = Vec::new();
        for (number, sequence) in self.sequences.iter().enumerate() {
            if ends.iter().any(|(_, end)| end.contains(&sequence.inside.start)) {
                continue;
            }
            let of_function = usize::from(number == 0);
            if let Some(first) = sequence.stretches.iter().skip(of_function).find(|stretch| is_rest.contains(stretch)) {
                ends.push((number, *first..sequence.inside.end));
            }
        }
        ends
    }

    /// Whether these instructions are enough to make a function of them.
    pub fn is_worth(&self, range: &Range<usize>) -> bool {
        self.length(range) >= SMALL
    }

    /// How many bytes there are in these instructions.
    fn length(&self, range: &Range<usize>) -> usize {
        let places = &self.instructions[range.clone()];
        places.last().map_or(0, |last| last.place.end - places[0].place.start)
    }

    /// The sequence that a label stands for.
    fn labelled(&self, from: usize, outwards: u32) -> Option<usize> {
        (0..outwards).try_fold(from, |sequence, _| self.sequences[sequence].outer)
    }

    /// What is to be known to make a function of the end of a sequence; nothing if that is not worth while.
    fn region(&self, number: usize, range: Range<usize>) -> Option<Region> {
        let sequence = &self.sequences[number];
        let mut exits = Vec::new();
        if sequence.falls {
            exits.push(if sequence.is_loop { LOOP_END } else { 0 });
        }
        let (mut used, mut written) = (BTreeSet::new(), BTreeSet::new());
        let mut depth = 0;
        let mut leave = |exit: u32| {
            if !exits.contains(&exit) {
                exits.push(exit);
            }
        };
        for instruction in &self.instructions[range.clone()] {
            match &instruction.argument {
                Argument::Gives(_) => depth += 1,
                Argument::Labels(labels) => labels.iter().filter(|it| **it >= depth).for_each(|it| leave(it - depth)),
                Argument::Local(local) => {
                    used.insert(*local);
                    if instruction.opcode != opcode::LOCAL_GET {
                        written.insert(*local);
                    }
                }
                _ if instruction.opcode == opcode::RETURN => {
                    leave(std::iter::successors(sequence.outer, |it| self.sequences[*it].outer).count() as u32);
                }
                _ if instruction.opcode == opcode::END => depth -= 1,
                _ => {}
            }
        }
        let mut values = Vec::new();
        for exit in &exits {
            let value = match *exit {
                LOOP_END => sequence.gives,
                _ => {
                    let to = &self.sequences[self.labelled(number, *exit)?];
                    if to.is_loop { &[] } else { to.gives }
                }
            };
            values.push(match value {
                [] => None,
                [one] => Some(*one),
                _ => return None,
            });
        }
        let mut kinds = values.iter().flatten();
        let value = kinds.next().copied();
        if kinds.any(|kind| Some(*kind) != value) {
            return None;
        }
        Some(Region { number, range, exits, values, value, used, written, takes: Vec::new(), gives: Vec::new() })
    }

    /// Fills in which locals the regions take and give.
    fn set_locals(&self, regions: &mut [Region]) {
        let none = BTreeSet::new();
        self.live_before(0, &none, &mut Vec::new(), regions);
    }

    /// The locals whose values are used after the beginning of a sequence, if those `after` its end are.
    fn live_before(
        &self,
        number: usize,
        after: &BTreeSet<u32>,
        labels: &mut Vec<BTreeSet<u32>>,
        regions: &mut [Region],
    ) -> BTreeSet<u32> {
        let sequence = &self.sequences[number];
        labels.push(if sequence.is_loop { BTreeSet::new() } else { after.clone() });
        loop {
            let mut live = after.clone();
            let mut at = sequence.inside.end;
            while at > sequence.inside.start {
                at -= 1;
                let instruction = &self.instructions[at];
                let label =
                    |labels: &[BTreeSet<u32>], outwards: u32| labels[labels.len() - 1 - outwards as usize].clone();
                match &instruction.argument {
                    Argument::Local(local) if instruction.opcode == opcode::LOCAL_GET => drop(live.insert(*local)),
                    Argument::Local(local) => drop(live.remove(local)),
                    Argument::Labels(to) => {
                        if instruction.opcode != opcode::BR_IF {
                            live.clear();
                        }
                        to.iter().for_each(|to| live.extend(label(labels, *to)));
                    }
                    _ => match instruction.opcode {
                        opcode::UNREACHABLE | opcode::RETURN => live.clear(),
                        opcode::END => {
                            let (begin, inner) = &self.closed[&at];
                            let behind = live.clone();
                            if inner.len() > 1 || self.instructions[*begin].opcode != opcode::IF {
                                live.clear();
                            }
                            for number in inner {
                                live.extend(self.live_before(*number, &behind, labels, regions));
                            }
                            at = *begin;
                        }
                        _ => {}
                    },
                }
                if let Some(region) =
                    regions.iter_mut().find(|region| region.number == number && region.range.start == at)
                {
                    let used = |local: &&u32| region.used.contains(local);
                    region.takes = live.iter().filter(used).copied().collect();
                    let mut behind = BTreeSet::new();
                    for exit in &region.exits {
                        behind.extend(if *exit == LOOP_END { after.clone() } else { label(labels, *exit) });
                    }
                    region.gives = region.written.intersection(&behind).copied().collect();
                }
            }
            // What is used at a loop's beginning is used after a jump to it.
            if !sequence.is_loop || labels.last() == Some(&live) {
                labels.pop();
                return live;
            }
            labels.pop();
            labels.push(live);
        }
    }

    /// The body of a function for a region, and its type.
    fn outlined(&self, region: &Region) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let kind = |local: &u32| self.locals[*local as usize];
        let mut inner: Vec<u32> = region.used.iter().filter(|local| !region.takes.contains(local)).copied().collect();
        inner.sort_by_key(|local| kind(local));
        let number: BTreeMap<u32, u32> = region.takes.iter().chain(&inner).copied().zip(0..).collect();
        let choice = region.exits.len() > 1;
        let mut kinds: Vec<u8> = inner.iter().map(kind).collect();
        kinds.extend(region.value.filter(|_| choice));
        let value_local = (number.len()) as u32;

        let mut out = Vec::new();
        let runs: Vec<&[u8]> = kinds.chunk_by(|one, other| one == other).collect();
        write_number(&mut out, runs.len() as u32);
        for run in runs {
            write_number(&mut out, run.len() as u32);
            out.push(run[0]);
        }
        for value in region.values.iter().rev() {
            out.extend([opcode::BLOCK as u8, value.unwrap_or(0x40)]);
        }
        let exit = |outwards: u32| region.exits.iter().position(|it| *it == outwards).unwrap_or_default() as u32;
        let outermost =
            std::iter::successors(self.sequences[region.number].outer, |it| self.sequences[*it].outer).count() as u32;
        let mut depth = 0;
        for instruction in &self.instructions[region.range.clone()] {
            match &instruction.argument {
                Argument::Local(local) => {
                    out.push(instruction.opcode as u8);
                    write_number(&mut out, number[local]);
                    continue;
                }
                Argument::Labels(labels) => {
                    out.push(instruction.opcode as u8);
                    if instruction.opcode == opcode::BR_TABLE {
                        write_number(&mut out, labels.len() as u32 - 1);
                    }
                    for label in labels {
                        let inner = *label < depth;
                        write_number(&mut out, if inner { *label } else { depth + exit(label - depth) });
                    }
                    continue;
                }
                Argument::Gives(_) => depth += 1,
                _ if instruction.opcode == opcode::RETURN => {
                    out.push(opcode::BR as u8);
                    write_number(&mut out, depth + exit(outermost));
                    continue;
                }
                _ if instruction.opcode == opcode::END => depth -= 1,
                _ => {}
            }
            out.extend(&self.bytes[instruction.place.clone()]);
        }
        for (at, value) in region.values.iter().enumerate() {
            out.push(opcode::END as u8);
            if let (true, Some(_)) = (choice, value) {
                write_local(&mut out, opcode::LOCAL_SET, value_local);
            }
            if choice {
                out.push(0x41);
                write_signed(&mut out, at as i64);
                if region.value.is_some() {
                    write_local(&mut out, opcode::LOCAL_GET, value_local);
                }
            }
            region.gives.iter().for_each(|local| write_local(&mut out, opcode::LOCAL_GET, number[local]));
            if at + 1 < region.exits.len() {
                out.push(opcode::RETURN as u8);
            }
        }
        out.push(opcode::END as u8);

        let takes = region.takes.iter().map(kind).collect();
        let mut gives: Vec<u8> = Vec::new();
        gives.extend(choice.then_some(I32));
        gives.extend(region.value);
        gives.extend(region.gives.iter().map(kind));
        (out, takes, gives)
    }

    /// The function's own body, with calls of the regions' functions instead of the regions.
    fn shortened(&self, regions: &[(Region, u32)]) -> Vec<u8> {
        let mut locals = self.own_locals.clone();
        let mut code = Vec::new();
        let first = self.locals.len() as u32;
        let mut added: Vec<u8> = Vec::new();
        let mut local_of = |kind: u8| {
            let at = added.iter().position(|it| *it == kind).unwrap_or_else(|| {
                added.push(kind);
                locals.push((1, kind));
                added.len() - 1
            });
            first + at as u32
        };
        let begin = self.instructions[0].place.start;
        let mut done = begin;
        for (region, function) in regions {
            code.extend(&self.bytes[done..self.instructions[region.range.start].place.start]);
            done = self.instructions[region.range.end].place.start;
            let fall = region.exits.first().is_some_and(|exit| *exit == LOOP_END || self.is_fall(region));
            let block = region.exits.len() > 1 && region.exits[0] == LOOP_END && region.value.is_none();
            if block {
                code.extend([opcode::BLOCK as u8, 0x40]);
            }
            region.takes.iter().for_each(|local| write_local(&mut code, opcode::LOCAL_GET, *local));
            code.push(opcode::CALL as u8);
            write_number(&mut code, *function);
            region.gives.iter().rev().for_each(|local| write_local(&mut code, opcode::LOCAL_SET, *local));
            let branch = |code: &mut Vec<u8>, label: u32| {
                code.push(opcode::BR as u8);
                write_number(code, label);
            };
            match (&region.exits[..], region.value) {
                ([], _) => code.push(opcode::UNREACHABLE as u8),
                ([only], _) => {
                    if !fall {
                        branch(&mut code, *only);
                    }
                }
                (exits, None) => {
                    code.push(opcode::BR_TABLE as u8);
                    write_number(&mut code, exits.len() as u32 - 1);
                    for exit in exits {
                        write_number(&mut code, if *exit == LOOP_END { 0 } else { exit + u32::from(block) });
                    }
                }
                (exits, Some(kind)) => {
                    let (value, choice) = (local_of(kind), local_of(CHOICE));
                    write_local(&mut code, opcode::LOCAL_SET, value);
                    write_local(&mut code, opcode::LOCAL_SET, choice);
                    for (at, exit) in exits.iter().enumerate().skip(1) {
                        write_local(&mut code, opcode::LOCAL_GET, choice);
                        code.push(0x41);
                        write_signed(&mut code, at as i64);
                        // i32.eq
                        code.extend([0x46, opcode::IF as u8, 0x40]);
                        if region.values[at].is_some() {
                            write_local(&mut code, opcode::LOCAL_GET, value);
                        }
                        branch(&mut code, exit + 1);
                        code.push(opcode::END as u8);
                    }
                    if region.values[0].is_some() {
                        write_local(&mut code, opcode::LOCAL_GET, value);
                    }
                    if !fall {
                        branch(&mut code, exits[0]);
                    }
                }
            }
            if block {
                code.push(opcode::END as u8);
            }
        }
        code.extend(&self.bytes[done..]);
        let mut out = Vec::new();
        write_number(&mut out, locals.len() as u32);
        for (count, kind) in locals {
            write_number(&mut out, count);
            out.push(if kind == CHOICE { I32 } else { kind });
        }
        out.extend(code);
        out
    }

    /// Whether the first way out of a region that is not in a loop is its end.
    fn is_fall(&self, region: &Region) -> bool {
        region.exits.first() == Some(&0) && !self.sequences[region.number].is_loop
    }
}

/// The end of a sequence that becomes a function.
struct Region {
    /// Of the sequence.
    number: usize,
    range: Range<usize>,
    /// Where it goes on after it: labels as seen from the sequence. If that is its end, it comes first.
    exits: Vec<u32>,
    /// What is on the stack there.
    values: Vec<Option<u8>>,
    value: Option<u8>,
    used: BTreeSet<u32>,
    written: BTreeSet<u32>,
    takes: Vec<u32>,
    gives: Vec<u32>,
}

/// A module with more functions at its end: those that were taken out of others. `ends` tells by its number what of a
/// body can be taken out.
pub fn outline(module: &Module, ends: &dyn Fn(usize, &Inside) -> Vec<End>) -> Result<Vec<u8>> {
    let functions = module.imported(kind::FUNCTION);
    let mut types: Vec<(Vec<u8>, Vec<u8>)> =
        module.types.iter().map(|Type { takes, gives }| (takes.to_vec(), gives.to_vec())).collect();
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    let (mut new_bodies, mut new_types): (Vec<Vec<u8>>, Vec<u32>) = (Vec::new(), Vec::new());
    for at in 0..module.bodies.len() {
        let inside = Inside::read(module, at)?;
        let mut regions: Vec<Region> = ends(at, &inside)
            .into_iter()
            .filter(|(_, range)| inside.is_worth(range))
            .filter_map(|(number, range)| inside.region(number, range))
            .collect();
        if regions.is_empty() {
            bodies.push(module.bodies[at].to_vec());
            continue;
        }
        inside.set_locals(&mut regions);
        regions.retain(|region| {
            let ways = region.takes.len() + region.gives.len() + region.exits.len();
            inside.length(&region.range) >= SMALL + PER_LOCAL * ways
        });
        regions.sort_by_key(|region| region.range.start);
        let regions: Vec<(Region, u32)> = regions
            .into_iter()
            .map(|region| {
                let (body, takes, gives) = inside.outlined(&region);
                let of = (takes, gives);
                let place = types.iter().position(|it| *it == of).unwrap_or_else(|| {
                    types.push(of);
                    types.len() - 1
                });
                new_types.push(place as u32);
                new_bodies.push(body);
                (region, functions + (module.bodies.len() + new_bodies.len() - 1) as u32)
            })
            .collect();
        bodies.push(inside.shortened(&regions));
    }

    let mut out = Vec::from(*b"\0asm\x01\0\0\0");
    for (id, content) in &module.sections {
        let mut written = Vec::new();
        match *id {
            section::TYPE => {
                write_number(&mut written, types.len() as u32);
                for (takes, gives) in &types {
                    written.push(0x60);
                    write_bytes(&mut written, takes);
                    write_bytes(&mut written, gives);
                }
            }
            section::FUNCTION => {
                write_number(&mut written, (bodies.len() + new_bodies.len()) as u32);
                module.functions.iter().chain(&new_types).for_each(|of| write_number(&mut written, *of));
            }
            section::CODE => {
                write_number(&mut written, (bodies.len() + new_bodies.len()) as u32);
                bodies.iter().chain(&new_bodies).for_each(|body| write_bytes(&mut written, body));
            }
            _ => written.extend(*content),
        }
        write_section(&mut out, *id, &written);
    }
    Ok(out)
}

/// How many values an instruction takes from the stack and puts there.
fn effect(code: u16) -> Option<(usize, usize)> {
    Some(match code {
        // unreachable, nop, br, return, data.drop, elem.drop
        0x00 | 0x01 | 0x0c | 0x0f | 0xfc09 | 0xfc0d => (0, 0),
        // br_if, br_table, drop, local.set, global.set
        0x0d | 0x0e | 0x1a | 0x21 | 0x24 => (1, 0),
        // select
        0x1b | 0x1c => (3, 1),
        // local.get, global.get, memory.size, constants, ref.null, ref.func, table.size
        0x20 | 0x23 | 0x3f | 0x41..=0x44 | 0xd0 | 0xd2 | 0xfc10 => (0, 1),
        // local.tee, table.get, loading, memory.grow, ref.is_null
        0x22 | 0x25 | 0x28..=0x35 | 0x40 | 0xd1 => (1, 1),
        // table.set, storing
        0x26 | 0x36..=0x3e => (2, 0),
        // of one number: is zero; bits; signs, roots, rounding; converting
        0x45 | 0x50 | 0x67..=0x69 | 0x79..=0x7b | 0x8b..=0x91 | 0x99..=0x9f | 0xa7..=0xc4 | 0xfc00..=0xfc07 => (1, 1),
        // of two numbers
        0x46..=0xa6 => (2, 1),
        // memory.init, memory.copy, memory.fill, table.init, table.copy, table.fill
        0xfc08 | 0xfc0a..=0xfc0c | 0xfc0e | 0xfc11 => (3, 0),
        // table.grow
        0xfc0f => (2, 1),
        _ => return None,
    })
}

fn write_local(out: &mut Vec<u8>, opcode: u16, local: u32) {
    out.push(opcode as u8);
    write_number(out, local);
}
#[cfg(test)]
mod tests {
    use super::*;

    /// fn(i32) -> i32 with one more local: `block`, go to its end if the parameter is not 0, `cold`, `end`, the parameter.
    fn module_with(cold: &[u8]) -> Vec<u8> {
        let mut body = vec![1, 1, I32, 0x02, 0x40, 0x20, 0, 0x0d, 0];
        body.extend(cold);
        body.extend([0x0b, 0x20, 0, 0x0b]);
        let mut code = vec![1];
        write_bytes(&mut code, &body);
        let mut module = Vec::from(*b"\0asm\x01\0\0\0");
        write_section(&mut module, section::TYPE, &[1, 0x60, 1, I32, 1, I32]);
        write_section(&mut module, section::FUNCTION, &[1, 0]);
        write_section(&mut module, section::CODE, &code);
        module
    }

    /// What is taken out takes and gives; both functions have to be well formed.
    fn outlined(cold: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let bytes = module_with(cold);
        let module = Module::read(&bytes).unwrap();
        let ends = |_, inside: &Inside| {
            let cold = inside.sequences[1].stretches[1];
            assert_eq!(inside.instructions[cold].place.start, 9);
            inside.ends(&[cold].into())
        };
        let outlined = outline(&module, &ends).unwrap();
        let module = Module::read(&outlined).unwrap();
        assert_eq!(module.bodies.len(), 2);
        for at in 0..2 {
            assert!(!Inside::read(&module, at).unwrap().closed.is_empty(), "{:x?}", module.bodies[at]);
        }
        assert!(module.bodies[0].len() < 40);
        let of = module.types[module.functions[1] as usize];
        (of.takes.to_vec(), of.gives.to_vec())
    }

    #[test]
    fn what_goes_on_at_the_end_gives_the_locals_that_are_used_there() {
        // The parameter becomes 7 by way of the other local, of which nothing is to be known.
        let mut cold = vec![1; 50];
        cold.extend([0x41, 7, 0x21, 1, 0x20, 1, 0x21, 0]);
        assert_eq!(outlined(&cold), (vec![], vec![I32]));
        // Only if it was 5 before: then it has to be known.
        let mut cold = vec![1; 50];
        cold.extend([0x20, 0, 0x41, 5, 0x46, 0x04, 0x40, 0x41, 7, 0x21, 0, 0x0b]);
        assert_eq!(outlined(&cold), (vec![I32], vec![I32]));
    }

    #[test]
    fn several_ways_out_are_told_apart() {
        // To the end of the block if the parameter is 1, otherwise back to the caller with 7.
        let mut cold = vec![1; 50];
        cold.extend([0x20, 0, 0x0d, 0, 0x41, 7, 0x0f]);
        assert_eq!(outlined(&cold), (vec![I32], vec![I32, I32]));
        // Round and round until it is 1.
        let mut cold = vec![0x03, 0x40];
        cold.extend([1; 50]);
        cold.extend([0x20, 0, 0x0d, 1, 0x0c, 0, 0x0b]);
        assert_eq!(outlined(&cold), (vec![I32], vec![]));
    }

    #[test]
    fn stretches_that_look_alike_have_marks_of_their_own() {
        let bytes = module_with(&[0x20, 0, 0x0d, 0, 0x20, 0, 0x0d, 0]);
        let module = Module::read(&bytes).unwrap();
        let marks = Inside::read(&module, 0).unwrap().marks();
        let different: BTreeSet<_> = marks.iter().collect();
        assert_eq!(different.len(), marks.len());
    }
}
