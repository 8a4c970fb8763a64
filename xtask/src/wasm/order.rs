//! The order of a module's functions, which means nothing to a browser, and much to a compressor: what it has just seen
//! costs least. So each function is followed by the one that is most like it.

use std::ops::Range;

use super::module::{Module, Reader, Result, kind, references, section};
use super::split::{LENT, write_bytes, write_name, write_number, write_section, write_signed};

/// Bytes in a row by which two functions are compared.
const RUN: usize = 5;
/// What is known of the runs of a function: one bit each, by a hash.
const BITS: usize = 1 << 15;
/// Bytes between two pieces of data that are filled.
const GAP: i64 = 400;

/// A function's body, and where in it which functions are called.
type Body<'a> = (&'a [u8], Vec<(Range<usize>, u32)>);

/// The module with its functions in the best order, and the new places in the table that it lends, by the old ones: it is
/// in order then, too.
pub fn order(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u32>)> {
    let module = Module::read(bytes)?;
    let imported = module.imported(kind::FUNCTION);
    let bodies = module.bodies.iter().map(|body| Ok((*body, references(body)?))).collect::<Result<Vec<Body>>>()?;
    let order = by_likeness(&bodies);

    let mut numbers: Vec<u32> = (0..imported + order.len() as u32).collect();
    for (number, at) in (imported..).zip(&order) {
        numbers[imported as usize + at] = number;
    }
    let lent = module.exports.iter().find(|export| export.name == LENT && export.kind == kind::TABLE);
    let lent = lent.ok_or_else(|| format!("the module does not export `{LENT}`"))?.index;
    let mut places = Vec::new();
    let mut out = Vec::from(*b"\0asm\x01\0\0\0");
    for (id, content) in &module.sections {
        let mut written = Vec::new();
        match *id {
            section::FUNCTION => {
                write_number(&mut written, order.len() as u32);
                order.iter().for_each(|at| write_number(&mut written, module.functions[*at]));
            }
            section::EXPORT => {
                write_number(&mut written, module.exports.len() as u32);
                for export in &module.exports {
                    write_name(&mut written, export.name);
                    written.push(export.kind);
                    let is_function = export.kind == kind::FUNCTION;
                    write_number(&mut written, if is_function { numbers[export.index as usize] } else { export.index });
                }
            }
            section::ELEMENT => places = elements(&mut written, content, &numbers, lent)?,
            section::DATA => joined(&mut written, content)?,
            // How many pieces of data there are is only asked by instructions that rustc does not use.
            section::DATA_COUNT => continue,
            section::CODE => {
                write_number(&mut written, order.len() as u32);
                for at in &order {
                    let (body, references) = &bodies[*at];
                    let mut moved = Vec::with_capacity(body.len());
                    let mut from = 0;
                    for (place, function) in references {
                        moved.extend(&body[from..place.start]);
                        write_number(&mut moved, numbers[*function as usize]);
                        from = place.end;
                    }
                    moved.extend(&body[from..]);
                    write_bytes(&mut written, &moved);
                }
            }
            // `ref.func`, which could stand there, has no place in what rustc makes.
            section::GLOBAL if content.contains(&0xd2) => return Err("a global may be a function".to_owned()),
            8 => return Err("the module has a start function".to_owned()),
            _ => written.extend(*content),
        }
        write_section(&mut out, *id, &written);
    }
    Ok((out, places))
}

/// The module that borrows, with its new places.
pub fn borrow(bytes: &[u8], places: &[u32]) -> Result<Vec<u8>> {
    let module = Module::read(bytes)?;
    let mut out = Vec::from(*b"\0asm\x01\0\0\0");
    for (id, content) in &module.sections {
        let mut written = Vec::new();
        if *id == section::IMPORT {
            write_number(&mut written, module.imports.len() as u32);
            for import in &module.imports {
                write_name(&mut written, import.from);
                let place = import.name.parse().ok().and_then(|old: usize| places.get(old));
                match place.filter(|_| import.from == LENT) {
                    Some(place) => write_name(&mut written, &place.to_string()),
                    None => write_name(&mut written, import.name),
                }
                written.push(import.kind);
                written.extend(import.description);
            }
        } else {
            written.extend(*content);
        }
        write_section(&mut out, *id, &written);
    }
    Ok(out)
}

/// The functions of the tables by their new numbers. Those of the table `lent` in order: gives their places, by the old.
fn elements(out: &mut Vec<u8>, content: &[u8], numbers: &[u32], lent: u32) -> Result<Vec<u32>> {
    let mut places = Vec::new();
    let reader = &mut Reader::new(content);
    let count = reader.number()?;
    write_number(out, count);
    for _ in 0..count {
        let begin = reader.at;
        let kind = reader.number()?;
        let table = match kind {
            0 => 0,
            2 => reader.number()?,
            _ => return Err("elements of an unknown kind".to_owned()),
        };
        let is_constant = reader.byte()? == 0x41;
        let from = reader.signed()?;
        if !is_constant || reader.byte()? != 0x0b {
            return Err("elements at an unknown place".to_owned());
        }
        if kind == 2 {
            reader.byte()?;
        }
        out.extend(&content[begin..reader.at]);
        let functions = (0..reader.number()?).map(|_| Ok(numbers[reader.number()? as usize]));
        let mut functions = functions.collect::<Result<Vec<u32>>>()?;
        if table == lent {
            if from != 0 || !places.is_empty() {
                return Err("what the first part lends is not one list".to_owned());
            }
            let mut sorted: Vec<(u32, usize)> = functions.into_iter().zip(0..).collect();
            sorted.sort_unstable();
            places = vec![0; sorted.len()];
            for (place, (_, old)) in (0..).zip(&sorted) {
                places[*old] = place;
            }
            functions = sorted.into_iter().map(|(function, _)| function).collect();
        }
        write_number(out, functions.len() as u32);
        functions.iter().for_each(|function| write_number(out, *function));
    }
    Ok(places)
}

/// Data over small gaps as one, as zeros compress better than many pieces. What the gaps are for comes later.
fn joined(out: &mut Vec<u8>, content: &[u8]) -> Result<()> {
    let reader = &mut Reader::new(content);
    let mut pieces: Vec<(i64, Vec<u8>)> = Vec::new();
    for _ in 0..reader.number()? {
        let is_active = reader.number()? == 0 && reader.byte()? == 0x41;
        let address = reader.signed()?;
        if !is_active || reader.byte()? != 0x0b {
            return Err("data of an unknown kind".to_owned());
        }
        let length = reader.number()? as usize;
        let bytes = reader.take(length)?;
        match pieces.last_mut() {
            Some((begin, before)) if (0..=GAP).contains(&(address - (*begin + before.len() as i64))) => {
                before.resize((address - *begin) as usize, 0);
                before.extend(bytes);
            }
            _ => pieces.push((address, bytes.to_vec())),
        }
    }
    write_number(out, pieces.len() as u32);
    for (address, bytes) in pieces {
        out.extend([0, 0x41]);
        write_signed(out, address);
        out.push(0x0b);
        write_bytes(out, &bytes);
    }
    Ok(())
}

/// From the smallest one on, always the one of which most stands in the one before.
fn by_likeness(bodies: &[Body]) -> Vec<usize> {
    let runs: Vec<Vec<u64>> = bodies.iter().map(|(body, references)| runs(body, references)).collect();
    let counts: Vec<u64> = runs.iter().map(|of| of.iter().map(|bits| u64::from(bits.count_ones())).sum()).collect();
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    left.sort_by_key(|at| bodies[*at].0.len());
    let mut order: Vec<usize> = Vec::with_capacity(left.len());
    let mut next = 0;
    while !left.is_empty() {
        let last = left.remove(next);
        order.push(last);
        // A fraction: what is in both, of what the candidate has.
        let (mut both, mut all) = (0, 1);
        next = 0;
        for (place, at) in left.iter().enumerate() {
            let common =
                runs[last].iter().zip(&runs[*at]).map(|(one, other)| u64::from((one & other).count_ones())).sum();
            if common * all > both * counts[*at].max(1) {
                (both, all, next) = (common, counts[*at].max(1), place);
            }
        }
    }
    order
}

/// The runs of bytes in a function, without the numbers of the functions that it calls, which change.
fn runs(body: &[u8], references: &[(Range<usize>, u32)]) -> Vec<u64> {
    let mut body = body.to_vec();
    references.iter().for_each(|(place, _)| body[place.clone()].fill(0));
    let mut bits = vec![0; BITS / 64];
    for run in body.windows(RUN) {
        // FNV-1a
        let hash = run
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        let bit = (hash >> 20) as usize % BITS;
        bits[bit / 64] |= 1 << (bit % 64);
    }
    bits
}
